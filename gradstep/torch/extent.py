"""What is to be recorded, and where to; and how much of it: the level, which values, which samples."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils import _pytree as pytree

from gradstep.engine.files import LEVELS
from gradstep.torch.writing import Parts
from gradstep.torch.written import Array


@dataclass(frozen=True)
class Extent:
    """At level `full` the values, and their gradients, of names that a pattern in `keep` fits (None: all), of those
    with a batch on axis 0 the `samples` (None: all). What is left out is computed again when the recording is opened;
    the gradients of parameters, and what only PyTorch can know, never are."""

    level: str = "full"
    samples: int | Sequence[int] | None = None
    keep: str | Sequence[str] | None = None

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"level is {' or '.join(map(repr, LEVELS))}, not {self.level!r}")
        if self.level != "full" and (self.samples is not None or self.keep is not None):
            raise ValueError(
                f"samples and keep cut what is recorded at level 'full'; level {self.level!r} has no values"
            )
        if not self.patterns and self.keep is not None:
            raise ValueError('keep is one or more patterns of names, as in keep="h.5.*"')
        if isinstance(self.samples, bool) or (isinstance(self.samples, int) and self.samples < 1):
            raise ValueError(f"samples is how many, from 1 on, or which, from 0 on, not {self.samples!r}")

    @property
    def patterns(self) -> tuple[str, ...]:
        """Which names are kept."""
        if self.keep is None or self.keep == "":
            return ()
        return (self.keep,) if isinstance(self.keep, str) else tuple(self.keep)

    def rows(self, inputs: Mapping[str, Any]) -> tuple[int, ...]:
        """The samples that are recorded, in their order; none where all are. Raises ValueError where the inputs have no
        batch on axis 0, or not as many samples."""
        if self.samples is None:
            return ()
        tensors = [t for t in pytree.tree_leaves(dict(inputs)) if isinstance(t, torch.Tensor)]
        extents = {tuple(t.shape[:1]) for t in tensors}
        if len(extents) != 1 or extents == {()}:
            raise ValueError("samples needs the inputs by name, as in x=x, t=t, all with the batch on axis 0")
        ((count,),) = extents
        if isinstance(self.samples, int):
            return () if self.samples >= count else tuple(range(self.samples))
        found = tuple(sorted({int(n) for n in self.samples}))
        if not found or found[0] < 0 or found[-1] >= count:
            raise ValueError(f"samples are numbers from 0 to {count - 1}, not {list(self.samples)}")
        return () if len(found) == count else found

    def about(self, rows: Sequence[int]) -> dict[str, Any]:
        """What the manifest says of it."""
        found: dict[str, Any] = {"level": self.level}
        if rows:
            found["samples"] = list(rows)
        if self.keep is not None:
            found["keep"] = list(self.patterns)
        return found

    def title(self, rows: Sequence[int], count: int) -> str:
        """What of it stands in the title; empty where all is there."""
        if self.level != "full":
            return f", {LEVELS[self.level]}"
        said = [f"of {', '.join(self.patterns)}"] if self.keep is not None else []
        said += [f"of {len(rows):,} of {count:,} samples"] if rows else []
        return f", values {' '.join(said)}; the others are computed again" if said else ""

    def cut(self, parts: Parts, rows: Sequence[int]) -> dict[str, Array]:
        """What of a trace is written."""
        if self.level == "full" and self.keep is None and not rows:
            return dict(parts.trace)
        found = dict(_needed(parts))
        for key, array in parts.trace.items():
            kind, *names = key.split(":")
            name = names[-1]
            if (
                key in found
                or self.level == "graph"
                or (kind in ("value", "gradient", "part") and not self._fits(names))
            ):
                continue
            if not (rows and array.shape[:1] == (parts.samples,) and name not in parts.parameters):
                found[key] = array
            elif kind in ("value", "gradient"):
                found[key] = np.ascontiguousarray(array[list(rows)])
        return found

    def _fits(self, names: Iterable[str]) -> bool:
        return self.keep is None or any(fnmatchcase(name, pattern) for name in names for pattern in self.patterns)


class Order(NamedTuple):
    """What is to be recorded, and where to: `about` is more for the manifest; what is going on is said on standard
    error, unless it is to be `quiet`."""

    path: str
    optimizer: torch.optim.Optimizer | None = None
    extent: Extent = Extent()
    quiet: bool = False
    about: Mapping[str, Any] = {}

    def say(self, text: str) -> None:
        """One line."""
        if not self.quiet:
            print(f"gradstep: {text}", file=sys.stderr, flush=True)


def _needed(parts: Parts) -> Iterable[tuple[str, Array]]:
    """What nobody can compute again: the loss, what the optimiser had kept, the gradients of parameters, all of the
    lines that are recorded and not explained, and gradients that a hook has changed."""
    trace = parts.trace
    gradients = {*parts.changed, *parts.parameters, *parts.unexplained}
    values = {parts.loss, *parts.unexplained}
    for key, array in trace.items():
        kind, _, name = key.partition(":")
        wanted = {"gradient": gradients, "value": values}.get(kind, ())
        if kind in ("next", "kept", "mean") or name in wanted:
            yield key, array
    for line in parts.unexplained:
        for name in parts.entering[line]:
            key = f"part:{line}:{name}"
            found = trace.get(key, trace.get(f"gradient:{name}"))
            if found is not None:
                yield key, found
