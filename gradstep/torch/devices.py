"""In how many digits is computed: by the types of numbers, and where a device has fewer of them."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from typing import Any

import torch

#: What cuDNN computes, and cuBLAS, whose float32 may be TF32 within.
_CUDNN = frozenset(("convolution", "cudnn_convolution", "_cudnn_rnn"))
_CUBLAS = frozenset(("mm", "addmm", "bmm", "baddbmm", "addbmm", "mv", "addmv", "linear"))
_ATTENTION = "_scaled_dot_product"
#: Kernels of CUDA that have constants and roots of float32 for numbers of float64 as well.
_SINGLE = frozenset(("hardswish", "hardswish_", "hardsigmoid", "hardsigmoid_", "_weight_norm_interface"))

#: Types of numbers that are not whole, those with the fewest digits first.
FINENESS = ("bfloat16", "float16", "float32", "float64")


def kind_of(dtype: torch.dtype) -> str:
    """The name of a type, as formulas have it; of complex numbers that of their parts."""
    return str(dtype.to_real() if dtype.is_complex else dtype).removeprefix("torch.")


def coarsest(dtypes: Collection[torch.dtype]) -> str:
    """Of some types the one with the fewest digits."""
    names = set(map(kind_of, dtypes))
    return next((kind for kind in FINENESS if kind in names), "float64")


def computed_in(operations: Collection[str], precision: str, device: str) -> str:
    """What the operations beneath a line compute in: the `precision` of the numbers, or "tf32", which has the range of
    float32 and the digits of float16, where CUDA devices multiply so."""
    if device != "cuda":
        return precision
    if precision == "float64" and not _SINGLE.isdisjoint(operations):
        return "float32"
    cudnn = not _CUDNN.isdisjoint(operations) and _allowed("cudnn")
    cublas = not _CUBLAS.isdisjoint(operations) or any(one.startswith(_ATTENTION) for one in operations)
    return "tf32" if precision == "float32" and (cudnn or (cublas and _allowed("cublas"))) else precision


def _allowed(library: str) -> bool:
    """Whether a library may multiply in TF32. PyTorch has two ways to say so, and refuses to tell of the older one
    where a program has used the newer."""
    backend: Any = torch.backends.cudnn if library == "cudnn" else torch.backends.cuda.matmul
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return bool(backend.allow_tf32)
        except RuntimeError:
            newer = backend.conv if library == "cudnn" else backend
            return bool(newer.fp32_precision != "ieee")
