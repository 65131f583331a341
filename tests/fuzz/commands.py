"""Command lines that nobody would type, and many that one would, one after the other in a session."""

from __future__ import annotations

import random
import re
import warnings
from functools import cache

import rig

import gradstep
from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import GradstepError, Interrupted
from gradstep.engine.files import builtin

NAMES = [name for name in builtin() if name not in ("digits", "digits-training")]
#: What leaves the session for another one, or writes files.
LEFT_OUT = {"export", "save", "open", "quit"}
NUMBERS = [
    "0",
    "1",
    "2",
    "3",
    "-1",
    "+1",
    "17",
    "50%",
    "1e-3",
    "1e308",
    "1e999",
    "0.5",
    "nan",
    "inf",
    "9" * 12,
    "9" * 18,
    "9" * 400,
    "@2",
    "@0",
    "@99",
    "@end",
    "00",
    "1_0",
    "٣",
    "½",
    "1e-400",
    "0x1",
    "-0.0",
]
KINDS = ["dead", "flip", "vanish", "explode", "saturated", "cancel", "nonfinite", "zero", "changed", "crosses"]
FIELDS = [
    "value",
    "grad",
    "upstream",
    "local",
    "contribution",
    "terms",
    "op",
    "name",
    "phase",
    "layer",
    "index",
    "iteration",
    "loss",
    "previous",
    "step",
    "relu",
    "forward",
    "backward",
    "update",
    "start",
    "end",
    "all",
    "none",
    "True",
    "scenario",
    "breakpoints",
    "watch",
    "position",
    "json",
    "on",
    "do",
    "print",
]
SIGNS = [
    "==",
    "!=",
    "<",
    ">",
    "<=",
    ">=",
    "and",
    "or",
    "not",
    "+",
    "-",
    "*",
    "/",
    "**",
    "=",
    "(",
    ")",
    "[",
    "]",
    ",",
    ".",
    "@",
    "%",
    "^",
    "|",
    ":",
    ";",
    "'",
    '"',
    "#",
    "\\",
    "\x1b[2J",
    "\x00",
    "\u202e",
    "变",
    "\t",
]
FUNCTIONS = [
    "abs",
    "sign",
    "isnan",
    "isinf",
    "isfinite",
    "max",
    "min",
    "sum",
    "mean",
    "norm",
    "sqrt",
    "previous",
    "len",
    "open",
]


@cache
def _scenario(name: str) -> gradstep.Scenario:
    return gradstep.find(name)


def _name(random: random.Random, session: Session) -> str:
    values = session.recording.graph.values
    value = random.choice(values)
    name = value.name + random.choice(("", "", ".grad", ".next", ".T", ".shape", ".grad.T"))
    if value.shape and random.random() < 0.6:
        index = [
            random.choice((str(random.randrange(max(n, 1))), ":", "-1", "0:1", "*", str(n), "9" * 30))
            for n in value.shape
        ]
        name += "[" + ",".join(index[: random.choice((len(index), 1))]) + "]"
    return name


def _expression(random: random.Random, session: Session, depth: int = 0) -> str:
    if depth > 3 or random.random() < 0.4:
        pick = random.randrange(4)
        return (_name(random, session), random.choice(NUMBERS), random.choice(FIELDS), random.choice(KINDS))[pick]
    inner = _expression(random, session, depth + 1)
    match random.randrange(6):
        case 0:
            return f"{random.choice(FUNCTIONS)}({inner})"
        case 1:
            return f"{random.choice(KINDS)}({inner})"
        case 2:
            return f"({inner})"
        case 3:
            return f"{inner}.{random.choice(('max', 'min', 'sum', 'mean', 'T', '__class__', 'shape'))}()"
        case _:
            return f"{inner} {random.choice(SIGNS[:14])} {_expression(random, session, depth + 1)}"


def line(random: random.Random, session: Session) -> str:
    """One command."""
    word = random.choice(
        [c for c in commands.COMMANDS if c not in LEFT_OUT] + ["when", "break", "print", "find", "goto", "set"]
    )
    match random.randrange(7):
        case 0:
            rest = ""
        case 1:
            rest = random.choice(NUMBERS)
        case 2:
            rest = _name(random, session)
        case 3:
            rest = f"{_name(random, session)} = {_expression(random, session)}"
        case 4:
            rest = f"{_expression(random, session)} on {_name(random, session)}" + random.choice(("", " do print loss"))
        case _:
            rest = _expression(random, session)
    text = f"{word} {rest}"
    for _ in range(random.choice((0, 0, 0, 1, 3))):
        at = random.randrange(len(text) + 1)
        text = text[:at] + random.choice(SIGNS) + text[at + random.choice((0, 1)) :]
    return text


def case(random: random.Random) -> None:
    """A session of up to twelve commands. One that is refused has changed nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        session = Session(_scenario(random.choice(NAMES)))
        for _ in range(random.randrange(1, 13)):
            looks = 0

            def patience(share: float) -> bool:
                nonlocal looks
                looks += 1
                return looks < 400

            text, before = line(random, session), (session.position, len(session.edits), len(session.stops.breakpoints))
            word = text.split()[0] if text.split() else ""
            if commands.SHORT.get(word, word) in LEFT_OUT:
                continue
            try:
                result = commands.run(session, text, patience)
                assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", result.text.replace(text, "")), repr(result.text)
            except Interrupted:
                continue
            except GradstepError as error:
                after = (session.position, len(session.edits), len(session.stops.breakpoints))
                if after != before or not str(error).strip():
                    raise AssertionError(f"refused without a word, or something changed: {text!r}") from error
            except Exception as error:
                error.add_note(f"{session.recording.scenario.name}: {text!r}")
                raise
            session.frame().story.caption  # noqa: B018  # what it says is made when it is looked at


if __name__ == "__main__":
    rig.main(case, "Tries commands.")
