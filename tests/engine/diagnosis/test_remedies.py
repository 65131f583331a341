"""What words of advice are as changes: for the place that they are about, and nothing that is so already."""

from __future__ import annotations

import pytest

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Advice, Diagnosis, Finding, Place, Severity
from gradstep.engine.diagnosis.remedies import with_changes
from gradstep.engine.files import loads
from gradstep.engine.run.recording import record

TEXT = """format = 1
batch = ["x", "t"]
[inputs]
x = { shape = [40, 3], init = "normal(0, 1)", seed = 1 }
t = { shape = [40, 1], init = "zeros" }
[parameters]
W1 = { shape = [4, 3], init = "zeros" }
b1 = { shape = [4], init = "zeros" }
W2 = { shape = [4, 4], init = "zeros" }
W3 = { shape = [1, 4], init = "zeros" }
[graph]
h1 = "relu(x @ W1.T + b1)"
h2 = "tanh(h1 @ W2.T)"
d = "dropout(h2, p=0.9, seed=7)"
y = "sigmoid(d @ W3.T)"
L = "bce(y, t)"
[training]
lr = 0.5
steps = 60
TRAINING
"""


WHOLE = Place()


def changes(words: str, place: Place = WHOLE, training: str = "", severity: Severity = Severity.FAULT) -> list[str]:
    recording = record(loads(TEXT.replace("TRAINING", training)))
    finding = Finding("kind", severity, place, {}, "something", (Advice(words),), "us")
    (found,) = with_changes(Diagnosis([finding]), Evidence(recording, None, {}))
    assert found.advice[0] == Advice(words)
    assert found.hint == words  # what the words say already is not said again
    return [one.change for one in found.advice[1:]]


@pytest.mark.parametrize(
    ("words", "place", "training", "expected"),
    [
        ("a smaller learning rate", Place("", 3), "", ["lr = 0.05"]),
        ("a larger learning rate, or look", Place(), "", ["lr = 5"]),
        ("gradient clipping", Place(), "", ["clip_norm = 1"]),
        ("gradient clipping", Place(), "clip_norm = 2.0", []),  # it is clipped already
        ("he_normal weights, or leaky_relu", Place("h1[0,2]"), "", ["init W1 = he_normal", "set op h1 = leaky_relu"]),
        ("he_normal weights", Place("h2"), "", ["init W2 = xavier_normal"]),  # in front of a tanh
        ("leaky_relu", Place("h1.grad[0,0]"), "", ["set op h1 = leaky_relu"]),
        ("weights drawn at random: he_normal, xavier_normal", Place("W1"), "",
         ["init W1 = he_normal; init W2 = xavier_normal; init W3 = xavier_normal"]),
        ("relu instead of sigmoid", Place("W1.grad"), "", ["set op h2 = relu; init W2 = he_normal"]),  # y is the output
        ("weight decay, dropout", Place(), "", ["weight_decay = 0.01"]),
        ("weight decay", Place(), "weight_decay = 0.02", ["weight_decay = 0.2"]),
        ("weight decay", Place(), 'optimizer = "adagrad"', ["weight_decay = 0.01"]),
        ("a schedule that falls later, or not so far", Place(), 'schedule = "cosine"', ['schedule = "constant"']),
        ("a schedule that falls later, or not so far", Place(), "", []),
        ("a warm-up", Place(), "", ["warmup = 6"]),
        ("a warm-up", Place(), "warmup = 3", []),
        ("p = 0.5 at most", Place("d"), "", ["set op d = dropout(p=0.5, seed=7)"]),
        ("a batch of more samples, or layer_norm", Place(), "batch_size = 2", ["batch_size = 8"]),
        ("a batch of more samples, or layer_norm", Place(), "", []),
        ("look at that row", Place("t"), "", []),
    ],
)  # fmt: skip
def test_words_are_changes_of_what_they_are_about(words: str, place: Place, training: str, expected: list[str]) -> None:
    assert changes(words, place, training) == expected


def test_a_kernel_of_no_layer_is_drawn_as_well() -> None:
    text = """format = 1
batch = ["x"]
[inputs]
x = { shape = [2, 1, 4, 4], init = "normal(0, 1)", seed = 1 }
[parameters]
K = { shape = [3, 1, 2, 2], init = "zeros" }
[graph]
h = "relu(conv2d(x, K))"
L = "mean(h * h)"
"""
    recording = record(loads(text))
    words = "weights drawn at random: he_normal, xavier_normal"
    finding = Finding("zero", Severity.FAULT, Place("K"), {}, "something", (Advice(words),), "us")
    (found,) = with_changes(Diagnosis([finding]), Evidence(recording, None, {}))
    assert found.changes[0].change.startswith("init K = he_normal")


def test_a_place_may_be_known_by_its_step() -> None:
    recording = record(loads(TEXT.replace("TRAINING", "")))
    step = recording.timeline.step_of(recording.timeline.phase_of(recording.graph.by_name["h1"].id),
                                      recording.graph.by_name["h1"].id, 5)  # fmt: skip
    assert changes("leaky_relu", Place("", 4, step)) == ["set op h1 = leaky_relu"]


def test_what_is_only_to_be_known_and_what_has_a_change_stay_as_they_are() -> None:
    assert changes("gradient clipping", severity=Severity.INFORMATION) == []
    recording = record(loads(TEXT.replace("TRAINING", "")))
    own = Finding("kind", Severity.FAULT, Place(), {}, "it", (Advice("a smaller rate", "lr = 0.3"),), "us")
    assert with_changes(Diagnosis([own]), Evidence(recording, None, {})) == (own,)
