"""What formulas are written of: names that stand for what was seen, and the numbers behind them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
import torch

from gradstep.torch.blocks import Block, Network
from gradstep.torch.devices import FINENESS
from gradstep.torch.formulas import Unwritten
from gradstep.torch.formulas.table import number
from gradstep.torch.seen import Ref, Seen

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

#: A name that stands for what was seen.
STANDING_FOR = re.compile(r"\b([vd])(\d+)\b")


class Written:
    """Writes the tensors of one block into formulas, by names that stand for what was seen: v12, and d12 for numbers
    alone, where no gradient passes."""

    def __init__(self, network: Network, block: Block, constants: Constants) -> None:
        self._network, self._block, self._constants = network, block, constants
        self.used: dict[str, Seen] = {}
        #: What stands in the place of something that was seen, by its number.
        self.instead: dict[int, str] = {}

    def __call__(self, argument: Any) -> str:
        if not isinstance(argument, Ref):
            return number(argument)
        seen = argument.seen
        if seen.number in self.instead:
            return self.instead[seen.number]
        if seen.key is not None and seen.key in self._block.inputs:
            found = self._network.seen(seen.key)
            if found is None:
                raise Unwritten("an input that was never seen")
            self.used[f"v{found.number}"] = found
            return f"v{found.number}"
        if seen.dtype.is_complex:
            raise Unwritten("complex numbers")
        if seen.shape == () and not seen.name and seen.kind != "parameter":
            return f"({value!r})" if (value := float(seen.data())) < 0 else repr(value)
        self.used[f"d{seen.number}"] = seen
        return f"d{seen.number}"

    def constant(self, tensor: torch.Tensor, name: str) -> str:
        seen = self._constants.made_up(tensor, name)
        self.used[f"d{seen.number}"] = seen
        return f"d{seen.number}"


class Constants:
    """Numbers that are made up for formulas, numbered on from all that was seen."""

    def __init__(self, network: Network) -> None:
        self._seen = network.recorder.seen

    def made_up(self, tensor: torch.Tensor, name: str) -> Seen:
        found = Seen(len(self._seen), tensor, tensor._version, "constant", name)
        self._seen.append(found)
        return found


def graph_dtype(kinds: Iterable[torch.dtype]) -> np.dtype[Any]:
    """The dtype that a graph of tensors of some kinds is computed in."""
    return np.dtype(np.float64 if torch.float64 in set(kinds) else np.float32)


class Arrays:
    """Tensors as arrays of the graph's dtype, each made once."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self._made: dict[int, Array] = {}

    def of(self, seen: Seen) -> Array:
        """Raises Unwritten where the dtype cannot hold the numbers."""
        found = self._made.get(seen.number)
        if found is None:
            found = self._made[seen.number] = self.plain(seen.data())
            whole = not seen.dtype.is_floating_point and seen.dtype is not torch.bool
            if whole and found.size and np.abs(found).max() > 2 ** (np.finfo(self.dtype).nmant + 1):
                raise Unwritten(f"whole numbers beyond what {self.dtype} holds")
        return found

    def plain(self, tensor: torch.Tensor) -> Array:
        """A tensor as an array of its own, read-only and C-contiguous."""
        kind = torch.float64 if self.dtype == np.float64 else torch.float32
        array = np.ascontiguousarray(tensor.detach().to(device="cpu", dtype=kind).numpy())
        array = array.reshape(tuple(tensor.shape))
        array.setflags(write=False)
        return array


def cast_in(formula: str, kinds: Mapping[str, str], to: str) -> str:
    """A formula in which names of numbers that are of another type, and not whole, are cast to one."""

    def cast(found: re.Match[str]) -> str:
        kind = kinds.get(found[0], to)
        return found[0] if kind == to or kind not in FINENESS else f"cast({found[0]}, {to!r})"

    return STANDING_FOR.sub(cast, formula)
