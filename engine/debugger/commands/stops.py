"""Commands about what stops a run: breakpoints and watches."""

from __future__ import annotations

import re

from gradstep.engine.debugger.commands.table import GoOn, Result, command
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError


def _added(session: Session, rest: str, once: bool) -> Result:
    found = session.stops.add(rest, session.recording, once)
    return Result(f"breakpoint {found.number}: {found.text}", {"breakpoint": found.number, "text": found.text})


@command
def _break(session: Session, rest: str, go_on: GoOn) -> Result:
    """break COND [on PATTERN] [do print EXPR]: stop where COND holds; h.grad stops at a name."""
    return _added(session, rest, False)


@command
def _tbreak(session: Session, rest: str, go_on: GoOn) -> Result:
    """tbreak COND [on PATTERN]: the same, once."""
    return _added(session, rest, True)


def _numbered(rest: str) -> int:
    if not re.fullmatch(r"\d{1,9}", rest):
        raise CommandError(f"it takes the number of a breakpoint, not '{rest}'")
    return int(rest)


@command
def _delete(session: Session, rest: str, go_on: GoOn) -> Result:
    """delete N|all: remove a breakpoint."""
    if rest == "all":
        count = len(session.stops.breakpoints)
        session.stops.breakpoints.clear()
        return Result(f"{count} breakpoints deleted", {"deleted": count})
    found = session.stops.find(_numbered(rest))
    session.stops.breakpoints.remove(found)
    return Result(f"breakpoint {found.number} deleted", {"deleted": 1})


def _switched(session: Session, rest: str, enabled: bool) -> Result:
    found = session.stops.find(_numbered(rest))
    found.enabled = enabled
    return Result(f"breakpoint {found.number} is {'armed' if enabled else 'off'}", {"enabled": enabled})


@command
def _enable(session: Session, rest: str, go_on: GoOn) -> Result:
    """enable N: arm a breakpoint."""
    return _switched(session, rest, True)


@command
def _disable(session: Session, rest: str, go_on: GoOn) -> Result:
    """disable N: turn a breakpoint off."""
    return _switched(session, rest, False)


@command
def _ignore(session: Session, rest: str, go_on: GoOn) -> Result:
    """ignore N COUNT: pass over the next COUNT hits of a breakpoint."""
    which, _, count = rest.partition(" ")
    if not re.fullmatch(r"\d{1,9}", count.strip()):
        raise CommandError("it is written ignore N COUNT, as in ignore 1 3")
    found = session.stops.find(_numbered(which))
    found.ignore = int(count)
    return Result(f"breakpoint {found.number} ignores its next {found.ignore:,} hits", {"ignore": found.ignore})


@command
def _watch(session: Session, rest: str, go_on: GoOn) -> Result:
    """watch EXPR: show it at every stop, and stop where it changes."""
    watch = session.watch(rest)
    return Result(f"{watch.text} = {watch.at(session.position)}", {"watch": watch.text})


@command
def _unwatch(session: Session, rest: str, go_on: GoOn) -> Result:
    """unwatch EXPR: no longer."""
    session.unwatch(rest)
    return Result(f"{rest} is no longer watched", {"unwatched": rest})
