"""The headline and the one sentence under it, in plain words."""

from gradstep.engine.explain.narrate.gradients import (
    READY as READY,
)
from gradstep.engine.explain.narrate.gradients import (
    Narration as Narration,
)
from gradstep.engine.explain.narrate.gradients import (
    backward as backward,
)
from gradstep.engine.explain.narrate.gradients import (
    begins as begins,
)
from gradstep.engine.explain.narrate.gradients import (
    forward as forward,
)
from gradstep.engine.explain.narrate.gradients import (
    percent as percent,
)
from gradstep.engine.explain.narrate.gradients import (
    update as update,
)
