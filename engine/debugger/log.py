"""The log of a session: every stop, edit and check so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gradstep.engine.ask.stops import Noted
from gradstep.engine.run.timeline import Position


def told(line: Noted) -> str:
    """A line of the log for people: when, and what."""
    iteration = f"iteration {line.iteration:,}, " if line.iteration > 1 else ""
    return f"{iteration}step {line.step:,}: {line.text}"


class Log(list[Noted]):
    """What has happened, in its order. `said` is what log points noted in the last run."""

    def __init__(self) -> None:
        super().__init__()
        self.said: tuple[Noted, ...] = ()

    def note(self, place: Position, text: str) -> None:
        """Writes a line."""
        self.append(Noted(place.step, text, place.iteration))

    def say(self, lines: Iterable[Noted]) -> None:
        """Writes what the log points of a run have noted."""
        self.said = tuple(lines)
        self += self.said

    def lines(self) -> Iterator[str]:
        """For people."""
        if not self:
            yield "nothing yet"
        yield from map(told, self)

    def document(self) -> list[dict[str, Any]]:
        """For programs."""
        return [{"iteration": line.iteration, "step": line.step, "text": line.text} for line in self]
