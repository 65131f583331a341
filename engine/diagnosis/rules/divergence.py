"""Rules about numbers that are not finite."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.explain import nonfinite, remarks
from gradstep.engine.explain.accounts import account
from gradstep.engine.explain.advice import against
from gradstep.engine.history import search


@rule(
    "diverged",
    "as Amazon SageMaker Debugger's rule ExplodingTensor, over all iterations",
    Severity.FAULT,
    explains="loss oscillates explode vanish unchanged died",
)
def diverged(evidence: Evidence) -> Iterator[Seen]:
    """The first iteration in which something is not finite."""
    if not evidence.trained:
        return
    history, go_on = evidence.iterations, evidence.go_on
    condition = Condition("nonfinite", history.recording(1))
    truth = search.truth(history, [condition])
    rows = np.flatnonzero(truth.may)
    for row in rows.tolist():
        for k in range(int(history.summaries.starts[row]), int(history.summaries.starts[row + 1])):
            recording = history.recording(k, go_on)
            found = search.first_in(recording, [condition])
            if found is None:
                continue
            bad = nonfinite.at(recording, found.position.step)
            assert bad is not None, "it is not finite there"
            told = account(recording, bad)
            name = history.start.typed(bad.element, bad.phase)
            text = (
                f"from iteration {k:,} on something is not finite, first {name} ({told.began.blame.cause.value}); "
                f"nothing is learned after that. {remarks.told(told)}"
            )
            place = Place("", k, found.position.step)
            yield Seen(place, {"iteration": k}, text, [against(told)], cause=told.document())
            return
