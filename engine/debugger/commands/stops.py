"""Commands about what stops a run: breakpoints and watches."""

from __future__ import annotations

import re

from gradstep.engine.debugger.commands.table import GoOn, Result, command
from gradstep.engine.debugger.traveller import Traveller
from gradstep.engine.errors import CommandError


def _added(traveller: Traveller, rest: str, once: bool) -> Result:
    found = traveller.stops.add(rest, traveller.recording, once)
    return Result(f"breakpoint {found.number}: {found.text}", {"breakpoint": found.number, "text": found.text})


@command
def _break(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """break COND [on PATTERN] [do print EXPR]: stop where COND holds; h.grad stops at a name."""
    return _added(traveller, rest, False)


@command
def _tbreak(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """tbreak COND [on PATTERN]: the same, once."""
    return _added(traveller, rest, True)


def _numbered(rest: str) -> int:
    if not re.fullmatch(r"\d{1,9}", rest):
        raise CommandError(f"it takes the number of a breakpoint, not '{rest}'")
    return int(rest)


@command
def _delete(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """delete N|all: remove a breakpoint."""
    if rest == "all":
        count = len(traveller.stops.breakpoints)
        traveller.stops.breakpoints.clear()
        return Result(f"{count} breakpoints deleted", {"deleted": count})
    found = traveller.stops.find(_numbered(rest))
    traveller.stops.breakpoints.remove(found)
    return Result(f"breakpoint {found.number} deleted", {"deleted": 1})


def _switched(traveller: Traveller, rest: str, enabled: bool) -> Result:
    found = traveller.stops.find(_numbered(rest))
    found.enabled = enabled
    return Result(f"breakpoint {found.number} is {'armed' if enabled else 'off'}", {"enabled": enabled})


@command
def _enable(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """enable N: arm a breakpoint."""
    return _switched(traveller, rest, True)


@command
def _disable(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """disable N: turn a breakpoint off."""
    return _switched(traveller, rest, False)


@command
def _ignore(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """ignore N COUNT: pass over the next COUNT hits of a breakpoint."""
    which, _, count = rest.partition(" ")
    if not re.fullmatch(r"\d{1,9}", count.strip()):
        raise CommandError("it is written ignore N COUNT, as in ignore 1 3")
    found = traveller.stops.find(_numbered(which))
    found.ignore = int(count)
    return Result(f"breakpoint {found.number} ignores its next {found.ignore:,} hits", {"ignore": found.ignore})


@command
def _watch(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """watch EXPR: show it at every stop, and stop where it changes."""
    watch = traveller.watch(rest, go_on)
    return Result(str(watch.answer(traveller.position)), {"watch": watch.text})


@command
def _unwatch(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """unwatch EXPR: no longer."""
    traveller.stops.unwatch(rest)
    return Result(f"{rest} is no longer watched", {"unwatched": rest})
