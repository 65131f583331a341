"""What is to blame for a number that is not finite: an operation at these numbers, or what it was made of."""

from gradstep.engine.explain.culprit.gradients import of_gradient, of_slope
from gradstep.engine.explain.culprit.parts import Culprit, Of, Part, value_of
from gradstep.engine.explain.culprit.updates import of_update
from gradstep.engine.explain.culprit.values import of_value

__all__ = ["Culprit", "Of", "Part", "of_gradient", "of_slope", "of_update", "of_value", "value_of"]
