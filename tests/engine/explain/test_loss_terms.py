"""What a loss is made of, against NumPy by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.explain.loss_terms import by_sample, loss_terms
from gradstep.engine.files import find, loads
from gradstep.engine.run.recording import Recording, record

TEXT = """format = 1
batch = ["x", "t"]
[inputs]
x = {{ init = "normal(0, 1)", shape = [7, 5], seed = 1 }}
t = {{ init = "normal(0, 1)", shape = [7, 2], seed = 2 }}
c = [0, 2, 1, 1, 0, 2, 2]
[parameters]
W = {{ init = "normal(0, 1)", shape = [2, 5], seed = 3 }}
V = {{ init = "normal(0, 1)", shape = [3, 5], seed = 4 }}
[graph]
y = "x @ W.T"
{graph}
"""


def run(graph: str) -> tuple[Recording, dict[str, np.ndarray]]:
    recording = record(loads(TEXT.format(graph=graph)))
    names = recording.graph.by_name
    return recording, {name: recording.trace.data[names[name].id] for name in ("x", "t", "W", "V")}


def test_a_sum_with_penalties_is_taken_apart_into_its_summands() -> None:
    recording, a = run('L = "mean(sum((y - t) ** 2, axis=1)) + 0.01 * sum(W * W) - mean(W) / 2"')
    terms = loss_terms(recording.trace, recording.samples)
    error = ((a["x"] @ a["W"].T - a["t"]) ** 2).sum(axis=1) / 7
    found = {recording.graph.values[term.value].name: term for term in terms}
    assert {name: term.total for name, term in found.items()} == {
        "L:power": pytest.approx(error.sum()),
        "L:multiply": pytest.approx(0.01 * (a["W"] ** 2).sum()),
        "W": pytest.approx(-a["W"].mean() / 2),
    }
    assert found["L:power"].by_sample == pytest.approx(error)
    assert found["W"].by_sample is None
    assert sum(term.total for term in terms) == pytest.approx(recording.trace.loss)
    assert by_sample(terms) == pytest.approx(error)


@pytest.mark.parametrize("weight", [1, 3])
def test_a_loss_that_reduces_is_told_by_its_summands(weight: int) -> None:
    recording, a = run(f'L = "{weight} * mse(y, t)"')
    (term,) = loss_terms(recording.trace, recording.samples)
    error = ((a["x"] @ a["W"].T - a["t"]) ** 2).mean(axis=1) / 7
    assert term.by_sample == pytest.approx(weight * error)
    assert term.total == pytest.approx(weight * error.sum())


def test_class_numbers_are_told_by_the_samples_that_they_are_of() -> None:
    recording, a = run('L = "cross_entropy(x @ V.T, c)"')
    (term,) = loss_terms(recording.trace, recording.samples)
    scores = a["x"] @ a["V"].T
    each = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(7), [0, 2, 1, 1, 0, 2, 2]]
    assert term.by_sample == pytest.approx(each / 7)


def test_what_is_used_twice_is_one_term() -> None:
    recording, a = run('e = "mse(y, t)"\nL = "e + 2 * e"')
    (term,) = loss_terms(recording.trace, recording.samples)
    assert recording.graph.values[term.value].name == "e"
    assert term.total == pytest.approx(3 * ((a["x"] @ a["W"].T - a["t"]) ** 2).mean())


def test_a_product_of_samples_and_weights_is_one_term_of_each_sample() -> None:
    recording, a = run('L = "sum(y)"')
    (term,) = loss_terms(recording.trace, recording.samples)
    assert term.by_sample == pytest.approx((a["x"] @ a["W"].T).sum(axis=1))


def test_a_single_sample_is_not_told_apart() -> None:
    recording = record(find("walkthrough"))
    (term,) = loss_terms(recording.trace, recording.samples)
    assert (term.total, term.by_sample) == (recording.trace.loss, None)
