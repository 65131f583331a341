"""Commands, one after the other in a session: such as people type, and such as nobody would."""

from __future__ import annotations

import contextlib
import json
import random
import re
import tempfile
import warnings
from pathlib import Path

import networks
import rig
from lines import Lines

from gradstep.engine.debugger import commands, transcript
from gradstep.engine.debugger.script import document
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import GradstepError, Interrupted
from gradstep.engine.notation import json_line

#: Of what a training looks like before the first command.
_BEGUN = ("", "", "", "train 3", "train 20", "goto end", "goto backward", "iterate 5", "goto @4 end")
#: So often a command may ask whether to go on.
_PATIENCE = 400


def state(session: Session) -> tuple[object, ...]:
    """All that a person may have changed; what was tried beside it is only known."""
    visited, stops = session.visited, session.stops
    return (
        session.runs._replace(tried={}), session.recording, session.position, session.sample, session.stop,
        list(visited.before),
        list(visited.after), dict(visited.bookmarks), list(session.log), session.log.said,
        [(b.number, b.hits, b.ignore, b.enabled, b.condition) for b in stops.breakpoints], list(stops.watches),
    )  # fmt: skip


def case(random: random.Random) -> None:
    """A session of up to 24 commands, each held to what is promised; see `carried_out`."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="fuzz") as folder, contextlib.chdir(folder):
        warnings.simplefilter("error")
        session = Session(networks.some(random))
        begun = random.choice(_BEGUN)
        if begun:
            session.do(begun)
        lines = Lines(random, session, Path(folder))
        for _ in range(random.randrange(1, 25)):
            text = lines.line()
            try:
                carried_out(session, text)
            except Exception as error:
                error.add_note(f"{session.recording.scenario.name}, {begun!r}: {text[:300]!r}")
                raise


def carried_out(session: Session, text: str) -> None:
    """Carries out a command. What is refused says why and has changed nothing, and so has what is interrupted; what
    is not has a text that does not speak to the terminal, and a document; and what may be seen there can be shown."""
    looks = 0

    def patience(share: float) -> bool:
        nonlocal looks
        looks += 1
        return looks < _PATIENCE

    before = state(session)
    try:
        result = commands.run(session, text, patience)
    except Interrupted:
        assert state(session) == before, "interrupted, and something has changed"
        return
    except GradstepError as error:
        if state(session) != before or not str(error).strip():
            raise AssertionError("refused without a word, or something has changed") from error
        return
    said = re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", result.text.replace(text, ""))
    assert said is None or said[0] in text, f"it speaks to the terminal: {result.text!r}"
    json.loads(json_line(document(session, text, result)), parse_constant=_no_json)
    transcript.block(session.frame(), terms=True)


def _no_json(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


if __name__ == "__main__":
    rig.main(case, "Tries commands.")
