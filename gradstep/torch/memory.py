"""The memory that tensors lie in: which it is, who writes to it, and a copy of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils import _pytree as pytree


def copy_of(tensor: torch.Tensor, base: torch.Tensor | None) -> torch.Tensor:
    """A copy of a tensor; where all of its memory is copied already, a part of that."""
    mine, there = tensor.detach(), 0 if base is None else base.untyped_storage().nbytes()
    if base is None or mine.dtype != base.dtype or there != mine.untyped_storage().nbytes():
        return mine.clone(memory_format=torch.preserve_format)
    return base.as_strided(mine.shape, mine.stride(), mine.storage_offset())


def storage_of(tensor: torch.Tensor) -> int | None:
    """What tells memory apart; None for a tensor without any."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):
        return None


def written_by(schema: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[torch.Tensor]:
    """The tensors that an operation writes to."""
    found = []
    for place, one in enumerate(schema.arguments):
        if one.alias_info is not None and one.alias_info.is_write:
            given = args[place] if place < len(args) else kwargs.get(one.name)
            found += [t for t in pytree.tree_leaves(given) if isinstance(t, torch.Tensor)]
    return found
