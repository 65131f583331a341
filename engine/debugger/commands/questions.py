"""Commands that ask about this iteration and this run: each prints what the question's object says."""

from __future__ import annotations

import re

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.differences.nudging import nudge
from gradstep.engine.ask.differences.verifying import verify
from gradstep.engine.ask.findings.iteration import RULES, findings
from gradstep.engine.ask.findings.rules import Findings
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment
from gradstep.engine.debugger import transcript
from gradstep.engine.debugger.commands.table import GoOn, Result, command, nothing
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError, nearest
from gradstep.engine.explain import blame
from gradstep.engine.explain.paths import paths_from
from gradstep.engine.graph.element import Element
from gradstep.engine.history import search
from gradstep.engine.history.findings.training import RULES as OF_TRAININGS
from gradstep.engine.history.findings.training import diagnosis
from gradstep.engine.notation import defined, plain
from gradstep.engine.run import moments


def _element(session: Session, text: str) -> Element:
    """The one element that a name means; that of the current step where none is given."""
    here = session.frame().element
    if not text and here is not None:
        return here
    if not text:
        raise CommandError("a name is needed, as in h.grad[1]")
    found = session.recording.board.resolve(text)
    if found.flat is None:
        one = session.recording.board.typed(found.value.id, 0)
        raise CommandError(f"'{text}' has {found.value.size:,} numbers; name one, as in {one}")
    return Element(found.value.id, found.flat)


def _with_gradient(session: Session, text: str) -> Element:
    element = _element(session, text)
    if session.recording.trace.grad[element.value] is None:
        raise CommandError(f"'{session.recording.graph.values[element.value].name}' has no gradient")
    return element


@command
def _find(session: Session, rest: str, go_on: GoOn) -> Result:
    """find COND: the steps at which COND holds, in all iterations that are made: the first 20."""
    found = search.find(session.history, Condition(rest, session.recording), _FOUND, go_on)
    return Result("\n".join(found.lines()), found.document())


#: So many steps are listed.
_FOUND = 20


@command
def _print(session: Session, rest: str, go_on: GoOn) -> Result:
    """print EXPR: a value, a gradient, a slice, abs(W1.grad).max()."""
    found = Query(rest).answer(Moment.at(session.recording, session.position))
    return Result("\n".join(found.lines()), found.document())


@command
def _terms(session: Session, rest: str, go_on: GoOn) -> Result:
    """terms NAME: the rows of a sum: via, upstream, local, contribution, running sum."""
    target = session.recording.board.resolve(rest) if rest else None
    position = session.position
    if target is not None:
        given = target.kind == "data" and target.value.node < 0
        name = f"{target.value.name}.grad" + rest.partition("[")[1] + rest.partition("[")[2] if given else rest
        position = moments.find(session.recording.timeline, session.recording.board, position, name)
    frame = session.frame_at(position._replace(term=None))
    if frame.sum.terms is None or frame.story.equation is None:
        raise CommandError(f"'{rest or 'this step'}' is no sum")
    terms, typed = frame.sum.terms, session.recording.board.typed
    data = {
        "sum": plain(frame.story.equation.result),
        "rows": [
            {
                "via": typed(int(terms.via_value[n]), int(terms.via[n])),
                "upstream": defined(float(terms.upstream[n])),
                "local": defined(float(terms.local[n])),
                "contribution": plain(float(terms.contribution[n])),
                "running": plain(float(terms.running[n])),
            }
            for n in range(len(terms))
        ],
    }
    return Result(transcript.block(frame, terms=True), data)


@command
def _why(session: Session, rest: str, go_on: GoOn) -> Result:
    """why NAME: the blame chain of a gradient, hop by hop to the loss, with the reason where it is zero."""
    found = blame.why(session.recording, _with_gradient(session, rest))
    return Result("\n".join(found.lines()), found.document())


@command
def _paths(session: Session, rest: str, go_on: GoOn) -> Result:
    """paths NAME [K]: how many paths lead from NAME to the loss, and the K strongest of them."""
    name, _, count = rest.partition(" ")
    if count and not re.fullmatch(r"[1-9]\d{0,5}", count.strip()):
        raise CommandError(f"how many is a whole number from 1 on, not '{count.strip()}'")
    found = paths_from(session.recording, _element(session, name), int(count or 5))
    return Result("\n".join(found.lines()), found.document())


@command
def _nudge(session: Session, rest: str, go_on: GoOn) -> Result:
    """nudge NAME [EPS]: finite difference: predicted and real change of the loss, relative error, kinks."""
    name, _, size = rest.partition(" ")
    try:
        eps = float(size) if size.strip() else None
    except ValueError:
        raise CommandError(f"EPS is a number, not '{size.strip()}'") from None
    if eps is not None and not 0 < eps < float("inf"):
        raise CommandError("EPS is a finite number above 0")
    element = _with_gradient(session, name)
    found = nudge(session.recording, element, eps)
    lines = list(found.lines())
    session.note(lines[0])
    return Result("\n".join(lines), found.document())


@command
def _verify(session: Session, rest: str, go_on: GoOn) -> Result:
    """verify: the same for every parameter."""
    nothing(rest)
    found = verify(session.recording, progress=lambda done, total: go_on(done / max(total, 1)))
    lines = list(found.lines())
    session.note(lines[0])
    return Result("\n".join(lines), found.document(), ok=found.ok)


@command
def _findings(session: Session, rest: str, go_on: GoOn) -> Result:
    """findings [KIND=VALUE]...: what the rules see in this iteration and in the training, and what to try; with
    other thresholds."""
    thresholds: dict[str, float] = {}
    for part in rest.split():
        name, _, value = part.partition("=")
        try:
            thresholds[name] = float(value)
        except ValueError:
            raise CommandError(f"a threshold is written KIND=VALUE, as in vanish=1e-4, not '{part}'") from None
    one, all_ = RULES.defaults, OF_TRAININGS.defaults if session.history.made > 1 else {}
    for name in thresholds:
        if name not in one and name not in all_:
            known = {**one, **all_}
            raise CommandError(f"'{name}' has no threshold{nearest(name, known)}; there are {', '.join(known)}")
    here = findings(session.recording, {k: v for k, v in thresholds.items() if k in one})
    found = Findings((*here, *diagnosis(session.history, {k: v for k, v in thresholds.items() if k in all_}, go_on)))
    return Result("\n".join(found.lines()), found.document())
