"""What a model is given: the sizes that it leaves open, and numbers for its inputs, read or drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from gradstep.engine.errors import CommandError, GraphError, nearest, shortened
from gradstep.engine.files import array_in
from gradstep.engine.index import check_shape
from gradstep.onnx.kinds import KINDS, kind_name
from gradstep.onnx.reading import Model
from gradstep.onnx.values import FLOATS, Array, coarser

#: Sizes that a model leaves open are these where nobody says otherwise: samples, height and width, anything else.
_SAMPLES, _PIXELS, _OTHER = 4, 32, 8
#: Through these an index is still the same number.
_SAME = ("Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Slice", "Transpose", "Expand")
_LARGEST = 1 << 28


@dataclass(frozen=True, eq=False)
class Given:
    """An input with its numbers, and in words where they are from."""

    name: str
    kind: str
    array: Array
    how: str


@dataclass
class Asked:
    """What a person says of inputs: sizes that the model leaves open by their names, files by names of inputs, and the
    seed of what is drawn. What has been used is noted."""

    sizes: Mapping[str, int]
    files: Mapping[str, str]
    seed: int = 0

    def __post_init__(self) -> None:
        self.used = set[str]()
        self.known = list[str]()
        self.open = dict[str, int]()

    def rng(self, number: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64([self.seed, number]))

    def size(self, input_: str, axis: int, name: str, count: int) -> int:
        """A size that is left open."""
        for said in (f"{input_}.{axis}", name):
            self.known.append(said)
            if said and said in self.sizes:
                self.used.add(said)
                return self.sizes[said]
        called = name or f"{input_}.{axis}"
        usual = _SAMPLES if axis == 0 else _PIXELS if count == 4 and axis > 1 else _OTHER
        return self.open.setdefault(called, usual)

    def check(self, targets: Sequence[str]) -> None:
        """Raises CommandError where something was said that nothing is about."""
        for name in self.sizes:
            if name not in self.used:
                known = [one for one in self.known if one]
                hint = nearest(name, known) or (f"; there are {', '.join(dict.fromkeys(known))}" if known else "")
                raise CommandError(f"--size {shortened(name, 60)}: the model leaves no size of that name open{hint}")
        for name in self.files:
            if name not in targets:
                hint = nearest(name, targets) or f"; there are {', '.join(targets)}"
                raise CommandError(f"--input {shortened(name, 60)}: there is no such input{hint}")

    @property
    def hint(self) -> str:
        """What to try where sizes do not fit, of which some were chosen here."""
        chosen = ", ".join(f"{name}={size}" for name, size in self.open.items())
        return (
            f"; sizes that the model leaves open were taken as {chosen}, and --size NAME=N says another"
            if chosen
            else ""
        )


def givens(model: Model, asked: Asked, dtype: str) -> Iterator[Given]:
    """The inputs of a model. Raises CommandError."""
    for number, proto in enumerate(model.inputs):
        name = f"input '{shortened(proto.name, 60)}'"
        if proto.type.WhichOneof("value") != "tensor_type":
            raise CommandError(f"{name} is no array but a sequence or a map, which is not read")
        about = proto.type.tensor_type
        kind = KINDS.get(about.elem_type)
        if kind is None:
            raise CommandError(f"{name} is of {kind_name(about.elem_type)}, which is not read")
        if proto.name in asked.files:
            array = _read(proto.name, asked.files[proto.name], kind, dtype)
            _check_fits(proto, about, array.shape, asked)
            yield Given(proto.name, kind, array, f"from {shortened(asked.files[proto.name], 60)}")
        elif not about.HasField("shape"):
            raise CommandError(f"{name}: the model does not say its shape; give it, --input {proto.name}=FILE.npy")
        else:
            yield Given(
                proto.name, kind, *_drawn(model, proto.name, kind, _shape(proto, asked), dtype, asked.rng(number))
            )


def _shape(proto: Any, asked: Asked) -> tuple[int, ...]:
    sizes = proto.type.tensor_type.shape.dim
    found = tuple(
        one.dim_value if one.HasField("dim_value") else asked.size(proto.name, axis, one.dim_param, len(sizes))
        for axis, one in enumerate(sizes)
    )
    try:
        if any(n < 0 for n in found):
            raise GraphError(f"no array has the shape {found}")
        check_shape(found)
    except GraphError as error:
        raise CommandError(f"input '{shortened(proto.name, 60)}': {error}") from None
    if prod(found) > _LARGEST:
        raise CommandError(
            f"input '{shortened(proto.name, 60)}' has shape {found}; at most {_LARGEST:,} elements are drawn"
        )
    return found


def _check_fits(proto: Any, about: Any, shape: tuple[int, ...], asked: Asked) -> None:
    """Raises CommandError where an array that is given has another shape than the model says."""
    sizes = about.shape.dim
    if not about.HasField("shape"):
        return
    fits = len(sizes) == len(shape)
    for axis, one in enumerate(sizes if fits else ()):
        if one.HasField("dim_value"):
            fits = fits and one.dim_value == shape[axis]
        elif one.dim_param:
            fits = fits and asked.open.setdefault(one.dim_param, shape[axis]) == shape[axis]
    if not fits:
        says = ", ".join(str(one.dim_value) if one.HasField("dim_value") else one.dim_param or "?" for one in sizes)
        raise CommandError(f"--input {shortened(proto.name, 60)}: its shape is {shape}, and the model says ({says})")


def _read(name: str, file: str, kind: str, dtype: str) -> Array:
    """Numbers that a person gives, in the type of the input; no finer than the network computes in."""
    wide = np.dtype(coarser(kind, dtype) if kind in FLOATS[2:] else "float32" if kind in FLOATS else "float64")
    try:
        array = array_in(file, name, wide)
    except GraphError as error:
        raise CommandError(f"--input {shortened(name, 60)}: {error}") from None
    if kind in FLOATS:
        return array
    if not np.isfinite(array).all() or (array != np.rint(array)).any():
        raise CommandError(f"--input {shortened(name, 60)}: the model takes whole numbers ({kind}) there")
    return array.astype(kind)


def _drawn(
    model: Model, name: str, kind: str, shape: tuple[int, ...], dtype: str, rng: np.random.Generator
) -> tuple[Array, str]:
    """Numbers where none are given: of a normal distribution; of those that choose, any that may be chosen."""
    if kind in FLOATS:
        return rng.standard_normal(shape).astype(dtype if kind == "float64" else "float32"), "drawn, standard normal"
    most = _chosen_from(model, name)
    if kind == "bool" or most is None:
        return np.ones(shape, kind), "all true" if kind == "bool" else "all ones"
    return rng.integers(0, max(most, 1), shape).astype(kind), f"drawn, whole numbers below {most:,}"


def _chosen_from(model: Model, name: str) -> int | None:
    """Of how many an input chooses, None where it does not."""
    same, found = {name}, list[int]()
    for node in model.nodes:
        if node.op_type in _SAME and node.input and node.input[0] in same:
            same.add(node.output[0])
        elif node.op_type in ("Gather", "GatherElements") and len(node.input) > 1 and node.input[1] in same:
            table = model.tensors.get(node.input[0])
            axis = next((a.i for a in node.attribute if a.name == "axis"), 0)
            fits = table is not None and -len(table.shape) <= axis < len(table.shape)
            found.append(table.shape[axis] if table is not None and fits else 1)
    return min(found) if found else None
