"""The headline and the one sentence under it, in plain words.

A sentence says only what the numbers of this step prove; each is built where its condition is
tested, so that it cannot be shown without it.
"""

from gradstep.engine.explain.narrate.given import BY_YOU, given
from gradstep.engine.explain.narrate.gradients import backward
from gradstep.engine.explain.narrate.narration import READY, Narration, begins
from gradstep.engine.explain.narrate.updates import update
from gradstep.engine.explain.narrate.values import forward

__all__ = ["BY_YOU", "READY", "Narration", "backward", "begins", "forward", "given", "update"]
