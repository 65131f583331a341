"""What the outputs are to be: the class that the loss compares with, and probabilities beside their logarithms."""

from __future__ import annotations

from math import exp

from gradstep.engine.debugger import Frame, Kind, picture
from gradstep.engine.graph import Element
from gradstep.engine.notation import Digits, Stale, number
from gradstep.engine.run import Recording
from gradstep.tui.kept import kept_of_network, kept_of_run
from gradstep.tui.network.names import letter
from gradstep.tui.network.plan import plan

#: Operations that make probabilities, or their logarithms, of scores.
_LOGARITHM, _SHARES = "log_softmax", ("softmax", "log_softmax")

#: A target is written out in up to so many characters.
_EXACT = 8

#: The cells for a probability beside its logarithm.
SHARE = 6


@kept_of_network
def _outputs(recording: Recording) -> frozenset[int]:
    """The probabilities of classes that only the loss looks at, their logarithms, and the scores that such are made
    of."""
    graph = recording.graph

    def shares(value: int) -> bool:
        """Whether a value is shares of classes, or their logarithms, that go into the loss."""
        node = graph.values[value].node
        used = {graph.nodes[n].output for n, _ in graph.uses[value]}
        return node >= 0 and graph.nodes[node].op.name in _SHARES and used == {graph.loss.id}

    found = {value.id for value in graph.values if shares(value.id)}
    return frozenset(found | {graph.nodes[graph.values[value].node].inputs[0] for value in found})


def target(frame: Frame, value: int) -> int | None:
    """The position, among some outputs of the sample that is shown, of the class that they are to be; None where there
    is none, or the value is no output."""
    recording, targets = frame.recording, plan(frame.recording).targets
    if frame.sample is None or value not in _outputs(recording) or not targets:
        return None
    wanted, size = picture(recording, targets[0], Kind.DATA, frame.sample), recording.samples.elements(value, 0).size
    chosen = wanted.chosen
    if wanted.size == 1:  # the number of a class
        chosen = int(wanted.numbers[0]) if float(wanted.numbers[0]).is_integer() else None
    return chosen if chosen is not None and size > 1 and 0 <= chosen < size else None


def is_target(frame: Frame, element: Element) -> bool:
    """Whether an element is the output of that class."""
    found = target(frame, element.value)
    return found is not None and frame.recording.samples.position(*element) == found


def logarithms(recording: Recording, value: int) -> bool:
    """Whether a value is logarithms of probabilities."""
    node = recording.graph.values[value].node
    return node >= 0 and recording.graph.nodes[node].op.name == _LOGARITHM


def probability(recording: Recording, value: int, logarithm: float | None) -> float | None:
    """Of the logarithm of a probability, once that is there, the probability; None of what is no such."""
    return exp(logarithm) if logarithm is not None and logarithm <= 0 and logarithms(recording, value) else None


@kept_of_run
def wanted(recording: Recording, sample: int) -> str:
    """The first numbers of the targets of a sample, as they stand in the loss's box: `t 1.0 0.0`."""
    words = []
    for target in plan(recording).targets:
        shown = picture(recording, target, Kind.DATA, sample)
        words.append(letter(recording, target))
        words += [as_given(recording, target, shown.at(k)) for k in range(min(shown.size, 8))]
    return " ".join(words)


def as_given(recording: Recording, value: int, shown: float) -> str:
    """A number of an input as it was written down, which of float32 is not as Python would write it; with few digits
    where there are many."""
    kind = recording.trace.data[value].dtype
    exact = number(kind.type(shown) if kind.kind == "f" and not isinstance(shown, Stale) else shown, Digits.FULL)
    return exact if len(exact) <= _EXACT else number(shown, Digits.MATH)
