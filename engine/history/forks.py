"""The futures of one training: without edits, and with each list of edits that was made in it.

One that was left for another is kept, so that an edit which is taken back, or made once more, takes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

from gradstep.engine.ask.whatif import Edit

#: What-if edits by the iteration in which they are made.
Edits = Mapping[int, tuple[Edit, ...]]


class Future(Protocol):
    """What is kept of each: see `History`."""

    @property
    def edited(self) -> Edits: ...

    @property
    def made(self) -> int: ...

    @property
    def bytes(self) -> int: ...

    def release(self) -> None: ...


F = TypeVar("F", bound=Future)


class Forks(Generic[F]):
    """The futures that branch off from `original`, the one without edits, which is always kept. Of those that were
    left the latest are kept, as long as they have no more than `budget` bytes together."""

    def __init__(self, original: F, budget: int) -> None:
        self._budget = budget
        #: In the order in which they were entered, the original first.
        self._kept = [original]

    def enter(self, edits: Edits, fork: Callable[[F, int], F]) -> F:
        """The future with these edits. Where it is not kept, `fork` makes it of one that is, from the iteration on
        in which they differ first: of the one with the longest past in common."""
        found = next((one for one in self._kept if _first_difference(one.edited, edits) is None), None)
        if found is None:
            near, first = self._nearest(edits)
            found = fork(near, first)
        self._leave_others(found)
        return found

    def _nearest(self, edits: Edits) -> tuple[F, int]:
        found: tuple[F, int] | None = None
        for one in self._kept:
            first = _first_difference(one.edited, edits)
            assert first is not None, "otherwise it would be that one"
            if found is None or min(first - 1, one.made) > min(found[1] - 1, found[0].made):
                found = one, first
        assert found is not None, "the original is always kept"
        return found

    def _leave_others(self, entered: F) -> None:
        """Keeps what is entered as the latest, and of what was left as much as there is room for."""
        original, *others = self._kept
        left: list[F] = []
        room = self._budget
        for one in reversed([one for one in others if one is not entered]):
            one.release()
            room -= one.bytes
            if room < 0:
                break
            left.insert(0, one)
        self._kept = [original, *left, *([entered] if entered is not original else [])]


def _first_difference(a: Edits, b: Edits) -> int | None:
    """The first iteration whose edits differ; None where all are the same ones. An edit is what was said once: the
    same words said again may have been about other numbers."""
    differing = [k for k in {*a, *b} if [*map(id, a.get(k, ()))] != [*map(id, b.get(k, ()))]]
    return min(differing, default=None)
