"""Rules about how a network is put together; most of what they see is there before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.ahead import after_update
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.graph.graph import Node, Role, Value
from gradstep.engine.notation import number

#: What has no slope beyond its bounds.
_BOUNDED = ("clip", "hard_tanh", "hard_sigmoid", "relu6")


#: What to look for where a program's parameter gets nothing.
_CUT_OFF = "look for what cuts it off: detach(), .data, torch.no_grad(), .item(); else use it, or leave it out"


@rule(
    "unused_parameter",
    "a parameter that the loss does not depend on is never trained (PyTorch: find_unused_parameters)",
    Severity.WARNING,
    explains="zero unchanged",
)
def unused_parameter(evidence: Evidence) -> Iterator[Seen]:
    """A parameter without a path to the loss, and one whose path a comparison cuts."""
    graph = evidence.graph
    for value in graph.parameters:
        if value.id in graph.active:
            continue
        cut = _cut(evidence, value)
        about = frozenset((value.name,))
        if cut is None:
            text = f"{value.name} does not lead to {graph.loss.name}: nothing of it is trained"
            advice = _CUT_OFF if evidence.here.scenario.observed is not None else "use it in the graph, or leave it out"
            yield Seen(Place(value.name), {}, text, [advice], about=about)


@rule(
    "detached",
    "a comparison or a rounding has no slope: nothing comes back through it",
    Severity.FAULT,
    explains="zero unchanged no_better_than_constant loss unused_parameter vanish too_few_iterations "
    "rate_small dead died",
)
def detached(evidence: Evidence) -> Iterator[Seen]:
    """A parameter that leads to the loss only through something without a slope."""
    for value in evidence.graph.parameters:
        cut = None if value.id in evidence.graph.active else _cut(evidence, value)
        if cut is not None:
            text = (
                f"{value.name} leads to {evidence.graph.loss.name} only through {cut.op.name} at "
                f"{evidence.board.whole(cut.output)}, which has no slope: its gradient is 0 for ever"
            )
            advice = ["something with a slope in its place: sigmoid instead of a comparison"]
            place = Place(evidence.graph.values[cut.output].name)
            yield Seen(place, {}, text, advice, about=frozenset((value.name,)))

    yield from _bounded(evidence)


def _bounded(evidence: Evidence) -> Iterator[Seen]:
    """Something with bounds, beyond which there is no slope, and all of whose inputs are beyond them, from the first
    iteration to the last."""
    graph = evidence.graph
    for node in graph.nodes:
        if node.op.name not in _BOUNDED or node.output not in graph.active:
            continue
        traces = [one.trace for one in (evidence.first, evidence.last)]
        values = [v for v in node.inputs if v in graph.active]
        shut = all(
            (up := trace.grad[node.output]) is not None
            and up.any()
            and all((down := trace.grad[v]) is not None and not down.any() for v in values)
            for trace in traces
        )
        if shut and values:
            x = traces[0].data[values[0]]
            text = (
                f"all {x.size:,} numbers that go into {node.op.name} at {evidence.board.whole(node.output)} lie "
                f"outside of its bounds ({number(float(x.min()))} to {number(float(x.max()))}), where it has no slope: "
                "nothing before it learns"
            )
            advice = ["wider bounds, or clip only what is measured and not what is trained"]
            yield Seen(Place(graph.values[node.output].name), {}, text, advice)


def _cut(evidence: Evidence, value: Value) -> Node | None:
    """The operation without a slope by which a value leads to the loss; None where it leads nowhere."""
    reached = {value.id}
    cut = None
    for node in evidence.graph.nodes:
        if reached & set(node.inputs):
            reached.add(node.output)
            if node.op.discrete and cut is None:
                cut = node
    return cut if evidence.graph.loss.id in reached else None


#: A branch that the first update makes so many times as large comes to matter; our own.
_GROWS = 1.5


@rule(
    "drowned_branch",
    "our own: below a hundredth of what it is added to, at the beginning and at the end",
    Severity.WARNING,
    threshold=0.01,
    allowed=(0.0, 1.0),
)
def drowned_branch(evidence: Evidence) -> Iterator[Seen]:
    """A branch that is added to something a hundred times as large."""
    for node in evidence.graph.nodes:
        if node.op.name != "add" or node.output not in evidence.graph.active:
            continue
        values = [evidence.graph.values[v] for v in node.inputs]
        if len({v.shape for v in values}) != 1 or values[0].size < 4 or any(v.role is not Role.NODE for v in values):
            continue
        ratios = []
        # Of a single iteration the update says whether the branch grows, as one does that begins near 0 on purpose.
        after = evidence.last.trace if evidence.trained else after_update(evidence.here)
        for trace in (evidence.first.trace, after):
            with np.errstate(all="ignore"):
                a, b = (float(np.sqrt(np.mean(np.square(trace.data[v.id], dtype=np.float64)))) for v in values)
                ratios.append(min(a, b) / max(a, b) if max(a, b) else 1.0)
                small = values[0] if a < b else values[1]
        worst = max(ratios)
        if np.isfinite(worst) and 0 < worst < evidence.at["drowned_branch"] and not evidence.converged:
            text = (
                f"{evidence.board.whole(small.id)} is {number(worst)} of what it is added to at "
                f"{evidence.board.whole(node.output)}: it hardly matters, and hardly learns"
            )
            advice = ["normalise before adding (layer_norm), or larger weights in the branch"]
            grows = not evidence.trained and ratios[1] > _GROWS * ratios[0]
            severity = Severity.INFORMATION if grows else None
            yield Seen(Place(small.name), {"ratio": worst}, text, advice, severity)


@rule(
    "dropout_rate",
    "Srivastava et al., Dropout (JMLR 2014): 0.2 to 0.5",
    threshold=0.9,
    allowed=(0.0, 1.0),
    explains="died dead oscillates spike rate_small rate_large too_few_iterations vanish zero",
)
def dropout_rate(evidence: Evidence) -> Iterator[Seen]:
    """Dropout that lets next to nothing through."""
    for node in evidence.graph.nodes:
        share = float(getattr(node.op, "p", 0.0)) if node.op.name == "dropout" else 0.0
        if share >= evidence.at["dropout_rate"] and node.output in evidence.graph.active:
            whole = evidence.board.whole(node.inputs[0])
            text = f"dropout drops {share:.0%} of {whole}: next to nothing is left to learn from"
            yield Seen(Place(evidence.graph.values[node.output].name), {"p": share}, text, ["p = 0.5 at most"])


@rule(
    "groups_of_one",
    "a number minus itself: layer_norm over one feature is 0 whatever goes in",
    Severity.FAULT,
    explains="zero unchanged no_better_than_constant loss same_predictions batch_norm_of_one nonfinite dead died "
    "vanish rate_small too_few_iterations rate_large oscillates",
)
def groups_of_one(evidence: Evidence) -> Iterator[Seen]:
    """A normalisation over single numbers."""
    for node in evidence.graph.nodes:
        if node.op.name != "standardize" or node.output not in evidence.graph.active:
            continue
        shape = evidence.graph.values[node.inputs[0]].shape
        axes = getattr(node.op, "axes", lambda ndim: ())(len(shape))
        if axes and int(np.prod([shape[a] for a in axes])) == 1:
            what = "a batch of one sample" if 0 in axes and len(shape) > 1 else "one feature"
            text = (
                f"{evidence.board.whole(node.output)} is normalised over {what}: a number minus its own mean is 0, "
                "whatever goes in"
            )
            advice = ["a batch of more samples, or layer_norm"] if "batch" in what else ["normalise over more features"]
            yield Seen(Place(evidence.graph.values[node.output].name), {}, text, advice)


@rule("embedding_rows", "rows that no id reaches get no gradient", Severity.INFORMATION)
def embedding_rows(evidence: Evidence) -> Iterator[Seen]:
    """Rows of an embedding that are not in the data."""
    for node in evidence.graph.nodes:
        if node.op.name != "embedding":
            continue
        table, ids = evidence.graph.values[node.inputs[0]], node.inputs[1]
        given = evidence.scenario.pool.get(ids, evidence.here.trace.data[ids])
        unused = len(evidence.here.trace.data[table.id]) - len(np.unique(given))
        if unused > 0:
            text = (
                f"{unused:,} of {table.shape[0]:,} rows of {table.name} are no sample's: they keep what they began with"
            )
            yield Seen(Place(table.name), {"unused": unused, "of": table.shape[0]}, text, [])
