"""What is written into a part of a tensor: the whole after it, and the part of it that a view is."""

from __future__ import annotations

import torch

from gradstep.torch.formulas.table import Rule, Unwritten, Writer, listed
from gradstep.torch.seen import Called, Ref


def after_writing(call: Called, part: torch.Tensor, write: Writer, whole: Ref, rule: Rule | None) -> str:
    """The whole after a call has written to a part of it: what was written where it was, and the old elsewhere."""
    places = _places(part)
    at = torch.full((_extent(_base(part)).numel(),), -1, dtype=torch.long)
    at[places.reshape(-1)] = torch.arange(places.numel())
    first = call.args[0]
    if not isinstance(first, Ref):
        raise Unwritten("nothing that is written to")
    before = part_of(part, write, whole)
    if call.name.partition(".")[0] == "copy_":
        new = f"expand({write(call.args[1])}, {listed(_extent(part))})"
    elif rule is None:
        raise Unwritten(f"there is no formula for {call.name}")
    else:
        write.instead[first.seen.number] = f"({before})"
        made = rule(call, write)
        if not isinstance(made, str):
            raise Unwritten("several results")
        new = made
    whole_shape = _extent(_base(part))
    shape = listed(whole_shape)
    there = write.constant((at >= 0).reshape(whole_shape), "written")
    which = write.constant(at.clamp(min=0), "places")
    return f"where({there}, reshape(take({new}, {which}), {shape}), {write(whole)})"


def part_of(part: torch.Tensor, write: Writer, whole: Ref) -> str:
    """A view, as the elements of the whole that it has."""
    places = write.constant(_places(part).reshape(-1), "places")
    return f"reshape(take({write(whole)}, {places}), {listed(_extent(part))})"


def _extent(tensor: torch.Tensor) -> torch.Size:
    """The shape of its real numbers, of which a complex one is two."""
    return torch.Size((*tensor.shape, 2)) if tensor.is_complex() else tensor.shape


def _base(part: torch.Tensor) -> torch.Tensor:
    base = part._base
    if base is None:
        raise Unwritten("no view of anything")
    return base


def _places(part: torch.Tensor) -> torch.Tensor:
    """Which numbers of the whole a view has, counted in C order of the whole; a complex one is two."""
    base = _base(part)
    if part.is_complex() != base.is_complex() or part.is_conj() != base.is_conj():
        raise Unwritten("a part that is of another type than its whole")
    stored = torch.full((part.untyped_storage().nbytes() // max(part.element_size(), 1),), -1, dtype=torch.long)
    numbers = torch.arange(base.numel()).reshape(base.shape)
    stored.as_strided(base.shape, base.stride(), base.storage_offset()).copy_(numbers)
    found = stored.as_strided(part.shape, part.stride(), part.storage_offset()).clone()
    if bool((found < 0).any()):
        raise Unwritten("a view of more than its whole")
    return torch.stack([2 * found, 2 * found + 1], -1) if part.is_complex() else found
