"""Where one has been: the places that were left by a jump, and those that have a name."""

from __future__ import annotations

from gradstep.engine.run.timeline import Position

#: So many places are remembered to come back to.
_REMEMBERED = 200


class Visited:
    """`before` are the places that one has left by a jump, `after` those that one has come back from, the nearest
    last; `bookmarks` have a name."""

    def __init__(self) -> None:
        self.before: list[Position] = []
        self.after: list[Position] = []
        self.bookmarks: dict[str, Position] = {}

    def leave(self, place: Position) -> None:
        """A place is left by a jump: what came after it is no longer ahead."""
        self.before.append(place)
        del self.before[:-_REMEMBERED]
        self.after.clear()

    def nearest(self, back: bool) -> Position | None:
        """The place before the last jump; or, not `back`, the one after it; None where there is none."""
        return next(reversed(self.before if back else self.after), None)

    def revisit(self, back: bool, left: Position) -> None:
        """One has gone to the nearest, and `left` another one."""
        source, other = (self.before, self.after) if back else (self.after, self.before)
        source.pop()
        other.append(left)
