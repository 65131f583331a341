"""Arrays in files beside the scenario: .npy, .npz and .safetensors. Nothing pickled is read, and nothing outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep.engine.errors import GraphError, nearest
from gradstep.engine.files.arrays.leaf import Leaf, described, only
from gradstep.engine.index import Array, Shape

if TYPE_CHECKING:
    from zipfile import ZipFile


def read(spec: Mapping[str, Any], dtype: np.dtype[Any], folder: Path | None) -> Leaf:
    """The leaf of `{ file = "weights.npz", key = "W2" }`, a file inside `folder`. Raises GraphError."""
    only(spec, ("file", "key"))
    path = _inside(spec["file"], folder)
    key = spec.get("key")
    if key is not None and not isinstance(key, str):
        raise GraphError(f"key must be text, not {described(key)}")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise GraphError(f"'{spec['file']}': cannot read '{path.suffix}'; there are .npy, .npz and .safetensors")
    try:
        shape, found, load = reader(path, key)
    except (OSError, ValueError, EOFError) as error:
        raise GraphError(f"'{spec['file']}' cannot be read: {_reason(error)}") from None
    if found.kind not in "biuf":
        kind = "complex numbers" if found.kind == "c" else f"'{found}'"
        raise GraphError(f"'{spec['file']}' holds {kind}; only real numbers can be differentiated here")

    def make() -> Array:
        try:
            array = load()
        except (OSError, ValueError, EOFError) as error:
            raise GraphError(f"'{spec['file']}' cannot be read: {_reason(error)}") from None
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(array, dtype=dtype).reshape(shape)

    return Leaf(shape, make)


def _reason(error: Exception) -> str:
    if "allow_pickle" in str(error) or "pickle" in str(error).lower():
        return "it holds pickled Python objects, which are refused because reading them can run code"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _inside(name: object, folder: Path | None) -> Path:
    if not isinstance(name, str) or not name or "\0" in name:
        raise GraphError(f"file must be the name of a file, not {described(name)}")
    if folder is None:
        raise GraphError("a file can only be read by a scenario that is a file itself")
    if Path(name).is_absolute():
        raise GraphError(f"'{name}': the path must be relative to the scenario")
    try:
        path = (folder / name).resolve()
    except (OSError, RuntimeError):
        raise GraphError(f"'{name}' cannot be found: its links lead round in a circle") from None
    if not path.is_relative_to(folder.resolve()):
        raise GraphError(f"'{name}' is outside the scenario's folder; only files inside it are read")
    if not path.is_file():
        raise GraphError(f"'{name}': no such file in the scenario's folder")
    return path


_Found = tuple[Shape, "np.dtype[Any]", Callable[[], Array]]


def _npy(path: Path, key: str | None) -> _Found:
    if key is not None:
        raise GraphError(f"a .npy file holds one array and has no key '{key}'")
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    return array.shape, array.dtype, lambda: array


def _npz(path: Path, key: str | None) -> _Found:
    import zipfile

    try:
        return _npz_member(zipfile.ZipFile(path), path, key)
    except zipfile.BadZipFile as error:
        raise ValueError(str(error)) from None


def _npz_member(archive: ZipFile, path: Path, key: str | None) -> _Found:
    with archive:
        names = [n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy")]
        key = _chosen(key, names, path)
        with archive.open(key + ".npy") as member:
            version = np.lib.format.read_magic(member)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = header(member)

    def load() -> Array:
        from zipfile import BadZipFile

        try:
            with np.load(path, allow_pickle=False) as arrays:
                return np.asarray(arrays[key])
        except BadZipFile as error:
            raise ValueError(str(error)) from None

    if dtype.hasobject:
        raise ValueError("pickled objects")
    return shape, dtype, load


def _safetensors(path: Path, key: str | None) -> _Found:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as tensors:
            key = _chosen(key, list(tensors.keys()), path)
            part = tensors.get_slice(key)
            shape, kind = tuple(part.get_shape()), part.get_dtype()
    except SafetensorError as error:
        raise ValueError(str(error)) from None
    if kind not in _SAFETENSORS:
        raise GraphError(f"'{key}' is of type {kind}, which NumPy does not have; there are {', '.join(_SAFETENSORS)}")

    def load() -> Array:
        with safe_open(path, framework="numpy") as tensors:
            return np.asarray(tensors.get_tensor(key))

    return shape, np.dtype(_SAFETENSORS[kind]), load


_SAFETENSORS = {
    "F64": "f8", "F32": "f4", "F16": "f2", "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1", "U8": "u1", "BOOL": "?",
}  # fmt: skip


def _chosen(key: str | None, names: list[str], path: Path) -> str:
    if key is None:
        if len(names) == 1:
            return names[0]
        raise GraphError(f"'{path.name}' holds {len(names)} arrays; say which: key = {' | '.join(names[:8])}")
    if key not in names:
        hint = nearest(key, names) or f"; there are {', '.join(names[:8])}"
        raise GraphError(f"'{path.name}' has no array '{key}'{hint}")
    return key


#: How each kind of file is read: from a path and a key, the array's shape, its type, and how to load it.
_READERS: Mapping[str, Callable[[Path, str | None], _Found]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".safetensors": _safetensors,
}
