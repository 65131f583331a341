"""The recordings that the ranks of one data-parallel step made, as one.

Each rank keeps its lines and what it was given, under its own name. Parameters are those of all of them: each rank has
a copy, whose gradient is the one that it had by itself, and passes it on divided by how many ranks there are. So the
gradient of a parameter is one more sum, rank by rank, as torch.nn.parallel.DistributedDataParallel makes it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.errors import CommandError, printable, shortened
from gradstep.engine.files.composing import scenario_text
from gradstep.engine.files.finding import find
from gradstep.engine.files.recording.manifest import TRACE, is_recording, read_manifest
from gradstep.engine.files.recording.mapped import arrays_in
from gradstep.engine.files.recording.renaming import renamed, tables
from gradstep.engine.files.recording.same import Rank, agreeing
from gradstep.engine.files.recording.settling import settle
from gradstep.engine.files.recording.writing import check_folder, write_recording
from gradstep.engine.files.toml import parse
from gradstep.engine.index import Array
from gradstep.engine.notation import amount, plain
from gradstep.engine.run.later import Later
from gradstep.engine.run.scenario import Scenario

#: What there is of a parameter that all ranks have together; all else of it is a rank's own.
_OF_ALL = ("next", "kept", "mean")


class Joined(NamedTuple):
    """What became of the recordings of so many `ranks`: a folder of so many bytes and lines."""

    folder: str
    ranks: int
    size: int
    lines: int

    def told(self) -> Iterator[str]:
        """For people."""
        yield f"{self.folder}: {self.ranks:,} ranks joined, {amount(self.size)}, {self.lines:,} lines"


def join(paths: Sequence[str], output: str) -> Joined:
    """Writes one recording of those that the ranks of a step made. Raises CommandError where they are not those of one
    step, or where something of that name is there already, and ScenarioError where one cannot be read."""
    check_folder(output)
    if os.path.lexists(output):
        raise CommandError(f"'{printable(shortened(output))}' is there already; nothing is overwritten")
    ranks = agreeing([_opened(path) for path in paths])
    joining = _Joining(ranks)
    text, leaves, trace, about = joining.text(), joining.leaves, joining.trace, joining.about()
    kinds = {key: kind for key in (*leaves, *trace) if (kind := about["precision"].get(key.rpartition(":")[2]))}
    size = write_recording(output, text, leaves, trace, about, kinds)
    settle(output, about["moved"])
    return Joined(output, len(ranks), size, len(joining.lines))


def _opened(path: str) -> Rank:
    folder = Path(path)
    if not is_recording(folder):
        raise CommandError(f"'{printable(shortened(path))}' is no recording; join needs those of all ranks")
    about = read_manifest(folder)
    scenario = find(path)
    return Rank(path, scenario, about, Later(arrays_in(folder / TRACE, scenario.graph.dtype)))


class _Joining:
    def __init__(self, ranks: Sequence[Rank]) -> None:
        self.ranks, self.first = ranks, ranks[0].scenario
        self.parameters = [value.name for value in self.first.graph.parameters]
        self._formulas = [parse(rank.scenario.text, rank.folder)[0]["graph"] for rank in ranks]
        self._shared = self._same_for_all()
        self._names = [self._named(k) for k in range(len(ranks))]
        self.lines = self._lines()

    def _same_for_all(self) -> set[str]:
        """Inputs that are the same numbers for all ranks, as positions are, and what is frozen."""
        first, others = _inputs(self.first), [_inputs(rank.scenario) for rank in self.ranks[1:]]
        return {
            name
            for name, array in first.items()
            if all(name in one and np.array_equal(array, one[name], equal_nan=True) for one in others)
        }

    def _named(self, k: int) -> Mapping[str, str]:
        """What the names of a rank are called, of those that it uses."""
        scenario = self.ranks[k].scenario
        mine = {value.name for value in scenario.graph.values if value.name in scenario.graph.by_name}
        return {name: name if name in self._shared else f"rank{k}.{name}" for name in mine}

    def _uses(self, k: int) -> Iterator[str]:
        graph = self.ranks[k].scenario.graph
        yield from (value.name for value in graph.parameters if graph.users[value.id])

    def _lines(self) -> dict[str, str]:
        found, count = dict[str, str](), len(self.ranks)
        for k, formulas in enumerate(self._formulas):
            for name in self._uses(k):
                found[f"rank{k}.{name}"] = f"scale_gradient({name}, scale={1 / count!r})"
            for line, formula in formulas.items():
                found[f"rank{k}.{line}"] = renamed(formula, self._names[k])
        # Each rank's own loss is what its gradients are those of; what is shown of all is their mean.
        losses = ", ".join(f"rank{k}.{rank.scenario.graph.loss.name}" for k, rank in enumerate(self.ranks))
        found["loss"] = f"scale_gradient(mean(stack({losses})), scale={count})"
        return found

    def text(self) -> str:
        """graph.toml."""
        head = {"title": self._title(), "loss": "loss", "dtype": self.first.graph.dtype.name}
        inputs = [name for name in self.leaves if name not in self.parameters]
        origins = {
            f"rank{k}.{name}": {key: said for key, said in origin._asdict().items() if said}
            for k, rank in enumerate(self.ranks)
            for name, origin in rank.scenario.origins.items()
        }
        leaves = {"inputs": inputs, "parameters": self.parameters}
        return scenario_text(head, leaves, self.lines, tables(self.first.text, "training"), origins)

    def _title(self) -> str:
        model = self.ranks[0].about.get("model", "a model")
        return f"{model}, a recorded training step of {len(self.ranks):,} ranks together"

    @cached_property
    def leaves(self) -> dict[str, Array]:
        """The arrays to start from, whole numbers and truths as they are."""
        found = dict[str, Array]()
        for rank, names in zip(self.ranks, self._names, strict=True):
            kinds = rank.about.get("precision", {})
            for name, array in _inputs(rank.scenario).items():
                kind = kinds.get(name, "")
                found[names[name]] = array.astype(kind) if kind == "bool" or "int" in kind else array
        graph = self.first.graph
        return found | {value.name: self.first.leaves[value.id] for value in graph.parameters}

    @cached_property
    def trace(self) -> dict[str, Array]:
        """What was recorded, under the new names; of a parameter what all ranks had together."""
        found = dict[str, Array]()
        for k, rank in enumerate(self.ranks):
            for key, array in rank.trace.items():
                kind, *names = key.split(":")
                unused = names[-1] in self.parameters and f"rank{k}.{names[-1]}" not in self.lines
                if kind not in _OF_ALL and not unused:
                    found[":".join([kind, *(self._names[k][name] for name in names)])] = array
            self._copies(k, found)
        for key, array in self.ranks[0].trace.items():
            kind, _, name = key.partition(":")
            if kind in _OF_ALL:
                found[f"gradient:{name}" if kind == "mean" else key] = array
        self._loss(found)
        return found

    def _copies(self, k: int, found: dict[str, Array]) -> None:
        """A rank's copies of the parameters, and what they pass on."""
        scenario = self.ranks[k].scenario
        for name in self._uses(k):
            gradient = found.get(f"gradient:rank{k}.{name}")
            found[f"value:rank{k}.{name}"] = self.first.leaves[self.first.graph.by_name[name].id]
            if gradient is not None:
                with np.errstate(all="ignore"):
                    part = gradient * scenario.graph.dtype.type(1 / len(self.ranks))
                found[f"part:rank{k}.{name}:{name}"] = part

    def _loss(self, found: dict[str, Array]) -> None:
        """The mean of all losses; and what each rank's own began with, which was 1."""
        names = [f"rank{k}.{rank.scenario.graph.loss.name}" for k, rank in enumerate(self.ranks)]
        losses = [found.get(f"value:{name}") for name in names]
        found |= {f"gradient:{name}": self.first.graph.one for name in names}
        there = [one for one in losses if one is not None]
        if len(there) == len(losses):
            with np.errstate(all="ignore"):
                found["value:loss"] = np.asarray(np.stack(there).mean(), self.first.graph.dtype)

    def about(self) -> dict[str, Any]:
        """The manifest."""
        first, of_each = self.ranks[0].about, [rank.about for rank in self.ranks]
        skipped = ("files", "sizes", "rank", "kind", "format", "title", "loss", "gradient_norms")
        found = {key: said for key, said in first.items() if key not in skipped}
        losses = [one["loss"] for one in of_each if "loss" in one]
        if len(losses) == len(of_each):
            found["loss"] = sum(losses) / len(losses)
        with np.errstate(all="ignore"):
            norms = {
                name: plain(float(np.linalg.norm(self.trace[key].reshape(-1).astype(np.float64))))
                for name in self.parameters
                if (key := f"gradient:{name}") in self.trace
            }
        return found | {
            "title": self._title(),
            "world_size": len(self.ranks),
            "device": ", ".join(dict.fromkeys(str(one.get("device", "")) for one in of_each)),
            "lines": len(self.lines),
            "gradient_norms": norms,
            "unexplained": self._by_rank("unexplained"),
            "computed_in": self._by_rank("computed_in"),
            "precision": {n: kind for n, kind in first.get("precision", {}).items() if n in self.parameters}
            | self._by_rank("precision"),
            "moved": [name for name in self.parameters if f"next:{name}" not in self.ranks[0].trace],
        }

    def _by_rank(self, key: str) -> dict[str, Any]:
        return {
            names[name]: said
            for rank, names in zip(self.ranks, self._names, strict=True)
            for name, said in rank.about.get(key, {}).items()
            if name in names
        }


def _inputs(scenario: Scenario) -> Mapping[str, Array]:
    """The arrays that are no parameters, by their names."""
    trained = {value.id for value in scenario.graph.parameters}
    return {scenario.graph.values[i].name: array for i, array in scenario.leaves.items() if i not in trained}
