"""Rules about the units of a layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.diagnosis.ahead import after_update
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.rules.data import alike
from gradstep.engine.errors import GoOn
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Value
from gradstep.engine.history import search
from gradstep.engine.history.history import History
from gradstep.engine.history.mover import mover
from gradstep.engine.index import Array, unravel
from gradstep.engine.run.recording import Recording

#: Of a layer so many units are named one by one.
_NAMED = 8


def unit_name(start: Recording, value: Value, unit: int) -> str:
    """A unit as conditions about units have it: without the axis of the samples."""
    axis = start.samples.axis(value.id)
    shape = value.shape if axis is None else value.shape[:axis] + value.shape[axis + 1 :]
    return f"{value.name}[{','.join(map(str, unravel(unit, shape)))}]" if shape else value.name


@rule(
    "died", "shut in every sample for a whole pass over the data; SageMaker Debugger's rule DeadRelu looks at the same"
)
def died(evidence: Evidence) -> Iterator[Seen]:
    """Units that are shut in every sample now, and were not at first."""
    if not evidence.trained:
        return
    history, go_on = evidence.iterations, evidence.go_on
    start, summaries = history.start, history.summaries
    for node in evidence.last.graph.nodes:  # a what-if may have made another operation of a rectifier
        z = node.inputs[0]
        if not node.op.rectifier or z not in summaries.counted:
            continue
        shut = summaries.above_zero(z).high[-1] == 0
        dead = np.flatnonzero(shut)
        deaths = []
        for unit in dead.tolist():
            name = unit_name(start, start.graph.values[node.output], unit)
            condition = Condition(f"dead({name})", start)
            k = _since(history, z, unit) or search.began(history, condition, history.made, go_on)
            if k > 1 and history.made - k + 1 >= history.passes:
                deaths.append((k, name, condition))
        if not deaths:
            continue
        # Some dead units are no harm, nor are any where the loss falls all the same, or after a good end.
        fine = 2 * len(dead) < len(shut) or evidence.learned or (evidence.course is not None and evidence.course.falls)
        deaths.sort(key=lambda death: death[0])
        seen = _of_deaths(history, deaths, start.board.whole(node.output), len(shut), go_on)
        yield seen._replace(severity=Severity.INFORMATION if fine else Severity.WARNING)


def _since(history: History, value: int, unit: int) -> int:
    """The iteration since which a unit is above 0 in no sample, where each row stands for one; 0 where they do not."""
    summaries = history.summaries
    if len(summaries.exact) != history.made:
        return 0
    open_ = np.flatnonzero(summaries.above_zero(value).high[:, unit])
    return int(open_[-1]) + 2 if len(open_) else 1


_DEATH = "a smaller learning rate, gradient clipping, leaky_relu, or a warm-up"


def _of_deaths(
    history: History, deaths: Sequence[tuple[int, str, Condition]], layer: str, units: int, go_on: GoOn | None
) -> Seen:
    """The units of a layer that died, each with its iteration, and the update that shut the first of them."""
    k, name, condition = deaths[0]
    recording = history.recording(k, go_on)
    found = search.first_in(recording, [condition])
    assert found is not None, "it is dead there"
    sweep, flat = recording.timeline.locate(found.position.step)
    moved = mover(history, Element(sweep.value, flat), k, go_on)
    by = f"; the update at the end of iteration {moved.iteration:,} did it, {moved.text}" if moved else ""
    text = f"{name} is shut in every sample since iteration {k:,}{by}"
    if len(deaths) > 1:
        others = ", ".join(f"{one} since {at:,}" for at, one, _ in deaths[1:_NAMED])
        text = f"{len(deaths):,} of {units:,} units of {layer} died. {text}. Then {others}"
        text += f", and {len(deaths) - _NAMED:,} more" if len(deaths) > _NAMED else ""
    numbers = {"iteration": k, "step": found.position.step, "died": len(deaths), "of": units}
    return Seen(Place("", k, found.position.step), numbers, text, [_DEATH])


@rule(
    "symmetric",
    "equal to the last bit, no threshold (Goodfellow et al., Deep Learning, 2016, section 8.4)",
    explains="too_few_iterations underfit too_small rate_small no_better_than_constant same_predictions",
)
def symmetric(evidence: Evidence) -> Iterator[Seen]:
    """Units of a layer with the same weights in at the beginning and now; before a training, after its first update."""
    board, graph, head = evidence.first.board, evidence.first.graph, evidence.head
    for layer in board.layers:
        if layer.weight < 0 or len(graph.values[layer.weight].shape) != 2:
            continue
        if not evidence.trained and head is not None and head.classes and layer.output == head.outputs:
            continue  # outputs for classes are told apart by the targets, each as soon as its class comes
        groups = [_twins(numbers, layer.weight, layer.bias) for numbers in _ends(evidence)]
        twins = [group for group in groups[1] if any(group <= other for other in groups[0])]
        if not twins:
            continue
        most = max(twins, key=len)
        units = ", ".join(unit_name(evidence.first, graph.values[layer.output], u) for u in sorted(most)[:4])
        count = sum(map(len, twins))
        text = (
            f"{count:,} of {graph.values[layer.weight].shape[0]:,} units of {board.whole(layer.output)} have the same "
            f"weights as another one, as at the beginning ({units}{', …' if len(most) > 4 else ''}): they get the same "
            "gradients, and never separate"
        )
        yield Seen(
            Place(graph.values[layer.weight].name),
            {"units": count},
            text,
            ["weights drawn at random: he_normal, xavier_normal"],
        )


def _ends(evidence: Evidence) -> Iterator[Callable[[int], Array]]:
    """The parameters at the beginning, and now."""
    if not evidence.trained:
        for trace in (evidence.here.trace, after_update(evidence.here)):
            yield trace.data.__getitem__
        return
    for k in (1, evidence.made + 1):
        yield evidence.iterations.snapshot(k, evidence.go_on).leaves.__getitem__


def _twins(numbers: Callable[[int], Array], weight: int, bias: int) -> Sequence[frozenset[int]]:
    """The groups of units that are equal."""
    rows = numbers(weight)
    if bias >= 0:
        rows = np.concatenate([rows, numbers(bias).reshape(len(rows), -1)], axis=1)
    members: dict[int, set[int]] = {}
    for unit, number_ in enumerate(alike(rows).tolist()):
        members.setdefault(number_, set()).add(unit)
    return [frozenset(m) for m in members.values() if len(m) > 1]
