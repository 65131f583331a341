"""Rates that are brought down too early, on a bowl where all is known: of w² a step of η multiplies w by 1 − 2η."""

from __future__ import annotations

import pytest

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.files import loads
from gradstep.engine.history.history import History

BOWL = """format = 1
[parameters]
W = [[3.0, -2.0], [1.0, 2.5]]
[graph]
L = "sum(W * W)"
[training]
steps = 60
{training}
"""


@pytest.mark.parametrize(
    ("training", "kind"),
    [
        ('lr = 0.05\nschedule = "step"\nstep_size = 5\ngamma = 0.001', True),  # after five steps nothing
        ('optimizer = "adagrad"\nlr = 0.2\nlr_decay = 0.95', True),  # below a tenth from iteration 11 on
        ('optimizer = "adagrad"\nlr = 0.5', False),
        ('lr = 0.1\nschedule = "cosine"\nt_max = 60', False),  # it has come to the end by then
        ("lr = 0.1", False),
    ],
)
def test_on_a_bowl(training: str, kind: bool) -> None:
    history = History(loads(BOWL.format(training=training)))
    history.make(60)
    found = {one.kind: one for cause in diagnose(history) for one in (cause, *cause.follows)}
    assert ("rate_decayed" in found) == kind
    assert "rate_small" not in found


def test_what_the_optimiser_itself_does_is_advised_to_be_undone() -> None:
    history = History(loads(BOWL.format(training='optimizer = "adagrad"\nlr = 0.2\nlr_decay = 0.95')))
    history.make(60)
    (one,) = [found for found in diagnose(history) if found.kind == "rate_decayed"]
    assert [advice.change for advice in one.advice] == ["lr_decay = 0"]
    # 0.2 / (1 + 0.95 (k − 1)) is below 0.02 from k = 11 on: 1 + 9.5 > 10.
    assert one.place.iteration == 11
