"""What the rules see in a training: over all its iterations, with what to try.

They look at the summaries first, and compute iterations again only to name the exact one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.findings.rules import Findings, Rules, Seen, Thresholds, rule
from gradstep.engine.errors import GoOn
from gradstep.engine.explain import nonfinite
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Value
from gradstep.engine.history import search
from gradstep.engine.history.history import History
from gradstep.engine.history.mover import mover
from gradstep.engine.index import Array, unravel
from gradstep.engine.notation import number
from gradstep.engine.run.timeline import Phase

#: Of a layer so many units are named one by one.
_NAMED = 8
#: Shorter trainings say nothing about where the loss is going.
_SHORTEST = 10


def diagnosis(history: History, thresholds: Thresholds | None = None, go_on: GoOn | None = None) -> Findings:
    """Everything that the rules see in the iterations that are made; nothing where there is only one.
    `thresholds` replace the defaults. Raises Interrupted and CommandError."""
    used = RULES.thresholds(thresholds)
    if history.made < 2:
        return Findings()
    return Findings(found for rule in RULES for found in rule(history, used, go_on))


def _series(history: History) -> tuple[Array, Array]:
    """The iterations (of rows that stand for several: the first) and their losses, at worst."""
    return history.summaries.starts[:-1], history.summaries.loss.high


def _ends(loss: Array) -> tuple[float, float]:
    """The mean loss over the first and over the last tenth."""
    part = max(len(loss) // 10, 1)
    return float(loss[:part].mean()), float(loss[-part:].mean())


# Rules --------------------------------------------------------------------------------------------


@rule("diverged", "as Amazon SageMaker Debugger's rule ExplodingTensor, over all iterations")
def _nonfinite(history: History, at: Thresholds, go_on: GoOn | None) -> Iterator[Seen]:
    """The first iteration in which something is not finite."""
    condition = Condition("nonfinite", history.recording(1))
    truth = search.truth(history, [condition])
    rows = np.flatnonzero(truth.may)
    for row in rows.tolist():
        for k in range(int(history.summaries.starts[row]), int(history.summaries.starts[row + 1])):
            recording = history.recording(k, go_on)
            found = search.first_in(recording, [condition])
            if found is None:
                continue
            sweep, flat = recording.timeline.locate(found.position.step)
            name = history.start.typed(Element(sweep.value, flat), sweep.phase)
            bad = nonfinite.at(recording, found.position.step)
            why = bad.blame.cause.value if bad is not None else "not finite"
            text = (
                f"from iteration {k:,} on something is not finite, first {name} ({why}); nothing is learned after that"
            )
            hint = "a smaller learning rate, or gradient clipping (clip_norm)"
            yield Seen(f"@{k} {found.position.step}", {"iteration": k}, text, hint)
            return


@rule("loss", "a tenth of a percent, as Amazon SageMaker Debugger's rule LossNotDecreasing", threshold=1e-3)
def _loss(history: History, at: Thresholds, go_on: GoOn | None) -> Iterator[Seen]:
    _, loss = _series(history)
    if len(loss) < _SHORTEST or not np.isfinite(loss).all():
        return
    first, last = _ends(loss)
    if last <= first * (1 - at["loss"]) or first <= 0:
        return
    what = "rose" if last > first * (1 + at["loss"]) else "hardly changed"
    hint = (
        "a smaller learning rate"
        if what == "rose"
        else "a larger learning rate, another initialisation, or look for dead units"
    )
    text = (
        f"the loss {what} over {history.made:,} iterations: {number(first)} in the first tenth, "
        f"{number(last)} in the last"
    )
    yield Seen(f"@{history.made}", {"first": first, "last": last}, text, hint)


@rule("oscillates", "our own: three iterations in ten", threshold=0.3)
def _oscillates(history: History, at: Thresholds, go_on: GoOn | None) -> Iterator[Seen]:
    """Where every iteration sees the same samples, a loss that goes up and down in turns is the learning
    rate's doing."""
    training, (_, loss) = history.scenario.training, _series(history)
    if training.batch_size is not None or len(loss) < _SHORTEST:
        return
    with np.errstate(all="ignore"):
        rose = np.diff(loss) > 0
    share = float(rose.mean())
    turns = float((rose[1:] != rose[:-1]).mean())
    first, last = _ends(loss)
    if share < at["oscillates"] or turns < at["oscillates"] or not np.isfinite(loss).all() or last < first / 10:
        return  # with momentum a loss may swing and all the same fall well
    text = (
        f"the loss rises in {share:.0%} of the iterations and turns in {turns:.0%}: each update goes too far, "
        "and to the other side"
    )
    yield Seen(f"@{history.made}", {"rises": share, "turns": turns}, text, "a smaller learning rate")


@rule("accumulates", "zero_grad = false in the scenario")
def _accumulates(history: History, at: Thresholds, go_on: GoOn | None) -> Iterator[Seen]:
    """Gradients that are not zeroed, and how much of what the update takes is not of its own iteration."""
    if history.scenario.training.zero_grad:
        return
    update = history.recording(history.made, go_on).update
    own, taken = update.sizes()
    text = (
        f"gradients are not zeroed: in iteration {history.made:,} the update takes gradients of size {number(taken)}, "
        f"and those of the iteration itself have {number(own)}; the rest is left over from before"
    )
    yield Seen(f"@{history.made}", {"own": own, "taken": taken}, text, "zero_grad = true")


@rule("overfit", "a tenth, as Amazon SageMaker Debugger's rule Overfit", threshold=0.1)
def _overfit(history: History, at: Thresholds, go_on: GoOn | None) -> Iterator[Seen]:
    held, (iterations, loss) = history.summaries.validation.high, _series(history)
    taken = np.flatnonzero(np.isfinite(held))
    if len(taken) < 3:
        return
    best = taken[int(held[taken].argmin())]
    last = taken[-1]
    if held[last] <= held[best] * (1 + at["overfit"]) or not loss[last] < loss[best]:
        return
    k = int(iterations[best])
    text = (
        f"the loss over the samples held back was best in iteration {k:,} ({number(held[best])}) and is "
        f"{number(held[last])} now, while the training's own fell from {number(loss[best])} to {number(loss[last])}"
    )
    hint = "stop there, weight decay, dropout, a smaller network, or more data"
    numbers = {"best": float(held[best]), "last": float(held[last]), "iteration": k}
    yield Seen(f"@{k}", numbers, text, hint)


@rule(
    "died", "shut in every sample for a whole pass over the data; SageMaker Debugger's rule DeadRelu looks at the same"
)
def _died(history: History, at: Thresholds, go_on: GoOn | None) -> Iterator[Seen]:
    """Units that are shut in every sample now, and were not at first."""
    start, summaries = history.start, history.summaries
    for node in start.graph.nodes:
        z = node.inputs[0]
        if not node.op.rectifier or z not in summaries.counted:
            continue
        dead = np.flatnonzero(summaries.above_zero(z).high[-1] == 0)
        told = 0
        for unit in dead.tolist():
            name = unit_name(history, start.graph.values[node.output], unit)
            condition = Condition(f"dead({name})", start)
            k = search.began(history, condition, history.made, go_on)
            if k == 1 or history.made - k + 1 < history.passes:
                continue
            told += 1
            if told <= _NAMED:
                yield _of_death(history, condition, name, k, go_on)
        if told > _NAMED:
            text = f"{told - _NAMED:,} more units of {start.board.whole(node.output)} died"
            yield Seen(start.graph.values[node.output].name, {"more": told - _NAMED}, text, _DEATH)


_DEATH = "a smaller learning rate, gradient clipping, leaky_relu, or a warm-up"


def _of_death(history: History, condition: Condition, name: str, k: int, go_on: GoOn | None) -> Seen:
    recording = history.recording(k, go_on)
    found = search.first_in(recording, [condition])
    assert found is not None, "it is dead there"
    sweep, flat = recording.timeline.locate(found.position.step)
    moved = mover(history, Element(sweep.value, flat), k)
    by = f"; the update at the end of iteration {moved.iteration:,} did it, {moved.text}" if moved else ""
    text = f"{name} is shut in every sample since iteration {k:,}{by}"
    numbers = {"iteration": k, "step": found.position.step}
    return Seen(f"@{k} {found.position.step}", numbers, text, _DEATH)


def unit_name(history: History, value: Value, unit: int) -> str:
    """A unit as conditions about units have it: without the axis of the samples."""
    axis = history.start.samples.axis(value.id)
    shape = value.shape if axis is None else value.shape[:axis] + value.shape[axis + 1 :]
    return f"{value.name}[{','.join(map(str, unravel(unit, shape)))}]" if shape else value.name


def _gradients(history: History) -> list[tuple[Value, Array]]:
    """The norms of the gradients of the weights, from the inputs to the loss: per element, so that arrays of
    different sizes compare."""
    board, graph, summaries = history.start.board, history.start.graph, history.summaries
    weights = [layer.weight for layer in board.layers if layer.weight >= 0]
    found = []
    for value in dict.fromkeys(weights):
        if summaries.has(Phase.BACKWARD, value):
            size = graph.values[value].size
            found.append((graph.values[value], summaries.norm(Phase.BACKWARD, value).high / size**0.5))
    return found


@rule("explode", "ratio of gradients as in AutoTrainer (Zhang et al., ICSE 2021)", threshold=1e3)
def _explode(history: History, at: Thresholds, go_on: GoOn | None) -> Iterator[Seen]:
    for value, norms in _gradients(history):
        usual = float(np.median(norms[: max(len(norms) // 10, 3)]))
        over = np.flatnonzero(norms > at["explode"] * usual) if usual > 0 else np.empty(0, np.intp)
        if len(over):
            k = int(history.summaries.starts[over[0]])
            ratio = float(norms[over[0]] / usual)
            text = (
                f"the gradient of {value.name} is {number(ratio)} times its usual size at first, "
                f"from iteration {k:,} on"
            )
            hint = "gradient clipping (clip_norm), a smaller learning rate, or a warm-up"
            yield Seen(f"@{k} {value.name}.grad", {"iteration": k, "ratio": ratio}, text, hint)
            return


@rule(
    "vanish",
    "ratio of gradients as in AutoTrainer (Zhang et al., ICSE 2021); SageMaker Debugger's VanishingGradient "
    "has 1e-7, absolute",
    threshold=1e-3,
)
def _vanish(history: History, at: Thresholds, go_on: GoOn | None) -> Iterator[Seen]:
    layers = _gradients(history)
    if len(layers) < 2:
        return
    (first, low), (last, high) = layers[0], layers[-1]
    with np.errstate(all="ignore"):
        # Added up: towards the end, where nothing is left to learn, all of them may be small.
        ratio = float(low.sum() / high.sum())
    if not isfinite(ratio) or ratio >= at["vanish"]:
        return
    text = (
        f"over all iterations the gradients of {first.name} have {number(ratio)} of the size of {last.name}'s: "
        "the first layer hardly learns"
    )
    hint = (
        "relu instead of sigmoid, weights that keep the size (he_normal, orthogonal), a skip connection, or a "
        "normalisation"
    )
    yield Seen(f"@{history.made} {first.name}.grad", {"ratio": ratio, "threshold": at["vanish"]}, text, hint)


@rule("unchanged", "not one bit, no threshold; Amazon SageMaker Debugger's rule UnchangedTensor looks at the same")
def _unchanged(history: History, at: Thresholds, go_on: GoOn | None) -> Iterator[Seen]:
    before, after = history.snapshot(1, go_on).leaves, history.snapshot(history.made + 1, go_on).leaves
    for value in history.start.graph.parameters:
        old, new = before[value.id], after[value.id]
        same = int(np.count_nonzero(old == new))
        if value.size and same == value.size:
            text = (
                f"{value.name} is after {history.made:,} iterations what it was: "
                f"not one of its {value.size:,} numbers changed"
            )
            hint = "look why its gradient is 0 (why), or whether η is so small that nothing is left of it"
            yield Seen(value.name, {"unchanged": same, "of": value.size}, text, hint)


@rule("symmetric", "equal to the last bit, no threshold (Goodfellow et al., Deep Learning, 2016, section 8.4)")
def _symmetric(history: History, at: Thresholds, go_on: GoOn | None) -> Iterator[Seen]:
    """Units of a layer with the same weights in at the beginning and now."""
    board, graph = history.start.board, history.start.graph
    ends = [history.snapshot(k, go_on).leaves for k in (1, history.made + 1)]
    for layer in board.layers:
        if layer.weight < 0 or len(graph.values[layer.weight].shape) != 2:
            continue
        groups = [_twins(leaves, layer.weight, layer.bias) for leaves in ends]
        twins = [group for group in groups[1] if any(group <= other for other in groups[0])]
        if not twins:
            continue
        most = max(twins, key=len)
        units = ", ".join(unit_name(history, graph.values[layer.output], u) for u in sorted(most)[:4])
        count = sum(map(len, twins))
        text = (
            f"{count:,} of {graph.values[layer.weight].shape[0]:,} units of {board.whole(layer.output)} have the same "
            f"weights as another one, as at the beginning ({units}{', …' if len(most) > 4 else ''}): they get the same "
            "gradients, and never separate"
        )
        yield Seen(
            graph.values[layer.weight].name,
            {"units": count},
            text,
            "weights drawn at random: he_normal, xavier_normal",
        )


def _twins(leaves: Mapping[int, Array], weight: int, bias: int) -> Sequence[frozenset[int]]:
    rows = leaves[weight]
    if bias >= 0:
        rows = np.concatenate([rows, leaves[bias].reshape(len(rows), -1)], axis=1)
    _, group = np.unique(rows, axis=0, return_inverse=True)
    members: dict[int, set[int]] = {}
    for unit, number_ in enumerate(group.reshape(-1).tolist()):
        members.setdefault(number_, set()).add(unit)
    return [frozenset(m) for m in members.values() if len(m) > 1]


#: In the order in which they are told.
RULES = Rules((
    _nonfinite, _loss, _oscillates, _accumulates, _overfit, _died, _explode, _vanish, _unchanged, _symmetric,
))  # fmt: skip
