"""What a person may not know yet, said once, when it first would help."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isfinite
from typing import NamedTuple

from gradstep.engine.debugger import Frame
from gradstep.engine.run import Phase
from gradstep.tui.keymap import Keymap


class Hint(NamedTuple):
    """`key` is the name of the key that it is about, which its text has as {key}; `useful` whether it helps at a
    moment."""

    key: str
    text: str
    useful: Callable[[Frame], bool]


def _gradient(frame: Frame) -> float | None:
    """The gradient that the step writes, in the backward pass."""
    if frame.phase is not Phase.BACKWARD or frame.element is None:
        return None
    return frame.grad(*frame.element)


def _paths_meet(frame: Frame) -> bool:
    return _gradient(frame) is not None and frame.position.term is None and frame.sum.count > 1


def _nothing_arrives(frame: Frame) -> bool:
    found = _gradient(frame)
    return found is not None and (found == 0 or not isfinite(found))


#: In this order: of two that would help the first is said, and the other one another time.
HINTS = (
    Hint("act.when", "{key} asks when it became this: it goes back to the iteration in which it did",
         lambda frame: frame.position.iteration > 1 and _nothing_arrives(frame)),
    Hint("act.why", "{key} asks why this is so: hop by hop back to the loss, with the reason", _nothing_arrives),
    Hint("time.into", "{key} goes into this sum, one path at a time", _paths_meet),
    Hint("act.edit", "{key} asks what if: choose a number with the arrow keys, and give it another value",
         lambda frame: frame.step > 0 and frame.step == frame.total),
)  # fmt: skip


class Hints:
    """The hints that a person has not seen yet; `note` keeps that one has been said."""

    def __init__(self, seen: Iterable[str], note: Callable[[str], None]) -> None:
        known = set(seen)
        self._left = [hint for hint in HINTS if hint.key not in known]
        self._note = note

    def about(self, frame: Frame, keymap: Keymap) -> str:
        """What would help now and has never been said, or nothing."""
        for hint in self._left:
            if hint.useful(frame):
                self._left.remove(hint)
                self._note(hint.key)
                return hint.text.format(key=keymap.face(hint.key))
        return ""
