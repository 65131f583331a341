"""From which iteration on something is not finite."""

from __future__ import annotations

import numpy as np
from training_findings import seen, whole

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording


def all_of(recording: Recording) -> list[Array]:
    """Everything that an iteration computes."""
    found = [*recording.trace.data, *(g for g in recording.trace.grad if g is not None)]
    return [*found, *(recording.updated(p.id) for p in recording.graph.parameters)]


def test_a_loss_that_is_no_longer_finite_says_since_when() -> None:
    (one,) = seen("learning-rate-too-large")["diverged"]
    assert one.numbers["iteration"] == 121  # as in PyTorch, in float32
    assert "overflow" in one.text
    bad = [
        r.iteration for r in whole("learning-rate-too-large", 125) if not all(np.isfinite(a).all() for a in all_of(r))
    ]
    assert bad[0] == 121


def test_a_loss_that_is_never_a_number_is_an_operations_doing() -> None:
    history = History(
        loads('format = 1\n[parameters]\nw = [-1.0, 1.0]\n[graph]\nL = "sum(log(w))"\n[training]\nsteps = 9\n')
    )
    history.make(9)
    (one,) = [found for found in diagnose(history) if found.kind in ("diverged", "nonfinite", "overflow")]
    assert (one.kind, one.numbers["iteration"]) == ("nonfinite", 1)
