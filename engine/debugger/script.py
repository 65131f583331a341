"""Commands without a screen: one after the other, each with its result as text or as a JSON object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError, printable, shortened
from gradstep.engine.files.log import told
from gradstep.engine.files.opening import content, reason
from gradstep.engine.notation import json_line

#: A script is no longer.
MAX_BYTES = 16 << 20


class Line(str):
    """A line of a script; `place` says which, for errors."""

    __slots__ = ("place",)
    place: str


def read_script(file: str) -> list[str]:
    """The commands in a script, `-` for standard input: a line each, without empty lines and those that begin with #.
    Raises CommandError if the file cannot be read."""
    try:
        text = content(file, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandError(f"{shortened(file)}: cannot be read: it is not UTF-8 text") from None
    except OSError as error:
        raise CommandError(f"{shortened(file)}: cannot be read: {reason(error)}") from None
    found: list[str] = []
    for number, written in enumerate(text.splitlines(), 1):
        if written.strip() and not written.lstrip().startswith("#"):
            line = Line(written.strip())
            line.place = f"{file}:{number}: "
            found.append(line)
    return found


def carry_out(
    session: Session,
    parts: Iterable[Sequence[str]],
    as_json: bool,
    say: Callable[[str], None],
    tell: Callable[[Exception], str] = told,
) -> bool:
    """Carries out all commands; whether none failed. Where one of a script fails, the rest of that
    script is left out: what follows was written for another place. An error that nobody foresaw is one as any other;
    `tell` makes text of it."""
    fine = True
    for part in parts:
        for line in part:
            ok, ended = _one(session, line, as_json, say, tell)
            fine &= ok
            if ended:
                return fine
            if not ok and len(part) > 1:
                break
    return fine


def _one(
    session: Session, line: str, as_json: bool, say: Callable[[str], None], tell: Callable[[Exception], str]
) -> tuple[bool, bool]:
    place = line.place if isinstance(line, Line) else ""
    try:
        result = commands.run(session, line)
        written = (
            json_line(document(session, line, result))
            if as_json
            else "\n".join(map(printable, result.text.split("\n")))
        )
    except Exception as error:  # also what nobody foresaw: it is told and logged, and the script goes on
        text = printable(f"{place}{tell(error)}")
        say(json_line({"command": line, "ok": False, "error": text}) if as_json else f"error: {text}")
        return False, False
    if written:
        say(written)
    return result.ok, result.quit


def document(session: Session, line: str, result: commands.Result) -> dict[str, Any]:
    """A command's result as a JSON object."""
    at = result.stop
    stop = None if at is None else {"reason": at.reason, "breakpoint": at.breakpoint, "text": at.text}
    # Of a single iteration there is no need to say which it is.
    iteration = {"iteration": session.position.iteration} if session.history.made > 1 else {}
    return {
        "command": line,
        "ok": result.ok,
        **iteration,
        "step": session.position.step,
        "phase": session.frame().phase.value,
        "at": commands.place(session),
        "stop": stop,
        "result": result.data,
        # What may be other numbers than they are here, wherever they stand in the result.
        **({"stale": list(session.recording.stale_names)} if session.recording.trace.stale else {}),
    }
