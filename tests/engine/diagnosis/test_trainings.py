"""All rules together."""

from __future__ import annotations

import pytest
from training_findings import seen

from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.diagnosis.finding import Severity
from gradstep.engine.errors import CommandError
from gradstep.engine.files import find


@pytest.mark.parametrize("name", ["xor-training", "digits-training", "momentum-vs-sgd"])
def test_a_training_that_is_fine_is_told_nothing(name: str) -> None:
    assert [one for found in seen(name).values() for one in found if one.severity > Severity.INFORMATION] == []


def test_thresholds_can_be_set_and_wrong_ones_are_refused() -> None:
    session = Session(find("vanishing-training"))
    session.history.make(40)
    assert [one for one in commands.run(session, "findings").data if one["kind"] == "vanish"]
    assert not [one for one in commands.run(session, "findings vanish=1e-4").data if one["kind"] == "vanish"]
    with pytest.raises(CommandError, match="the threshold of 'vanish' lies between 0 and 1, not -1"):
        commands.run(session, "findings vanish=-1")
    with pytest.raises(CommandError, match="did you mean 'overfit'"):
        commands.run(session, "findings overfitt=1")
    with pytest.raises(CommandError, match="has no threshold"):
        diagnose(session.history, {"nothing": 1.0})
