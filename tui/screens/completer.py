"""What a word that is typed is likely to become."""

from __future__ import annotations

from textual.suggester import Suggester

from gradstep.engine.ask import condition_words
from gradstep.engine.debugger import COMMANDS, Session


class Completer(Suggester):
    """Completes a command's name, and then the names and words that it may be about."""

    def __init__(self, session: Session, command: str) -> None:
        super().__init__(case_sensitive=True)
        self._command = command
        names = list(session.recording.graph.by_name)
        self._words = [*names, *(f"{n}.grad" for n in names), *condition_words()]

    async def get_suggestion(self, value: str) -> str | None:
        if not self._command and " " not in value:
            return next((name for name in COMMANDS if value and name.startswith(value)), None)
        start = max(value.rfind(c) for c in " (")
        word = value[start + 1 :]
        found = next((w for w in self._words if word and w.startswith(word) and w != word), None)
        return None if found is None else value[: start + 1] + found
