"""Whatever goes wrong within a command, wherever in it: it is one line, the session is whole, and the next command is
carried out."""

from __future__ import annotations

from pathlib import Path

import pytest
from injection import injected

from gradstep.engine.debugger import commands, script
from gradstep.engine.debugger.session import Session
from gradstep.engine.debugger.transcript import block
from gradstep.engine.files import find

#: A line for each command, and what has to be before it.
LINES = {
    "step": "step 3", "back": "back", "into": "into 2", "outof": "outof", "layer": "layer", "rlayer": "rlayer",
    "phase": "phase", "rphase": "rphase", "iterate": "iterate 2", "riterate": "riterate", "finish": "finish",
    "restart": "restart", "goto": "goto @3 loss", "break": "break grad == 0 do print loss", "tbreak": "tbreak dead",
    "enable": "enable 1", "disable": "disable 1", "ignore": "ignore 1 2", "delete": "delete 1",
    "watch": "watch W2.grad",
    "unwatch": "unwatch loss", "continue": "continue", "rcontinue": "rcontinue", "train": "train 3",
    "when": "when loss < 0.3", "previous": "previous", "following": "following", "bookmark": "bookmark here",
    "sample": "sample all", "print": "print abs(W1.grad).max()", "find": "find grad > 0", "why": "why W1.grad[0,0]",
    "paths": "paths W1[0,0] 3", "terms": "terms W1.grad[0,0]", "nudge": "nudge W1[0,0]", "verify": "verify",
    "findings": "findings", "set": "set W1[0,0] = 1", "undo": "undo", "redo": "redo", "revert": "revert",
    "diff": "diff xor", "info": "info scenario", "help": "help why", "quit": "quit x",
    "export": "export json {}/a.json",
    "save": "save {}/a.toml", "open": "open walkthrough",
    "log": "log", "try": "try",
}  # fmt: skip
#: At which of the engine's calls the error comes: early, and later and later.
CALLS = (0, 1, 3, 8, 21, 80, 500, 5000)


def begun() -> Session:
    """In the middle of a training, with something of each kind."""
    session = Session(find("xor-training"))
    for line in ("break dead", "watch loss", "goto backward", "train 4", "goto @2 12", "set b1[0] = 1", "set b2 = 2",
                 "undo", "goto @3 7"):  # fmt: skip
        session.do(line)
    return session


def place(session: Session) -> tuple[object, ...]:
    return session.position, session.edits, session.sample, len(session.stops.breakpoints), len(session.stops.watches)


def test_there_is_a_line_for_each_command() -> None:
    assert set(LINES) == set(commands.COMMANDS)


@pytest.mark.parametrize("name", LINES)
def test_an_error_anywhere_in_a_command_is_one_line_and_the_next_one_is_carried_out(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    monkeypatch.setenv("GRADSTEP_LOG", str(log))
    session, line = begun(), LINES[name].format(tmp_path)
    for at in CALLS:
        before, said = place(session), list[str]()
        with injected(at) as injection:
            fine = script.carry_out(session, [[line]], at % 2 == 0, said.append)
        if not injection.done:
            break  # it does not call so often
        assert not fine, f"swallowed at {injection.where}"
        (told,) = said
        assert len(told.splitlines()) == 1, injection.where
        assert f"a fault of gradstep itself: Injected: nobody foresaw this; its traceback is in {log}" in told
        if name not in MOVE:
            assert place(session) == before, injection.where
        said.clear()
        assert script.carry_out(session, [["print loss"], ["step"], ["back"]], False, said.append), (
            said,
            injection.where,
        )
        assert session.recording.iteration == session.position.iteration
        assert block(session.frame(), terms=True)
    else:
        assert log.exists()


#: What goes somewhere says so where it has arrived; whatever goes wrong while it says it, it is there.
MOVE = {name for name in LINES if name not in ("print", "find", "why", "paths", "terms", "nudge", "verify", "findings",
                                               "info", "help", "quit", "export", "save", "diff")}  # fmt: skip
