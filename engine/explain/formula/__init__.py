"""The equation of one step: in names, in numbers, and its result."""

from gradstep.engine.explain.formula.equation import WRITTEN_OUT, Equation, Num, Parts, equation_text, relation
from gradstep.engine.explain.formula.gradients import backward, local_name
from gradstep.engine.explain.formula.updates import update
from gradstep.engine.explain.formula.values import forward

__all__ = [
    "WRITTEN_OUT",
    "Equation",
    "Num",
    "Parts",
    "backward",
    "equation_text",
    "forward",
    "local_name",
    "relation",
    "update",
]
