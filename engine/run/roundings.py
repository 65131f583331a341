"""Whether numbers are those of a line but for roundings.

How far off is a rounding is measured, not guessed: by how far the results move when the inputs are moved by a small
share of themselves, and, for gradients, by how large what is passed on is when all signs are drawn at random. For a sum
both are the root of the sum of the squares of its terms, whatever cancels in it. It is measured where the result alone
does not tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.graph.graph import Node, Value
from gradstep.engine.index import Array, unravel
from gradstep.engine.ops.precision import EPS, MOST

#: So many roundings may a result be off, of the size that its terms have.
_ROUNDINGS = 64
#: How far a rounding moves a number, by what is computed in. TF32 has the range of float32 and the digits of float16.
FINENESS = {**EPS, "tf32": EPS["float16"]}
#: By what share inputs are moved.
_MOVE = 2.0**-10
#: So many draws of signs are enough for the largest of many numbers; of few there is another one.
_DRAWS, _MANY = 1, 1 << 12


class Difference(NamedTuple):
    """A number that a line does not explain: of which array, at which index, what was recorded, what the formula
    gives, and how much of the size of its terms they are apart."""

    of: str
    place: tuple[int, ...]
    recorded: float
    computed: float
    error: float

    def __str__(self) -> str:
        at = f"[{','.join(map(str, self.place))}]" if self.place else ""
        was, computed = f"{self.recorded:.6g}", f"{self.computed:.6g}"
        if was == computed:
            was, computed = f"{self.recorded:.17g}", f"{self.computed:.17g}"
        return f"{self.of}{at} was {was} there, and by the formula it is {computed}"


class Line(NamedTuple):
    """One line of a graph, or several that belong together: nodes in their order, the values that enter them from
    outside, and those that come out."""

    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Seen(NamedTuple):
    """What was recorded of a line, all by value id: what entered it, what came out, the gradients that arrived there,
    and what it passed on to inputs. `precision` is the coarsest dtype of all of them, or what is computed in."""

    inputs: Mapping[int, Array]
    outputs: Mapping[int, Array]
    upstream: Mapping[int, Array]
    parts: Mapping[int, Array]
    precision: str


def differences(values: Sequence[Value], line: Line, seen: Seen) -> Iterator[Difference]:
    """The numbers that a line does not explain, at most one of each array."""
    draw = np.random.default_rng(0)

    @cache
    def others() -> list[dict[int, Array]]:
        moved = [{v: _moved(values[v], x, draw) for v, x in seen.inputs.items()} for _ in range(_draws(seen.outputs))]
        return [_forward(line.nodes, one) for one in moved]

    with np.errstate(all="ignore"):
        data = _forward(line.nodes, seen.inputs)
        for output, recorded in seen.outputs.items():

            def size(output: int = output) -> Array:
                return _largest(data[output], (np.abs(one[output] - data[output]) / _MOVE for one in others()))

            found = apart(values[output].name, recorded, data[output], size, seen.precision)
            if found is not None:
                yield found
        if seen.upstream:
            yield from _backward(values, line, seen, {**data, **seen.outputs}, draw)


def _largest(computed: Array, others: Iterable[Array]) -> Array:
    return np.asarray(np.fmax.reduce([np.abs(computed), *map(np.abs, others)]))


def _draws(arrays: Mapping[int, Array]) -> int:
    return _DRAWS + (sum(array.size for array in arrays.values()) < _MANY)


def _backward(
    values: Sequence[Value], line: Line, seen: Seen, data: Mapping[int, Array], draw: np.random.Generator
) -> Iterator[Difference]:
    wanted = [v for v in line.inputs if values[v].differentiable and v in seen.parts]
    arrives = not all(np.isfinite(up).all() for up in seen.upstream.values())
    finite = {v: np.where(np.isfinite(up), up, 0) for v, up in seen.upstream.items()} if arrives else seen.upstream
    passed = _passed(values, line, data, finite, wanted)

    @cache
    def others() -> list[dict[int, Array]]:
        found = []
        for _ in range(_draws(seen.upstream)):
            signs = {v: np.where(draw.random(up.shape) < 0.5, -up, up) for v, up in finite.items()}
            found.append(_passed(values, line, data, signs, wanted))
        cancelled = _cancelled(values, line, data, finite, wanted)
        return [*found, cancelled] if cancelled else found

    gone = _gone(values, line, seen, data, draw, wanted) if arrives else {}
    for v in wanted:

        def size(v: int = v) -> Array:
            return _largest(passed[v], (one[v] for one in others()))

        computed = passed[v]
        if v in gone:
            reached, lost = gone[v]
            computed = np.where(lost, seen.parts[v], np.where(reached, np.nan, computed))
        of = f"what {line.name} passes on to {values[v].name}"
        found = apart(of, seen.parts[v], computed, size, seen.precision)
        if found is not None:
            yield found


def _gone(
    values: Sequence[Value],
    line: Line,
    seen: Seen,
    data: Mapping[int, Array],
    draw: np.random.Generator,
    wanted: Sequence[int],
) -> dict[int, tuple[Array, Array]]:
    """Where something arrives that is not finite: what that reaches, and where what is passed on need not be known. All
    that it reaches is not finite either; what it does not reach is 0 in PyTorch where a gate is shut, and 0 · NaN where
    it is multiplied by 0, as in a product of matrices."""
    bad = {v: np.where(np.isfinite(up), 0, draw.random(up.shape) + 0.5) for v, up in seen.upstream.items()}
    reached = _passed(values, line, data, bad, wanted)
    multiplied = _passed(values, line, data, seen.upstream, wanted)
    return {
        v: (reached[v] != 0, ((reached[v] != 0) | ~np.isfinite(multiplied[v])) & ~np.isfinite(seen.parts[v]))
        for v in wanted
    }


def _forward(nodes: Iterable[Node], inputs: Mapping[int, Array]) -> dict[int, Array]:
    data = dict(inputs)
    for node in nodes:
        made = node.op.forward([data[i] for i in node.inputs])
        data[node.output] = np.ascontiguousarray(made).reshape(np.shape(made))
    return data


def _passed(
    values: Sequence[Value], line: Line, data: Mapping[int, Array], upstream: Mapping[int, Array], wanted: Sequence[int]
) -> dict[int, Array]:
    """What a line passes on to its inputs for gradients that arrive."""
    grad = dict(upstream)
    for node in reversed(line.nodes):
        if node.output not in grad or node.op.discrete:
            continue
        xs = [data[i] for i in node.inputs]
        for slot, value in enumerate(node.inputs):
            if values[value].differentiable:
                part = np.asarray(node.op.vjp(slot, grad[node.output], data[node.output], xs))
                grad[value] = grad[value] + part if value in grad else part
    return {v: grad[v] if v in grad else np.zeros_like(data[v]) for v in wanted}


def _cancelled(
    values: Sequence[Value], line: Line, data: Mapping[int, Array], upstream: Mapping[int, Array], wanted: Sequence[int]
) -> dict[int, Array]:
    """How large the terms are of which little is left, as of 1 − softmax where that is nearly 1: what is passed on in
    single precision is so far off from what it is in double. Not where numbers are compared: those that differ may be
    the same in single precision, and other ones be chosen."""
    if any(node.op.gated or node.op.discrete or node.op.contracts for node in line.nodes):
        return {}  # of a product of matrices the signs that are drawn tell all
    single, double = (
        _passed(values, line, _in(data, kind), _in(upstream, kind), wanted) for kind in (np.float32, np.float64)
    )
    return {v: np.abs(single[v].astype(np.float64) - double[v]) / EPS["float32"] for v in wanted}


def _in(arrays: Mapping[int, Array], kind: type[np.floating[Any]]) -> dict[int, Array]:
    return {v: x.astype(kind) if x.dtype.kind == "f" else x for v, x in arrays.items()}


def _moved(value: Value, x: Array, draw: np.random.Generator) -> Array:
    """Numbers each moved by a small share of itself, up or down; those of classes and masks as they are."""
    if not value.differentiable:
        return x
    signs = np.where(draw.random(x.shape) < 0.5, 1 - _MOVE, 1 + _MOVE).astype(x.dtype)
    return np.asarray(x * signs)


def apart(of: str, recorded: Array, computed: Array, size: Callable[[], Array], precision: str) -> Difference | None:
    """The number that is furthest off, where one is further than roundings explain: of the size that its terms have,
    which is measured where the results are too small to tell."""
    same = (recorded == computed) | (np.isnan(recorded) & np.isnan(computed))
    # What has no room in a narrow type was infinite there.
    same |= np.isinf(recorded) & (np.sign(recorded) * computed >= MOST.get(precision, np.inf))
    if same.all():
        return None
    most, off = _ROUNDINGS * FINENESS[precision], np.abs(recorded - computed)
    if bool((same | (off <= most * _scale(np.abs(computed), recorded))).all()):
        return None
    error = np.where(same, 0, off / _scale(size(), recorded))
    error = np.where(np.isnan(error), np.inf, error)
    at = int(error.argmax())
    if error.reshape(-1)[at] <= most:
        return None
    numbers = (float(recorded.reshape(-1)[at]), float(computed.reshape(-1)[at]))
    return Difference(of, unravel(at, recorded.shape), *numbers, float(error.reshape(-1)[at]))


def _scale(size: Array, recorded: Array) -> float:
    whole = np.where(np.isfinite(size), np.fmax(size, np.abs(recorded)), 0)
    whole = np.where(np.isfinite(whole), whole, 0)
    return max(float(whole.max(initial=0)), float(np.finfo(recorded.dtype).tiny))
