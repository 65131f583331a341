"""Rules about how the formula of a loss is written: errors that cancel before they are squared, and penalties."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradstep.engine.diagnosis.course import LEARNED
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.head import best_constant, floor
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.written import mean_of_errors
from gradstep.engine.graph.graph import Node, Role
from gradstep.engine.index import Array
from gradstep.engine.notation import number
from gradstep.engine.run.passes import run


@rule(
    "errors_cancel",
    "a mean of errors is 0 where they are as often too high as too low; the mean of their squares is not",
    Severity.FAULT,
    explains="no_better_than_constant loss same_predictions diverged overflow nonfinite rate_large rate_small "
    "oscillates unchanged too_few_iterations explode",
)
def errors_cancel(evidence: Evidence) -> Iterator[Seen]:
    """A loss of the mean error: a sample that is too high makes up for one that is too low."""
    found = mean_of_errors(evidence.graph)
    if found is None or evidence.here.samples.count < 2:
        return
    node, squared = found
    if evidence.here.samples.axis(node.output) is not None:
        return  # over the columns of each sample
    whole = evidence.board.whole(node.output)
    if squared:
        text = (
            f"{whole} is a {node.op.name} of errors, and only then its size is taken: errors of different samples "
            "cancel, and a loss of 0 says nothing of any"
        )
    else:
        text = (
            f"the loss is a {node.op.name} of errors y − t as they are: it falls without bound by making all outputs "
            "smaller"
        )
    numbers = {"samples": evidence.here.samples.count}
    yield Seen(Place(evidence.graph.loss.name), numbers, text, ["mean((y − t) ** 2): square before the mean"])


@rule(
    "penalty",
    "Goodfellow et al., Deep Learning (2016), ch. 7.1: a penalty is to be small beside the loss that it is added to",
    Severity.WARNING,
    threshold=1.0,
    explains="no_better_than_constant loss same_predictions underfit vanish dead died unchanged rate_large rate_small "
    "too_few_iterations oscillates too_small saturated",
)
def penalty(evidence: Evidence) -> Iterator[Seen]:
    """A penalty on parameters, written into the loss, that pulls harder than the data from the beginning."""
    head = evidence.head
    data, penalties = _terms(evidence)
    if head is None or not data or not penalties or not evidence.trained:
        return
    trace, graph = evidence.first.trace, evidence.graph
    still = {value: np.zeros_like(trace.data[value]) for value in data}
    alone = run(graph, _leaves(evidence), gradients=still)
    pulled = {p.id: _norm(alone.gradient(p.id)) for p in graph.parameters}
    learned = {p.id: _norm(trace.gradient(p.id) - alone.gradient(p.id)) for p in graph.parameters}
    most = max(pulled, key=lambda p: pulled[p])
    ratio = pulled[most] / learned[most] if learned[most] else float("inf")
    if not ratio > evidence.at["penalty"]:
        return
    width = (graph.values[head.outputs].shape or (1,))[-1]
    best, lowest = best_constant(head, evidence.task.targets, width), floor(head, evidence.task.targets)
    now = float(evidence.last.trace.data[head.node.output]) if graph.values[head.node.output].shape == () else np.nan
    fits = best is not None and now - lowest <= LEARNED * (best[0] - lowest)
    name = graph.values[most].name
    terms = " and ".join(evidence.board.whole(value) for value in penalties)
    text = (
        f"at first the penalty {terms} pulls {name} {number(ratio)} times as hard as the data does; of the loss of "
        f"{number(trace.loss)} it is {number(sum(float(trace.data[v]) for v in penalties))}"
    )
    advice = [f"a smaller factor before it: a {10 * ratio:.0f}th of it leaves the data ten times as strong"]
    severity = Severity.INFORMATION if fits else None
    yield Seen(Place(graph.values[penalties[0]].name), {"ratio": ratio}, text, advice, severity)


def _norm(array: Array) -> float:
    return float(np.linalg.norm(np.asarray(array, dtype=np.float64)))


def _leaves(evidence: Evidence) -> dict[int, Array]:
    """What the first iteration is computed from."""
    first = evidence.first
    return {v.id: first.trace.data[v.id] for v in evidence.graph.values if v.node < 0 and v.role is not Role.LITERAL}


def _terms(evidence: Evidence) -> tuple[Sequence[int], Sequence[int]]:
    """The summands of the loss: those that depend on what is given, and those on parameters alone."""
    graph = evidence.graph
    fed = {leaf.id: frozenset((leaf.role,)) for leaf in graph.values if leaf.node < 0}
    for node in graph.nodes:
        fed[node.output] = frozenset().union(*(fed[v] for v in node.inputs))
    data: list[int] = []
    penalties: list[int] = []
    ahead: list[int] = [graph.loss.id]
    while ahead:
        value = ahead.pop()
        made: Node | None = graph.nodes[graph.values[value].node] if graph.values[value].node >= 0 else None
        if made is not None and made.op.name == "add" and graph.values[value].shape == ():
            ahead += made.inputs
        elif Role.INPUT in fed[value]:
            data.append(value)
        elif Role.PARAMETER in fed[value]:
            penalties.append(value)
    return data, penalties
