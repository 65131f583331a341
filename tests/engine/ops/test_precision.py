"""Rounding to narrower types is PyTorch's, bit for bit."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
import torch

from gradstep.engine.index import Array
from gradstep.engine.ops.precision import EPS, MOST, NORMAL, joint, rounded

RNG = np.random.default_rng(0)
HALVES = np.arange(1 << 16, dtype=np.uint16)


def same(ours: Array, theirs: torch.Tensor) -> None:
    """Bit for bit, in the type that they are held in; a NaN is a NaN."""
    expected = theirs.to({4: torch.float32, 8: torch.float64}[ours.itemsize]).numpy()
    nans = np.isnan(expected)
    assert np.array_equal(np.isnan(ours), nans)
    assert ours[~nans].tobytes() == expected[~nans].tobytes()


def held(kind: str) -> Array:
    """All numbers of a type of 16 bits, as float32."""
    return np.asarray(torch.tensor(HALVES.view(np.int16)).view(getattr(torch, kind)).float().numpy())


def between(kind: str) -> Array:
    """All ties between neighbouring numbers of a type, and what lies beside them; float64."""
    with np.errstate(invalid="ignore"):
        numbers = np.unique(held(kind)[np.isfinite(held(kind))]).astype(np.float64)
    ties = (numbers[:-1] + numbers[1:]) / 2
    return np.concatenate([ties, np.nextafter(ties, np.inf), np.nextafter(ties, -np.inf), ties * (1 + 1e-7)])


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_a_number_of_the_type_stays_what_it_is(kind: str) -> None:
    numbers = held(kind)
    for dtype in (np.float32, np.float64):
        with np.errstate(invalid="ignore"):
            ours = rounded(numbers.astype(dtype), kind)
        same(ours, torch.tensor(numbers))
        assert ours.dtype == dtype


@pytest.mark.parametrize("kind", EPS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_number_goes_to_the_one_that_pytorch_takes(kind: str, dtype: type) -> None:
    """Any bits: subnormal numbers, infinities and NaNs among them; near what the type holds; all ties of halves."""
    unsigned = {4: np.uint32, 8: np.uint64}[np.dtype(dtype).itemsize]
    bits = RNG.integers(0, np.iinfo(unsigned).max, 100_000, dtype=unsigned, endpoint=True).view(dtype)
    near = (RNG.standard_normal(100_000) * 10.0 ** RNG.integers(-10, 6, 100_000)).astype(dtype)
    with np.errstate(over="ignore"):
        ties = np.concatenate([between("float16"), between("bfloat16")]).astype(dtype)
        edges = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, MOST[kind], NORMAL[kind], NORMAL[kind] / 3]).astype(dtype)
    numbers = np.concatenate([bits, near, ties, edges])
    same(rounded(numbers, kind), torch.tensor(numbers).to(getattr(torch, kind)))
    assert np.array_equal(rounded(numbers[:1].reshape(()), kind), rounded(numbers[:1], kind)[0], equal_nan=True)


def test_what_is_known_of_each_type() -> None:
    for kind in EPS:
        info = torch.finfo(getattr(torch, kind))
        assert (EPS[kind], MOST[kind], NORMAL[kind]) == (info.eps, info.max, info.tiny)


def test_of_several_types_it_is_that_of_pytorch() -> None:
    for pair in combinations_with_replacement(EPS, 2):
        assert joint(pair) == str(torch.promote_types(*(getattr(torch, kind) for kind in pair))).removeprefix("torch.")
