"""Commands that go somewhere in time: by a grain, to a place, to a stop, to when something became true."""

from __future__ import annotations

import re

from gradstep.engine.ask.stops import Stop
from gradstep.engine.debugger import questions, transcript
from gradstep.engine.debugger.commands.table import GoOn, Result, command, count, nothing
from gradstep.engine.debugger.log import told
from gradstep.engine.debugger.traveller import Move, Traveller
from gradstep.engine.errors import CommandError
from gradstep.engine.run.timeline import Grain


def _there(traveller: Traveller, move: Move) -> Result:
    """Where one is now."""
    text = transcript.block(traveller.frame())
    return Result(f"{text}\n  {move.message}" if move.message else text, None, True)


@command
def _step(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """step [N]: N nodes onward in time."""
    return _there(traveller, traveller.step(Grain.ELEMENT, count(rest), go_on))


@command
def _back(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """back [N]: N nodes back in time."""
    return _there(traveller, traveller.step(Grain.ELEMENT, -count(rest), go_on))


@command
def _into(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """into [N]: one term of a sum onward."""
    return _there(traveller, traveller.step(Grain.TERM, count(rest), go_on))


@command
def _outof(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """outof [N]: one term of a sum back."""
    return _there(traveller, traveller.step(Grain.TERM, -count(rest), go_on))


@command
def _layer(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """layer [N]: one graph line onward, all its elements."""
    return _there(traveller, traveller.step(Grain.LINE, count(rest), go_on))


@command
def _rlayer(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """rlayer [N]: one graph line back, all its elements."""
    return _there(traveller, traveller.step(Grain.LINE, -count(rest), go_on))


@command
def _phase(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """phase: one phase onward."""
    return _there(traveller, traveller.step(Grain.PHASE, count(rest), go_on))


@command
def _rphase(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """rphase: one phase back."""
    return _there(traveller, traveller.step(Grain.PHASE, -count(rest), go_on))


@command
def _iterate(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """iterate [N]: N training iterations onward, to the same moment."""
    return _there(traveller, traveller.step(Grain.ITERATION, count(rest), go_on))


@command
def _riterate(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """riterate [N]: N training iterations back, to the same moment."""
    return _there(traveller, traveller.step(Grain.ITERATION, -count(rest), go_on))


@command
def _finish(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """finish: to the end of this node's sum."""
    nothing(rest)
    return _there(traveller, traveller.finish())


@command
def _restart(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """restart: to the start of this node's sum."""
    nothing(rest)
    return _there(traveller, traveller.restart())


@command
def _goto(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """goto WHERE: 24, +10, -10, 50%, h[1], h.grad[1], loss, start, end, @12, @12 loss, @end, or a bookmark."""
    traveller.goto(rest, go_on)
    return _there(traveller, Move(1))


# To a stop ----------------------------------------------------------------------------------------


def _rested(traveller: Traveller, stop: Stop) -> Result:
    """What log points have noted, why the run came to rest, and where."""
    mark = f"● breakpoint {stop.breakpoint}" if stop.breakpoint is not None else f"● {stop.reason}"
    said = [f"log: {told(line)}" for line in traveller.log.said]
    return Result("\n".join([*said, f"{mark}: {stop.told}", transcript.block(traveller.frame())]), None, True, stop)


@command
def _continue(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """continue: onward to the next stop: a breakpoint, a watch, or the end."""
    nothing(rest)
    return _rested(traveller, traveller.run(True, go_on))


@command
def _rcontinue(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """rcontinue: back to the previous stop, or the start."""
    nothing(rest)
    return _rested(traveller, traveller.run(False, go_on))


@command
def _train(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """train [N]: on from the last iteration to the end of the training, or N more; stops at breakpoints."""
    runs = traveller.runs
    to = runs.trained(traveller.position) + count(rest) if rest else runs.last
    return _rested(traveller, traveller.train(to, go_on))


@command
def _when(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """when [first] COND: back to the step at which COND became true last, or to the first at which it holds; and what
    to suspect next: the update, the parameter it moved most, the sample."""
    found = questions.when(traveller, rest, go_on)
    text = "\n".join([*found.lines(), transcript.block(traveller.frame())])
    return Result(text, found.document(), True, news=found.text)


# To where one has been ----------------------------------------------------------------------------


@command
def _previous(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """previous: to the place before the last jump."""
    nothing(rest)
    return _there(traveller, traveller.revisit(True, go_on))


@command
def _following(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """following: to the place after it again."""
    nothing(rest)
    return _there(traveller, traveller.revisit(False, go_on))


@command
def _bookmark(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """bookmark NAME: give this place a name that goto knows."""
    if not rest.isidentifier():
        raise CommandError(f"a bookmark's name has letters, digits and _, not '{rest}'")
    traveller.visited.bookmarks[rest] = traveller.position
    return Result(f"{rest} is step {traveller.position.step:,}", {"name": rest, "step": traveller.position.step})


@command
def _sample(traveller: Traveller, rest: str, go_on: GoOn) -> Result:
    """sample K|all: looks at a sample of the batch, from 0, at the same moment; nothing else changes which."""
    if rest not in ("all", "*") and not re.fullmatch(r"\d{1,9}", rest):
        raise CommandError(f"it is a number from 0, or all, not '{rest}'")
    traveller.look(None if rest in ("all", "*") else int(rest))
    return _there(traveller, Move(1))
