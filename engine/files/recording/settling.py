"""Says in a recording that has just been written which parameters its optimiser's rule does not move as they moved."""

from __future__ import annotations

from collections.abc import Iterable

from gradstep.engine.files.finding import find
from gradstep.engine.files.recording.writing import amend_recording
from gradstep.engine.run.recording import record
from gradstep.engine.run.resuming import misses


def settle(path: str, moved: Iterable[str]) -> None:
    """Opens it, and amends its manifest: these, and those whose new numbers the rule does not give, are shown as they
    moved. Raises CommandError and ScenarioError."""
    found = record(find(path))
    assert found.scenario.observed is not None, "it is a recording"
    wrong = misses(found.update, found.scenario.observed)
    if wrong:
        amend_recording(path, {"moved": sorted({*moved, *wrong})})
