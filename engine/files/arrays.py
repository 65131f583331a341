"""The arrays a scenario starts from: written out, drawn from a seed, or read from a file.

Reading happens in two moves: first every leaf says its shape, and only when the whole scenario is
known to be sound and small enough is anything allocated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradstep.engine.errors import GraphError, nearest
from gradstep.engine.files import datasets
from gradstep.engine.index import Array, Shape

if TYPE_CHECKING:
    from zipfile import ZipFile

#: In quotes because numpy.random takes a while to load, and most scenarios draw nothing.
Draw = Callable[["np.random.Generator", int], Array]


class Leaf(NamedTuple):
    """An array to come: its shape, and how to make it."""

    shape: Shape
    make: Callable[[], Array]


def read(spec: object, dtype: np.dtype[Any], folder: Path | None) -> Leaf:
    """The leaf that a value of a TOML table describes; its array will have `dtype`.

    Files are looked for in `folder`, None where there is none. Raises GraphError.
    """
    if isinstance(spec, Mapping):
        for kind, reader in (("init", _from_init), ("file", _from_file), ("dataset", _from_dataset)):
            if kind in spec:
                return reader(spec, dtype, folder)
        hint = next((h for k in spec if (h := nearest(k, ("init", "file", "dataset")))), "")
        raise GraphError(f"a table here has 'init' (with 'shape'), 'file' or 'dataset'{hint}")
    return _written_out(spec, dtype)


# Written out --------------------------------------------------------------------------------------


def _written_out(spec: object, dtype: np.dtype[Any]) -> Leaf:
    shape = _shape_of(spec)
    try:
        numbers = np.array(spec, dtype=np.float64)
    except OverflowError:
        raise GraphError("a number here is too large; write inf if infinity is meant") from None
    with np.errstate(over="ignore"):
        array = numbers.astype(dtype)
    lost = np.isinf(array) & np.isfinite(numbers)
    if lost.any():
        raise GraphError(f"{numbers[lost][0]:g} is too large for {dtype}; write inf if infinity is meant")
    return Leaf(shape, lambda: array)


def _shape_of(spec: object) -> Shape:
    """The shape of nested lists of numbers; refuses what is ragged or no number."""
    if isinstance(spec, bool) or not isinstance(spec, list | int | float):
        raise GraphError(f"expected a number, nested arrays of numbers or a table, found {_kind(spec)}")
    if not isinstance(spec, list):
        return ()
    if not spec:
        return (0,)
    first = _shape_of(spec[0])
    if first == ():
        for number in spec:
            if type(number) is not float and type(number) is not int:
                what = "an array" if isinstance(number, list) else _kind(number)
                raise GraphError(f"expected numbers only in this array, found {what}")
        return (len(spec),)
    for number, row in enumerate(spec):
        shape = _shape_of(row)
        if shape != first:
            raise GraphError(f"the array is not rectangular: row 0 has shape {first}, row {number} has shape {shape}")
    return (len(spec), *first)


def _kind(found: object) -> str:
    match found:
        case bool():
            return "true" if found else "false"
        case str():
            return f"the text {found[:40]!r}"
        case Mapping():
            return "a table"
        case list():
            return "an array"
        case int() | float():
            return f"the number {found}"
    return f"a {type(found).__name__}"


# Drawn from a seed --------------------------------------------------------------------------------


def _fans(shape: Shape, init: str) -> tuple[int, int]:
    """Inputs and outputs of one unit; weights are (out, in, …) as in PyTorch."""
    if len(shape) < 2:
        raise GraphError(f"{init} needs a weight of shape (out, in, …), but the shape is {shape}")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _normal(mean: float, std: float) -> Draw:
    return lambda rng, count: mean + std * rng.standard_normal(count)


def _uniform(low: float, high: float) -> Draw:
    return lambda rng, count: low + (high - low) * rng.random(count)


def _constant(value: float) -> Draw:
    return lambda rng, count: np.full(count, value)


#: Each init: the names of its arguments, and from (shape, *arguments) how it draws.
INITS: Mapping[str, tuple[tuple[str, ...], Callable[..., Draw]]] = {
    "zeros": ((), lambda shape: _constant(0.0)),
    "ones": ((), lambda shape: _constant(1.0)),
    "constant": (("value",), lambda shape, value: _constant(value)),
    "normal": (("mean", "std"), lambda shape, mean, std: _normal(mean, std)),
    "uniform": (("low", "high"), lambda shape, low, high: _uniform(low, high)),
    # Glorot and Bengio, AISTATS 2010.
    "xavier_normal": ((), lambda shape: _normal(0.0, math.sqrt(2 / max(sum(_fans(shape, "xavier_normal")), 1)))),
    "xavier_uniform": ((), lambda shape: _symmetric(math.sqrt(6 / max(sum(_fans(shape, "xavier_uniform")), 1)))),
    # He et al., ICCV 2015.
    "he_normal": ((), lambda shape: _normal(0.0, math.sqrt(2 / max(_fans(shape, "he_normal")[0], 1)))),
    "he_uniform": ((), lambda shape: _symmetric(math.sqrt(6 / max(_fans(shape, "he_uniform")[0], 1)))),
    # Saxe et al., ICLR 2014.
    "orthogonal": ((), lambda shape: _orthogonal(shape)),
}

#: Numbers drawn at a time, so that a large float32 weight never stands twice in memory.
_PIECE = 1 << 20


def _symmetric(bound: float) -> Draw:
    return _uniform(-bound, bound)


def _orthogonal(shape: Shape) -> Draw:
    rows, columns = shape[0] if shape else 0, math.prod(shape[1:])
    _fans(shape, "orthogonal")

    def draw(rng: np.random.Generator, count: int) -> Array:
        square = rng.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(square)
        # The sign of R's diagonal makes the result uniform over all orthogonal matrices.
        q = q * np.sign(np.diag(r))
        return (q if rows >= columns else q.T).reshape(-1)

    return draw


def _from_init(spec: Mapping[str, Any], dtype: np.dtype[Any], folder: Path | None) -> Leaf:
    found = re.fullmatch(r"\s*(\w+)\s*(?:\((.*)\))?\s*", spec["init"]) if isinstance(spec["init"], str) else None
    if found is None or found[1] not in INITS:
        word = spec["init"] if isinstance(spec["init"], str) else ""
        raise GraphError(f"unknown init '{spec['init']}'{nearest(word, INITS) or '; there are ' + ', '.join(INITS)}")
    init = found[1]
    arguments, drawn_by = INITS[init]
    given = _called(init, arguments, found[2])
    _only(spec, ("shape", "init", "seed", *arguments))
    given |= {name: _number(spec, name) for name in arguments if name in spec}
    missing = [name for name in arguments if name not in given]
    if missing:
        raise GraphError(f'{init} needs {" and ".join(missing)}, as in {{ init = "{init}", {missing[0]} = 0.5, … }}')
    shape, seed = _shape(spec), spec.get("seed", 0)
    if type(seed) is not int or seed < 0:
        raise GraphError(f"seed must be a whole number from 0 on, not {seed!r}")
    draw = drawn_by(shape, **given)

    def make() -> Array:
        rng = np.random.Generator(np.random.PCG64(seed))
        count = math.prod(shape)
        array = np.empty(count, dtype=dtype)
        piece = max(count, 1) if init == "orthogonal" else _PIECE
        for start in range(0, count, piece):
            stop = min(start + piece, count)
            array[start:stop] = draw(rng, stop - start)
        return array.reshape(shape)

    return Leaf(shape, make)


def _called(init: str, arguments: tuple[str, ...], written: str | None) -> dict[str, float]:
    """The arguments of `normal(0, 0.1)`, by place."""
    if not (written or "").strip():
        return {}
    parts = (written or "").split(",")
    if len(parts) > len(arguments):
        raise GraphError(f"{init} is written {init}({', '.join(arguments)})")
    try:
        return {name: float(part) for name, part in zip(arguments, parts, strict=False)}
    except ValueError:
        raise GraphError(f"{init}({written}): the arguments are numbers: {init}({', '.join(arguments)})") from None


def _number(spec: Mapping[str, Any], name: str) -> float:
    if type(spec[name]) not in (int, float):
        raise GraphError(f"{name} must be a number, not {_kind(spec[name])}")
    return float(spec[name])


def _shape(spec: Mapping[str, Any]) -> Shape:
    shape = spec.get("shape")
    if not isinstance(shape, list) or any(type(n) is not int or n < 0 for n in shape):
        raise GraphError("'shape' is needed, a list of whole numbers as in shape = [128, 784]")
    return tuple(shape)


def _only(spec: Mapping[str, Any], allowed: Iterable[str]) -> None:
    allowed = tuple(allowed)
    for key in spec:
        if key not in allowed:
            raise GraphError(f"unknown key '{key}'{nearest(key, allowed) or '; allowed are ' + ', '.join(allowed)}")


def _from_dataset(spec: Mapping[str, Any], dtype: np.dtype[Any], folder: Path | None) -> Leaf:
    _only(spec, ("dataset", "split", "part"))
    shape, load = datasets.find(spec["dataset"], spec.get("split", "all"), spec.get("part"))
    return Leaf(shape, lambda: load().astype(dtype))


# Read from a file ---------------------------------------------------------------------------------


def _from_file(spec: Mapping[str, Any], dtype: np.dtype[Any], folder: Path | None) -> Leaf:
    _only(spec, ("file", "key"))
    path = _inside(spec["file"], folder)
    key = spec.get("key")
    if key is not None and not isinstance(key, str):
        raise GraphError(f"key must be text, not {_kind(key)}")
    reader = {".npy": _npy, ".npz": _npz, ".safetensors": _safetensors}.get(path.suffix.lower())
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
        raise GraphError(f"file must be the name of a file, not {_kind(name)}")
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
