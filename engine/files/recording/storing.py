"""Writes arrays by their names into a .safetensors file, each as narrow as it was: NumPy has no bfloat16, which is the
upper half of float32. One array after the other, so that none stands twice in memory."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gradstep.engine.index import Array

_CODES: Mapping[str, str] = {
    "<f8": "F64", "<f4": "F32", "<f2": "F16", "<i8": "I64", "<i4": "I32", "<i2": "I16", "|i1": "I8", "<u8": "U64",
    "<u4": "U32", "<u2": "U16", "|u1": "U8", "|b1": "BOOL",
}  # fmt: skip
#: So many numbers are converted at a time.
_PIECE = 1 << 20


def store(path: Path, arrays: Mapping[str, Array], kinds: Mapping[str, str]) -> None:
    """Writes a file, and all of it to the disk. `kinds` says of which arrays the numbers were float16 or bfloat16: they
    are stored so where that is exact. Raises OSError."""
    stored = {name: _stored_as(array, kinds.get(name, "")) for name, array in arrays.items()}
    about, at = dict[str, object](), 0
    # The longest numbers first, so that all are where memory wants them.
    order = sorted(arrays, key=lambda name: -_width(arrays[name], stored[name]))
    for name in order:
        size = arrays[name].size * _width(arrays[name], stored[name])
        code = (
            "BF16" if stored[name] == "bfloat16" else _CODES[_plain(arrays[name], stored[name]).newbyteorder("<").str]
        )
        about[name] = {"dtype": code, "shape": list(arrays[name].shape), "data_offsets": [at, at + size]}
        at += size
    header = json.dumps(about, ensure_ascii=False, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for name in order:
            flat = arrays[name].reshape(-1)
            for start in range(0, flat.size, _PIECE):
                file.write(_bytes(flat[start : start + _PIECE], stored[name]))
        file.flush()
        os.fsync(file.fileno())


def _plain(array: Array, kind: str) -> np.dtype[np.generic]:
    return np.dtype("float16") if kind == "float16" else array.dtype


def _width(array: Array, kind: str) -> int:
    return 2 if kind else array.dtype.itemsize


def _stored_as(array: Array, kind: str) -> str:
    """The narrow type that all numbers of an array are exact in, if it is the one that they had."""
    if kind not in ("float16", "bfloat16") or array.dtype.kind != "f" or not array.size:
        return ""
    flat = array.reshape(-1)
    pieces = (flat[start : start + _PIECE] for start in range(0, flat.size, _PIECE))
    with np.errstate(all="ignore"):
        return kind if all(_is_exact(piece, kind) for piece in pieces) else ""


def _is_exact(piece: Array, kind: str) -> bool:
    if kind == "float16":
        narrow = piece.astype(np.float16).astype(piece.dtype)
        return bool(((narrow == piece) | (np.isnan(narrow) & np.isnan(piece))).all())
    single = piece.astype(np.float32)
    lost = (single.view(np.uint32) & np.uint32(0xFFFF)) != 0
    return not bool((lost | ((single != piece) & ~np.isnan(piece))).any())


def _bytes(piece: Array, kind: str) -> bytes:
    if kind == "bfloat16":
        return (piece.astype("<f4").view("<u4") >> np.uint32(16)).astype("<u2").tobytes()
    return piece.astype(_plain(piece, kind).newbyteorder("<"), copy=False).tobytes()
