"""Commands that ask: each prints what the question's object says."""

from __future__ import annotations

import re

from gradstep.engine.debugger import questions
from gradstep.engine.debugger.commands.table import GoOn, Result, command, nothing
from gradstep.engine.debugger.placing import place_of
from gradstep.engine.debugger.traveller import Traveller
from gradstep.engine.diagnosis.diagnosing import RULES
from gradstep.engine.errors import CommandError
from gradstep.engine.explain.blame import Blame


@command
def _find(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """find COND: the steps at which COND holds, in all iterations that are made: the first 20."""
    return Result.of(questions.find(traveller, rest, go_on))


@command
def _print(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """print EXPR: a value, a gradient, a slice, abs(W1.grad).max()."""
    return Result.of(questions.value(traveller, rest))


@command
def _terms(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """terms NAME: the rows of a sum: via, upstream, local, contribution, running sum."""
    return Result.of(questions.terms(traveller, rest))


@command
def _why(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """why NAME: the blame chain of a gradient, hop by hop to the loss, with the reason where it is zero; why loss:
    which samples, terms and parameters' last moves have changed the loss since the iteration before."""
    found = questions.why(traveller, rest, go_on)
    result = Result.of(found)
    if not isinstance(found, Blame) or found.stops is None or not (place := place_of(traveller.recording, found.stops)):
        return result
    return result._replace(text=f"{result.text}\n  from: {place}")


@command
def _paths(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """paths NAME [K]: how many paths lead from NAME to the loss, and the K strongest of them."""
    name, _, count = rest.partition(" ")
    if count and not re.fullmatch(r"[1-9]\d{0,5}", count.strip()):
        raise CommandError(f"how many is a whole number from 1 on, not '{count.strip()}'")
    return Result.of(questions.paths(traveller, name, int(count or 5), go_on))


@command
def _nudge(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """nudge NAME [EPS]: finite difference: predicted and real change of the loss, relative error, kinks."""
    name, _, size = rest.partition(" ")
    try:
        eps = float(size) if size.strip() else None
    except ValueError:
        raise CommandError(f"EPS is a number, not '{size.strip()}'") from None
    return Result.of(questions.nudge(traveller, name, eps))


@command
def _verify(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """verify: the same for every parameter."""
    nothing(rest)
    found = questions.verify(traveller, go_on)
    return Result.of(found, found.ok)


@command
def _findings(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """findings [NAME=VALUE]...: what the rules see in this iteration and in the training, and what to try; with
    other thresholds of rules."""
    return Result.of(questions.findings(traveller, RULES.read(rest.split()), go_on))
