"""What a word that is typed is likely to become."""

from __future__ import annotations

import re
from itertools import islice

from textual.suggester import Suggester

from gradstep.engine.ask import condition_words
from gradstep.engine.debugger import COMMANDS, Session
from gradstep.engine.files import FORMATS, builtin

#: So many of them are offered.
_OFFERED = 200


class Completer(Suggester):
    """Completes a command's name, and then the names and words that it may be about."""

    def __init__(self, session: Session, command: str) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._command = command
        names = list(session.recording.graph.by_name)
        self._words = [*names, *(f"{n}.grad" for n in names), *condition_words()]

    def candidates(self, value: str) -> list[str]:
        """What a line may become, with its last word completed in each way there is."""
        if not self._command and " " not in value:
            return [name for name in COMMANDS if name.startswith(value) and name != value]
        start = max(value.rfind(c) for c in " (") + 1
        word = value[start:]
        fitting = (w for w in self._about(value) if w.startswith(word) and w != word)
        return [value[:start] + w for w in dict.fromkeys(islice(fitting, _OFFERED))]

    def _about(self, value: str) -> list[str]:
        """The words that a command may be about: those that its usage names, and what there is of what it takes."""
        command = COMMANDS.get(self._command or value.split(" ")[0])
        usage = "" if command is None else command.usage.partition(" ")[2]
        words = [w for one in usage.split() if "|" in one for w in one.split("|") if re.fullmatch("[a-z]+", w)]
        if command is not None and command.name in ("open", "diff"):
            return [*builtin(), *words]
        words += list(COMMANDS) if "COMMAND" in usage else list(FORMATS) if "FORMAT" in usage else []
        return [*words, *self._words] if re.search(r"NAME|COND|EXPR|WHERE", usage) or not words else words

    async def get_suggestion(self, value: str) -> str | None:
        return next(iter(self.candidates(value)), None) if value and value[-1] not in " (" else None
