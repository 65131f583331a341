"""[origin]: where values come from in the program that was recorded."""

from __future__ import annotations

from collections.abc import Mapping

from gradstep.engine.files.draft import Draft, Table
from gradstep.engine.files.keys import ORIGIN
from gradstep.engine.run.scenario import Origin


def read_origins(draft: Draft) -> Mapping[str, Origin]:
    """One entry a name, as `fc1 = { module = "fc1", call = "linear", where = "train.py:12", op = "aten::addmm" }`."""
    table = draft.table("origin")
    found = {}
    for name, said in table.said.items():
        if not isinstance(said, dict):
            table.bad(name, f"'{name}' must be a table with {', '.join(ORIGIN)}")
            continue
        entry = Table(draft, ("origin", name), said)
        entry.only(tuple(ORIGIN))
        found[name] = Origin(*(entry.text(key) for key in ORIGIN))
    return found
