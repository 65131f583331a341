"""What an expression was in iterations before, against NumPy on a training whose losses are known."""

from __future__ import annotations

import numpy as np
import pytest
from debugging import refused

from gradstep.engine.ask.language import parse
from gradstep.engine.ask.past import reach
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import loads

#: w ← w − lr · 2 w, so that w is 3 (1 − 2 lr)^(k − 1), and the loss its square.
TEXT = """format = 1
batch = ["x"]
[inputs]
x = [[1.0], [1.0], [1.0], [30.0], [1.0], [1.0], [1.0], [1.0]]
[parameters]
w = [3.0]
[graph]
L = "mean(x * w) ** 2"
[training]
lr = 0.0001
batch_size = 1
steps = 24
"""


def losses() -> np.ndarray:
    w, found = 3.0, []
    for k in range(24):
        x = 30.0 if k % 8 == 3 else 1.0
        found.append((x * w) ** 2)
        w -= 0.0001 * 2 * x * x * w
    return np.array(found)


@pytest.fixture(scope="module")
def session() -> Session:
    found = Session(loads(TEXT))
    found.do("train")
    return found


@pytest.mark.parametrize(("name", "act"), [("median", np.median), ("mean", np.mean), ("max", np.max), ("min", np.min)])
@pytest.mark.parametrize("count", [1, 5])
def test_it_is_over_so_many_iterations_before(session: Session, name: str, act: object, count: int) -> None:
    known = losses()
    for k in (1, count, count + 1, 12, 24):
        part = Query(f"{name}(loss, {count})")(Moment.end(session.history.recording(k)))
        assert part.certain == (k > count)
        if part.certain:
            assert float(part.value) == pytest.approx(act(known[k - 1 - count : k - 1]), rel=1e-9)  # type: ignore[operator]


def test_what_was_not_known_then_is_not_known(session: Session) -> None:
    known = losses()
    assert not Query("min(previous, 2)")(Moment.end(session.history.recording(3))).certain  # in iteration 1 none was
    found = Query("min(previous, 2)")(Moment.end(session.history.recording(4)))
    assert float(found.value) == pytest.approx(known[:2].min(), rel=1e-9)


def test_a_spike_is_found_wherever_it_is_asked_for(session: Session) -> None:
    known = losses()
    spikes = [k for k in range(6, 25) if known[k - 1] > 5 * np.median(known[k - 6 : k - 1])]
    assert spikes == [12, 20]  # of the one in iteration 4 there are not five before
    text = "loss > 5 * median(loss, 5)"
    assert [hit["iteration"] for hit in session.do(f"find {text}").data] == spikes
    session.do("goto @end end")
    assert session.do(f"when {text}").data["iteration"] == 20
    session.do("goto @end end")
    assert session.do(f"when first {text}").data["iteration"] == 12
    fresh = Session(loads(TEXT))
    fresh.do(f"break {text}")
    fresh.do("train")
    assert (fresh.position.iteration, fresh.history.made) == (12, 12)
    fresh.do("train")
    assert fresh.position.iteration == 20


def test_how_far_it_looks_back() -> None:
    assert reach(parse("loss > 2 * previous")) == 1
    assert reach(parse("loss > 5 * median(loss, 20)")) == 21
    assert reach(parse("mean(loss, 3) < max(abs(w[0]), 4)")) == 8


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("median(loss, 0)", "a whole number from 1 to 1,000"),
        ("median(loss, 1001)", "a whole number from 1 to 1,000"),
        ("max(loss, w)", "N is how many iterations before"),
        ("median(x, 3, 4)", "takes one argument"),
        ("median('a', 3)", "asked for numbers"),
        ("median(nothing, 3)", "unknown name 'nothing'"),
        ("std(loss, 3)", "takes one argument"),
    ],
)
def test_what_cannot_be_read_is_refused(session: Session, text: str, says: str) -> None:
    assert says in refused(session, f"print {text}")


def test_it_is_about_one_number() -> None:
    two = Session(loads(TEXT.replace("w = [3.0]", "w = [3.0, 2.0]").replace("mean(x * w)", "mean(x * w[0])")))
    assert "is about one number in each iteration" in refused(two, "print median(w, 3)")
    assert two.do("print median(w)").data == 2.5  # of an array, over its elements
