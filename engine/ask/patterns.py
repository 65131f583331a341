"""Steps by what they write: `h*`, `W2.grad[0,*]`, `loss`."""

from __future__ import annotations

import fnmatch
import re

import numpy as np

from gradstep.engine.errors import CommandError, nearest, shortened
from gradstep.engine.graph.graph import Role
from gradstep.engine.graph.typed import LETTERS, Target, spelled
from gradstep.engine.index import Array, unravel
from gradstep.engine.run.moments import unwritten
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Sweep


class Pattern:
    """Steps by what they write: `h*`, `W2.grad[0,*]`, `loss`. `*` and `?` stand for any characters of a
    name, or any index. Without `.grad` or `.next` it is the value, or, for what is given and not
    computed, its gradient and its update. Of `units`, h[3] is neuron 3 in every sample of a batch. Raises
    CommandError if nothing matches."""

    def __init__(self, text: str, recording: Recording, units: bool = False) -> None:
        self._units = units
        word = spelled(text, recording.board.loss)
        found = re.fullmatch(rf"([{LETTERS}:*?.]+?)(?:\.(data|grad|next))?\s*(?:\[([^\]]*)\])?", word)
        if found is None:
            raise CommandError(f"'{shortened(text)}' is no name; names are written h, h[0], h.grad[0], h*")
        graph, board = recording.graph, recording.board
        self.kind, self.index = found[2], None if found[3] is None else _places(found[3], text)
        name = found[1]
        if not set("*?") & set(name) and name not in graph.by_name:
            value, flat = board.lookup(name, text)
            name = value.name
            if flat is not None:
                if self.index is not None:
                    raise CommandError(f"'{text}': '{found[1]}' is one number already; it has no index")
                self.index = unravel(flat, value.shape)
        glob = re.compile(fnmatch.translate(name))  # which takes no longer for many stars than for one
        self.values = frozenset(v.id for v in graph.values if v.role is not Role.LITERAL and glob.match(v.name))
        sizes = {len(graph.values[v].shape) for v in self.values}
        if not self.values:
            raise CommandError(f"nothing is called '{shortened(text)}'{nearest(name, graph.by_name)}")
        if self.index is not None and all(len(self.index) > n for n in sizes):
            raise CommandError(f"'{text}' has too many indices")
        if self.index is not None and not any(self._reaches(recording, v) for v in self.values):
            shapes = " or ".join(sorted({str(graph.values[v].shape) for v in self.values}))
            raise CommandError(f"'{shortened(text)}' is out of range; its shape is {shapes}")
        if not any(sweep.size and self.writes(recording, sweep) for sweep in recording.timeline.sweeps):
            raise CommandError(f"no step writes '{shortened(text)}'{self._because(recording)}")

    def _reaches(self, recording: Recording, value: int) -> bool:
        """Whether a value has elements at the index."""
        index, shape = self._within(recording, value), recording.graph.values[value].shape
        inside = (here is None or -extent <= here < extent for here, extent in zip(index, shape, strict=False))
        return len(index) <= len(shape) and all(inside)

    def _within(self, recording: Recording, value: int) -> tuple[int | None, ...]:
        """The index as one of all axes of a value: that of a unit leaves the samples' out."""
        assert self.index is not None, "it is asked of one"
        index, axis = self.index, recording.samples.axis(value)
        if not self._units or axis is None:
            return index
        return (*index[:axis], None, *index[axis + (len(index) == len(recording.graph.values[value].shape)) :])

    def _because(self, recording: Recording) -> str:
        """Why no step writes it, where it is one value."""
        if len(self.values) > 1:
            return ""
        (value,) = (recording.graph.values[v] for v in self.values)
        return f": {unwritten(Target(value, self.kind or 'data', None), recording.graph.loss.name)}"

    def writes(self, recording: Recording, sweep: Sweep) -> bool:
        """Whether the sweep writes what the pattern names, at some index."""
        if sweep.value not in self.values:
            return False
        given = recording.graph.values[sweep.value].node < 0
        kinds = {"data": {"data"}, "grad": {"grad"}, "next": {"next"}}.get(
            self.kind or "", {"grad", "next"} if given else {"data"}
        )
        return sweep.phase.kind in kinds

    def mask(self, recording: Recording, sweep: Sweep, start: int, stop: int) -> Array:
        """Of the elements start to stop of a sweep, those that the pattern names."""
        if not self.writes(recording, sweep):
            return np.zeros(stop - start, dtype=bool)
        return self.elements(recording, sweep.value, np.arange(start, stop))

    def elements(self, recording: Recording, value: int, flats: Array) -> Array:
        """Of some flat elements of a value, those at the pattern's index."""
        shape = recording.graph.values[value].shape
        if self.index is None:
            return np.full(len(flats), value in self.values)
        index = self._within(recording, value)
        if len(index) > len(shape) or value not in self.values:
            return np.zeros(len(flats), dtype=bool)
        found = np.ones(len(flats), dtype=bool)
        for here, places, extent in zip(index, np.unravel_index(flats, shape), shape, strict=False):
            if here is not None:
                found &= places == here % extent if -extent <= here < extent else np.zeros_like(found)
        return found


def _places(inside: str, text: str) -> tuple[int | None, ...]:
    """`0,*` as (0, None)."""
    try:
        return tuple(None if part.strip() in ("*", ":") else int(part) for part in inside.split(","))
    except ValueError:
        raise CommandError(f"'{text}': an index is whole numbers or *, as in W2[0,*]") from None
