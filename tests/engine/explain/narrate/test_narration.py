"""A caption says only what the numbers prove: every sentence is held against the trace."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from graphs import at
from trainings import small

from gradstep.engine.debugger.frame import Frame
from gradstep.engine.debugger.session import Session
from gradstep.engine.explain.narrate.narration import begins, kind
from gradstep.engine.files import builtin, find, loads
from gradstep.engine.history.history import History
from gradstep.engine.notation import percent
from gradstep.engine.run.passes import run
from gradstep.engine.run.recording import record
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.timeline import Phase, Position

#: Cases that the built-in scenarios do not have.
MORE = {
    "zero-weight": 'W1 = [[0.0, 0.3], [-0.2, 0.0]]\nb1 = [0.1, -0.1]\nW2 = [[0.0, -0.4]]\nb2 = [0.2]',
    "kink": 'W1 = [[0.0, 0.0], [-0.2, 0.5]]\nb1 = [0.0, -0.1]\nW2 = [[0.6, -0.4]]\nb2 = [0.2]',
    "all-shut": 'W1 = [[-1.0, -1.0], [-2.0, -1.0]]\nb1 = [0.0, -0.1]\nW2 = [[0.6, -0.4]]\nb2 = [0.2]',
    "nan": 'W1 = [[nan, 0.3], [-0.2, 0.5]]\nb1 = [0.1, -0.1]\nW2 = [[0.6, -0.4]]\nb2 = [0.2]',
    "infinite": 'W1 = [[inf, 0.3], [-0.2, 0.5]]\nb1 = [0.1, -0.1]\nW2 = [[0.6, -0.4]]\nb2 = [0.2]',
}  # fmt: skip
TEMPLATE = """format = 1
[inputs]
x = [0.5, 0.8]
t = [1.0]
[parameters]
{leaves}
[graph]
z1 = "W1 @ x + b1"
h = "relu(z1)"
z2 = "W2 @ h + b2"
y = "{activation}(z2)"
L = "half_squared_error(y, t)"
"""
SCENARIOS: dict[str, Scenario] = {name: find(name) for name in builtin()}
SCENARIOS |= {name: loads(TEMPLATE.format(leaves=leaves, activation="tanh")) for name, leaves in MORE.items()}
SCENARIOS["unused"] = loads(
    'format = 1\n[parameters]\nw = [2.0, -1.0]\nv = 3.0\n[graph]\ns = "exp(w) - 2 * w"\nL = "mean(s ** 2)"\n'
)
#: Each scenario in its first iteration, and those that are trained in a later one.
MOMENTS = [(name, 1) for name in SCENARIOS]
SMALL = [n for n, s in SCENARIOS.items() if s.training.steps > 1 and s.graph.parameters[0].size < 100]
MOMENTS += [("momentum-vs-sgd", 5), *((name, 9) for name in SMALL)]


def there(name: str, iteration: int) -> Session:
    session = Session(SCENARIOS[name])
    if iteration > 1:
        session.goto(f"@{iteration}")
    return session


def moved(frame: Frame) -> float:
    """How far an update moves its number, times the gradient."""
    assert frame.element is not None
    old, grad = frame.data(*frame.element), frame.recording.trace.grad[frame.element.value]
    assert old is not None
    assert grad is not None
    return (written(frame) - old) * float(grad.reshape(-1)[frame.element.flat])


def number_in(text: str, before: str) -> float:
    found = re.search(re.escape(before) + r"\s*([+−]?\d+(?:\.\d+)?(?:e-?\d+)?|NaN|[+−]∞)", text)
    assert found, (before, text)
    return float(found[1].replace("−", "-").replace("∞", "inf"))


def hops(frame: Frame) -> list[tuple[float, float, float]]:
    terms = frame.sum.terms
    return [] if terms is None else list(zip(terms.upstream, terms.local, terms.contribution, strict=True))


def written(frame: Frame) -> float:
    assert frame.story.equation is not None
    return frame.story.equation.result


def loss_with(frame: Frame, nudge: float) -> float:
    """The loss if the current parameter were another number."""
    recording, element = frame.recording, frame.element
    assert element is not None
    leaves = dict(recording.scenario.leaves)
    moved = leaves[element.value].copy()
    moved.reshape(-1)[element.flat] += nudge
    leaves[element.value] = moved
    return run(recording.graph, leaves, backward=False).loss


#: What a sentence claims, and how the numbers prove it.
CLAIMS: dict[str, Callable[[Frame], bool]] = {
    "flips sign": lambda f: all(c == 0 or np.sign(c) == -np.sign(u) for u, _, c in hops(f)) and hops(f)[0][1] < 0,
    "sign unchanged": lambda f: hops(f)[0][1] > 0,
    "The gate is open: the gradient passes": lambda f: hops(f)[0][1] == 1,
    "positive, so the gate is open": lambda f: written(f) > 0,
    "gate is shut: the gradient stops here": lambda f: hops(f)[0][1] == 0 and written(f) == 0,
    "and no gradient will pass here": lambda f: written(f) == 0,
    "counts as shut": lambda f: written(f) == 0,
    "is on a kink of ReLU": lambda f: written(f) == 0 and (not hops(f) or hops(f)[0][1] == 0),
    "equal ones share the gradient evenly": lambda f: [local for _, local, _ in hops(f)] == [0.5],
    "it gets 1/2 of the gradient": lambda f: [2 * c for _, _, c in hops(f)] == [u for u, _, _ in hops(f)],
    "shrinks to": lambda f: 0 < abs(hops(f)[0][1]) < 1,
    "the gradient grows": lambda f: abs(hops(f)[0][1]) > 1,
    "pull in opposite directions": lambda f: {np.sign(c) for *_, c in hops(f)} >= {1, -1},
    "brings": lambda f: any(u == c for u, _, c in hops(f)),
    "so its gradient is exactly 0": lambda f: written(f) == 0 and not hops(f),
    "learns nothing from this sample": lambda f: written(f) == 0,
    "stays as it is": lambda f: f.story.equation is not None and written(f) == f.data(*f.element),  # type: ignore[misc]
    "raising it lowers the loss": lambda f: loss_with(f, 1e-6) < f.recording.trace.loss,
    "so lowering it lowers the loss": lambda f: loss_with(f, -1e-6) < f.recording.trace.loss,
    "goes up by": lambda f: written(f) > f.data(f.element.value, f.element.flat),  # type: ignore[operator,union-attr]
    "goes down by": lambda f: written(f) < f.data(f.element.value, f.element.flat),  # type: ignore[operator,union-attr]
    "to learn, lower": lambda f: written(f) > 0,
    "to learn, raise": lambda f: written(f) < 0,
    "below the target": lambda f: below_target(f),
    "above the target": lambda f: not below_target(f),
    "is exactly 0, so nothing passes": lambda f: written(f) == 0,
    "so exactly 0 arrives": lambda f: written(f) == 0,
    " is NaN": lambda f: np.isnan(written(f)) or "L is NaN" in f.story.caption,
    "is −∞: ": lambda f: written(f) == -np.inf,
    "is +∞, because": lambda f: written(f) == np.inf,
    "first number that is not finite": lambda f: before_is_finite(f),
    "first gradient that is not finite": lambda f: before_is_finite(f),
    "−∞ on purpose": lambda f: written(f) == -np.inf,
    ", against its gradient": lambda f: moved(f) < 0,
    "along its gradient": lambda f: moved(f) > 0,
    "Until now none had changed": lambda f: f.step == f.recording.timeline.span(Phase.UPDATE)[0] + 1,
    "is left over from before": lambda f: not f.recording.scenario.training.zero_grad,
}  # fmt: skip


def before_is_finite(frame: Frame) -> bool:
    start = 1 if frame.phase in (Phase.FORWARD, Phase.LOSS) else frame.recording.timeline.span(frame.phase)[0] + 1
    return all(np.isfinite(written(Frame(frame.recording, Position(k)))) for k in range(start, frame.step))


def below_target(frame: Frame) -> bool:
    by_name, data = frame.recording.graph.by_name, frame.recording.trace.data
    return float(data[by_name["y"].id].item()) < float(data[by_name["t"].id].item())


@pytest.mark.parametrize(("name", "iteration"), MOMENTS)
def test_every_claim_of_every_caption_is_true(name: str, iteration: int) -> None:
    session = there(name, iteration)
    for step in range(1, session.recording.timeline.total + 1):
        frame = session.frame_at(Position(step, None, iteration))
        for claim, holds in CLAIMS.items():
            if claim in frame.story.caption:
                assert holds(frame), (step, claim, frame.story.caption)
        if found := re.search(r"shrinks to ([\d.e-]+) %", frame.story.caption):
            assert float(found[1]) == pytest.approx(100 * abs(hops(frame)[0][1]), rel=0.03, abs=0.5)
        if "Biggest term" in frame.story.caption:
            added = [c for *_, c in hops(frame)]
            said = number_in(frame.story.caption, " = ")
            assert abs(said) == pytest.approx(max(map(abs, added)), rel=0.01, abs=5e-4)
        if frame.phase is Phase.BACKWARD and "arrive and add up" in frame.story.caption:
            assert f"{frame.sum.count} gradients" in frame.story.caption


def test_the_claims_are_all_made_somewhere() -> None:
    """A claim that no caption makes would check nothing."""
    said = set()
    for name, iteration in MOMENTS:
        session = there(name, iteration)
        for step in range(1, session.recording.timeline.total + 1):
            caption = session.frame_at(Position(step, None, iteration)).story.caption
            said |= {claim for claim in CLAIMS if claim in caption}
    assert set(CLAIMS) - said <= {"above the target"}


@pytest.mark.parametrize(("name", "iteration"), MOMENTS)
def test_sentences_are_short_plain_and_never_call_the_pass_back(name: str, iteration: int) -> None:
    session = there(name, iteration)
    for step in range(session.recording.timeline.total + 1):
        frame = session.frame_at(Position(step, None, iteration))
        for text in (frame.story.headline, frame.story.caption, *frame.story.explanation):
            assert text
            assert not re.search(r"\bback to\b|\bway back\b", text), text
            assert "None" not in text
            assert "nan" not in text
        assert len(frame.story.caption) <= 2 * 78, frame.story.caption


def test_ratios_are_percentages_and_never_a_false_0_or_100() -> None:
    assert [percent(r) for r in (0.238, 0.01, 0.00512, 1e-7, 0.9949, 0.996, 0.99999, 1)] == [
        "24 %", "1 %", "0.51 %", "less than 0.01 %", "99 %", "99.6 %", "more than 99.99 %", "100 %",
    ]  # fmt: skip


def test_what_an_element_of_a_parameter_is() -> None:
    recording = record(loads(TEMPLATE.format(leaves=f"v = 1.0\n{MORE['kink']}", activation="tanh")))
    assert [kind(recording.board, at(recording, name)) for name in ("W1", "b1", "v")] == ["weight", "bias", "parameter"]


def test_an_iteration_begins_with_the_parameters_of_the_one_before() -> None:
    session = there("momentum-vs-sgd", 5)
    found = begins(session.recording)
    assert found.headline == "iteration 5 begins"
    assert "the update of iteration 4 made" in found.caption
    assert "the same samples" in found.caption
    assert "a new batch of samples" in begins(History(small()).recording(2)).caption


def test_a_dead_unit_says_why_its_weights_learn_nothing() -> None:
    session = Session(find("dead-relu"))
    session.goto("W1.grad[1,0]")
    caption = session.frame().story.caption
    assert "The gate at h₂ is shut" in caption
    assert "exactly 0" in caption


def test_the_skip_of_a_residual_is_weighed_against_the_long_way() -> None:
    # s.grad[0] is −0.713188522 and a.grad[0] −0.794695775 by PyTorch: the rest came through the block.
    session = Session(find("residual"))
    session.goto("a.grad[0]")
    assert session.frame().story.caption.startswith("The skip multiplies by 1, so it brings −0.713 unchanged")
    assert "the long way round brings −0.082" in session.frame().story.caption
