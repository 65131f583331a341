"""What all rules together cost: as many passes as few iterations take, however many there are."""

from __future__ import annotations

import pytest

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.files import find
from gradstep.engine.history.history import History
from gradstep.engine.run import passes

#: Of an iteration, which has a forward and a backward pass.
PASSES = 2


def counted(name: str, steps: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many passes the rules make over a training."""
    history, found = History(find(name)), 0
    history.make(steps)
    with monkeypatch.context() as patch:
        for kind in ("_forward", "_backward"):
            real = getattr(passes, kind)

            def one(*arguments: object, real: object = real) -> object:
                nonlocal found
                found += 1
                return real(*arguments)  # type: ignore[operator]

            patch.setattr(passes, kind, one)
        diagnose(history)
    return found


def test_the_rules_take_as_many_passes_as_five_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = counted("digits-training", find("digits-training").training.steps, monkeypatch)
    assert 0 < whole <= 5 * PASSES


def test_more_iterations_take_no_more_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for those since the last snapshot that is kept, of which there is one in a few iterations."""
    short, long = (counted("xor-training", steps, monkeypatch) for steps in (200, 800))
    assert long <= short + 2 * 8 * PASSES
