"""Claims about what is exactly 0, not finite, or on a kink."""

from __future__ import annotations

import re

import numpy as np

from gradstep.engine.run.timeline import Phase, Position
from wordings.facts import Facts
from wordings.grammar import LABEL, NAME, NUMBER, number, says

_NOUGHT = r"(?: \((?:[^()]|\([^()]*\))*\))?"
#: Why a gradient is 0.
ZERO = "|".join(
    (
        f"[Nn]o path leads from {NAME} to the loss",
        rf"[Tt]he \d+ parts that meet at {NAME} cancel exactly",
        rf".+? is the same whatever {NAME} is",
        rf"[Tt]he gate at {NAME} is shut \({NAME} = {NUMBER}\)",
        rf"(?:{LABEL}|[A-Z][A-Za-z ]+) (?:drops {NAME}{_NOUGHT}|lets something else than {NAME} through)",
        f"{NAME} is multiplied by 0",
        rf"{NAME} is exactly 0{_NOUGHT}",
        f"{NAME} is the only score of its row that is not masked, and its share 1 whatever it is",
        f"{NAME} is masked, on purpose",
        f"(?:{LABEL}|[A-Z][a-z ]+) leaves {NAME} out, on purpose",
        f"(?:{LABEL}|[A-Z][a-z ]+) of a single number is {NUMBER} whatever that is",
        f"{NAME} meets its target exactly",
        rf"[Tt]he slope of .+? at {NAME} = {NUMBER} is 0{_NOUGHT}",
        f"[Tt]he slope of .+? at {NAME} is (?:exactly 0|so small that it rounds to 0)",
        rf"[Aa]t {NAME} the product is too small for float\d\d: it underflows to 0",
    )
)
_TAIL = "(?:, so exactly 0 arrives|, so nothing passes|, at any precision)?\\."


@says(f"(?:{ZERO}){_TAIL}", f"Of <k> terms, in <k> (?:{ZERO})(?:, in <k> (?:{ZERO}))+{_TAIL}")
def zero(f: Facts, m: re.Match[str]) -> bool:
    return f.result == 0 and all(one(f, m[0]) for one in (_gates, _noughts, _targets, _dropped))


def _gates(f: Facts, text: str) -> bool:
    return all(f.value(name) <= 0 for name in re.findall(rf"gate at {NAME} is shut \(({NAME}) = ", text))


def _noughts(f: Facts, text: str) -> bool:
    return all(
        f.known(name) is None or f.value(name) == 0 for name in re.findall(rf"(?:^|in \d+ )({NAME}) is exactly 0", text)
    )


def _targets(f: Facts, text: str) -> bool:
    """What meets a target is equal to a number that is given, or computed, in the same place of a loss."""
    for name in re.findall(rf"({NAME}) meets its target exactly", text):
        found = f.element(name)
        assert found is not None
        users = [f.graph.nodes[node] for node, _ in f.graph.uses[found.value]]
        itself = any(n.inputs.count(found.value) > 1 for n in users)
        others = [np.asarray(x) for n in users for x in _others(f, n.inputs, found.value)]
        if not itself and not any(f.number(found) in x for x in others):
            return False
    return True


def _others(f: Facts, inputs: tuple[int, ...], mine: int) -> list[object]:
    return [f.trace.data[v] for v in inputs if v != mine]


def _dropped(f: Facts, text: str) -> bool:
    return all(abs(f.gradient(e)) == 0 for n in re.findall(rf"drops ({NAME})", text) if (e := f.element(n)) is not None)


# Not finite ---------------------------------------------------------------------------------------


@says("<g> is (NaN|[+−]∞)(?::|, because|, (?:0/0|∞/∞|∞ − ∞|0 · ∞):)")
def unending(f: Facts, m: re.Match[str]) -> bool:
    value = f.known(m[1])
    return value is None or any(not np.isfinite(x) for x in value)


@says("<g> is −∞ on purpose: it is masked, and softmax makes it 0\\.")
def on_purpose(f: Facts, m: re.Match[str]) -> bool:
    return f.result == -np.inf


@says("(?:∂\\S+|\\S+|the \\S+ that is kept for \\S+) is (?:NaN|[+−]∞)(?:\\.|: so it is given\\.)")
def because(f: Facts, m: re.Match[str]) -> bool:
    return True  # the number itself is compared wherever something is said to be one


_CAUSES = (
    "the logarithm of 0 is −∞", "a negative number has no logarithm", "a negative number has no square root",
    "a negative number has no fractional power",
    r"exp of so large a number is more than float\d\d can hold \(at most \S+\)",
    r"it overflows, being more than float\d\d can hold \(at most \S+\)", "something is divided by 0",
    "the slope is infinite there", "0/0 is no number", "∞/∞ is no number", "∞ − ∞ is no number", "0 · ∞ is no number",
    r"all scores of this row are −∞: softmax is 0/0", "the function has no value there",
    "the norm that all gradients are clipped by is no number, because .+?", "the learning rate is not finite",
    "it was set by hand",
    rf"the slope of .+? at {NAME} = {NUMBER} is (?:infinite|no number){_NOUGHT}",
)  # fmt: skip


@says(*(f"{cause}(?: in .+ ← .+?)?(?:, where ε is \\S+)?\\." for cause in _CAUSES))
def cause(f: Facts, m: re.Match[str]) -> bool:
    return not np.isfinite(f.result) or f.frame.phase is Phase.FORWARD


@says(
    r"(?:the slope of .+|0 arrives at .+|\S+ is .+|one factor is 0.*|at .+|[Tt]he .+)\.(?= It is the | It began|$)",
    last=True,
)
def parts(f: Facts, m: re.Match[str]) -> bool:
    """The reasons of the parts of what is no number: what they say of numbers is compared as everywhere."""
    return not np.isfinite(f.result)


@says("It is the first (number|gradient|new parameter) that is not finite\\.")
def the_first(f: Facts, m: re.Match[str]) -> bool:
    start = 0 if m[1] == "number" else f.recording.timeline.span(f.frame.phase)[0]
    return not np.isfinite(f.result) and all(np.isfinite(_at(f, step)) for step in range(start + 1, f.frame.step))


def _at(f: Facts, step: int) -> float:
    from gradstep.engine.debugger.frame import Frame

    return Facts(Frame(f.recording, Position(step, None, f.recording.iteration))).result


@says("It began at step <k>(?: of iteration <k>)?: [^.]+\\.",
      "It began at step <k>(?: of iteration <k>)?, \\S+(?::|, (?:0/0|∞/∞|∞ − ∞|0 · ∞):)")  # fmt: skip
def began(f: Facts, m: re.Match[str]) -> bool:
    if m[2] is not None:
        return number(m[2]) < f.recording.iteration
    return number(m[1]) < f.frame.step and not np.isfinite(_at(f, int(number(m[1]))))


@says("It began(?: at step <k> of iteration <k>)? with <x>, which is given so\\.")
def began_with(f: Facts, m: re.Match[str]) -> bool:
    return m[1] is not None or not np.isfinite(f.value(m[3]))


@says("<x> is on a kink of [^;]+; by convention, [^.]+\\.")
def kink(f: Facts, m: re.Match[str]) -> bool:
    """The slopes on the two sides differ, where the function is one of single numbers."""
    return f.element(m[1]) is not None


@says("Set by you: <g> is <n>(?:, as it was|; it was <n>)\\. What depends on it follows\\.")
def set_by_hand(f: Facts, m: re.Match[str]) -> bool:
    return f.frame.by_hand
