"""[training], and [against]: the training to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradstep.engine.errors import nearest
from gradstep.engine.files.draft import Draft
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.graph import Role
from gradstep.engine.training.groups import Group
from gradstep.engine.training.options import Training
from gradstep.engine.training.reading import Told, Within, belongs
from gradstep.engine.training.reading import read as read_options
from gradstep.engine.training.schedules import SCHEDULES


def read_training(draft: Draft) -> Training:
    table = draft.table("training")
    found = read_options(table.said, table.bad, _within(draft, "training"))
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
    if "optimizer" in table:  # groups have options of the other one
        kept.pop("groups", None)

    def bad(key: str, text: str, about_key: bool) -> None:
        if key in table:  # what is wrong in [training] is said there
            table.bad(key, text, about_key)

    own = _within(draft, "against")

    def within(lists: str, number: int) -> Told:
        return own(lists, number) if lists in table else _unsaid

    return read_options({**kept, **table.said}, bad, within)


def _within(draft: Draft, table: str) -> Within:
    """What notes problems of an entry of `groups` or `schedules`."""

    def of(lists: str, number: int) -> Told:
        path = (table, lists, number)
        return lambda key, text, about_key: draft.bad([*path, key], text, key=about_key)

    return of


def _unsaid(key: str, text: str, about_key: bool) -> None:
    """What is wrong in [training] is said there."""


def check_groups(draft: Draft, builder: GraphBuilder, training: Training, table: str = "training") -> None:
    """Notes where a group is of no parameter, and where a rule that needs matrices has others."""
    parameters = [value for value in builder.values if value.role is Role.PARAMETER]
    for number, group in enumerate(training.groups.others):
        for at, name in enumerate(group.names):
            if not any(Group((name,), group.optimizer).has(value.name) for value in parameters):
                hint = nearest(name, [value.name for value in parameters])
                path = (table, "groups", number, "parameters", at)
                draft.bad(path, f"no parameter is called '{name}'{hint}")
    for value in parameters:
        optimizer = training.groups.optimizers[training.groups.of(value.name)]
        if optimizer.matrices and len(value.shape) != 2 and value.differentiable:
            draft.bad(
                [table],
                f"{optimizer.name} makes matrices of matrices, and '{value.name}' has shape {value.shape}: put it into "
                'a group with another optimizer, as in [[training.groups]] parameters = ["b*"]',
                key=True,
            )


def _other(table: Mapping[str, Any], main: Mapping[str, Any], key: str) -> bool:
    """Whether the optimiser or the schedule that a key of [training] belongs to is another in [against]."""
    of = "schedule" if key in {k for one in SCHEDULES.values() for k in one.options} else "optimizer"
    return of in table and table[of] != main.get(of)
