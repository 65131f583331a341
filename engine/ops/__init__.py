"""What an operation is: its value, its gradient, and who feeds whom.

Importing this fills `REGISTRY`, one class an operation.
"""

from collections.abc import Iterator

from gradstep.engine.ops import composite
from gradstep.engine.ops.families import (
    activation,
    arithmetic,
    choice,
    convolution,
    linear,
    loss,
    reduction,
    shape,
    softmax,
)
from gradstep.engine.ops.op import REGISTRY, Links, Op

__all__ = [
    "REGISTRY",
    "Links",
    "Op",
    "activation",
    "arithmetic",
    "choice",
    "composite",
    "convolution",
    "described",
    "linear",
    "loss",
    "reduction",
    "shape",
    "softmax",
]


def described() -> Iterator[str]:
    """All operations as lines of text: how each is called, its formula, its local gradient for each
    input, and what is agreed where there is none."""
    for _, op in sorted(REGISTRY.items()):
        yield op.signature()
        yield f"  =      {op.notation.format(*op.slots)}"
        for slot, slope in zip(op.slots, op.slopes, strict=True):
            yield f"  ∂/∂{slot:<3} {slope.format(*op.slots)}"
        if op.kink:
            yield f"  kink   {op.kink}"
    for name, expand in sorted(composite.COMPOSITES.items()):
        yield composite.signature(name)
        yield f"  several nodes: {(expand.__doc__ or '').splitlines()[0]}"
