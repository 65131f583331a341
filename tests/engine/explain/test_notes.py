"""The authors' own words in the built-in scenarios: each note with what proves it, by NumPy on the arrays of a run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from wordings import faults

from gradstep.engine.debugger import Session
from gradstep.engine.files import builtin, find
from gradstep.engine.history.history import History
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase

Array = np.ndarray[Any, Any]


@cache
def history(name: str) -> History:
    return History(find(name))


class At:
    """The run of a scenario: its iteration `k`."""

    def __init__(self, name: str, k: int = 1) -> None:
        self.name, self.k = name, k

    def it(self, k: int) -> At:
        return At(self.name, k)

    @property
    def run(self) -> Recording:
        return history(self.name).recording(self.k)

    def __getitem__(self, value: str) -> Array:
        return np.asarray(self.run.trace.data[self.run.graph.by_name[value].id])

    def grad(self, value: str) -> Array:
        grad = self.run.trace.grad[self.run.graph.by_name[value].id]
        assert grad is not None
        return grad

    def new(self, value: str) -> Array:
        return np.asarray(self.run.updated(self.run.graph.by_name[value].id))

    @property
    def loss(self) -> float:
        return self.run.trace.loss


def about(x: Any, y: float, digits: int = 2) -> bool:
    return bool(abs(float(x) - y) <= 0.51 * 10.0**-digits)


def _turned(pairs: Array, angle: float) -> Array:
    """Pairs (a, b), shape (n, 2), turned by an angle."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(pairs @ np.array([[cos, sin], [-sin, cos]]))


def sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def overshoots(a: At) -> bool:
    """The update makes the unit's sums negative in all samples; iteration 13 was the first in which the loss grew."""
    before, after = a.it(17)["z1"][:, 2], a.it(18)["z1"][:, 2]
    grows = np.diff([a.it(k).loss for k in range(8, 18)]) > 0
    return bool((before > 0).any() and (after < 0).all() and grows.tolist() == [False] * 4 + [True] * 5)


def curvature(a: At) -> float:
    x = np.hstack([a["x"], np.ones_like(a["x"])]).astype(float)
    return float(np.linalg.eigvalsh(2 * x.T @ x / len(x)).max())


def xor_right(a: At) -> bool:
    """From iteration 98 on all four cases are on their side of 0.5, and not before."""
    right = [bool(((a.it(k)["y"] > 0.5) == (a["t"] > 0.5)).all()) for k in (97, 98, 99, 120, 200, 400)]
    return right == [False, *[True] * 5]


def image_terms(a: At) -> Array:
    """What each place brings to k[0,0,0,1]."""
    return np.asarray(a.grad("c")[0] * a["x"][0, :3, 1:4])


def best_slope(a: At) -> float:
    x, t = (np.asarray(a.run.scenario.pool[a.run.graph.by_name[n].id], float)[:, 0] for n in ("x", "t"))
    return float(np.polyfit(x, t, 1)[0])


def smoothed(a: At) -> list[tuple[Array, int]]:
    """Of the positions that count the softmax of their scores and their class."""
    shares = np.exp(a["z"]) / np.exp(a["z"]).sum(axis=1, keepdims=True)
    return [(p, int(k)) for p, k in zip(shares, a["t"], strict=True) if k != -100]


def jacobian_of_norm(a: At) -> Array:
    """What the first sample of a channel gives to each sample of it, by differences."""
    z = a["z"][:, 0]
    moved = z + 1e-6 * np.eye(len(z))[0]
    return np.asarray(((moved - moved.mean()) / moved.std() - (z - z.mean()) / z.std()) / 1e-6)


class Other(At):
    """Another run, of a session."""

    def __init__(self, other: Recording) -> None:
        self.other = other

    @property
    def run(self) -> Recording:
        return self.other


def unscaled(a: At) -> At:
    session = Session(a.run.scenario)
    session.do("set k = 1")
    return Other(session.recording)


def all_eight(a: At) -> float:
    """The gradient of W1 over all eight points at once."""
    x, t = (np.asarray(a.run.scenario.pool[a.run.graph.by_name[n].id], float) for n in ("x", "t"))
    return float(np.mean(2 * (a["W1"].item() * x + a["b1"].item() - t) * x))


Check = Callable[[At], bool]
#: By scenario: how each of its notes begins, and what proves it.
NOTES: dict[str, dict[str, Check]] = {
    "walkthrough": {
        "A step computes one number; the terms": lambda a: a["W1"].shape[1] > 1,
        "One number says how wrong": lambda a: a["L"].size == 1,
        "The backward pass begins": lambda a: a.run.timeline.step_of(Phase.BACKWARD, a.run.graph.by_name["y"].id, 0)
        == len(a["z1"]) + len(a["h"]) + 4,
        "The weight from h₂ is negative": lambda a: a["W2"][0, 1] < 0 and a.grad("h")[1] * a.grad("z2")[0] < 0,
        "Only now do weights change": lambda a: bool((a.new("W1") != a["W1"]).all()),
    },
    "fan-out": {
        "Used twice, so two gradients add.": lambda a: abs(a.grad("h")[0])
        < 0.2 * np.abs(a.grad("z2") * a["W2"][:, 0]).sum(),
        "h₃ was shut in the forward pass": lambda a: a["z1"][2] < 0 and a.grad("h")[2] != 0 == a.grad("z1")[2],
    },
    "dead-relu": {
        "The unit is dead for this sample": lambda a: a["z1"][1] < 0 == a["h"][1],
        "A gradient did arrive at h₂": lambda a: a.grad("h")[1] != 0 == a.grad("z1")[1],
        "Exactly 0, not just small": lambda a: a.grad("W1")[1, 0] == 0 and a.new("W1")[1, 0] == a["W1"][1, 0],
    },
    "sign-flip": {
        "The weight is −1.2": lambda a: a["W2"][0, 1] == -1.2 and about(a.grad("h")[1] / a.grad("z2")[0], -1.2),
        "Through a positive weight": lambda a: a["W2"][0, 0] > 0 > a.grad("h")[0],
    },
    "residual": {
        "From here the gradient goes two ways": lambda a: bool((a.grad("c") == a.grad("s")).all()),
        "Skip and block meet again": lambda a: about(
            a.grad("a")[0] - a.grad("s")[0] - (a["W1"].T @ a.grad("z"))[0], 0, 9
        ),
    },
    "vanishing": {
        "One layer down": lambda a: about(
            (a.grad("h7") / a.grad("y")).item() - (sigmoid(a["z8"]) * (1 - sigmoid(a["z8"])) * a["W8"]).item(), 0, 9
        ),
        "After eight layers": lambda a: abs(a.grad("W1").item()) < 1e-4 * abs(a.grad("y").item()),
    },
    "xor": {
        "Four samples, four terms, which nearly": lambda a: sorted(np.sign(a.grad("z2")[:, 0] * a["h"][:, 0]))
        == [-1, -1, 1, 1]
        and abs(a.grad("W2")[0, 0]) < 0.2 * np.abs(a.grad("z2")[:, 0] * a["h"][:, 0]).sum(),
    },
    "softmax-cross-entropy": {
        "The sum over all three is softmax": lambda a: about(
            np.exp(a["z"])[1] / np.exp(a["z"]).sum() - 1 - a.grad("z")[1], 0, 9
        ),
    },
    "saturated": {
        "The sum is 8.5": lambda a: a["z"][0] == 8.5 and abs(a.grad("z")[0]) < 1e-6 * abs(a.grad("h")[0]),
    },
    "exploding": {
        "Five times through the weight 4": lambda a: about(a.grad("h1").item() / a.grad("y").item(), 1024),
        "One weight, six uses": lambda a: len(a.run.graph.uses[a.run.graph.by_name["W"].id]) == 6,
    },
    "shared-weight": {
        "Two uses, two terms": lambda a: {a.run.graph.nodes[n].text[:1] for n, _ in _uses(a, "W")} != set()
        and len(_uses(a, "W")) == 2,
    },
    "diamond": {
        "The ways meet": lambda a: about(a.grad("u") * 3 - a.grad("v") - a.grad("a"), 0, 9),
    },
    "tied-max": {
        "Two are the largest": lambda a: list(a["x"]).count(max(a["x"])) == 2
        and a.grad("x")[1] == a.grad("m") / 2 == a.grad("x")[2],
        "Raise only this one": lambda a: about(_largest_with(a, 0.1), 2.1, 9) and about(_largest_with(a, -0.1), 2, 9),
    },
    "masked-where-nan": {
        "The root of a negative number": lambda a: bool(np.isnan(a["r"][1])) and a["s"][1] == 0,
        "0 arrives, but the slope": lambda a: a.grad("r")[1] == 0 and bool(np.isnan(a.grad("x")[1])),
    },
    "log-of-zero": {
        "ln 0 is −∞: so are the sum and": lambda a: a["l"][0] == a["l"].sum() == -a.loss == -np.inf
        and bool(np.isfinite(a["l"][1])),
    },
    "conv-edge": {
        "Nine places, nine terms": lambda a: image_terms(a).size == 9
        and ((image_terms(a) == 0) == ((a["x"][0, :3, 1:4] == 0) | (a["c"][0] <= 0))).all()
        and about(image_terms(a).sum() - a.grad("k")[0, 0, 0, 1], 0, 9),
    },
    "layer-norm": {
        "Three terms, one for each output": lambda a: a["y"].size == 3,
    },
    "attention-head": {
        "The first position is seen by all": lambda a: bool((a["o:weights"][:, 0] > 0).all())
        and about((a["o:weights"][:, 0] * a.grad("o")[:, 0]).sum() - a.grad("v")[0, 0], 0, 9),
    },
    "gpt-block": {
        "The first word stands at position 0": lambda a: bool((a["q2"][:, 0].reshape(-1) == a["q"][0]).all())
        and bool(np.allclose(a["q2"][:, 1], _turned(a["q"][1].reshape(2, 2), 1.0))),
        "The mask leaves the first word": lambda a: bool((a["a:weights"][:, 0] == [1, 0, 0, 0]).all()),
        "The second word's row learns": lambda a: a["ids"].tolist().count(1) == 1
        and about((a.grad("z").T @ a["y"])[1, 0] + a.grad("x")[1, 0] - a.grad("E")[1, 0], 0, 9)
        and len(a["z"]) == 4,
    },
    "digits": {
        "A bias gets the sum over all 32": lambda a: len(a["z2"]) == 32
        and about(_predicted_minus_true(a)[:, 0].sum() / 32 - a.grad("b2")[0], 0, 9),
    },
    "death-of-a-relu": {
        "This update does it. The loss has grown": overshoots,
        "The last of the seven samples": lambda a: len(a["x"]) == 7 and bool((a.it(18)["h"][:, 2] == 0).all()),
        "Seven samples, seven zeros": lambda a: bool((a.it(18).grad("z1")[:, 2] == 0).all())
        and a.it(100)["W1"][2, 0] == a.it(18)["W1"][2, 0],
    },
    "xor-training": {
        "The hard case: one input alone": lambda a: a["t"][:, 0].tolist() == [0, 1, 1, 0],
        "Just above 0.5: from here on": lambda a: about(a.it(98)["y"][1, 0], 0.5) and xor_right(a),
    },
    "digits-training": {
        "Ten classes: guessing evenly": lambda a: a["z2"].shape[1] == 10 and about(np.log(10), 2.30) and a.loss > 2.30,
        "The last batch of the first pass": lambda a: 35 * 32 <= _trained_on(a) < 36 * 32,
    },
    "zero-init-symmetry": {
        "The same four terms": lambda a: bool((a.grad("z1")[:, 0] == a.grad("z1")[:, 1]).all()) and len(a["x"]) == 4,
        "Still the same number": lambda a: a.it(400).grad("W1")[1, 0]
        == a.it(400).grad("W1")[0, 0]
        == a.it(400).grad("W1")[2, 0],
        "The fourth unit began elsewhere": lambda a: a.grad("W1")[3, 0] != a.grad("W1")[0, 0],
    },
    "learning-rate-too-large": {
        "The steepest curvature is": lambda a: about(curvature(a), 9.27) and about(1 - 0.27 * curvature(a), -1.5),
        "The first iteration in which the loss": lambda a: np.flatnonzero(np.diff(_losses(a, 12)) > 0)[0] + 2 == 9,
        "Squares near 3.4e38": lambda a: bool(np.isinf(a.it(121).loss) and np.isfinite(a.it(120).loss))
        and float(np.square(a.it(121)["y"].astype(float) - a["t"]).max()) > 1e38
        and about(float(np.finfo(np.float32).max) / 1e38, 3.4, 1),
    },
    "momentum-vs-sgd": {
        "24 times smaller than the other": lambda a: round(abs(a.grad("W1")[0, 0] / a.grad("W1")[0, 1])) == 24
        and _to_go(a) == [0.9, 1.7],
        "Gradients that agree add up": lambda a: about(a.it(50).new("W1")[0, 1], 1.93) and about(_plain(a, 50), 0.63),
    },
    "forgot-zero-grad": {
        "The gradient of iteration 1 is still": lambda a: about(
            a.it(2)["W1"].item() - 0.25 * (a.grad("W1") + a.it(2).grad("W1")).item() - a.it(2).new("W1").item(), 0, 9
        ),
        "The best slope, 0.63, is long passed": lambda a: about(best_slope(a), 0.63)
        and about(a.it(3).new("W1").item(), 1.81)
        and a.it(3).grad("W1").item() > 0
        and a.it(3)["W1"].item() > 0.63,
    },
    "label-smoothing": {
        "The mean over three positions": lambda a: about(
            a.loss - np.mean([-(0.9 * np.log(p)[k] + 0.1 * np.log(p).mean()) for p, k in smoothed(a)]), 0, 12
        )
        and len(smoothed(a)) == 3,
        "A third of softmax minus 0.925": lambda a: about(
            a.grad("z")[0, 2] - (smoothed(a)[0][0][2] - 0.925) / 3, 0, 12
        ),
        "This position is padding": lambda a: bool((a["t"][3:] == -100).all() and (a.grad("z")[3:] == 0).all()),
    },
    "loss-scale": {
        "The parameter itself stays in float32": lambda a: np.float16(np.float16(0.5) - np.float16(5e-8)) == 0.5
        and a["W1"].dtype == np.float32,
        "−7.5e-5, a number that float16 holds": lambda a: about(1e5 * a.grad("z1")[0, 0], -7.5, 1)
        and np.float16(a.grad("z1")[0, 0]) == a.grad("z1")[0, 0]
        and unscaled(a).grad("z1")[0, 0] == -(2.0**-24),
        "Divided by 1000 again": lambda a: about(1e7 * a.grad("W1")[1, 1], -1.9, 1)
        and about(1e7 * unscaled(a).grad("W1")[1, 1] * 1000, -2.4, 1)
        and a.run.graph.by_name["W1"].kind == "",
    },
    "gradient-accumulation": {
        "A quarter of this gradient": lambda a: about(a.grad("W1").item() / 4, -0.774, 9)
        and bool(a.new("W1") == a["W1"]),
        "The fourth batch is in": lambda a: about(sum(a.it(k).grad("W1").item() / 4 for k in range(1, 5)), -2.2025, 9)
        and about(-0.3 + 0.25 * 2.2025 - a.it(4).new("W1").item(), 0, 12)
        and about(all_eight(a) + 2.2025, 0, 12),
        "It begins anew": lambda a: next(a.it(5).run.update.stages(a.run.graph.by_name["W1"].id, 0)).made
        == a.it(5).grad("W1").item() / 4,
    },
    "depthwise-convolution": {
        "Four terms, all of the second": lambda a: about(
            a["d"][1, 0, 0] - (a["x"][1, :2, :2] * a["D"][1, 0]).sum(), 0, 9
        ),
        "One pixel, two terms": lambda a: about(a["p"][0, 0, 0] - a["P"][0, :, 0, 0] @ a["a"][:, 0, 0], 0, 9),
        "Four places, four terms": lambda a: a["d"][0].size == 4
        and about((a.grad("d")[0] * a["x"][0, :2, :2]).sum() - a.grad("D")[0, 0, 0, 0], 0, 9),
    },
    "lstm": {
        "What was in the cell, times": lambda a: about(
            a["y:c"][0] * a["y:forget"][0] + a["y:input2"][0] * a["y:candidate2"][0] - a["y:c2"][0], 0, 9
        ),
        "Three time steps back": lambda a: a.grad("y:c")[0] / a.grad("y:c4")[0] > 0.5
        and all(0.7 < a[f"y:forget{k}"][0] < 0.75 for k in ("", 2, 3)),
        "Four time steps with one weight": lambda a: a["x"][:, 0].tolist() == [1, 0, 0, 0]
        and about(a.grad("y:from_x")[4] - a.grad("W")[4, 0], 0, 9),
    },
    "batch-norm": {
        "Nine tenths of what was kept": lambda a: about(
            0.9 * a["m"][1] + 0.1 * a["z"][:, 1].mean() - a.it(2)["m"][1], 0, 9
        ),
        "The same layer as it is in use": lambda a: about(a["e"][0, 1] - a["z"][0, 1], 0, 3)
        and a["v"][1] == 1
        and about(a["z"][:, 1].std(), 4.8, 1),
        "The batch's mean and variance depend": lambda a: bool((jacobian_of_norm(a) != 0).all()),
        "What is kept has become like": lambda a: about(np.abs(a.it(40)["e"] - a.it(40)["n"]).max(), 0.42)
        and about(np.abs(a["e"] - a["n"]).max(), 6.2, 1),
    },
    "frozen-backbone": {
        "Here the backward pass ends": lambda a: a.run.trace.grad[a.run.graph.by_name["h"].id] is None
        and all(a.run.graph.by_name[name].frozen for name in ("W1", "b1"))
        and bool((a.it(60)["W1"] == a["W1"]).all()),
        "AdamW at the rate 0.05": lambda a: a.run.update.rate(a.run.graph.by_name["W2"].id) == 0.05
        and about(a["W2"][0, 0] * (1 - 0.05 * 0.1) + 0.05 - a.new("W2")[0, 0], 0, 6),
        "A group of its own": lambda a: a.run.update.rate(a.run.graph.by_name["b2"].id) == 4 * 0.05
        and a.run.update.optimizer(a.run.graph.by_name["b2"].id)["weight_decay"] == 0,
    },
    "vanishing-training": {
        "Six layers down": lambda a: np.abs(a.grad("W1")).max() < 1e-4 * np.abs(a.grad("y")).max(),
        "All four outputs are 0.84": lambda a: all(about(y, 0.84) for y in a.it(200)["y"][:, 0])
        and about(a["t"].mean(), 0.84),
        "It began at 0.9, and has come": lambda a: a["W1"][0, 0] == 0.9 and about(a.it(200).new("W1")[0, 0], 0.9001, 4),
    },
}  # fmt: skip


def _largest_with(a: At, by: float) -> float:
    """The largest when the third number is moved."""
    x = a["x"].copy()
    x[2] += by
    return float(x.max())


def _uses(a: At, name: str) -> tuple[tuple[int, int], ...]:
    return a.run.graph.uses[a.run.graph.by_name[name].id]


def _predicted_minus_true(a: At) -> Array:
    shares = np.exp(a["z2"]) / np.exp(a["z2"]).sum(axis=1, keepdims=True)
    return np.asarray(shares - (np.arange(10) == a["t"].reshape(-1, 1)))


def _trained_on(a: At) -> int:
    scenario = a.run.scenario
    return len(scenario.pool[scenario.graph.by_name["x"].id])


def _losses(a: At, count: int) -> list[float]:
    return [a.it(k).loss for k in range(1, count + 1)]


def _to_go(a: At) -> list[float]:
    """How far the two weights are from those that fit best."""
    best, *_ = np.linalg.lstsq(a["x"], a["t"][:, 0], rcond=None)
    return [round(float(gap), 1) for gap in np.abs(best - a["W1"][0])]


def _plain(a: At, steps: int) -> float:
    """The second weight after so many updates of plain gradient descent."""
    w, x, t = a["W1"].astype(float).copy(), a["x"], a["t"]
    for _ in range(steps):
        w -= 0.02 * 2 / len(x) * (x @ w.T - t).T @ x
    return float(w[0, 1])


@pytest.mark.parametrize("name", builtin())
def test_every_note_of_a_built_in_scenario_is_true(name: str) -> None:
    notes, known = [note.text for note in find(name).notes], NOTES.get(name, {})
    for text in notes:
        proofs = [proof for begins, proof in known.items() if text.startswith(begins)]
        assert len(proofs) == 1, f"nothing proves: {text}"
        assert proofs[0](At(name)), text
        assert faults(text) == []
    assert len(known) == len(notes)
