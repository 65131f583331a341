"""One iteration ahead: the same samples after an update, to see whether what is 0 now stays 0."""

from __future__ import annotations

import numpy as np

from gradstep.engine.run.passes import run
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.trace import Trace


@remembered
def after_update(recording: Recording) -> Trace:
    """The forward and the backward pass of an iteration's own samples with the parameters that its update leads to."""
    leaves = dict(recording.scenario.leaves)
    with np.errstate(all="ignore"):
        leaves.update({p.id: recording.updated(p.id) for p in recording.graph.parameters})
    return run(recording.graph, leaves)
