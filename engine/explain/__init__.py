"""Why one number is what it is: in numbers, in a formula, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine import face

if TYPE_CHECKING:
    from gradstep.engine.explain.blame import why as why
    from gradstep.engine.explain.formula import Equation as Equation
    from gradstep.engine.explain.formula import Num as Num
    from gradstep.engine.explain.formula import Parts as Parts
    from gradstep.engine.explain.formula import equation_text as equation_text
    from gradstep.engine.explain.formula import relation as relation
    from gradstep.engine.explain.hops import Chain as Chain
    from gradstep.engine.explain.inputs import Source as Source
    from gradstep.engine.explain.inputs import flows as flows
    from gradstep.engine.explain.inputs import sources as sources
    from gradstep.engine.explain.inputs import weights as weights
    from gradstep.engine.explain.inputs import window as window
    from gradstep.engine.explain.paths import paths_from as paths_from

__getattr__, __all__ = face(__name__)
