"""Writing: a session as a new scenario file. Nothing that exists is ever overwritten."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gradstep.engine.ask.whatif import Edit
from gradstep.engine.errors import CommandError
from gradstep.engine.files.rewriting import Place, listed, numbers, quoted, rewritten
from gradstep.engine.files.tables.names import normal
from gradstep.engine.files.toml import parse
from gradstep.engine.files.writing import write_new
from gradstep.engine.graph.graph import Role, Value
from gradstep.engine.graph.parsing import parse as formula
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Scenario

#: An edited array of more elements is not written out into a text file.
_LARGEST = 100_000


def save(
    file: str, begun: Recording, edits: Iterable[Edit], breakpoints: Iterable[str], watches: Iterable[str]
) -> None:
    """The scenario whose first iteration, with the edits, is `begun`: its text kept character for character but
    for what was edited, and with these breakpoints and watches. Raises CommandError for an edit that a scenario
    file cannot express: a number in the middle of the run, or a gradient."""
    scenario, graph = begun.scenario, begun.graph
    said, _ = parse(scenario.text, scenario.file)
    if _reads_files(said) and Path(file).resolve().parent != Path(scenario.file).resolve().parent:
        raise CommandError("its arrays are in files beside the scenario, so save it into the same folder")
    values: dict[Place, str] = {}
    formulas = {normal(key): (key, str(text)) for key, text in said.get("graph", {}).items()}
    for edit in edits:
        value = graph.values[edit.value]
        if edit.iteration > 1:
            raise CommandError(
                f"'{edit.text}' is made in iteration {edit.iteration:,}, which a scenario file cannot say; undo it"
            )
        if edit.op is not None:
            if value.name not in formulas:
                raise CommandError(f"'{edit.text}': '{value.name}' has no line of its own in [graph]; undo it first")
            key, text = formulas[value.name]
            formulas[value.name] = key, _formula(text, edit, value.name)
            values["graph", key] = quoted(formulas[value.name][1])
            continue
        _check_leaf(scenario, value, edit)
        table = "inputs" if value.role is Role.INPUT else "parameters"
        key = next(key for key in said[table] if normal(key) == value.name)
        values[table, key] = as_before(said[table][key], numbers(scenario.leaves[value.id]))
    for key, texts in (("breakpoints", list(breakpoints)), ("watch", list(watches))):
        if texts != said.get("debug", {}).get(key, []):
            values["debug", key] = listed(texts)
    write_new(file, rewritten(scenario.text, values))


def as_before(said: object, array: str) -> str:
    """What stands for a leaf with another array, written as TOML: what is said about its gradient stays."""
    if isinstance(said, dict) and "requires_grad" in said:
        return f"{{ value = {array}, requires_grad = {'true' if said['requires_grad'] else 'false'} }}"
    return array


def _check_leaf(scenario: Scenario, value: Value, edit: Edit) -> None:
    """Raises CommandError where a scenario file cannot say what an edit of numbers says."""
    if edit.gradient or value.node >= 0:
        what = "a gradient" if edit.gradient else "a number in the middle of the run"
        raise CommandError(f"'{edit.text}' sets {what}, which a scenario file cannot say; undo it first")
    if value.id in scenario.pool or (scenario.held_back and value.name in scenario.batch):
        raise CommandError(f"'{edit.text}' sets a sample of a batch that is drawn, which a scenario file cannot say")
    if value.size > _LARGEST:
        raise CommandError(f"'{value.name}' has {value.size:,} elements, too many to write out")


def _reads_files(said: dict[str, Any]) -> bool:
    return any(
        isinstance(leaf, dict) and "file" in leaf
        for table in ("inputs", "parameters")
        for leaf in said.get(table, {}).values()
    )


def _formula(text: str, edit: Edit, name: str) -> str:
    """A graph line with another operation in the place of its outermost one."""
    tree = formula(text)
    if not isinstance(tree, ast.Call) or edit.op is None:
        raise CommandError(f"'{edit.text}': the line of '{name}' is no call of an operation, so it cannot be rewritten")
    word = edit.text.partition("=")[2].strip()
    called, _, options = word.partition("(")
    inputs = [ast.unparse(argument) for argument in tree.args]
    listed = ", ".join(filter(None, [*inputs, options.rstrip().removesuffix(")").strip()]))
    return f"{called.strip()}({listed})"
