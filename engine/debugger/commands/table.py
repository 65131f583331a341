"""The table of commands: what a command is, what it gives, how a line is carried out; and help, which reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, NamedTuple, Protocol

from gradstep.engine.ask.stops import Stop
from gradstep.engine.debugger.traveller import Traveller
from gradstep.engine.errors import CommandError, GradstepError, nearest, shortened
from gradstep.engine.errors import GoOn as GoOn


class Question(Protocol):
    """What a question gives."""

    def lines(self) -> Iterable[str]: ...

    def document(self) -> Any: ...


class Result(NamedTuple):
    """What a command has to say: `text` for people, `data` for programs. `moved` if it went to another
    place, and `stop` says why it rests there; `ok` unless it has checked something that is wrong; `quit` if it was
    the last one. `found` is what a question gave; `news` is what is to be read also where it went to another place."""

    text: str = ""
    data: Any = None
    moved: bool = False
    stop: Stop | None = None
    ok: bool = True
    quit: bool = False
    found: Question | None = None
    news: str = ""

    @classmethod
    def of(cls, found: Question, ok: bool = True) -> Result:
        """What the object of a question says."""
        return cls("\n".join(found.lines()), found.document(), ok=ok, found=found)


class Command(NamedTuple):
    """A command: how it is written, what it does, and its function of (traveller, rest of the line)."""

    name: str
    usage: str
    says: str
    act: Callable[[Traveller, str, GoOn], Result]


#: All of them by name; this package's `__init__` enters the modules.
COMMANDS: dict[str, Command] = {}

#: The short names; a capital letter is the same move backwards in time.
SHORT: Mapping[str, str] = {
    "n": "step", "N": "back", "s": "into", "S": "outof", "f": "finish", "F": "restart", "]": "layer", "[": "rlayer",
    "p": "phase", "P": "rphase", "i": "iterate", "I": "riterate",
    "c": "continue", "C": "rcontinue", "g": "goto", "b": "break", "w": "watch",
    "W": "when", "y": "why", "e": "set", "E": "revert", "v": "nudge", "V": "verify", "q": "quit",
}  # fmt: skip


def command(act: Callable[[Traveller, str, GoOn], Result]) -> Command:
    """Makes a function a command. Its docstring is `USAGE: what it does.`, and the usage begins with its name."""
    usage, _, says = " ".join((act.__doc__ or "").split()).partition(": ")
    return Command(usage.split()[0], usage, says.removesuffix("."), act)


def enter(module: ModuleType) -> None:
    """Enters the commands of a module, in the order in which they stand there."""
    COMMANDS.update({found.name: found for found in vars(module).values() if isinstance(found, Command)})


def run(traveller: Traveller, line: str, go_on: GoOn = lambda share: True) -> Result:
    """Carries out one line. Raises CommandError, naming the command and what is wrong with it, and
    Interrupted where `go_on` stopped it."""
    word, _, rest = line.strip().partition(" ")
    name = SHORT.get(word, word)
    found = COMMANDS.get(name)
    if found is None:
        if not word:
            return Result()
        raise CommandError(f"unknown command '{shortened(word)}'{nearest(word, COMMANDS)}")
    try:
        return found.act(traveller, rest.strip(), go_on)
    except GradstepError as error:
        raise CommandError(f"{name}: {error}") from None


# What several commands need -----------------------------------------------------------------------


def place(traveller: Traveller) -> str | None:
    """What the current step writes, as one types it; None at the beginning."""
    frame = traveller.frame()
    return None if frame.element is None else traveller.recording.typed(frame.element, frame.phase)


def count(rest: str) -> int:
    """How often; once where nothing is said."""
    if not rest:
        return 1
    if not re.fullmatch(r"\d+", rest) or rest == "0" * len(rest):
        raise CommandError(f"how often is a whole number from 1 on, not '{shortened(rest)}'")
    if len(rest) > 18:
        raise CommandError(f"so often is more than can be counted: a number of {len(rest):,} digits; 18 are the most")
    return int(rest)


def nothing(rest: str) -> None:
    """Refuses what is written behind a command that takes nothing."""
    if rest:
        raise CommandError(f"it takes no argument, but there is '{shortened(rest)}'")


# About the table itself ---------------------------------------------------------------------------


@command
def _help(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """help [COMMAND]: what a command does."""
    if rest and SHORT.get(rest, rest) not in COMMANDS:
        raise CommandError(f"unknown command '{rest}'{nearest(rest, COMMANDS)}")
    chosen = [COMMANDS[SHORT.get(rest, rest)]] if rest else list(COMMANDS.values())
    short = {name: word for word, name in SHORT.items()}
    lines = [f"{c.usage:<44} {short.get(c.name, ''):<2} {c.says}" for c in chosen]
    return Result("\n".join(lines), [c.name for c in chosen])


@command
def _quit(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """quit: end."""
    nothing(rest)
    return Result(quit=True)
