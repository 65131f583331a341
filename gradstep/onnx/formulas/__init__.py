"""How each operator of ONNX is written as a formula: one function an operator.

A function gets a node and gives a formula, or several, one an output; of one formula in a list the results are those of
the node, by their number. It raises Unwritable, with what is missing, where there is none.
"""

from gradstep.onnx.formulas import (
    attention,
    elementwise,
    indexing,
    layers,
    moving,
    recurrent,
    reducing,
    resizing,
    windows,
)
from gradstep.onnx.formulas.table import TABLE, Called, Made, Unwritable

__all__ = ["TABLE", "Called", "Made", "Unwritable"]

_TABLES = (attention, elementwise, indexing, layers, moving, recurrent, reducing, resizing, windows)
