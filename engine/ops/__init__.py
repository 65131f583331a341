"""The operations. Importing this package fills `REGISTRY`, one class an operation."""

from gradstep.engine.ops import activation, arithmetic, choice, composite, conv, linear, loss, reduce, rowwise, shape
from gradstep.engine.ops.base import REGISTRY, Links, Op

__all__ = [
    "REGISTRY",
    "Links",
    "Op",
    "activation",
    "arithmetic",
    "choice",
    "composite",
    "conv",
    "linear",
    "loss",
    "reduce",
    "rowwise",
    "shape",
]
