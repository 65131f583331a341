"""What a narration is, and what is said before the first step."""

from __future__ import annotations

from typing import NamedTuple

from gradstep.engine.graph.element import Element
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.run.recording import Recording


class Narration(NamedTuple):
    """What happens (the headline), why (the caption), and where the result goes."""

    headline: str
    caption: str
    result_note: str = ""


def kind(board: Blackboard, element: Element) -> str:
    """What an element of a parameter is: a weight, a bias, or a parameter of another kind."""
    layer = board.layer_of.get(element.value)
    if layer is not None and layer.bias == element.value:
        return "bias"
    return "weight" if board.arrow(*element) else "parameter"


def once(recording: Recording, element: Element) -> bool:
    """Whether a parameter has one place in the network, which it can be called after: other than a weight that several
    layers share."""
    return len(recording.graph.users[element.value]) == 1


READY = Narration(
    "ready",
    "Nothing is computed yet: numbers flow forward, then gradients flow backward.",
)


def begins(recording: Recording) -> Narration:
    """Before the first step of an iteration that is not the first."""
    k = recording.iteration
    new = "a new batch of samples" if recording.scenario.training.batch_size else "the same samples"
    return Narration(
        f"iteration {k:,} begins",
        f"The parameters are those that the update of iteration {k - 1:,} made. They meet {new}; "
        "nothing is computed yet.",
    )
