"""Rules about numbers that are not finite."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.findings.rules import Seen, Thresholds, rule
from gradstep.engine.errors import GoOn
from gradstep.engine.explain import nonfinite
from gradstep.engine.graph.element import Element
from gradstep.engine.history import search
from gradstep.engine.history.history import History


@rule("diverged", "as Amazon SageMaker Debugger's rule ExplodingTensor, over all iterations")
def diverged(history: History, at: Thresholds, go_on: GoOn | None) -> Iterator[Seen]:
    """The first iteration in which something is not finite."""
    condition = Condition("nonfinite", history.recording(1))
    truth = search.truth(history, [condition])
    rows = np.flatnonzero(truth.may)
    for row in rows.tolist():
        for k in range(int(history.summaries.starts[row]), int(history.summaries.starts[row + 1])):
            recording = history.recording(k, go_on)
            found = search.first_in(recording, [condition])
            if found is None:
                continue
            sweep, flat = recording.timeline.locate(found.position.step)
            name = history.start.typed(Element(sweep.value, flat), sweep.phase)
            bad = nonfinite.at(recording, found.position.step)
            why = bad.blame.cause.value if bad is not None else "not finite"
            text = (
                f"from iteration {k:,} on something is not finite, first {name} ({why}); nothing is learned after that"
            )
            hint = "a smaller learning rate, or gradient clipping (clip_norm)"
            yield Seen(f"@{k} {found.position.step}", {"iteration": k}, text, hint)
            return
