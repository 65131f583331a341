"""Is a gradient right? Finite differences of the loss, for one number or for all.

All of it in float64, whatever the scenario's dtype: a difference of two float32 losses has too few
digits left to judge anything. Only what depends on a number is computed again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gradstep.engine.errors import CommandError, OpError
from gradstep.engine.graph.board import Blackboard
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Graph, Node, Role, Value
from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.run.passes import run
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.trace import Trace

#: A gradient is right if it differs from the finite difference by no more than this share.
TOLERANCE = 1e-6
#: Above this many elements a sample of them is checked, spread over all arrays.
BUDGET = 20_000
#: Step sizes, relative to the number; smaller ones are tried where a kink may lie within a larger.
_STEPS = (1e-3, 1e-4, 1e-5, 1e-6)
#: Numbers computed together when all gradients are verified.
_BATCH = 1 << 20
#: The five-point difference (Fornberg, Mathematics of Computation 51, 1988): offsets in steps, and
#: their weights.
_OFFSETS = np.array([1.0, -1.0, 2.0, -2.0])
_WEIGHTS = np.array([8.0, -8.0, -1.0, 1.0]) / 12
#: Slopes that differ by more than this share are two.
_APART = 1e-6
#: So often the way between two sides is halved in search of a jump: down to neighbouring numbers.
_HALVINGS = 60


class Nudge(NamedTuple):
    """What a nudge of `eps` to one number does: the change of the loss that the gradient predicts,
    and the real one (half the difference between both sides); the gradient of either; `kink` names
    what switched between the two sides, where something did."""

    eps: float
    predicted: float
    actual: float
    gradient: float
    numeric: float
    rel_error: float
    kink: str


class Gradients(NamedTuple):
    """How gradients compare with finite differences. `failed` and `at` are names to type; at a kink
    there are two slopes and nothing to compare."""

    checked: int
    total: int
    max_rel_error: float
    at: str | None
    failed: tuple[tuple[str, float, float], ...] = ()
    kinks: int = 0
    nonfinite: int = 0

    @property
    def ok(self) -> bool:
        return not self.failed


class _Precise:
    """A run in float64, and what of it depends on what."""

    def __init__(self, graph: Graph, leaves: dict[int, Array], instead: dict[int, Array]) -> None:
        self.graph = Graph(graph.values, graph.nodes, graph.loss.name, np.dtype(np.float64))
        self.trace: Trace = run(self.graph, leaves, instead=instead)
        self._given = frozenset(instead)
        self._after: dict[int, tuple[Node, ...]] = {}
        # Not `graph.active`: a comparison passes no gradient on, and yet the loss depends on what is compared.
        self._needed = {self.graph.loss.id}
        for node in reversed(self.graph.nodes):
            if node.output in self._needed:
                self._needed.update(node.inputs)

    def cut_off(self, value: int) -> str:
        """What was set by hand between a value and the loss, which then does not follow it."""
        reached = {value}
        for node in self.graph.nodes:
            if reached & set(node.inputs):
                if node.output in self._given:
                    return self.graph.values[node.output].name
                reached.add(node.output)
        return ""

    @classmethod
    def of(cls, scenario: Scenario, recording: Recording | None = None) -> _Precise:
        """The run of a scenario; with the values that were set by hand in a recording of it."""
        instead = {}
        if recording is not None:
            held = [v for kind, v in recording.given if kind == "data" and recording.graph.values[v].node >= 0]
            instead = {v: np.asarray(recording.trace.data[v], dtype=np.float64) for v in held}
        leaves = {v: np.asarray(a, dtype=np.float64) for v, a in scenario.leaves.items()}
        return cls(scenario.graph, leaves, instead)

    def after(self, value: int) -> tuple[Node, ...]:
        """The nodes between a value and the loss, in order."""
        if value not in self._after:
            reached, found = {value}, []
            for node in self.graph.nodes:
                if node.output in self._needed and node.output not in self._given and reached & set(node.inputs):
                    reached.add(node.output)
                    found.append(node)
            self._after[value] = tuple(found)
        return self._after[value]

    def moved(self, value: int, flat: int, at: float) -> dict[int, Array]:
        """All values that change when one number is another: their arrays by value id."""
        array = self.trace.data[value].copy()
        array.reshape(-1)[flat] = at
        data = {value: array}
        with np.errstate(all="ignore"):
            for node in self.after(value):
                xs = [data.get(i, self.trace.data[i]) for i in node.inputs]
                data[node.output] = np.asarray(node.op.forward(xs))
        return data

    def loss(self, data: dict[int, Array]) -> float:
        return float(data.get(self.graph.loss.id, self.trace.data[self.graph.loss.id]).reshape(-1)[0])

    def losses(self, value: int, flats: Array, offsets: Array) -> Array:
        """The loss with value.flat[flats[k]] moved by offsets[k], for all k, shape (k,).

        The copies lie on a new first axis. Operations that work element by element or sum over
        axes take them all at once, and so do weighted sums of a changed input; others go through
        them one by one.
        """
        copies, base = len(flats), self.trace.data[value]
        stacked = np.repeat(base.reshape(1, -1), copies, axis=0)
        stacked[np.arange(copies), flats] += offsets
        data = {value: stacked.reshape(copies, *base.shape)}
        with np.errstate(all="ignore"):
            for node in self.after(value):
                xs = [data.get(i, self.trace.data[i]) for i in node.inputs]
                data[node.output] = _together(node.op, xs, [i in data for i in node.inputs], copies)
        found = data.get(self.graph.loss.id)
        return np.full(copies, self.trace.loss) if found is None else found.reshape(copies)


def _together(op: Op, xs: Sequence[Array], stacked: Sequence[bool], copies: int) -> Array:
    """An operation applied to copies of its inputs; those that are not `stacked` are the same in all."""
    if isinstance(op, Linear) and stacked[0] and not any(stacked[1:]):
        return np.asarray(op.forward(xs))
    if isinstance(op, Elementwise | Reduce):
        ndim = max(x.ndim - s for x, s in zip(xs, stacked, strict=True))
        wide = [
            x.reshape(copies, *(1,) * (ndim - x.ndim + 1), *x.shape[1:]) if s else x
            for x, s in zip(xs, stacked, strict=True)
        ]
        if isinstance(op, Elementwise):
            return np.asarray(op.forward(wide))
        terms = op.terms(wide)
        axes = op.axes(ndim)
        count = math.prod(terms.shape[1 + a] for a in axes)
        return np.asarray(terms.sum(axis=tuple(1 + a for a in axes), keepdims=op.keeps()) * op.scale(count))
    return np.stack([op.forward([x[k] if s else x for x, s in zip(xs, stacked, strict=True)]) for k in range(copies)])


# One ----------------------------------------------------------------------------------------------


def nudge(recording: Recording, element: Element, eps: float | None = None) -> Nudge:
    """Moves one number by ±`eps` and looks at the loss: the central difference.

    Without `eps` it is ∛ε · max(1, |x|), where truncation and rounding are about equal (Press et al.,
    Numerical Recipes, 3rd ed., §5.7). The element's value must have a gradient. Raises CommandError
    where the number is not finite, or so large that `eps` is lost in it.
    """
    precise = _Precise.of(recording.scenario, recording)
    grad = precise.trace.gradient(element.value)
    base = precise.trace.number(element)
    step = eps if eps is not None else float(np.finfo(np.float64).eps) ** (1 / 3) * max(1.0, abs(base))
    width = (base + step) - (base - step)  # what is left of 2·eps when it is added to the number
    if not width > 0:
        name = recording.board.typed(*element)
        raise CommandError(f"{name} is {base:g}, and {step:g} more or less does not change it")
    above, below = (precise.moved(*element, base + sign * step) for sign in (1, -1))
    losses = precise.loss(above), precise.loss(below)
    if any(kind == "grad" for kind, _ in recording.given):
        grad = recording.trace.gradient(element.value)
    numeric, gradient = (losses[0] - losses[1]) / width, grad.item(element.flat)
    actual = (losses[0] - losses[1]) / 2
    error = _relative(numeric, gradient, max(map(abs, (*losses, precise.trace.loss))), step)
    held = precise.cut_off(element.value)
    kink = f"{held} is set by hand, so the loss does not follow" if held else ""
    kink = kink or _switched(precise, element.value, above, below)
    return Nudge(step, gradient * step, actual, gradient, numeric, error, kink)


def _relative(numeric: float, gradient: float, loss: float, step: float) -> float:
    """How far two slopes are apart. What rounding of the losses alone can make of the difference
    cannot be told from 0 this way, so errors are not taken relative to anything smaller."""
    noise = 8 * float(np.finfo(np.float64).eps) * loss / step
    return abs(numeric - gradient) / max(abs(numeric), abs(gradient), noise / TOLERANCE, 1e-300)


def _switched(precise: _Precise, value: int, above: dict[int, Array], below: dict[int, Array]) -> str:
    """What is chosen differently on the two sides: a gate that opens, a maximum that changes, a
    comparison that jumps. Such operations say so themselves: they have a `kink`, or are discrete.

    The recorded run lies between the sides, and is compared with both: what opens on the way up to it
    may have shut again on the way on.
    """
    data = precise.trace.data
    for node in precise.after(value):
        if not node.op.kink and not node.op.discrete:
            continue
        for sides in pairwise((below, {}, above)):
            low, high = ([side.get(i, data[i]) for i in (*node.inputs, node.output)] for side in sides)
            if isinstance(node.op, Elementwise | Reduce):
                element = _jump(precise.graph, node, node.op, low[:-1], high[:-1])
            else:
                element = _rerouted(node, low, high)
            if element is not None:
                name = Blackboard(precise.graph).element(*element)
                return f"{node.op.label} at {name} switches between the two sides"
    return ""


def _jump(
    graph: Graph, node: Node, op: Elementwise | Reduce, low: Sequence[Array], high: Sequence[Array]
) -> Element | None:
    """The first place where a local gradient, or what a comparison says, jumps on the way from one
    set of inputs to the other. Of what is bent the two ends differ less and less as the way between
    them is halved; a jump stays."""
    joint = np.broadcast_shapes(*(x.shape for x in low))
    ends = [[np.broadcast_to(x, joint).reshape(-1) for x in xs] for xs in (low, high)]
    moved = np.flatnonzero(np.logical_or.reduce([a != b for a, b in zip(*ends, strict=True)]))
    found: set[int] = set()
    with np.errstate(all="ignore"):
        for slot in range(len(low)):
            left, right = ([x[moved] for x in xs] for xs in ends)
            at_left, at_right = _slope(op, slot, left), _slope(op, slot, right)
            least = _APART * np.maximum(abs(at_left), abs(at_right))
            for _ in range(_HALVINGS):
                if not np.any(abs(at_right - at_left) > least):
                    break
                middle = [(a + b) / 2 for a, b in zip(left, right, strict=True)]
                at_middle = _slope(op, slot, middle)
                nearer = abs(at_middle - at_left) > abs(at_right - at_middle)
                left = [np.where(nearer, a, m) for a, m in zip(left, middle, strict=True)]
                right = [np.where(nearer, m, b) for m, b in zip(middle, right, strict=True)]
                at_left, at_right = np.where(nearer, at_left, at_middle), np.where(nearer, at_middle, at_right)
            found.update(moved[abs(at_right - at_left) > least].tolist())
    if not found:
        return None
    # Named by what enters; a number written in the formula names nothing.
    largest = max((graph.values[i] for i in node.inputs), key=lambda v: (v.size, v.role is not Role.LITERAL))
    return Element(largest.id if largest.size == math.prod(joint) else node.output, min(found))


def _slope(op: Elementwise | Reduce, slot: int, xs: Sequence[Array]) -> Array:
    """The local gradient at single points; of a comparison, which has none, what it says."""
    y = op.forward(xs) if isinstance(op, Elementwise) else xs[0]
    return np.asarray(y if op.discrete else op.local(slot, y, xs), dtype=np.float64)


def _rerouted(node: Node, low: Sequence[Array], high: Sequence[Array]) -> Element | None:
    """The first input element to which the outputs of an operation that chooses among its inputs pass
    on something else: each output sends back its own number. Inputs first, the output last."""
    marks = np.arange(1.0, low[-1].size + 1).reshape(low[-1].shape)
    one, other = (node.op.vjp(0, marks, side[-1], side[:-1]) for side in (low, high))
    apart = np.flatnonzero(one != other)
    return Element(node.inputs[0], int(apart[0])) if len(apart) else None


# All ----------------------------------------------------------------------------------------------


def verify(recording: Recording, progress: Callable[[int, int], bool] | None = None) -> Gradients:
    """The gradients of all parameters against the five-point difference; without those from which
    something that was set by hand cuts the loss off. Between batches `progress` is told how many of
    how many are done; where it says False, what is done so far is returned."""
    precise = _Precise.of(recording.scenario, recording)
    return _compare(precise, [p for p in precise.graph.parameters if not precise.cut_off(p.id)], progress)


def every(scenario: Scenario) -> Gradients:
    """The same for every value of a scenario that has a gradient."""
    precise = _Precise.of(scenario)
    values = [v for v in precise.graph.values if precise.trace.grad[v.id] is not None and v.id != precise.graph.loss.id]
    return _compare(precise, values, None)


def _compare(precise: _Precise, values: Sequence[Value], progress: Callable[[int, int], bool] | None) -> Gradients:
    total, board = sum(v.size for v in values), Blackboard(precise.graph)
    if not math.isfinite(precise.trace.loss):
        return Gradients(0, total, 0.0, None, nonfinite=total)
    result, stride = Gradients(0, total, 0.0, None), _stride(precise.graph, total)
    budget = -(-total // stride)
    for value, flats in _batches(precise, values, stride):
        errors, numeric = _differences(precise, value, flats)
        grad = precise.trace.gradient(value.id)
        failed, kinks, nonfinite = list(result.failed), result.kinks, result.nonfinite
        for k, flat in enumerate(flats.tolist()):
            gradient, error, slope, kink = grad.item(flat), float(errors[k]), float(numeric[k]), False
            if not error <= TOLERANCE / 10:
                error, slope, kink = _closer(precise, value, flat, gradient)
            kinks, nonfinite = kinks + kink, nonfinite + (not math.isfinite(error))
            if kink or not math.isfinite(error):
                continue
            name = board.typed(value.id, flat, "grad")
            if error > TOLERANCE:
                failed.append((name, gradient, slope))
            if error >= result.max_rel_error:
                result = result._replace(max_rel_error=error, at=name)
        result = result._replace(
            checked=result.checked + len(flats), failed=tuple(failed), kinks=kinks, nonfinite=nonfinite
        )
        if progress is not None and not progress(result.checked, budget):
            break
    return result


def _stride(graph: Graph, total: int) -> int:
    """Every so many-th element is compared."""
    stride = max(1, -(-total // BUDGET))
    # A stride that shares factors with the width of an array would visit a few columns only.
    while stride > 1 and any(math.gcd(stride, n) > 1 for v in graph.values for n in v.shape if n > 1):
        stride += 1
        if stride > 2 * total // BUDGET + 64:
            break
    return stride


def _batches(precise: _Precise, values: Sequence[Value], stride: int) -> Iterator[tuple[Value, Array]]:
    """As many elements together as fit: four copies of all that depends on each."""
    for value in values:
        flats = np.arange(0, value.size, stride)
        size = value.size + sum(precise.graph.values[n.output].size for n in precise.after(value.id))
        step = max(_BATCH // (4 * max(size, 1)), 1)
        for start in range(0, len(flats), step):
            yield value, flats[start : start + step]


def _differences(precise: _Precise, value: Value, flats: Array) -> tuple[Array, Array]:
    """Relative errors and finite differences with the largest step, all at once."""
    base = precise.trace.data[value.id].reshape(-1)[flats]
    grad = precise.trace.gradient(value.id)
    step = _STEPS[0] * np.maximum(1.0, abs(base))
    with np.errstate(all="ignore"):
        try:
            losses = precise.losses(value.id, np.repeat(flats, 4), (step[:, None] * _OFFSETS).reshape(-1))
        except OpError:  # class numbers and the like, which are whole: `_closer` looks at each
            losses = np.full(4 * len(flats), math.nan)
        losses = losses.reshape(-1, 4)
        numeric = (losses * _WEIGHTS).sum(axis=1) / step
        gradient = grad.reshape(-1)[flats]
        loss = np.maximum(abs(losses[:, :2]).max(axis=1), abs(precise.trace.loss))
        noise = 8 * np.finfo(np.float64).eps * loss / step / TOLERANCE
        scale = np.maximum.reduce([abs(numeric), abs(gradient), noise, np.full(len(flats), 1e-300)])
        return np.asarray(abs(numeric - gradient) / scale), numeric


def _closer(precise: _Precise, value: Value, flat: int, gradient: float) -> tuple[float, float, bool]:
    """Relative error, finite difference, and whether there is a kink: something is chosen differently
    even with the smallest step. Where nothing is, slopes that differ from side to side are curvature,
    and excuse nothing."""
    base = float(precise.trace.data[value.id].reshape(-1)[flat])
    if not math.isfinite(base):
        return math.inf, math.nan, False  # as where a mask puts −∞: there is nothing to move

    def loss(at: float) -> float:
        try:
            return precise.loss(precise.moved(value.id, flat, at))
        except OpError:
            return math.nan

    best, numeric = math.inf, math.nan
    for size in _STEPS:
        step = size * max(1.0, abs(base))
        losses = [loss(base + k * step) for k in _OFFSETS]
        if not all(map(math.isfinite, losses)):
            continue
        slope = float(np.dot(losses, _WEIGHTS) / step)
        error = _relative(slope, gradient, max(abs(precise.trace.loss), abs(losses[0]), abs(losses[1])), step)
        if error < best or math.isnan(numeric):
            best, numeric = error, slope
        if best <= TOLERANCE / 10:
            break
    if best <= TOLERANCE or not math.isfinite(best):
        return best, numeric, False
    reach = 2 * _STEPS[-1] * max(1.0, abs(base))
    above, below = (precise.moved(value.id, flat, base + sign * reach) for sign in (1, -1))
    return best, numeric, bool(_switched(precise, value.id, above, below))
