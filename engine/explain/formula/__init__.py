"""The equation of one step: in names, in numbers, and its result."""

from gradstep.engine.explain.formula.values import (
    WRITTEN_OUT as WRITTEN_OUT,
)
from gradstep.engine.explain.formula.values import (
    Equation as Equation,
)
from gradstep.engine.explain.formula.values import (
    Num as Num,
)
from gradstep.engine.explain.formula.values import (
    Parts as Parts,
)
from gradstep.engine.explain.formula.values import (
    backward as backward,
)
from gradstep.engine.explain.formula.values import (
    equation_text as equation_text,
)
from gradstep.engine.explain.formula.values import (
    forward as forward,
)
from gradstep.engine.explain.formula.values import (
    local_name as local_name,
)
from gradstep.engine.explain.formula.values import (
    relation as relation,
)
from gradstep.engine.explain.formula.values import (
    update as update,
)
