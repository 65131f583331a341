"""Scenario files: from TOML to a network that is ready to run.

Nothing is half-loaded: either every part of the file is sound, or ScenarioError carries all
problems (the first 20), each with its line and column. A mistake that only follows from another
one is not reported.
"""

from __future__ import annotations

import ast
import dataclasses
import keyword
import math
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gradstep.engine.errors import CommandError, ExpressionError, GraphError, Problem, ScenarioError, nearest
from gradstep.engine.files import arrays as leaves
from gradstep.engine.files.datasets import SHIPPED
from gradstep.engine.files.places import Path as Keys
from gradstep.engine.files.places import Positions
from gradstep.engine.graph.board import Blackboard
from gradstep.engine.graph.formulas import Formulas
from gradstep.engine.graph.graph import Graph, GraphBuilder, Role
from gradstep.engine.graph.parsing import parse
from gradstep.engine.index import Array, Shape, read_only
from gradstep.engine.run.moments import find as find_moment
from gradstep.engine.run.moments import step_of
from gradstep.engine.run.scenario import Expectation, HeldBack, Note, Scenario
from gradstep.engine.run.timeline import Position, Timeline
from gradstep.engine.training.options import SCHEDULES, Training, batch, belongs, held_back
from gradstep.engine.training.options import read as read_training

MAX_BYTES = 16 * 2**20
MAX_ELEMENTS = 10**9
MAX_LINES = 4096
MAX_PROBLEMS = 20
FORMAT = 1

#: Words that name a moment wherever one can be typed, and so cannot name a value.
RESERVED = ("forward", "backward", "update", "start", "end")
TABLES = ("inputs", "parameters", "graph")


# Finding ------------------------------------------------------------------------------------------


def builtin() -> dict[str, str]:
    """The scenarios that ship with gradstep, name to file name, in their order."""
    files = sorted(f.name for f in SHIPPED.glob("*.toml"))
    return {re.sub(r"^\d+-|\.toml$", "", name): name for name in files}


def find(name: str) -> Scenario:
    """The scenario that a person means by `name`: a built-in one, or a file.

    Raises ScenarioError.
    """
    known = builtin()
    if name in known:
        text = (SHIPPED / known[name]).read_text(encoding="utf-8")
        return loads(text, name, known[name])
    path = Path(name)
    if path.exists() or path.suffix or path.name != name:
        return load(path)
    hint = nearest(name, known) or f"; built in are {', '.join(known)}"
    raise ScenarioError([Problem(name, 0, 0, f"no such file or built-in scenario{hint}")])


def load(path: Path) -> Scenario:
    """The scenario in a file. Raises ScenarioError, also where the file cannot be read."""
    shown = str(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ScenarioError([Problem(shown, 0, 0, f"cannot be read: {reason}")]) from None
    if len(content) > MAX_BYTES:
        raise ScenarioError([Problem(shown, 0, 0, "the file is larger than 16 MiB; put large arrays into files")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", errors="replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = Problem(
            shown, line, column, f"byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8"
        )
        raise ScenarioError([problem]) from None
    return loads(text, path.name.removesuffix(".toml"), shown, path.parent)


def loads(text: str, name: str = "scenario", file: str = "scenario.toml", folder: Path | None = None) -> Scenario:
    """The scenario written in `text`; arrays in files are looked for in `folder`.

    Raises ScenarioError.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError([_syntax(error, text, file)]) from None
    except (RecursionError, ValueError) as error:
        what = "arrays are nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ScenarioError([Problem(file, 1, 1, what)]) from None
    return _Reader(table, text, file, folder).scenario(name)


def _syntax(error: tomllib.TOMLDecodeError, text: str, file: str) -> Problem:
    message = str(error)
    found = re.search(r"\s*\(at line (\d+), column (\d+)\)$", message)
    if found:
        return Problem(file, int(found[1]), int(found[2]), f"not TOML: {message[: found.start()]}")
    last = text.rstrip("\n")
    line, column = last.count("\n") + 1, len(last) - last.rfind("\n")
    return Problem(
        file, line, column, f"not TOML: {message.removesuffix(' (at end of document)')}, at the end of the file"
    )


# Reading ------------------------------------------------------------------------------------------


class _Bad(Exception):
    """A problem has been noted; what depends on it is left out."""


class _Reader:
    """One pass over a parsed file. Problems are collected; nothing is allocated until there is none."""

    def __init__(self, table: dict[str, Any], text: str, file: str, folder: Path | None) -> None:
        self.table, self.text, self.file, self.folder = table, text, file, folder
        self.problems: list[Problem] = []
        self.broken: set[str] = set()
        self._positions: Positions | None = None

    @property
    def positions(self) -> Positions:
        if self._positions is None:
            self._positions = Positions(self.text)
        return self._positions

    def bad(self, path: Keys, text: str, key: bool = False, column: int | None = None) -> _Bad:
        """Notes a problem at a value, at its key, or at a character inside it."""
        if len(self.problems) < MAX_PROBLEMS:
            where = self.positions
            at = where.key(path) if key else where.value(path) if column is None else where.inside(path, column)
            self.problems.append(Problem(self.file, *at, text))
        return _Bad()

    def stop_if_bad(self) -> None:
        if self.problems:
            raise ScenarioError(self.problems)

    def scenario(self, name: str) -> Scenario:
        self._known_keys(self.table, (), _TOP)
        if "format" not in self.table:
            self.problems.append(Problem(self.file, 1, 1, "the format is missing: write format = 1 at the top"))
        elif self.table["format"] != FORMAT or type(self.table["format"]) is not int:
            self.bad(["format"], f"format {self.table['format']!r} is not known; this version reads format {FORMAT}")
        title, description, source = (self._text((), key) for key in ("title", "description", "source"))
        dtype = np.dtype(self._choice((), "dtype", ("float64", "float32"), "float64"))
        builder = GraphBuilder(dtype)
        training, against = self._training(), self._against()
        batched = self._texts(self.table, ("batch",))
        makers = self._leaves(builder, dtype, batched, training)
        last = self._formulas(builder)
        self._batch(builder, makers, batched, training)
        graph = self._graph(builder, last)
        debug = self._table("debug")
        self._known_keys(debug, ("debug",), ("breakpoints", "watch", "start"))
        breakpoints, watch = (self._texts(debug, ("debug", key)) for key in ("breakpoints", "watch"))
        time = None if graph is None else Timeline(graph)
        start = self._start(debug, time)
        expectations = [e for k, t in self._entries("expect") if (e := self._expectation(k, t, time))]
        notes = [n for k, t in self._entries("notes") if (n := self._note(k, t, time))]
        self.stop_if_bad()
        assert graph is not None, "a graph that could not be built is a problem"
        arrays = self._allocate(builder, makers)
        self._check_numbers(graph, arrays)
        pool = {builder.names[name].id: arrays[builder.names[name].id] for name in batched}
        held: HeldBack | None = None
        if training.validation is not None:
            rows, back = held_back(len(next(iter(pool.values()))), training.validation)
            inputs = {value: read_only(array[back]) for value, array in pool.items()}
            pool = {value: read_only(array[rows]) for value, array in pool.items()}
            held = HeldBack(self._without_training(builder, graph, batched, len(back)), inputs)
            arrays |= pool
        arrays |= batch(pool, training, 1)
        scenario = Scenario(
            name, self.file, title, description, source, graph, arrays, pool if training.batch_size else {}, batched,
            held, training, tuple(expectations), breakpoints, watch, start, tuple(notes), self.text,
        )  # fmt: skip
        if against is None:
            return scenario
        other = dataclasses.replace(
            scenario,
            name=str(against.optimizer),
            leaves={**arrays, **batch(scenario.pool, against, 1)},
            training=against,
            start=None,
            breakpoints=(),
            watch=(),
        )
        return dataclasses.replace(scenario, against=other)

    def _without_training(self, builder: GraphBuilder, graph: Graph, batched: Sequence[str], count: int) -> Graph:
        """The same network for another number of samples, and as it is used and not as it is trained."""
        other = GraphBuilder(builder.dtype)
        for value in builder.values:
            if value.role in (Role.INPUT, Role.PARAMETER):
                shape = (count, *value.shape[1:]) if value.name in batched else value.shape
                other.leaf(value.name, shape, value.role, value.differentiable)
        self._formulas(other, f"for the {count:,} samples that are held back: ")
        self.stop_if_bad()
        nodes = [node._replace(op=node.op.in_use()) for node in other.nodes]
        return Graph(other.values, nodes, graph.loss.name, graph.dtype)

    # Plain fields

    def _known_keys(self, table: Mapping[str, Any], path: tuple[str | int, ...], allowed: Sequence[str]) -> None:
        for key in table:
            if key not in allowed:
                hint = nearest(key, allowed) or f"; allowed are {', '.join(allowed)}"
                self.bad([*path, key], f"unknown key '{key}'{hint}", key=True)

    def _table(self, name: str) -> Mapping[str, Any]:
        found = self.table.get(name, {})
        if isinstance(found, dict):
            return found
        self.bad([name], f"'{name}' must be a table, written [{name}]")
        return {}

    def _entries(self, name: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
        found = self.table.get(name, [])
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            self.bad([name], f"'{name}' must be a list of tables, each written [[{name}]]")
            return ()
        return enumerate(found)

    def _text(self, path: tuple[str | int, ...], key: str, holder: Mapping[str, Any] | None = None) -> str:
        found = (self.table if holder is None else holder).get(key, "")
        if isinstance(found, str):
            return found
        self.bad([*path, key], f"{key} must be text in quotes")
        return ""

    def _texts(self, holder: Mapping[str, Any], path: tuple[str, ...]) -> tuple[str, ...]:
        found = holder.get(path[-1], [])
        if isinstance(found, list) and all(isinstance(text, str) for text in found):
            return tuple(found)
        self.bad(path, f'{path[-1]} must be a list of texts, as in {path[-1]} = ["h.grad"]')
        return ()

    def _choice(self, path: tuple[str, ...], key: str, allowed: Sequence[str], default: str) -> str:
        holder = self.table if not path else self._table(path[0])
        found = holder.get(key, default)
        if found in allowed and isinstance(found, str):
            return found
        hint = nearest(found, allowed) if isinstance(found, str) else ""
        self.bad([*path, key], f"{key} must be {' or '.join(map(repr, allowed))}, not {found!r}{hint}")
        return default

    def _flag(self, path: tuple[str | int, ...], key: str, holder: Mapping[str, Any]) -> bool:
        found = holder.get(key, False)
        if isinstance(found, bool):
            return found
        self.bad([*path, key], f"{key} must be true or false")
        return False

    def _whole(self, path: tuple[str | int, ...], key: str, holder: Mapping[str, Any], least: int) -> int | None:
        found = holder.get(key)
        if found is None or (type(found) is int and found >= least):
            return found
        self.bad([*path, key], f"{key} must be a whole number from {least} on, not {found!r}")
        return None

    # Leaves and formulas

    def _name(self, table: str, key: str, taken: Mapping[str, object]) -> str:
        """`key` as a name of a value, in the form in which formulas read it. Raises _Bad."""
        name = unicodedata.normalize("NFKC", key)
        path = [table, key]
        if not name.isidentifier() or keyword.iskeyword(name):
            raise self.bad(
                path, f"'{key}' is no name: a name has letters, digits and _, and begins with a letter", key=True
            )
        if name in RESERVED:
            raise self.bad(path, f"'{key}' is kept for the moment of that name; choose another", key=True)
        if name == "loss" and self.table.get("loss", next(reversed([*self._table("graph")]), "")) != key:
            raise self.bad(path, "'loss' can only be the name of the loss; choose another", key=True)
        if name in taken or name in self.broken:
            raise self.bad(path, f"'{key}' is named twice; every value has one name of its own", key=True)
        return name

    def _leaves(
        self, builder: GraphBuilder, dtype: np.dtype[Any], batched: Sequence[str], training: Training
    ) -> dict[str, leaves.Leaf]:
        """Adds all leaves; those in `batched` with as many samples as an iteration takes."""
        with_gradients = self._flag((), "input_gradients", self.table)
        makers: dict[str, leaves.Leaf] = {}
        for table, role in (("inputs", Role.INPUT), ("parameters", Role.PARAMETER)):
            for key, spec in self._table(table).items():
                try:
                    name = self._name(table, key, builder.names)
                except _Bad:
                    self.broken.add(unicodedata.normalize("NFKC", key))
                    continue
                try:
                    leaf = leaves.read(spec, dtype, self.folder)
                except GraphError as error:
                    self.bad([table, key], f"'{key}': {error}")
                    self.broken.add(name)
                    continue
                makers[name] = leaf
                shape = leaf.shape
                if name in batched and role is Role.INPUT and shape:
                    there = shape[0]
                    if training.validation is not None:
                        there = max(len(held_back(there, training.validation)[0]), 1)
                    shape = (min(training.batch_size or there, there), *shape[1:])
                builder.leaf(name, shape, role, role is Role.PARAMETER or with_gradients)
        return makers

    def _formulas(self, builder: GraphBuilder, about: str = "") -> str | None:
        """Adds all graph lines; the name of the last one, None where there is none. Problems are `about`."""
        lines = self._table("graph")
        if not lines:
            if isinstance(self.table.get("graph", {}), dict):
                self.problems.append(Problem(self.file, 1, 1, "[graph] is missing: it says how the loss is computed"))
            return None
        if len(lines) > MAX_LINES:
            self.bad(["graph"], f"[graph] has {len(lines):,} lines; at most {MAX_LINES:,} are read", key=True)
            return None
        formulas = Formulas(builder)
        places = {unicodedata.normalize("NFKC", key): number for number, key in enumerate(lines)}
        last = ""
        for number, (key, text) in enumerate(lines.items()):
            last = unicodedata.normalize("NFKC", key)
            try:
                name = self._name("graph", key, builder.names)
                self._formula(formulas, key, name, text, {n for n, at in places.items() if at >= number}, about)
            except _Bad:
                self.broken.add(last)
        return last

    def _formula(self, formulas: Formulas, key: str, name: str, text: object, later: set[str], about: str) -> None:
        path = ["graph", key]
        if not isinstance(text, str):
            raise self.bad(path, f"'{key}' must be a formula in quotes, as in {key} = \"relu(z)\"")
        try:
            tree = parse(text)
            used = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
            called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
            for node in used:
                if id(node) not in called and node.id in later and node.id not in formulas.builder.names:
                    why = "uses itself" if node.id == name else f"uses '{node.id}', which is computed further down"
                    raise ExpressionError(f"'{key}' {why}; a name may be used only below its own line", node.col_offset)
            if any(node.id in self.broken for node in used):
                raise _Bad
            formulas.add(name, text)
        except ExpressionError as error:
            raise self.bad(path, f"{about}{error}", column=error.column) from None

    def _graph(self, builder: GraphBuilder, last: str | None) -> Graph | None:
        loss = self.table.get("loss", last)
        if loss is None:
            return None
        if not isinstance(loss, str):
            self.bad(["loss"], "loss must be the name of a value of [graph], in quotes")
            return None
        name = unicodedata.normalize("NFKC", loss)
        if name in self.broken:
            return None
        if name not in builder.names:
            self.bad(["loss"], f"unknown name '{loss}'{nearest(loss, self._table('graph'))}")
            return None
        total = sum(value.size for value in builder.values)
        if total > MAX_ELEMENTS:
            at = max(builder.values, key=lambda v: v.size)
            table = "graph" if at.node >= 0 else "inputs" if at.role is Role.INPUT else "parameters"
            key = builder.nodes[at.node].line if at.node >= 0 else at.name
            self.bad([table, key], f"all arrays together have {total:,} elements; at most {MAX_ELEMENTS:,} are allowed")
            return None
        if self.problems and self.broken:
            # Numbers of steps and shapes further down are not to be trusted now.
            return None
        try:
            return builder.build(name)
        except GraphError as error:
            self.bad(["loss"] if "loss" in self.table else ["graph", loss], str(error))
            return None

    def _allocate(self, builder: GraphBuilder, makers: Mapping[str, leaves.Leaf]) -> dict[int, Array]:
        arrays = {}
        for name, leaf in makers.items():
            value = builder.names[name]
            try:
                array = leaf.make()
            except (GraphError, MemoryError) as error:
                table = "inputs" if value.role is Role.INPUT else "parameters"
                self.bad([table, name], f"'{name}': {str(error) or 'there is not enough memory for it'}")
                continue
            arrays[value.id] = read_only(array)
        self.stop_if_bad()
        return arrays

    # The other tables

    def _check_numbers(self, graph: Graph, arrays: Mapping[int, Array]) -> None:
        """That operations can use the numbers they are given: class numbers, rows of a table."""
        for node in graph.nodes:
            shapes = [graph.values[i].shape for i in node.inputs]
            for slot, value in enumerate(node.inputs):
                if value not in arrays:
                    continue
                try:
                    node.op.check(slot, arrays[value], shapes)
                except GraphError as error:
                    leaf = graph.values[value]
                    table = "inputs" if leaf.role is Role.INPUT else "parameters"
                    self.bad([table, leaf.name], f"'{leaf.name}': {error}")
        self.stop_if_bad()

    def _batch(
        self, builder: GraphBuilder, makers: Mapping[str, leaves.Leaf], names: Sequence[str], training: Training
    ) -> None:
        """Checks the inputs whose axis 0 counts samples."""
        counts: dict[str, int] = {}
        for number, name in enumerate(names):
            path = ["batch"]
            if name in self.broken:
                continue
            value = builder.names.get(name)
            if value is None or value.role is not Role.INPUT:
                hint = nearest(name, self._table("inputs"))
                self.bad(path, f"batch: '{name}' is no input{hint}; it lists inputs whose axis 0 counts samples")
            elif not value.shape:
                self.bad(path, f"batch: '{name}' is a single number and has no axis to count samples on")
            elif name in names[:number]:
                self.bad(path, f"batch: '{name}' is listed twice")
            else:
                counts[name] = makers[name].shape[0]
        if len(set(counts.values())) > 1:
            shown = ", ".join(f"{name} has {count}" for name, count in counts.items())
            self.bad(["batch"], f"batch: the inputs differ in their number of samples: {shown}")
        elif counts:
            self._enough(min(counts.values()), training)

    def _enough(self, there: int, training: Training) -> None:
        """That there are samples enough to draw from and to hold back."""
        if training.validation is not None:
            rows, back = map(len, held_back(there, training.validation))
            if not rows or not back:
                self.bad(
                    ["training", "validation"],
                    f"validation {training.validation:g} holds back {back} of the {there} samples; "
                    "some must be held back, and some must be left to train on",
                )
                return
            there = rows
        if training.batch_size is not None and training.batch_size > there:
            left = f"{there} samples" + (" that are left to train on" if training.validation is not None else "")
            self.bad(["training", "batch_size"], f"batch_size {training.batch_size} is more than the {left}")

    def _training(self) -> Training:
        table = self._table("training")
        found = read_training(table, lambda key, text, about_key: self.bad(["training", key], text, key=about_key))
        for key, says in (("batch_size", "draws from"), ("validation", "holds back samples of")):
            if key in table and not self.table.get("batch"):
                text = f"{key} {says} the inputs named in batch = […], and none are named"
                self.bad(["training", key], text)
                found = found._replace(batch_size=None, validation=None)
        return found

    def _against(self) -> Training | None:
        """The training to compare with: like [training], but for what [against] says."""
        table, main = self._table("against"), self._table("training")
        if not table:
            return None
        for key in ("steps", "batch_size", "validation", "validate"):
            if key in table:
                self.bad(["against", key], f"both trainings have the same {key}; it stands in [training]", key=True)
        merged = {k: v for k, v in main.items() if k == "lr" or not (belongs(k, main) and _other(table, main, k))}

        def bad(key: str, text: str, about_key: bool) -> None:
            if key in table:  # what is wrong in [training] is said there
                self.bad(["against", key], text, key=about_key)

        return read_training({**merged, **table}, bad)

    # What speaks of steps is checked against the timeline, which is None where the graph is broken.

    def _start(self, debug: Mapping[str, Any], time: Timeline | None) -> str | None:
        start = debug.get("start")
        if start is None:
            return None
        if not isinstance(start, str | int) or isinstance(start, bool):
            self.bad(["debug", "start"], 'start must be a step number, a phase or a name, as in start = "backward"')
            return None
        self._moment(["debug", "start"], str(start), time)
        return str(start)

    def _moment(self, path: Keys, at: str, time: Timeline | None) -> Position | None:
        """The moment that `at` means."""
        if time is None:
            return None
        try:
            return find_moment(time, Blackboard(time.graph), Position(0), at)
        except CommandError as error:
            self.bad(path, f"{path[-1]}: {error}")
            return None

    def _note(self, number: int, table: Mapping[str, Any], time: Timeline | None) -> Note | None:
        path = ("notes", number)
        self._known_keys(table, path, ("at", "text"))
        for key in ("at", "text"):
            if key not in table:
                self.bad(path, f"a note needs '{key}'", key=True)
                return None
        text, at = self._text(path, "text", table), table["at"]
        if not isinstance(at, str | int) or isinstance(at, bool):
            self.bad([*path, "at"], 'at must be a step number, a phase or a name, as in at = "h.grad[1]"')
            return None
        moment = self._moment([*path, "at"], str(at), time)
        return None if moment is None else Note(moment.step, text, moment.iteration)

    def _expectation(self, number: int, table: Mapping[str, Any], time: Timeline | None) -> Expectation | None:
        path = ("expect", number)
        self._known_keys(table, path, ("of", "value", "decimals", "rtol", "misprint", "exact", "iteration"))
        iteration = self._whole(path, "iteration", table, 1) or 1
        for key in ("of", "value"):
            if key not in table:
                self.bad(path, f"an expectation needs '{key}'", key=True)
                return None
        of = self._text(path, "of", table)
        decimals, rtol = self._whole(path, "decimals", table, 0), table.get("rtol", 1e-6)
        if type(rtol) not in (int, float) or not 0 <= rtol < math.inf:
            self.bad([*path, "rtol"], f"rtol must be a number from 0 on, not {rtol!r}")
            return None
        if "decimals" in table and "rtol" in table:
            self.bad([*path, "rtol"], "give decimals or rtol, not both", key=True)
        misprint = self._flag(path, "misprint", table)
        if "exact" in table and not misprint:
            self.bad([*path, "exact"], "'exact' says what is right for a misprint; add misprint = true", key=True)
        if time is None:
            return None
        try:
            target = Blackboard(time.graph).resolve(of)
            if target.kind != "data":
                step_of(time, target)  # refuses what never gets such a number
        except CommandError as error:
            self.bad([*path, "of"], str(error))
            return None
        shape = target.value.shape[len(target.index or ()) :]
        value, exact = (self._expected(path, key, table, shape, of) for key in ("value", "exact"))
        return None if value is None else Expectation(of, target, value, decimals, rtol, misprint, exact, iteration)

    def _expected(
        self, path: tuple[str | int, ...], key: str, table: Mapping[str, Any], shape: Shape, of: str
    ) -> Array | None:
        if key not in table:
            return None
        try:
            found = leaves.read(table[key], np.dtype(np.float64), None)
        except GraphError as error:
            self.bad([*path, key], f"{key}: {error}")
            return None
        if math.prod(found.shape) != math.prod(shape) or (found.shape != shape and math.prod(shape) != 1):
            self.bad([*path, key], f"{key} has shape {found.shape}, but {of} has shape {shape}")
            return None
        return found.make().reshape(shape)


def _other(table: Mapping[str, Any], main: Mapping[str, Any], key: str) -> bool:
    """Whether the optimiser or the schedule that a key of [training] belongs to is another in [against]."""
    of = "schedule" if key in {k for one in SCHEDULES.values() for k in one.options} else "optimizer"
    return of in table and table[of] != main.get(of)


_TOP: tuple[str, ...] = (
    "format", "title", "description", "source", "loss", "dtype", "batch", "input_gradients",
    *TABLES, "training", "against", "expect", "debug", "notes",
)  # fmt: skip
