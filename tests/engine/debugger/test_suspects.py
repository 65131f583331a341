"""What is suspected where something became true: against trainings computed with NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads

X = np.array([[1.0, 0.5], [2.0, -1.0], [-1.0, 3.0], [0.5, 0.5]])
T = np.array([2.0, 3.5, -2.5, 40.0])
LINE = """format = 1
batch = ["x", "t"]
[inputs]
x = [[1.0, 0.5], [2.0, -1.0], [-1.0, 3.0], [0.5, 0.5]]
t = [[2.0], [3.5], [-2.5], [40.0]]
[parameters]
W = [[0.1, 0.2]]
b = [0.0]
[graph]
y = "x @ W.T + b"
L = "mse(y, t)"
[training]
lr = 0.5
steps = 9
BATCH
"""


def descended(steps: int, rows: list[list[int]]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Before each iteration, and after the last, the weights with the bias; and the errors of the iteration's rows."""
    w, found = np.array([0.1, 0.2, 0.0]), []
    for k in range(steps + 1):
        inputs = np.column_stack([X, np.ones(4)])[rows[k % len(rows)]]
        e = inputs @ w - T[rows[k % len(rows)]]
        found.append((w, e))
        w = w - 0.5 * 2 * (e[:, None] * inputs).mean(axis=0)
    return found


@pytest.mark.parametrize("batch", [0, 2])
def test_of_the_loss_it_is_the_update_before_its_largest_move_and_the_largest_part(batch: int) -> None:
    session = Session(loads(LINE.replace("BATCH", f"batch_size = {batch}" if batch else "")))
    session.do("train")
    rows = [[0, 1], [2, 3]] if batch else [[0, 1, 2, 3]]
    past = descended(9, rows)
    losses = [float((e**2).mean()) for _, e in past[:9]]
    level = sorted(losses)[5]
    k = next(k for k, loss in enumerate(losses, 1) if loss > level)
    found = session.do(f"when first loss > {level}").data
    assert found["iteration"] == k
    moved = past[k - 1][0] - past[k - 2][0]
    at = int(abs(moved).argmax())
    update = found["update"]
    assert (update["iteration"], update["parameter"]) == (k - 1, ("W[0,0]", "W[0,1]", "b[0]")[at])
    assert (update["old"], update["new"]) == pytest.approx((past[k - 2][0][at], past[k - 1][0][at]), rel=1e-9)
    sample = int((past[k - 1][1] ** 2).argmax())
    assert found["sample"] == sample
    assert found["row"] == (rows[(k - 1) % len(rows)][sample] if batch else None)
    assert session.do(f"goto @{update['iteration']} {update['step']}").text.count("update")
    assert ("other samples in the batch" in found["text"]) == bool(batch)


def test_a_parameter_that_the_condition_names_is_the_one_that_is_suspected() -> None:
    session = Session(loads(LINE.replace("BATCH", "")))
    session.do("train")
    past = [w for w, _ in descended(9, [[0, 1, 2, 3]])]
    k = next(k for k, w in enumerate(past, 1) if w[2] > 15)
    update = session.do("when first b[0] > 15").data["update"]
    assert (update["iteration"], update["parameter"]) == (k - 1, "b[0]")
    assert (update["old"], update["new"]) == pytest.approx((past[k - 2][2], past[k - 1][2]), rel=1e-9)
    session.do("goto @end end")
    assert session.do("when first b.next[0] > 15").data["update"]["iteration"] == k - 1  # what it writes itself


def test_of_a_gradient_it_is_the_sample_that_brings_most_of_it() -> None:
    session = Session(loads(LINE.replace("BATCH", "")))
    session.do("train")
    session.do("goto @2 end")
    found = session.do("when W.grad[0,1]").data
    assert (found["at"], found["iteration"]) == ("W.grad[0,1]", 1)  # in every iteration, so from the first on
    parts = abs(2 * descended(9, [[0, 1, 2, 3]])[0][1] * X[:, 1] / 4)
    assert found["sample"] == int(parts.argmax())
    assert found["update"] is None  # there is none before


def test_of_an_element_of_a_sample_it_is_that_sample() -> None:
    session = Session(loads(LINE.replace("BATCH", "")))
    session.do("train")
    found = session.do("when abs(y[2,0]) > 1").data
    assert (found["sample"], found["row"]) == (2, None)
    assert found["text"].endswith("It is about sample 2.")


def test_of_a_unit_that_died_it_is_the_sample_that_was_the_last_to_open_its_gate() -> None:
    session = Session(find("death-of-a-relu"))
    session.do("train")
    found = session.do("when dead(h[2])").data
    assert found["iteration"] == 18
    assert found["update"]["iteration"] == 17
    before = session.history.recording(17)
    inputs, w, b = (before.trace.data[before.graph.by_name[name].id] for name in ("x", "W1", "b1"))
    sums = (inputs @ w.T + b)[:, 2]
    assert (sums > 0).any()
    assert found["sample"] == int(sums.argmax())
    assert "The last to open it: sample" in found["text"]


def test_a_single_sample_is_not_named() -> None:
    session = Session(find("dead-relu"))
    session.do("goto end")
    found = session.do("when W1.grad[1,0] == 0").data
    assert (found["update"], found["sample"], found["row"]) == (None, None, None)


def test_a_number_that_is_written_in_a_formula_is_no_suspect() -> None:
    session = Session(find("diamond"))
    session.do("goto end")
    found = session.do("when loss > 0").data["text"]
    assert "The next suspect: " in found
    assert "suspect: 2," not in found
