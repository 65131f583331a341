"""Claims of the longer explanations."""

from __future__ import annotations

import re

import numpy as np

from gradstep.engine.explain import lesson
from gradstep.engine.graph.graph import Role
from gradstep.engine.run.timeline import Phase
from gradstep.engine.training.optimizer import OPTIMIZERS
from gradstep.engine.training.options import Training
from wordings.facts import Facts
from wordings.grammar import LABEL, NAME, number, says


@says(*map(re.escape, lesson.READY), re.escape(lesson.GIVEN))
def before(f: Facts, m: re.Match[str]) -> bool:
    return f.frame.step == 0 or f.frame.by_hand


@says(
    "<x> is a weighted sum: every input is multiplied by the weight of its edge, the products are added(?:\\.|, and "
    "(.+?) is added once\\.)",
    "<x> is a weighted sum of one input: that is multiplied by the weight of its edge(?:\\.|, and (.+?) is added "
    "once\\.)",
)
def weighted(f: Facts, m: re.Match[str]) -> bool:
    given = [f.graph.values[v] for v in f.node.inputs]
    one = given[1].shape[-1] == 1
    added = (None if len(given) < 3 else "the bias" if given[2].role is Role.PARAMETER else given[2].name) == m[2]
    return one == ("of one input" in m[0]) and (added or (m[2] or "").isascii() is False)


@says("For the backward pass this is remembered: ([^.]+)\\.")
def remembered(f: Facts, m: re.Match[str]) -> bool:
    """Only of what gets a gradient, and by its slope."""
    gets = [k for k, v in enumerate(f.node.inputs) if f.trace.grad[v] is not None]
    said = m[1].split("; ")
    slopes = ("its weight times as much", "its input times as much", "just as much")
    return len(said) == len(gets) and all(text.endswith(slopes[k]) for text, k in zip(said, gets, strict=True))


@says("So (each input's gradient will need the weight)?(?: and )?(each weight's gradient will need the input)?\\.")
def needs(f: Facts, m: re.Match[str]) -> bool:
    gets = [f.trace.grad[v] is not None for v in f.node.inputs[:2]]
    return [bool(m[1]), bool(m[2])] == gets and any(gets)


@says(f"({LABEL}): (\\S+) = .+?\\.(?= [A-Z]|$)")
def formula(f: Facts, m: re.Match[str]) -> bool:
    return m[1] == f.node.op.label and m[2] == f.recording.board.element(*f.here)


@says("The local gradient is ∂(.+?)/∂(.+?) = .+?\\.(?= |$)")
def slope(f: Facts, m: re.Match[str]) -> bool:
    """Between an output and an input of one node, which gets a gradient. The rules themselves are held against
    differences where the operations are."""
    whole = f.recording.board.whole
    return any(
        m[1] == whole(node.output) and m[2] in {whole(v) for v in node.inputs if f.graph.values[v].differentiable}
        for node in f.graph.nodes
    )


@says("Each use has its own local gradient\\.")
def own(f: Facts, m: re.Match[str]) -> bool:
    return any(n.inputs.count(v) > 1 for n in f.graph.nodes for v in n.inputs)


@says("Of one use of (\\S+) it is [^.]+(?:\\.\\d[^.]*)*\\.")
def one_use(f: Facts, m: re.Match[str]) -> bool:
    whole = f.recording.board.whole
    return any(whole(v) == m[1] and n.inputs.count(v) > 1 for n in f.graph.nodes for v in n.inputs)


@says("By convention, [^.]+(?:\\.\\d[^.]*)*\\.")
def convention(f: Facts, m: re.Match[str]) -> bool:
    """One that an operation of the network is known to have."""
    text = m[0].removeprefix("By convention, ").removesuffix(".")
    return any(text in (n.op.kink, n.op.edge.format(*map(f.recording.board.whole, n.inputs))) for n in f.graph.nodes)


@says("The local gradient is taken at the numbers of the forward pass; that is why this pass has to come first\\.")
def taken(f: Facts, m: re.Match[str]) -> bool:
    return any(f.trace.grad[v] is not None for v in f.node.inputs)


@says("No gradient passes here: what enters is given, or the loss does not depend on it\\.")
def no_gradient(f: Facts, m: re.Match[str]) -> bool:
    unused = all(f.node.output not in n.inputs for n in f.graph.nodes) and f.node.output != f.graph.loss.id
    return unused or f.trace.grad[f.node.output] is None or all(f.trace.grad[v] is None for v in f.node.inputs)


@says(f"∂{NAME}/∂<x> says how much {NAME} changes, per unit, when <x> changes by very little\\.")
def means(f: Facts, m: re.Match[str]) -> bool:
    return m[1] == m[2] == f.recording.board.element(*f.here)


@says(f"Nothing on the way to {NAME} uses <x>, so it is exactly 0\\.")
def unused(f: Facts, m: re.Match[str]) -> bool:
    return f.result == 0 and f.uses(f.here)[0] == 0


@says(f"<x> acts on {NAME} directly: its gradient is the local gradient of the loss, \\S+\\.")
def directly(f: Facts, m: re.Match[str]) -> bool:
    return any(f.here.value in n.inputs and n.output == f.graph.loss.id for n in f.graph.nodes)


@says(
    f"<x> acts on {NAME} only through <x>\\. The chain rule multiplies what <x> does to {NAME} \\(upstream\\) by what "
    f"<x> does to <x> \\(local, \\S+\\)\\."
)
def through(f: Facts, m: re.Match[str]) -> bool:
    target = f.element(m[2])
    _, most, sure = f.uses(f.here)
    return m[2] == m[3] == m[5] and m[1] == m[4] and target == f.hop.target and (not sure or most == 1)


@says(
    f"<x> acts on {NAME} in <k> ways\\. A small change takes all of them at once, so their effects add: for each, "
    "upstream × local; then the sum\\."
)
def ways(f: Facts, m: re.Match[str]) -> bool:
    least, most, sure = f.uses(f.here)
    return number(m[2]) == most if sure else number(m[2]) >= least


# The update ---------------------------------------------------------------------------------------


@says("The gradient points to where the loss grows fastest, so descent goes the other way\\.")
def points(f: Facts, m: re.Match[str]) -> bool:
    return f.frame.phase is Phase.UPDATE


@says("<x> goes as far as the learning rate η = <n> times the gradient: gradient descent\\.")
def plain(f: Facts, m: re.Match[str]) -> bool:
    lr, grad = f.recording.update.rate(f.here.value), f.gradient(f.here)
    moves = f.number(f.here) - f.result
    return (
        m[1] == f.recording.board.element(*f.here)
        and abs(number(m[2]) - lr) <= 1e-3 * lr
        and (not np.isfinite(moves) or abs(moves - lr * grad) <= 1e-5 * abs(moves) + 1e-6 * abs(f.result))
    )


@says("The rule is ([^.]+(?:\\.\\d+[^.]*)*), learning rate η = <n>\\.")
def rule(f: Facts, m: re.Match[str]) -> bool:
    return m[1].startswith(f.recording.update.optimizer(f.here.value).name) and abs(
        number(m[2]) - f.recording.update.rate(f.here.value)
    ) < 1e-3 * max(f.recording.update.rate(f.here.value), 1e-30)


@says("All updates use the gradients of the same backward pass; none of them sees another's new number\\.")
def together(f: Facts, m: re.Match[str]) -> bool:
    return True  # as the update is one pass over the arrays; its numbers are held against PyTorch's


def _lines() -> set[str]:
    """How a line of a rule may begin: with the first words of any that there is, the optimisers' and what comes before
    them."""
    found = set(Training(clip_value=1.0, clip_norm=1.0, zero_grad=False).before(False))
    found |= {*Training(accumulate=2, clip_norm=1.0, norm_type=1.0).before(True), *Training(accumulate=2).before(False)}
    for cls in OPTIMIZERS.values():
        switches = {key: True for key, option in cls.options.items() if option.default is False}
        some = {key: 0.5 for key in ("momentum", "weight_decay", "dampening") if key in cls.options}
        for given in ({}, some, switches, some | {"centered": True}, some | {"nesterov": True, "dampening": 0.0}):
            found |= {line for t in (1, 2, 100) for line in cls(**given).rule(t)}
    return {(line.says[0].upper() + " ".join(line.says.split()[:3])[1:]).rstrip(",.:") for line in found}


@says(f"(?:{'|'.join(sorted(map(re.escape, _lines())))})\\b[^.]*(?:\\([^)]*\\))?[^.]*\\.")
def line(f: Facts, m: re.Match[str]) -> bool:
    """A line of the rule in words: it is one of those that the update has."""
    if f.frame.phase is not Phase.UPDATE:
        return False
    return any(m[0].lower() == f"{one.says}.".lower() for one in f.recording.update.lines(f.here.value))
