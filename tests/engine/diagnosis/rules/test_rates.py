"""The rate and the length of a training, on a bowl where all is known: of w² a step of η multiplies w by 1 − 2η."""

from __future__ import annotations

import pytest

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.diagnosis.finding import Finding
from gradstep.engine.files import loads
from gradstep.engine.history.history import History

BOWL = """format = 1
[parameters]
W = [[3.0, -2.0], [1.0, 2.5]]
[graph]
L = "sum(W * W)"
[training]
{training}
"""


def told(training: str, steps: int = 40) -> dict[str, Finding]:
    history = History(loads(BOWL.format(training=training)))
    history.make(steps)
    found = [one for cause in diagnose(history) for one in (cause, *cause.follows)]
    return {one.kind: one for one in found}


RATES = {"rate_large", "rate_small", "too_few_iterations", "rate_decayed"}


@pytest.mark.parametrize(
    ("training", "kind"),
    [
        ("lr = 1.2", "rate_large"),  # each step multiplies by −1.4
        ("lr = 40.0", "rate_large"),
        ("lr = 0.1", ""),  # by 0.8: done after forty
        ("lr = 0.3", ""),
        ("lr = 1e-5", "rate_small"),
        ('lr = 0.05\nschedule = "step"\nstep_size = 5\ngamma = 0.001', "rate_decayed"),
    ],
)
def test_on_a_bowl_the_direction_is_known(training: str, kind: str) -> None:
    assert RATES & set(told(training)) == ({kind} if kind else set())


def test_the_advice_on_the_rate_goes_the_right_way_and_can_be_run() -> None:
    (large,) = told("lr = 1.2")["rate_large"].advice
    assert "smaller" in large.text
    assert float(large.change.partition("=")[2]) < 1  # below which the bowl is descended
    (small,) = told("lr = 1e-5")["rate_small"].advice
    assert "larger" in small.text
    assert 1e-5 < float(small.change.partition("=")[2]) < 1


def test_a_training_that_is_cut_short() -> None:
    """By 0.98 in an iteration, so that of the loss two fifths are left after twenty-five; half of that takes
    ln 2 / (−2 ln 0.98) = 17.2 more."""
    found = told("lr = 0.01", 25)
    assert found["too_few_iterations"].numbers["iterations"] == pytest.approx(17.2, abs=1)
    assert "too_few_iterations" in found
    assert found["too_few_iterations"].advice[0].change.startswith("steps = ")
    assert "too_few_iterations" not in told("lr = 0.02", 400)
