"""Arrays that are drawn from a seed: NumPy's PCG64, so that a file means the same numbers everywhere."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gradstep.engine.errors import GraphError, nearest
from gradstep.engine.files.arrays.leaf import Leaf, described, only
from gradstep.engine.files.keys import DRAWN
from gradstep.engine.index import Array, Shape
from gradstep.engine.notation import shown

#: In quotes because numpy.random takes a while to load, and most scenarios draw nothing.
Draw = Callable[["np.random.Generator", int], Array]


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


#: Each init: its arguments with their defaults (None where there is none; those that there are are torch.nn.init's),
#: and from (shape, *arguments) how it draws.
INITS: Mapping[str, tuple[Mapping[str, float | None], Callable[..., Draw]]] = {
    "zeros": ({}, lambda shape: _constant(0.0)),
    "ones": ({}, lambda shape: _constant(1.0)),
    "constant": ({"value": None}, lambda shape, value: _constant(value)),
    "normal": ({"mean": 0.0, "std": 1.0}, lambda shape, mean, std: _normal(mean, std)),
    "uniform": ({"low": 0.0, "high": 1.0}, lambda shape, low, high: _uniform(low, high)),
    # Glorot and Bengio, AISTATS 2010.
    "xavier_normal": ({}, lambda shape: _normal(0.0, math.sqrt(2 / max(sum(_fans(shape, "xavier_normal")), 1)))),
    "xavier_uniform": ({}, lambda shape: _symmetric(math.sqrt(6 / max(sum(_fans(shape, "xavier_uniform")), 1)))),
    # He et al., ICCV 2015.
    "he_normal": ({}, lambda shape: _normal(0.0, math.sqrt(2 / max(_fans(shape, "he_normal")[0], 1)))),
    "he_uniform": ({}, lambda shape: _symmetric(math.sqrt(6 / max(_fans(shape, "he_uniform")[0], 1)))),
    # Saxe et al., ICLR 2014.
    "orthogonal": ({}, lambda shape: _orthogonal(shape)),
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


def read(spec: Mapping[str, Any], dtype: np.dtype[Any], folder: Path | None) -> Leaf:
    """The leaf of `{ shape = […], init = "he_normal", seed = 0 }`. Raises GraphError."""
    init, given = _init(spec)
    shape, seed = _shape(spec), spec.get("seed", 0)
    if type(seed) is not int or seed < 0:
        raise GraphError(f"seed must be a whole number from 0 on, not {shown(seed)}")
    draw = INITS[init][1](shape, **given)

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


#: What PyTorch, NumPy and Keras call them.
_ELSEWHERE = {
    "kaiming": "he_normal", "kaiming_normal": "he_normal", "kaiming_uniform": "he_uniform", "he": "he_normal",
    "glorot": "xavier_normal", "glorot_normal": "xavier_normal", "glorot_uniform": "xavier_uniform",
    "xavier": "xavier_normal", "randn": "normal", "gaussian": "normal", "rand": "uniform",
    "zero": "zeros", "one": "ones", "full": "constant",
}  # fmt: skip


def _init(spec: Mapping[str, Any]) -> tuple[str, dict[str, float]]:
    """The name of the init, and its arguments: `normal(0, 0.1)`, or as further keys."""
    word = spec["init"] if isinstance(spec["init"], str) else ""
    found = re.fullmatch(r"\s*(\w+)\s*(?:\((.*)\))?\s*", word)
    if found is None or found[1] not in INITS:
        elsewhere = _ELSEWHERE.get(found[1].rstrip("_").lower() if found else "")
        known = f"; it is called '{elsewhere}' here" if elsewhere else nearest(word, INITS)
        raise GraphError(f"unknown init '{spec['init']}'{known or '; there are ' + ', '.join(INITS)}")
    init, (arguments, _) = found[1], INITS[found[1]]
    given = _called(init, tuple(arguments), found[2])
    only(spec, (*DRAWN, *arguments))
    given |= {name: _number(spec, name) for name in arguments if name in spec}
    made = {name: given.get(name, default) for name, default in arguments.items()}
    missing = [name for name, value in made.items() if value is None]
    if missing:
        raise GraphError(f'{init} needs {" and ".join(missing)}, as in {{ init = "{init}", {missing[0]} = 0.5, … }}')
    return init, {name: value for name, value in made.items() if value is not None}


def _called(init: str, arguments: tuple[str, ...], written: str | None) -> dict[str, float]:
    """The arguments of `normal(0, 0.1)` or `normal(std=0.1)`, by place and by name."""
    if not (written or "").strip():
        return {}
    parts = (written or "").split(",")
    if len(parts) > len(arguments):
        raise GraphError(f"{init} is written {init}({', '.join(arguments)})")
    given = {}
    try:
        for place, part in zip(arguments, parts, strict=False):
            name, equals, number = part.rpartition("=")
            word = name.strip() if equals else place
            if word not in arguments or word in given:
                raise GraphError(f"{init} is written {init}({', '.join(arguments)}), not with '{word}'")
            given[word] = float(number)
        return given
    except ValueError:
        raise GraphError(f"{init}({written}): the arguments are numbers: {init}({', '.join(arguments)})") from None


def _number(spec: Mapping[str, Any], name: str) -> float:
    if type(spec[name]) not in (int, float):
        raise GraphError(f"{name} must be a number, not {described(spec[name])}")
    return float(spec[name])


def _shape(spec: Mapping[str, Any]) -> Shape:
    shape = spec.get("shape")
    if not isinstance(shape, list) or any(type(n) is not int or n < 0 for n in shape):
        raise GraphError("'shape' is needed, a list of whole numbers as in shape = [128, 784]")
    return tuple(shape)
