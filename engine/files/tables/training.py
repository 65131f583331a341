"""[training], and [against]: the training to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradstep.engine.files.draft import Draft
from gradstep.engine.training.options import Training, belongs
from gradstep.engine.training.options import read as read_options
from gradstep.engine.training.schedules import SCHEDULES


def read_training(draft: Draft) -> Training:
    table = draft.table("training")
    found = read_options(table.said, table.bad)
    for key, says in (("batch_size", "draws from"), ("validation", "holds back samples of")):
        if key in table and not draft.top.said.get("batch"):
            table.bad(key, f"{key} {says} the inputs named in batch = […], and none are named")
            found = found._replace(batch_size=None, validation=None)
    return found


def read_against(draft: Draft) -> Training | None:
    """Like [training], but for what [against] says; None where there is none."""
    table, main = draft.table("against"), draft.table("training").said
    if not table.said:
        return None
    for key in ("steps", "batch_size", "validation", "validate"):
        if key in table:
            table.bad(key, f"both trainings have the same {key}; it stands in [training]", about_key=True)
    kept = {k: v for k, v in main.items() if k == "lr" or not (belongs(k, main) and _other(table.said, main, k))}

    def bad(key: str, text: str, about_key: bool) -> None:
        if key in table:  # what is wrong in [training] is said there
            table.bad(key, text, about_key)

    return read_options({**kept, **table.said}, bad)


def _other(table: Mapping[str, Any], main: Mapping[str, Any], key: str) -> bool:
    """Whether the optimiser or the schedule that a key of [training] belongs to is another in [against]."""
    of = "schedule" if key in {k for one in SCHEDULES.values() for k in one.options} else "optimizer"
    return of in table and table[of] != main.get(of)
