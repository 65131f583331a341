"""What formulas are written of: names that stand for what was seen, and the numbers behind them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
import torch

from gradstep.torch.blocks import Block, Network
from gradstep.torch.devices import FINENESS, kind_of
from gradstep.torch.formulas import Unwritten
from gradstep.torch.formulas.table import number
from gradstep.torch.seen import Ref, Seen, has_numbers

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
            if seen.key.output < 0 and seen.version != found.version and seen.shape == found.shape:
                moved = self._constants.moved(found, seen)
                self.used[f"d{moved.number}"] = moved
                return f"(v{found.number} + d{moved.number})"
            return f"v{found.number}"
        if not has_numbers(seen.tensor):
            raise Unwritten("a tensor whose numbers cannot be read one by one")
        if seen.extent == () and not seen.name and seen.kind != "parameter":
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
        self._moved: dict[int, Seen] = {}
        self._single = graph_dtype(one.dtype for one in network.recorder.by_key.values()) == np.float32

    def made_up(self, tensor: torch.Tensor, name: str) -> Seen:
        tensor = tensor.float() if self._single and tensor.dtype is torch.float64 else tensor
        found = Seen(len(self._seen), tensor, tensor._version, "constant", name)
        self._seen.append(found)
        return found

    def moved(self, first: Seen, later: Seen) -> Seen:
        """What was added to a parameter before it was used again, as by an update within the step."""
        if later.number not in self._moved:
            with torch.no_grad():
                self._moved[later.number] = self.made_up(later.data() - first.data(), f"{first.name}.moved")
        return self._moved[later.number]


def graph_dtype(kinds: Iterable[torch.dtype]) -> np.dtype[Any]:
    """The dtype that a graph of tensors of some kinds is computed in."""
    return np.dtype(np.float64 if "float64" in set(map(kind_of, kinds)) else np.float32)


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
            whole = not (seen.dtype.is_floating_point or seen.dtype.is_complex or seen.dtype is torch.bool)
            if whole and found.size and np.abs(found).max() > 2 ** (np.finfo(self.dtype).nmant + 1):
                raise Unwritten(f"whole numbers beyond what {self.dtype} holds")
        return found

    def plain(self, tensor: torch.Tensor) -> Array:
        """A tensor as an array of its own, read-only and C-contiguous; complex numbers are pairs of real ones, along a
        last axis."""
        kind, mine = torch.float64 if self.dtype == np.float64 else torch.float32, tensor.detach()
        mine = torch.view_as_real(mine.resolve_conj()) if mine.is_complex() else mine
        array = np.ascontiguousarray(mine.to(device="cpu", dtype=kind).numpy()).reshape(tuple(mine.shape))
        array.setflags(write=False)
        return array


def cast_in(formula: str, kinds: Mapping[str, str], to: str) -> str:
    """A formula in which names of numbers that are of another type, and not whole, are cast to one."""

    def cast(found: re.Match[str]) -> str:
        kind = kinds.get(found[0], to)
        return found[0] if kind == to or kind not in FINENESS else f"cast({found[0]}, {to!r})"

    return STANDING_FOR.sub(cast, formula)
