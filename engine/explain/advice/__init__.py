"""What to try against a number that is not finite, or a gradient that is exactly 0: of what stands in the formulas, and
nothing that the scenario does already."""

from gradstep.engine.explain.advice.nonfinite import against
from gradstep.engine.explain.advice.zeros import against_zero

__all__ = ["against", "against_zero"]
