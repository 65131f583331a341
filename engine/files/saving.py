"""Writing: a session as a new scenario file. Nothing that exists is ever overwritten."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from gradstep.engine.ask.whatif import Edit
from gradstep.engine.errors import CommandError
from gradstep.engine.files.writing import write_new
from gradstep.engine.graph.graph import Role
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording

#: An edited array of more elements is not written out into a text file.
_LARGEST = 100_000


def save(
    file: str, begun: Recording, edits: Iterable[Edit], breakpoints: Iterable[str], watches: Iterable[str]
) -> None:
    """The scenario whose first iteration, with the edits, is `begun`: its text kept character for character but
    for what was edited, and with these breakpoints and watches. Raises CommandError for an edit that a scenario
    file cannot express: a number in the middle of the run, or a gradient."""
    import tomlkit  # here, because few sessions are saved and it takes a while to load

    scenario, graph = begun.scenario, begun.graph
    document: Any = tomlkit.parse(scenario.text)
    if _reads_files(document) and Path(file).resolve().parent != Path(scenario.file).resolve().parent:
        raise CommandError("its arrays are in files beside the scenario, so save it into the same folder")
    for edit in edits:
        value = graph.values[edit.value]
        if edit.iteration > 1:
            raise CommandError(
                f"'{edit.text}' is made in iteration {edit.iteration:,}, which a scenario file cannot say; undo it"
            )
        if edit.op is not None:
            document["graph"][value.name] = _formula(str(document["graph"][value.name]), edit, value.name)
            continue
        if edit.gradient or value.node >= 0:
            what = "a gradient" if edit.gradient else "a number in the middle of the run"
            raise CommandError(f"'{edit.text}' sets {what}, which a scenario file cannot say; undo it first")
        if value.id in scenario.pool or (scenario.held_back and value.name in scenario.batch):
            raise CommandError(
                f"'{edit.text}' sets a sample of a batch that is drawn, which a scenario file cannot say"
            )
        if value.size > _LARGEST:
            raise CommandError(f"'{value.name}' has {value.size:,} elements, too many to write out")
        table = "inputs" if value.role is Role.INPUT else "parameters"
        document[table][value.name] = _listed(scenario.leaves[value.id])
    _debug(document, "breakpoints", breakpoints)
    _debug(document, "watch", watches)
    write_new(file, tomlkit.dumps(document))


def _listed(array: Array) -> Any:
    # Through str, so that a float32 is written as the shortest text that is it, and not as a float64.
    if array.ndim:
        return [_listed(part) for part in array]
    return float(str(array.item() if array.dtype == np.float64 else array[()]))


def _reads_files(document: Any) -> bool:
    return any(
        isinstance(leaf, dict) and "file" in leaf
        for table in ("inputs", "parameters")
        for leaf in document.get(table, {}).values()
    )


def _formula(text: str, edit: Edit, name: str) -> str:
    """A graph line with another operation in the place of its outermost one."""
    tree = ast.parse(text.strip(), mode="eval").body
    if not isinstance(tree, ast.Call) or edit.op is None:
        raise CommandError(f"'{edit.text}': the line of '{name}' is no call of an operation, so it cannot be rewritten")
    word = edit.text.partition("=")[2].strip()
    called, _, options = word.partition("(")
    inputs = [ast.unparse(argument) for argument in tree.args]
    listed = ", ".join(filter(None, [*inputs, options.rstrip().removesuffix(")").strip()]))
    return f"{called.strip()}({listed})"


def _debug(document: Any, key: str, texts: Iterable[str]) -> None:
    listed = list(texts)
    if listed or key in document.get("debug", {}):
        document.setdefault("debug", {})[key] = listed
