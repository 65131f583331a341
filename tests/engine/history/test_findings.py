"""What the rules see in whole trainings: the built-in ones, whose courses were computed by PyTorch as well."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gradstep.engine.ask.findings.rules import Finding
from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError
from gradstep.engine.files import find, loads
from gradstep.engine.history.findings.training import RULES, diagnosis
from gradstep.engine.history.history import History
from gradstep.engine.run.scenario import Scenario


def seen(scenario: Scenario | str, steps: int | None = None) -> dict[str, Sequence[Finding]]:
    history = History(find(scenario) if isinstance(scenario, str) else scenario)
    history.make(steps or history.scenario.training.steps)
    found = diagnosis(history)
    assert all(one.source and one.hint for one in found)
    return {kind: [one for one in found if one.kind == kind] for kind in {one.kind for one in found}}


def test_a_unit_that_died_is_named_with_the_iteration_and_the_update_that_did_it() -> None:
    (died,) = seen("death-of-a-relu")["died"]
    # By PyTorch: all seven sums of h[2] are at most 0 for the first time in iteration 18, after an update that
    # moved b1[2] from 0.018 to −0.274.
    assert died.numbers["iteration"] == 18
    assert "h[2] is shut in every sample since iteration 18" in died.text
    assert (
        "the update at the end of iteration 17 did it, whose largest move into it was b₁₃: 0.0185 → −0.2743"
        in died.text
    )
    session = Session(find("death-of-a-relu"))
    commands.run(session, "train")
    commands.run(session, f"goto {died.at}")
    assert (session.position.iteration, session.position.step) == (18, died.numbers["step"])


def test_units_that_never_separate() -> None:
    found = seen("zero-init-symmetry")
    (one,) = found["symmetric"]
    assert one.numbers["units"] == 3
    assert "h[0], h[1], h[2]" in one.text
    assert "died" not in found


def test_a_loss_that_is_no_longer_finite_says_since_when() -> None:
    (one,) = seen("learning-rate-too-large")["diverged"]
    assert one.numbers["iteration"] == 121  # as in PyTorch, in float32
    assert "overflow" in one.text
    (grew,) = seen("learning-rate-too-large", 60)["explode"]
    assert grew.numbers["ratio"] > RULES.defaults["explode"]


def test_gradients_that_are_not_zeroed() -> None:
    found = seen("forgot-zero-grad")
    (one,) = found["accumulates"]
    assert one.hint == "zero_grad = true"
    assert "rose" in found["loss"][0].text
    history = History(find("forgot-zero-grad"))
    history.make(history.scenario.training.steps)
    total: dict[str, np.ndarray] = {}
    for k in range(1, history.made + 1):
        recording = history.recording(k)
        for parameter in recording.graph.parameters:
            grad = recording.trace.grad[parameter.id]
            assert grad is not None
            total[parameter.name] = total.get(parameter.name, 0) + grad
    taken = np.sqrt(sum(float((g**2).sum()) for g in total.values()))
    assert one.numbers["taken"] == pytest.approx(taken, rel=1e-9)


def test_a_first_layer_that_hardly_learns() -> None:
    (one,) = seen("vanishing-training")["vanish"]
    assert one.numbers["ratio"] < RULES.defaults["vanish"]
    assert "W1" in one.text


@pytest.mark.parametrize("name", ["xor-training", "digits-training", "momentum-vs-sgd"])
def test_a_training_that_is_fine_is_told_nothing(name: str) -> None:
    assert seen(name) == {}


@pytest.mark.parametrize(
    ("name", "steps"), [("digits-training", 60), ("digits-training", 20), ("death-of-a-relu", 100)]
)
def test_units_are_marked_as_dead_where_the_findings_say_so(name: str, steps: int) -> None:
    session = Session(find(name))
    session.train(steps)
    died = [one.numbers["iteration"] for one in diagnosis(session.history) if one.kind == "died"]
    assert [mark.iteration for mark in session.frame().desk.events if mark.sign == "†"] == died
    assert bool(died) == (name == "death-of-a-relu")


def test_a_loss_that_is_never_a_number_is_told() -> None:
    history = History(
        loads('format = 1\n[parameters]\nw = [-1.0, 1.0]\n[graph]\nL = "sum(log(w))"\n[training]\nsteps = 9\n')
    )
    history.make(9)
    (one,) = [found for found in diagnosis(history) if found.kind == "diverged"]
    assert one.numbers["iteration"] == 1


OVERFIT = """format = 1
batch = ["x", "t"]
[inputs]
x = { init = "normal(0, 1)", shape = [16, 12], seed = 1 }
t = { init = "normal(0, 1)", shape = [16, 1], seed = 2 }
[parameters]
W1 = { init = "he_normal", shape = [24, 12], seed = 3 }
W2 = { init = "he_normal", shape = [1, 24], seed = 4 }
[graph]
h = "tanh(x @ W1.T)"
L = "mse(h @ W2.T, t)"
[training]
optimizer = "adam"
lr = 0.01
validation = 0.25
steps = 400
"""


def test_noise_that_is_learned_by_heart() -> None:
    found = seen(loads(OVERFIT))
    (one,) = found["overfit"]
    assert one.numbers["last"] > 1.1 * one.numbers["best"]
    history = History(loads(OVERFIT))
    history.make(400)
    held = history.summaries.validation.low
    assert one.numbers["iteration"] == int(np.nanargmin(held)) + 1


def test_parameters_that_do_not_change_and_losses_that_stay() -> None:
    still = loads(OVERFIT.replace("lr = 0.01", "lr = 0.0").replace("steps = 400", "steps = 30"))
    found = seen(still)
    assert {one.at for one in found["unchanged"]} == {"W1", "W2"}
    assert "hardly changed" in found["loss"][0].text


def test_thresholds_can_be_set_and_wrong_ones_are_refused() -> None:
    session = Session(find("xor-training"))
    session.history.make(400)
    found = commands.run(session, "findings vanish=1e9").data
    assert any(one["kind"] == "vanish" and one["at"].startswith("@400") for one in found)
    with pytest.raises(CommandError, match="did you mean 'overfit'"):
        commands.run(session, "findings overfitt=1")
    with pytest.raises(CommandError, match="has no threshold"):
        diagnosis(session.history, {"nothing": 1.0})


def test_of_a_single_iteration_there_is_nothing_to_say() -> None:
    assert diagnosis(History(find("digits"))) == ()


def test_marks_stand_where_something_begins() -> None:
    session = Session(find("death-of-a-relu"))
    commands.run(session, "break loss > 1")
    commands.run(session, "train")
    stopped = session.position.iteration
    session.stops.breakpoints[0].enabled = False
    commands.run(session, "train")
    session.stops.breakpoints[0].enabled = True
    losses = session.history.summaries.loss.low
    begins = [k + 1 for k in range(100) if losses[k] > 1 and (k == 0 or not losses[k - 1] > 1)]
    found = session.frame().desk.events
    assert {m.iteration for m in found if m.sign == "●"} == {stopped, *begins}
    assert [(m.iteration, m.sign) for m in found if m.sign == "†"] == [(18, "†")]
    blown = Session(find("learning-rate-too-large"))
    blown.history.make(150)
    assert [m.iteration for m in blown.frame().desk.events if m.sign == "!"] == [121]
