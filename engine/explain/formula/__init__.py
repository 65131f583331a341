"""The equation of one step: in names, in numbers, and its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine import face

if TYPE_CHECKING:
    from gradstep.engine.explain.formula.equation import WRITTEN_OUT as WRITTEN_OUT
    from gradstep.engine.explain.formula.equation import Equation as Equation
    from gradstep.engine.explain.formula.equation import Num as Num
    from gradstep.engine.explain.formula.equation import Parts as Parts
    from gradstep.engine.explain.formula.equation import equation_text as equation_text
    from gradstep.engine.explain.formula.equation import relation as relation
    from gradstep.engine.explain.formula.gradients import backward as backward
    from gradstep.engine.explain.formula.gradients import local_name as local_name
    from gradstep.engine.explain.formula.updates import update as update
    from gradstep.engine.explain.formula.values import forward as forward

__getattr__, __all__ = face(__name__)
