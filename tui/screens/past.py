"""The lines that were typed, in this run of the program and before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property


class Past:
    """Whole commands, the newest last; a prompt for one command has what was typed behind its name. `before` gives
    those of earlier runs, `note` keeps one more."""

    def __init__(self, before: Callable[[], Iterable[str]], note: Callable[[str], None]) -> None:
        self._before, self._note = before, note

    @cached_property
    def lines(self) -> list[str]:
        return list(self._before())

    def of(self, command: str) -> list[str]:
        """Those that a prompt offers, each once."""
        start = f"{command} " if command else ""
        fitting = (line[len(start) :] for line in reversed(self.lines) if line.startswith(start))
        return list(dict.fromkeys(fitting))[::-1]

    def add(self, line: str) -> None:
        if line and line != next(reversed(self.lines), None):
            self.lines.append(line)
            self._note(line)
