"""Groups of parameters, each with an optimiser of its own, as PyTorch's `param_groups` have options of their own."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from gradstep.engine.training.optimizer import Optimizer


class Group(NamedTuple):
    """The parameters whose names are in `names`, in which * stands for any characters."""

    names: tuple[str, ...]
    optimizer: Optimizer

    def has(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self.names)


class Groups:
    """Group 0 are the parameters that no other names; a name that several have is in the first of them."""

    def __init__(self, main: Optimizer, others: Sequence[Group] = ()) -> None:
        self.others = tuple(others)
        self.optimizers = (main, *(group.optimizer for group in others))

    def of(self, name: str) -> int:
        """The number of a parameter's group."""
        return next((k for k, group in enumerate(self.others, 1) if group.has(name)), 0)
