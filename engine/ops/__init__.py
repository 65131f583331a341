"""The operations. Importing this package fills `REGISTRY`, one class an operation."""

from gradstep.engine.ops import activation, arithmetic, linear, loss, reduce
from gradstep.engine.ops.base import REGISTRY, Links, Op

__all__ = ["REGISTRY", "Links", "Op", "activation", "arithmetic", "linear", "loss", "reduce"]
