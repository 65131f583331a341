"""The debugger's commands: text → a call of the session → a result, for people and for programs.

One row and one function a command. The screen's `:` line, `gradstep run` and scripts all come here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask import whatif
from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.differences import nudge, verify
from gradstep.engine.ask.findings import DEFAULTS, findings, thresholds_of
from gradstep.engine.ask.query import Moment, Query
from gradstep.engine.ask.stops import Noted, Stop, shown
from gradstep.engine.debugger import transcript
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.debugger.session import Move, Session
from gradstep.engine.errors import CommandError, GradstepError, nearest
from gradstep.engine.explain import blame, paths
from gradstep.engine.files import saving
from gradstep.engine.files.formats import FORMATS, export
from gradstep.engine.files.reading import find
from gradstep.engine.graph.element import Element
from gradstep.engine.history import search
from gradstep.engine.history.findings import diagnosis
from gradstep.engine.notation import Digits, counted, number, plain
from gradstep.engine.run import moments
from gradstep.engine.run.timeline import Grain, Phase, Position

#: Called now and then during a long command with the share that is done; False stops it.
GoOn = Callable[[float], bool]


class Result(NamedTuple):
    """What a command has to say: `text` for people, `data` for programs. `moved` if it went to another
    place; `quit` if it was the last one."""

    text: str = ""
    data: Any = None
    moved: bool = False
    stop: Stop | None = None
    ok: bool = True
    quit: bool = False


class Command(NamedTuple):
    """A command: how it is written, what it does, and its function of (session, rest of the line)."""

    name: str
    usage: str
    says: str
    act: Callable[[Session, str, GoOn], Result]


COMMANDS: dict[str, Command] = {}
_Act = Callable[[Session, str, GoOn], Result]


def _command(usage: str, says: str) -> Callable[[_Act], _Act]:
    """Registers a function as the command that `usage` begins with."""

    def register(act: _Act) -> _Act:
        name = usage.split()[0]
        COMMANDS[name] = Command(name, usage, says, act)
        return act

    return register


#: The short names; a capital letter is the same move backwards in time.
SHORT: Mapping[str, str] = {
    "n": "step", "N": "back", "s": "into", "S": "outof", "f": "finish", "F": "restart", "]": "layer", "[": "rlayer",
    "p": "phase", "P": "rphase", "i": "iterate", "I": "riterate",
    "c": "continue", "C": "rcontinue", "g": "goto", "b": "break", "w": "watch",
    "W": "when", "y": "why", "e": "set", "E": "revert", "v": "nudge", "V": "verify", "q": "quit",
}  # fmt: skip


def run(session: Session, line: str, go_on: GoOn = lambda share: True) -> Result:
    """Carries out one line. Raises CommandError, naming the command and what is wrong with it, and
    Interrupted where `go_on` stopped it."""
    word, _, rest = line.strip().partition(" ")
    name = SHORT.get(word, word)
    command = COMMANDS.get(name)
    if command is None:
        if not word:
            return Result()
        raise CommandError(f"unknown command '{word}'{nearest(word, COMMANDS)}")
    try:
        return command.act(session, rest.strip(), go_on)
    except GradstepError as error:
        raise CommandError(f"{name}: {error}") from None


def place(session: Session) -> str | None:
    """What the current step writes, as one types it; None at the beginning."""
    frame = session.frame()
    return None if frame.element is None else session.recording.typed(frame.element, frame.phase)


# Time ---------------------------------------------------------------------------------------------


def _count(rest: str) -> int:
    if not rest:
        return 1
    if not re.fullmatch(r"\d{1,12}", rest) or rest == "0" * len(rest):
        raise CommandError(f"how often is a whole number from 1 on, not '{rest}'")
    return int(rest)


def _nothing(rest: str) -> None:
    if rest:
        raise CommandError(f"it takes no argument, but there is '{rest}'")


def _there(session: Session, move: Move) -> Result:
    """Where one is now."""
    text = transcript.block(session.frame())
    return Result(f"{text}\n  {move.message}" if move.message else text, None, True)


def _stepping(name: str, inverse: str, grain: Grain, says: str) -> None:
    for word, sign in ((name, 1), (inverse, -1)):

        def act(session: Session, rest: str, go_on: GoOn, sign: int = sign) -> Result:
            return _there(session, session.step(grain, sign * _count(rest), go_on))

        _command(f"{word} [N]" if grain is not Grain.PHASE else word, says.format("onward" if sign > 0 else "back"))(
            act
        )


_stepping("step", "back", Grain.ELEMENT, "N nodes {} in time")
_stepping("into", "outof", Grain.TERM, "one term of a sum {}")
_stepping("layer", "rlayer", Grain.LINE, "one graph line {}, all its elements")
_stepping("phase", "rphase", Grain.PHASE, "one phase {}")
_stepping("iterate", "riterate", Grain.ITERATION, "N training iterations {}, to the same moment")


@_command("finish", "to the end of this node's sum")
def _finish(session: Session, rest: str, go_on: GoOn) -> Result:
    _nothing(rest)
    return _there(session, session.finish())


@_command("restart", "to the start of this node's sum")
def _restart(session: Session, rest: str, go_on: GoOn) -> Result:
    _nothing(rest)
    return _there(session, session.restart())


@_command("goto WHERE", "24, +10, -10, 50%, h[1], h.grad[1], loss, start, end, @12, @12 loss, @end, or a bookmark")
def _goto(session: Session, rest: str, go_on: GoOn) -> Result:
    session.goto(rest, go_on)
    return _there(session, Move(1))


def _running(forward: bool) -> _Act:
    def act(session: Session, rest: str, go_on: GoOn) -> Result:
        _nothing(rest)
        return _rested(session, session.run(forward, go_on))

    return act


def _rested(session: Session, stop: Stop) -> Result:
    """What log points have noted, why the run came to rest, and where."""
    mark = f"● breakpoint {stop.breakpoint}" if stop.breakpoint is not None else f"● {stop.reason}"
    said = [f"log: {_at(line)}: {line.text}" for line in session.said]
    return Result("\n".join([*said, f"{mark}: {stop.text}", transcript.block(session.frame())]), None, True, stop)


def _at(line: Noted) -> str:
    return f"iteration {line.iteration:,}, step {line.step:,}" if line.iteration > 1 else f"step {line.step:,}"


_command("continue", "onward to the next stop: a breakpoint, a watch, or the end")(_running(True))
_command("rcontinue", "back to the previous stop, or the start")(_running(False))


@_command("train [N]", "on from the last iteration to the end of the training, or N more; stops at breakpoints")
def _train(session: Session, rest: str, go_on: GoOn) -> Result:
    to = session.trained + _count(rest) if rest else session.last
    return _rested(session, session.train(to, go_on))


@_command("when COND", "back to the step at which COND became true, and what to suspect next")
def _when(session: Session, rest: str, go_on: GoOn) -> Result:
    found = session.when(rest, go_on)
    data = {
        "iteration": session.position.iteration,
        "step": found.step,
        "at": place(session),
        "text": found.text,
    }
    return Result(f"{found.text}\n{transcript.block(session.frame())}", data, True)


def _revisiting(back: bool) -> _Act:
    def act(session: Session, rest: str, go_on: GoOn) -> Result:
        _nothing(rest)
        return _there(session, session.revisit(back))

    return act


_command("previous", "to the place before the last jump")(_revisiting(True))
_command("following", "to the place after it again")(_revisiting(False))


@_command("bookmark NAME", "give this place a name that goto knows")
def _bookmark(session: Session, rest: str, go_on: GoOn) -> Result:
    if not re.fullmatch(r"[^\W\d]\w*", rest):
        raise CommandError(f"a bookmark's name has letters, digits and _, not '{rest}'")
    session.marks[rest] = session.position
    return Result(f"{rest} is step {session.position.step:,}", {"name": rest, "step": session.position.step})


@_command("sample K|all", "which sample of the batch is looked at, from 0")
def _sample(session: Session, rest: str, go_on: GoOn) -> Result:
    if rest not in ("all", "*") and not re.fullmatch(r"\d{1,9}", rest):
        raise CommandError(f"it is a number from 0, or all, not '{rest}'")
    session.look(None if rest in ("all", "*") else int(rest))
    return _there(session, Move(1))


# Stops --------------------------------------------------------------------------------------------


def _breaking(once: bool) -> _Act:
    def act(session: Session, rest: str, go_on: GoOn) -> Result:
        found = session.stops.add(rest, session.recording, once)
        return Result(f"breakpoint {found.number}: {found.text}", {"breakpoint": found.number, "text": found.text})

    return act


_command("break COND [on PATTERN] [do print EXPR]", "stop where COND holds; h.grad stops at a name")(_breaking(False))
_command("tbreak COND [on PATTERN]", "the same, once")(_breaking(True))


def _numbered(rest: str) -> int:
    if not re.fullmatch(r"\d{1,9}", rest):
        raise CommandError(f"it takes the number of a breakpoint, not '{rest}'")
    return int(rest)


@_command("delete N|all", "remove a breakpoint")
def _delete(session: Session, rest: str, go_on: GoOn) -> Result:
    if rest == "all":
        count = len(session.stops.breakpoints)
        session.stops.breakpoints.clear()
        return Result(f"{count} breakpoints deleted", {"deleted": count})
    found = session.stops.find(_numbered(rest))
    session.stops.breakpoints.remove(found)
    return Result(f"breakpoint {found.number} deleted", {"deleted": 1})


def _switching(enabled: bool) -> _Act:
    def act(session: Session, rest: str, go_on: GoOn) -> Result:
        found = session.stops.find(_numbered(rest))
        found.enabled = enabled
        return Result(f"breakpoint {found.number} is {'armed' if enabled else 'off'}", {"enabled": enabled})

    return act


_command("enable N", "arm a breakpoint")(_switching(True))
_command("disable N", "turn a breakpoint off")(_switching(False))


@_command("ignore N COUNT", "pass over the next COUNT hits of a breakpoint")
def _ignore(session: Session, rest: str, go_on: GoOn) -> Result:
    which, _, count = rest.partition(" ")
    if not re.fullmatch(r"\d{1,9}", count.strip()):
        raise CommandError("it is written ignore N COUNT, as in ignore 1 3")
    found = session.stops.find(_numbered(which))
    found.ignore = int(count)
    return Result(f"breakpoint {found.number} ignores its next {found.ignore:,} hits", {"ignore": found.ignore})


@_command("watch EXPR", "show it at every stop, and stop where it changes")
def _watch(session: Session, rest: str, go_on: GoOn) -> Result:
    watch = session.watch(rest)
    return Result(f"{watch.text} = {shown(watch.at(session.position))}", {"watch": watch.text})


@_command("unwatch EXPR", "no longer")
def _unwatch(session: Session, rest: str, go_on: GoOn) -> Result:
    session.unwatch(rest)
    return Result(f"{rest} is no longer watched", {"unwatched": rest})


# Questions ----------------------------------------------------------------------------------------


def _element(session: Session, text: str) -> Element:
    """The one element that a name means; that of the current step where none is given."""
    here = session.frame().element
    if not text and here is not None:
        return here
    if not text:
        raise CommandError("a name is needed, as in h.grad[1]")
    found = session.recording.board.resolve(
        "L" if text == "loss" and "loss" not in session.recording.graph.by_name else text
    )
    if found.flat is None:
        one = session.recording.board.typed(found.value.id, 0)
        raise CommandError(f"'{text}' has {found.value.size:,} numbers; name one, as in {one}")
    return Element(found.value.id, found.flat)


def _with_gradient(session: Session, text: str) -> Element:
    element = _element(session, text)
    if session.recording.trace.grad[element.value] is None:
        raise CommandError(f"'{session.recording.graph.values[element.value].name}' has no gradient")
    return element


@_command("find COND", "the steps at which COND holds, in all iterations that are made: the first 20")
def _find(session: Session, rest: str, go_on: GoOn) -> Result:
    history, rows, lines = session.history, [], []
    wanted = [Condition(rest, session.recording)]
    for recording, found in search.onward(history, wanted, Position(0), history.made, go_on):
        k, step = recording.iteration, found.position.step
        sweep, flat = recording.timeline.locate(step)
        name = recording.typed(Element(sweep.value, flat), sweep.phase)
        value = Frame(recording, Position(recording.timeline.total)).tape_line(step).value
        iteration = {"iteration": k} if history.made > 1 else {}
        rows.append({**iteration, "step": step, "at": name, "value": plain(value)})
        lines.append(f"{f'@{k} ' if iteration else ''}{step:>8,}  {name:<16} {number(value or 0.0)}")
        if len(rows) == _FOUND:
            lines.append(f"these are the first {_FOUND}; a narrower condition finds later ones")
            break
    return Result("\n".join(lines) or "it holds at no step", rows)


#: So many steps are listed.
_FOUND = 20


@_command("print EXPR", "a value, a gradient, a slice, abs(W1.grad).max()")
def _print(session: Session, rest: str, go_on: GoOn) -> Result:
    done = session.position.step - (session.position.term is not None)
    part = Query(rest)(Moment(session.recording, done))
    known = bool(np.all(part.known))
    return Result(f"{rest} = {shown(part)}", _data(part.value) if known else None)  # null: not yet


def _data(value: Any) -> Any:
    array = np.asarray(value)
    return array.tolist() if array.dtype.kind in "bU" else plain(array)


@_command("terms NAME", "the rows of a sum: via, upstream, local, contribution, running sum")
def _terms(session: Session, rest: str, go_on: GoOn) -> Result:
    target = session.recording.board.resolve(rest) if rest else None
    position = session.position
    if target is not None:
        given = target.kind == "data" and target.value.node < 0
        name = f"{target.value.name}.grad" + rest.partition("[")[1] + rest.partition("[")[2] if given else rest
        position = moments.find(session.recording.timeline, session.recording.board, position, name)
    frame = session.frame_at(position._replace(term=None))
    if frame.terms is None or frame.equation is None:
        raise CommandError(f"'{rest or 'this step'}' is no sum")
    terms, typed = frame.terms, session.recording.board.typed
    data = {
        "sum": plain(frame.equation.result),
        "rows": [
            {
                "via": typed(int(terms.via_value[n]), int(terms.via[n])),
                "upstream": _finite(float(terms.upstream[n])),
                "local": _finite(float(terms.local[n])),
                "contribution": plain(float(terms.contribution[n])),
                "running": plain(float(terms.running[n])),
            }
            for n in range(len(terms))
        ],
    }
    return Result(transcript.block(frame, terms=True), data)


def _finite(value: float) -> Any:
    """A factor; null where a term is no product."""
    return None if value != value else plain(value)


@_command("why NAME", "the blame chain of a gradient, hop by hop to the loss, with the reason where it is zero")
def _why(session: Session, rest: str, go_on: GoOn) -> Result:
    element = _with_gradient(session, rest)
    board = session.recording.board
    found = blame.why(session.recording, element)
    lines = [f"{board.gradient(*element)} = {number(found.gradient, Digits.MATH, True)}"]
    for k, link in enumerate(found.chain):
        more = f", the largest of {link.others + 1} ways" if link.others else ""
        more += f", {link.hops} hops with local gradient 1" if link.hops > 1 else ""
        more += "   ◂ worst" if k == found.worst else ""
        up, local, product = (number(v, Digits.MATH, True) for v in (link.upstream, link.local, link.product))
        lines.append(
            f"  {board.gradient(*link.source)} ← {board.gradient(*link.target)} {up} × {local} = {product}{more}"
        )
    lines += [f"  {found.reason}"] if found.reason else []
    chain = [
        {
            "name": session.recording.typed(link.source, Phase.BACKWARD),
            "upstream": plain(link.upstream),
            "local": plain(link.local),
            "product": plain(link.product),
            "others": link.others,
            "hops": link.hops,
            "worst": k == found.worst,
        }
        for k, link in enumerate(found.chain)
    ]
    return Result("\n".join(lines), {"chain": chain, "reason": found.reason or None})


@_command("paths NAME [K]", "how many paths lead from NAME to the loss, and the K strongest of them")
def _paths(session: Session, rest: str, go_on: GoOn) -> Result:
    name, _, count = rest.partition(" ")
    if count and not re.fullmatch(r"[1-9]\d{0,5}", count.strip()):
        raise CommandError(f"how many is a whole number from 1 on, not '{count.strip()}'")
    element = _element(session, name)
    recording, board = session.recording, session.recording.board
    every, total = paths.count(recording, element), paths.total(recording, element)
    best = paths.strongest(recording, element, int(count or 5))
    lines = [
        f"{every:,} paths lead from {board.element(*element)} to {board.loss}; together {number(total, signed=True)}"
    ]
    for path in best:
        through = " → ".join(board.element(*e) for e in path.through)
        factors = " × ".join(number(f, Digits.MATH, True) for f in path.factors)
        share = f"   {path.share:.1%}" if path.share == path.share else ""
        lines.append(f"  {number(path.product, Digits.MATH, True):>9}{share}  {through}   {factors}")
    skip = paths.skip_and_block(recording, element)
    if skip is not None:
        lines.append(f"  the skip brings {number(skip.skip, signed=True)}, the block {number(skip.block, signed=True)}")
    data = {
        "count": every,
        "sum": plain(total),
        "paths": [
            {
                "through": [board.typed(*e) for e in path.through],
                "factors": plain(np.asarray(path.factors)),
                "product": plain(path.product),
                "share": _finite(path.share),
            }
            for path in best
        ],
    }
    return Result("\n".join(lines), data)


@_command("nudge NAME [EPS]", "finite difference: predicted and real change of the loss, relative error, kinks")
def _nudge(session: Session, rest: str, go_on: GoOn) -> Result:
    name, _, size = rest.partition(" ")
    try:
        eps = float(size) if size.strip() else None
    except ValueError:
        raise CommandError(f"EPS is a number, not '{size.strip()}'") from None
    if eps is not None and not 0 < eps < float("inf"):
        raise CommandError("EPS is a finite number above 0")
    element = _with_gradient(session, name)
    found = nudge(session.recording, element, eps)
    text = (
        f"{session.recording.board.gradient(*element)}: backprop {number(found.gradient, 8, True)}, finite difference "
        f"{number(found.numeric, 8, True)}, relative error {found.rel_error:.0e}\n"
        f"  a nudge of {found.eps:.1e}: predicted change of the loss {found.predicted:+.6e}, real {found.actual:+.6e}"
    )
    if found.kink:
        text += f"\n  not differentiable here: {found.kink}"
    session.note(text.splitlines()[0])
    data = {
        "predicted": plain(found.predicted),
        "actual": plain(found.actual),
        "rel_error": _finite(found.rel_error),
        "kink": found.kink or None,
    }
    return Result(text, data)


@_command("verify", "the same for every parameter")
def _verify(session: Session, rest: str, go_on: GoOn) -> Result:
    _nothing(rest)
    found = verify(session.recording, progress=lambda done, total: go_on(done / max(total, 1)))
    bad = [f"  ✗ {name}: backprop {a!r}, finite difference {b!r}" for name, a, b in found.failed]
    text = f"{'✓' if found.ok else '✗'} {found.checked:,} of {found.total:,} gradients compared with finite differences"
    text += f", largest relative error {found.max_rel_error:.0e}" if found.checked else ""
    session.note(text)
    data = {"ok": found.ok, "checked": found.checked, "max_rel_error": _finite(found.max_rel_error)}
    return Result("\n".join([text, *bad]), data, ok=found.ok)


@_command(
    "findings [KIND=VALUE]...",
    "what the rules see in this iteration and in the training, and what to try; with other thresholds",
)
def _findings(session: Session, rest: str, go_on: GoOn) -> Result:
    thresholds: dict[str, float] = {}
    for part in rest.split():
        name, _, value = part.partition("=")
        try:
            thresholds[name] = float(value)
        except ValueError:
            raise CommandError(f"a threshold is written KIND=VALUE, as in vanish=1e-4, not '{part}'") from None
    one, all_ = thresholds_of(), DEFAULTS if session.history.made > 1 else {}
    for name in thresholds:
        if name not in one and name not in all_:
            known = {**one, **all_}
            raise CommandError(f"'{name}' has no threshold{nearest(name, known)}; there are {', '.join(known)}")
    found = findings(session.recording, {k: v for k, v in thresholds.items() if k in one})
    found += diagnosis(session.history, {k: v for k, v in thresholds.items() if k in all_}, go_on)
    lines = [line for one in found for line in one.lines()]
    return Result("\n".join(lines) or "nothing to find: every rule is quiet", [one.document() for one in found])


# What-if ------------------------------------------------------------------------------------------


def _edited(session: Session, what: str) -> Result:
    before, after = session.base.trace.loss, session.recording.trace.loss
    changed = whatif.differing(session.base, session.recording)
    name = session.recording.board.loss
    text = f"{what}\n  {name} {number(after)}, as in the original run: no number differs"
    if changed:
        text = f"{what}\n  {name} {number(before)} → {number(after)}; {changed:,} numbers differ from the original run"
    return Result(text, {"edits": len(session.edits), "loss": [plain(before), plain(after)], "changed": changed})


@_command("set NAME = VALUE", "what-if: recompute from there on, stay at the same step; set op h = leaky_relu")
def _set(session: Session, rest: str, go_on: GoOn) -> Result:
    return _edited(session, f"set {session.edit(rest, go_on).text}")


@_command("undo", "take the last edit back")
def _undo(session: Session, rest: str, go_on: GoOn) -> Result:
    _nothing(rest)
    return _edited(session, f"undone: {session.undo(go_on).text}")


@_command("redo", "make it again")
def _redo(session: Session, rest: str, go_on: GoOn) -> Result:
    _nothing(rest)
    return _edited(session, f"redone: {session.redo(go_on).text}")


@_command("revert", "take all edits back")
def _revert(session: Session, rest: str, go_on: GoOn) -> Result:
    _nothing(rest)
    return _edited(session, f"{counted(session.revert(), 'edit')} taken back")


# The rest -----------------------------------------------------------------------------------------


def _breakpoints(session: Session) -> Result:
    rows = [(b.number, b.text, b.state) for b in session.stops.breakpoints]
    text = "\n".join(f"{n:>3}  {text}   {state}" for n, text, state in rows) or "no breakpoints"
    data = [
        {
            "breakpoint": b.number,
            "text": b.text,
            "enabled": b.enabled,
            "once": b.once,
            "hits": b.hits,
            "ignore": b.ignore,
        }
        for b in session.stops.breakpoints
    ]
    return Result(text, data)


def _watches(session: Session) -> Result:
    rows = [(w.text, w.at(session.position), w.changed(session.position)) for w in session.stops.watches]
    lines = [f"{text} = {shown(part)}{'   ◂ just changed' if new else ''}" for text, part, new in rows]
    data = [
        {"watch": text, "value": _data(part.value) if np.all(part.known) else None, "changed": new}
        for text, part, new in rows
    ]
    return Result("\n".join(lines) or "nothing is watched", data)


def _scenario(session: Session) -> Result:
    scenario, recording = session.recording.scenario, session.recording
    data = {
        "name": scenario.name,
        "title": scenario.title,
        "file": scenario.file,
        "dtype": str(recording.graph.dtype),
        "samples": recording.samples.count,
        "parameters": sum(p.size for p in recording.graph.parameters),
        "steps": recording.timeline.total,
        "edits": [e.text for e in session.edits],
    }
    return Result("\n".join(f"{k:<10} {v}" for k, v in data.items()), data)


def _position(session: Session) -> Result:
    frame = session.frame()
    data = {
        "iteration": frame.position.iteration,
        "step": frame.step,
        "term": frame.position.term,
        "of": frame.total,
        "phase": frame.phase.value,
        "at": place(session),
        "sample": session.sample,
    }
    return Result(transcript.block(frame), data)


_INFO: Mapping[str, Callable[[Session], Result]] = {
    "breakpoints": _breakpoints,
    "watch": _watches,
    "scenario": _scenario,
    "position": _position,
}


@_command("info breakpoints|watch|scenario|position", "what there is")
def _info(session: Session, rest: str, go_on: GoOn) -> Result:
    if rest not in _INFO:
        raise CommandError(f"there are {', '.join(_INFO)}, not '{rest}'{nearest(rest, _INFO)}")
    return _INFO[rest](session)


@_command("log", "every stop, edit and check so far")
def _log(session: Session, rest: str, go_on: GoOn) -> Result:
    _nothing(rest)
    lines = [f"{_at(line)}: {line.text}" for line in session.log]
    data = [{"iteration": line.iteration, "step": line.step, "text": line.text} for line in session.log]
    return Result("\n".join(lines) or "nothing yet", data)


@_command("export FORMAT FILE", "the whole run as data")
def _export(session: Session, rest: str, go_on: GoOn) -> Result:
    kind, _, file = rest.partition(" ")
    if kind not in FORMATS:
        raise CommandError(f"there are the formats {', '.join(FORMATS)}, not '{kind}'{nearest(kind, FORMATS)}")
    if not file.strip():
        raise CommandError("a file is needed, as in export json run.json")
    saving.write(file.strip(), export(session.recording, kind))
    return Result(f"written to {file.strip()}", {"file": file.strip()})


@_command("save FILE", "the scenario with its edits, breakpoints and watches, as a new file")
def _save(session: Session, rest: str, go_on: GoOn) -> Result:
    if not rest:
        raise CommandError("a file is needed, as in save mine.toml")
    stops = session.stops
    texts = [b.text for b in stops.breakpoints], [w.text for w in stops.watches]
    saving.save(rest, session.history.recording(1), session.edits, *texts)
    return Result(f"saved as {rest}", {"file": rest})


@_command("open FILE", "another scenario: a file, or the name of a built-in one")
def _open(session: Session, rest: str, go_on: GoOn) -> Result:
    if not rest:
        raise CommandError("a file or the name of a built-in scenario is needed")
    session.open(find(rest), go_on)
    return Result(session.recording.scenario.title or rest, {"name": session.recording.scenario.name}, True)


@_command(
    "diff FILE|off", "compare with another run: first divergence, largest differences, both numbers on the screen"
)
def _diff(session: Session, rest: str, go_on: GoOn) -> Result:
    if not rest:
        raise CommandError("a file or the name of a built-in scenario is needed")
    if rest == "off":
        session.beside = None
        return Result("no longer compared", {"off": True})
    found = session.diff(find(rest), go_on)
    return Result("\n".join(found.lines()), found.document())


@_command("help [COMMAND]", "what a command does")
def _help(session: Session, rest: str, go_on: GoOn) -> Result:
    if rest and SHORT.get(rest, rest) not in COMMANDS:
        raise CommandError(f"unknown command '{rest}'{nearest(rest, COMMANDS)}")
    chosen = [COMMANDS[SHORT.get(rest, rest)]] if rest else list(COMMANDS.values())
    short = {name: word for word, name in SHORT.items()}
    lines = [f"{c.usage:<44} {short.get(c.name, ''):<2} {c.says}" for c in chosen]
    return Result("\n".join(lines), [c.name for c in chosen])


@_command("quit", "end")
def _quit(session: Session, rest: str, go_on: GoOn) -> Result:
    _nothing(rest)
    return Result(quit=True)
