"""How an operation of PyTorch is written as a formula here: a table that grows.

A rule gets a call and gives a formula, or several, one an output; None, or Unwritten raised, where it has none. It may
be wrong without harm: what it gives is held against the numbers that were recorded, and what does not agree with them
is not used. So a rule says what is meant, and need not think of every option.
"""

from gradstep.torch.formulas import (
    attention,
    complexes,
    elementwise,
    gradients,
    indexing,
    layers,
    linalg,
    losses,
    places,
    pooling,
    reducing,
    sequences,
    shapes,
)
from gradstep.torch.formulas.complexes import COMPLEX, is_complex
from gradstep.torch.formulas.parts import after_writing, part_of
from gradstep.torch.formulas.table import FUNCTIONS, OPERATIONS, Unwritten, Writer

__all__ = ["COMPLEX", "FUNCTIONS", "OPERATIONS", "Unwritten", "Writer", "after_writing", "is_complex", "part_of"]

_TABLES = (
    attention,
    complexes,
    elementwise,
    gradients,
    indexing,
    layers,
    linalg,
    losses,
    places,
    pooling,
    reducing,
    sequences,
    shapes,
)
