"""The modules of a network whose names are paths, as layers.0.attn.c_proj, and the formulas whose parts have names.

Both are groups of values: what lies in a module, or within a formula, may be shown as one thing. A network has them as
a tree: of a value, the groups that it lies in, the outermost first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property

from gradstep.engine.graph.graph import Graph, Role, Value


class Modules:
    """The groups of one network. A module is called by its path; what a formula makes on its way to a value by the name
    of the value and a colon, as `ln_f:` of ln_f:standardize and ln_f.

    Of modules with the same lines in them the innermost is one. A module of a single line is none: the line stands for
    it, and its parameters lie in what is around it; those of a formula with parts that is called as its module lie in
    that.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._values = tuple(v for v in graph.values if v.role is not Role.LITERAL)

    @cached_property
    def _inside(self) -> Mapping[int, tuple[str, ...]]:
        lines = [v.name for v in self._values if v.node >= 0 and not v.part]
        parted = {_line(v.name) for v in self._values if v.node >= 0 and v.part}
        count = Counter(path for name in lines for path in _around(name))
        count.update(name for name in lines if name in count)
        several = {path for path, times in count.items() if times > 1} - self._results
        outer = {path for one in several for path in _around(one) if count[path] == count[one]}
        return {v.id: tuple(_groups(v, several - outer, parted)) for v in self._values}

    @cached_property
    def _results(self) -> set[str]:
        """What are no modules: calls with several results, as split.0 and split.1. They are taken in the same way from
        one value, and nothing else is called so."""
        graph, of, other = self._graph, dict[str, set[tuple[int, str]]](), set[str]()
        for value in self._values:
            path, _, last = _line(value.name).rpartition(".")
            if value.node < 0 or not last.isdecimal():
                other.update(_around(_line(value.name)))
            else:
                node = graph.nodes[value.node]
                of.setdefault(path, set()).add((node.inputs[0] if node.inputs else -1, node.op.name))
        return {path for path, ways in of.items() if len(ways) == 1 and path not in other}

    @cached_property
    def there(self) -> bool:
        """Whether there are modules, and not only formulas with parts."""
        return any(not group.endswith(":") for group in self.members)

    def of(self, value: int) -> tuple[str, ...]:
        """The groups that a value lies in, the outermost first; a number in a formula lies in none."""
        return self._inside.get(value, ())

    @cached_property
    def members(self) -> Mapping[str, tuple[int, ...]]:
        """The values in each group, in graph order; groups in the order of their first, outer ones before inner."""
        found: dict[str, list[int]] = {}
        for value, groups in self._inside.items():
            for group in groups:
                found.setdefault(group, []).append(value)
        return {group: tuple(values) for group, values in found.items()}

    @cached_property
    def outputs(self) -> Mapping[str, int]:
        """What each group gives: the last of its lines that something outside uses, or its last."""
        return {group: self._output(values) for group, values in self.members.items()}

    def _output(self, members: tuple[int, ...]) -> int:
        graph, inside = self._graph, set(members)
        made = [v for v in members if graph.values[v].node >= 0]
        for value in reversed(made):
            if any(graph.nodes[node].output not in inside for node, _ in graph.users[value]):
                return value
        return made[-1]

    @cached_property
    def paths(self) -> frozenset[str]:
        """The paths of all modules, also of those of a single line."""
        return frozenset(path for v in self._values for path in _around(_line(v.name)))

    def path(self, value: int) -> str:
        """The path of the module that a value lies in, by its name; empty where it is in none. A line that is called as
        its module is lies in it."""
        name = _line(self._graph.values[value].name)
        return name if name in self.paths else name.rpartition(".")[0]


def _line(name: str) -> str:
    """The name of the line that a part belongs to."""
    return name.partition(":")[0]


def _around(name: str) -> Iterator[str]:
    """The modules that a path says it is in, the outermost first."""
    pieces = name.split(".")
    return (".".join(pieces[:count]) for count in range(1, len(pieces)))


def _groups(value: Value, modules: set[str], parted: set[str]) -> Iterator[str]:
    line = _line(value.name)
    yield from (path for path in (*_around(line), line) if path in modules)
    formula = line if value.node >= 0 else line.rpartition(".")[0]
    if formula in parted:
        yield f"{formula}:"
