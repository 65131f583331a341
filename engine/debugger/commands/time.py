"""Commands that go somewhere in time: by a grain, to a place, to a stop, to when something became true."""

from __future__ import annotations

import re

from gradstep.engine.ask.stops import Noted, Stop
from gradstep.engine.debugger import transcript
from gradstep.engine.debugger.commands.table import GoOn, Result, command, count, nothing, place
from gradstep.engine.debugger.session import Move, Session
from gradstep.engine.errors import CommandError
from gradstep.engine.run.timeline import Grain


def _there(session: Session, move: Move) -> Result:
    """Where one is now."""
    text = transcript.block(session.frame())
    return Result(f"{text}\n  {move.message}" if move.message else text, None, True)


@command
def _step(session: Session, rest: str, go_on: GoOn) -> Result:
    """step [N]: N nodes onward in time."""
    return _there(session, session.step(Grain.ELEMENT, count(rest), go_on))


@command
def _back(session: Session, rest: str, go_on: GoOn) -> Result:
    """back [N]: N nodes back in time."""
    return _there(session, session.step(Grain.ELEMENT, -count(rest), go_on))


@command
def _into(session: Session, rest: str, go_on: GoOn) -> Result:
    """into [N]: one term of a sum onward."""
    return _there(session, session.step(Grain.TERM, count(rest), go_on))


@command
def _outof(session: Session, rest: str, go_on: GoOn) -> Result:
    """outof [N]: one term of a sum back."""
    return _there(session, session.step(Grain.TERM, -count(rest), go_on))


@command
def _layer(session: Session, rest: str, go_on: GoOn) -> Result:
    """layer [N]: one graph line onward, all its elements."""
    return _there(session, session.step(Grain.LINE, count(rest), go_on))


@command
def _rlayer(session: Session, rest: str, go_on: GoOn) -> Result:
    """rlayer [N]: one graph line back, all its elements."""
    return _there(session, session.step(Grain.LINE, -count(rest), go_on))


@command
def _phase(session: Session, rest: str, go_on: GoOn) -> Result:
    """phase: one phase onward."""
    return _there(session, session.step(Grain.PHASE, count(rest), go_on))


@command
def _rphase(session: Session, rest: str, go_on: GoOn) -> Result:
    """rphase: one phase back."""
    return _there(session, session.step(Grain.PHASE, -count(rest), go_on))


@command
def _iterate(session: Session, rest: str, go_on: GoOn) -> Result:
    """iterate [N]: N training iterations onward, to the same moment."""
    return _there(session, session.step(Grain.ITERATION, count(rest), go_on))


@command
def _riterate(session: Session, rest: str, go_on: GoOn) -> Result:
    """riterate [N]: N training iterations back, to the same moment."""
    return _there(session, session.step(Grain.ITERATION, -count(rest), go_on))


@command
def _finish(session: Session, rest: str, go_on: GoOn) -> Result:
    """finish: to the end of this node's sum."""
    nothing(rest)
    return _there(session, session.finish())


@command
def _restart(session: Session, rest: str, go_on: GoOn) -> Result:
    """restart: to the start of this node's sum."""
    nothing(rest)
    return _there(session, session.restart())


@command
def _goto(session: Session, rest: str, go_on: GoOn) -> Result:
    """goto WHERE: 24, +10, -10, 50%, h[1], h.grad[1], loss, start, end, @12, @12 loss, @end, or a bookmark."""
    session.goto(rest, go_on)
    return _there(session, Move(1))


# To a stop ----------------------------------------------------------------------------------------


def _rested(session: Session, stop: Stop) -> Result:
    """What log points have noted, why the run came to rest, and where."""
    mark = f"● breakpoint {stop.breakpoint}" if stop.breakpoint is not None else f"● {stop.reason}"
    said = [f"log: {at(line)}: {line.text}" for line in session.said]
    return Result("\n".join([*said, f"{mark}: {stop.text}", transcript.block(session.frame())]), None, True, stop)


def at(line: Noted) -> str:
    """When a line of the log was written."""
    return f"iteration {line.iteration:,}, step {line.step:,}" if line.iteration > 1 else f"step {line.step:,}"


@command
def _continue(session: Session, rest: str, go_on: GoOn) -> Result:
    """continue: onward to the next stop: a breakpoint, a watch, or the end."""
    nothing(rest)
    return _rested(session, session.run(True, go_on))


@command
def _rcontinue(session: Session, rest: str, go_on: GoOn) -> Result:
    """rcontinue: back to the previous stop, or the start."""
    nothing(rest)
    return _rested(session, session.run(False, go_on))


@command
def _train(session: Session, rest: str, go_on: GoOn) -> Result:
    """train [N]: on from the last iteration to the end of the training, or N more; stops at breakpoints."""
    to = session.trained + count(rest) if rest else session.last
    return _rested(session, session.train(to, go_on))


@command
def _when(session: Session, rest: str, go_on: GoOn) -> Result:
    """when COND: back to the step at which COND became true, and what to suspect next."""
    found = session.when(rest, go_on)
    data = {
        "iteration": session.position.iteration,
        "step": found.step,
        "at": place(session),
        "text": found.text,
    }
    return Result(f"{found.text}\n{transcript.block(session.frame())}", data, True)


# To where one has been ----------------------------------------------------------------------------


@command
def _previous(session: Session, rest: str, go_on: GoOn) -> Result:
    """previous: to the place before the last jump."""
    nothing(rest)
    return _there(session, session.revisit(True))


@command
def _following(session: Session, rest: str, go_on: GoOn) -> Result:
    """following: to the place after it again."""
    nothing(rest)
    return _there(session, session.revisit(False))


@command
def _bookmark(session: Session, rest: str, go_on: GoOn) -> Result:
    """bookmark NAME: give this place a name that goto knows."""
    if not re.fullmatch(r"[^\W\d]\w*", rest):
        raise CommandError(f"a bookmark's name has letters, digits and _, not '{rest}'")
    session.marks[rest] = session.position
    return Result(f"{rest} is step {session.position.step:,}", {"name": rest, "step": session.position.step})


@command
def _sample(session: Session, rest: str, go_on: GoOn) -> Result:
    """sample K|all: which sample of the batch is looked at, from 0."""
    if rest not in ("all", "*") and not re.fullmatch(r"\d{1,9}", rest):
        raise CommandError(f"it is a number from 0, or all, not '{rest}'")
    session.look(None if rest in ("all", "*") else int(rest))
    return _there(session, Move(1))
