"""What is seen of a program while it runs: tensors, operations on them, and the calls that the user wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from gradstep.torch.devices import kind_of


def has_numbers(tensor: torch.Tensor) -> bool:
    """Whether a tensor has numbers that can be read, each at its place: no part of a batch inside of torch.vmap, no
    nested and no sparse one."""
    functorch: Any = torch._C._functorch
    return not (functorch.is_functorch_wrapped_tensor(tensor) or tensor.is_nested) and tensor.layout is torch.strided


class Key(NamedTuple):
    """Where autograd finds a tensor: the id of the node that makes it, and which of its outputs it is; of a leaf that
    gets a gradient, the id of the tensor and −1."""

    node: int
    output: int


@dataclass(eq=False)
class Seen:
    """A tensor as it was at some moment. `kept` is what stood in it then, where it is not there any more: what is
    written to in place is copied before. `kind` is `parameter`, `buffer`, `input`, `made` or `constant`."""

    number: int
    tensor: torch.Tensor
    version: int
    kind: str
    name: str = ""
    kept: torch.Tensor | None = None
    key: Key | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple((self.tensor if self.kept is None else self.kept).shape)

    @property
    def dtype(self) -> torch.dtype:
        return (self.tensor if self.kept is None else self.kept).dtype

    @property
    def extent(self) -> tuple[int, ...]:
        """The shape of its real numbers, of which a complex one is two."""
        return (*self.shape, 2) if self.dtype.is_complex else self.shape

    @property
    def precision(self) -> str:
        """The type of its real numbers, by name."""
        return kind_of(self.dtype)

    def data(self) -> torch.Tensor:
        """Its numbers, as they were then."""
        return (self.tensor if self.kept is None else self.kept).detach()


@dataclass(frozen=True)
class Ref:
    """In the place of a tensor among arguments: what was seen of it."""

    seen: Seen


@dataclass(eq=False)
class Called:
    """A call, of the user's functions or of PyTorch's operations beneath: `name`, and the arguments with Ref for
    tensors. `module` is the path of the module that it was made in, and `turn` counts the calls of that module.
    `inside` is the function's call that it is a part of."""

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    module: str = ""
    turn: int = 0
    where: str = ""
    inside: Called | None = None
    outputs: list[Seen | None] = field(default_factory=list)
    schema: Any = None

    def argument(self, place: int, name: str, default: Any = None) -> Any:
        """An argument by its place, or by its name."""
        if place < len(self.args):
            return self.args[place]
        return self.kwargs.get(name, default)

    def option(self, name: str, default: Any = None) -> Any:
        """An argument of an operation by the name that its schema has for it."""
        for place, one in enumerate(self.schema.arguments):
            if one.name == name:
                found = one.default_value if one.has_default_value() else default
                return self.argument(place, name, found)
        return default
