"""The debugger as a conversation, for screen readers: a prompt, a line for each step, and nothing is drawn anew."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress

from gradstep.engine.debugger import Session, line
from gradstep.engine.errors import GradstepError, printable
from gradstep.engine.files import find
from gradstep.tui.cli.words import FINE, budget, complain, say, telling

_PROMPT = "gradstep> "
_HOW = (
    "Enter: the next step. back, into, why NAME, set NAME = VALUE and all other commands work; help lists them. quit."
)


def converse(options: argparse.Namespace) -> int:
    """Carries out what is typed until it ends. An empty line is a step."""
    session = Session(find(options.scenario), budget=budget(options))
    if options.at is not None:
        session.goto(options.at)
    if sys.stdin.isatty():
        with suppress(ImportError):
            import readline  # noqa: F401  # input() then has a history and is edited as in a shell
    scenario = session.recording.scenario
    description = [" ".join(part.split()) for part in scenario.description.split("\n\n")]
    say([scenario.title or scenario.name, *filter(None, description), _HOW, line(session.frame())], True)
    while True:
        try:
            typed = input(_PROMPT)
        except EOFError:
            say([""], True)
            return FINE
        if _carried_out(session, typed.strip() or "step", options.debug):
            return FINE


def _carried_out(session: Session, typed: str, debug: bool) -> bool:
    """Carries out one line and says what there is to say; whether it was the last one."""
    try:
        result = session.do(typed)
    except KeyboardInterrupt:
        complain("interrupted; everything is as it was before")
        return False
    except GradstepError as error:
        complain(str(error))
        return False
    except Exception as error:  # what nobody foresaw: told and logged, and the conversation goes on
        complain(telling(error, debug))
        return False
    if not result.moved:
        say([result.text] if result.text else [], True)
        return result.quit
    if result.stop is not None:
        say([printable(f"stopped: {result.stop.reason}: {result.stop.told}")], True)
    say([result.news] if result.news else [], True)
    say([line(session.frame())], True)
    return result.quit
