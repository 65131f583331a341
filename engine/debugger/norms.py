"""How large the gradients of parameters are, module by module, and which are odd among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from math import isfinite, sqrt
from statistics import median
from typing import Any

from gradstep.engine.debugger.overview import norm
from gradstep.engine.notation import aligned, brief, counted, plain
from gradstep.engine.run.places import module_of
from gradstep.engine.run.recording import Recording

#: A norm is odd that is so many times as large as the median of all, or as small; as `explode` and `vanish` have it.
_FACTOR = 1e3
#: So many modules are told.
_TOLD = 12


class Norms:
    """‖·‖₂ of the gradients of all parameters of each module, by its path, in the order of the network."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    @cached_property
    def by_module(self) -> Mapping[str, float]:
        """Those of parameters that are in no module under their own name."""
        squares: dict[str, float] = {}
        for value in self._recording.graph.parameters:
            name = value.name.rpartition(".")[0] or module_of(self._recording, value.id) or value.name
            squares[name] = squares.get(name, 0.0) + norm(self._recording, value.id, True) ** 2
        return {name: sqrt(square) for name, square in squares.items()}

    @cached_property
    def odd(self) -> Mapping[str, str]:
        """Which are odd, and how: not finite, 0, or far from the median of the others."""
        usual = [one for one in self.by_module.values() if isfinite(one) and one]
        middle = median(usual) if usual else 0.0
        return {name: says for name, one in self.by_module.items() if (says := _odd(one, middle))}

    def lines(self) -> Iterator[str]:
        """For people: all, or the odd ones and the largest others where there are many."""
        names = list(self.by_module)
        if len(names) > _TOLD:
            order = sorted(names, key=lambda name: (name not in self.odd, -self.by_module[name]))
            told = {*order[:_TOLD]}
            names = [name for name in names if name in told]
        if not names:
            return
        yield "  ‖gradient‖ by module"
        for name, label in zip(names, aligned(names), strict=True):
            yield f"    {label}  {brief(self.by_module[name])}{f'  ✗ {self.odd[name]}' if name in self.odd else ''}"
        left = [one for name, one in self.by_module.items() if name not in names]
        if left:
            yield f"    and {counted(len(left), 'module')} from {brief(min(left))} to {brief(max(left))}"

    def document(self) -> list[dict[str, Any]]:
        """For programs."""
        return [
            {"module": name, "norm": plain(one), "odd": self.odd.get(name, "")} for name, one in self.by_module.items()
        ]


def _odd(one: float, middle: float) -> str:
    if not isfinite(one):
        return "not finite"
    if not one:
        return "exactly 0"
    if one > _FACTOR * middle:
        return f"more than {_FACTOR:,.0f} times the median"
    return f"less than 1/{_FACTOR:,.0f} of the median" if one * _FACTOR < middle else ""
