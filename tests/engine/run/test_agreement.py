"""Whether formulas explain what was recorded, each by itself."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import observations as seen
import pytest

from gradstep.engine.files import find
from gradstep.engine.index import Array
from gradstep.engine.run.agreement import disagreements, explains
from gradstep.engine.run.recording import record

DRAW = np.random.default_rng(3)
A, B, UP = DRAW.normal(size=(30, 40)), DRAW.normal(size=(40, 20)), DRAW.normal(size=(30, 20))


def _product(formula: str, dtype: str, output: Array | None = None, part: Array | None = None) -> str:
    a, b, up = (one.astype(dtype) for one in (A, B, UP))
    output = a @ b if output is None else output.astype(dtype)
    parts = {"a": up @ b.T if part is None else part.astype(dtype), "b": a.T @ up}
    return explains([formula], {"a": a, "b": b}, ["a", "b"], [output], [up], parts, dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_right_formula_explains(dtype: str) -> None:
    assert _product("matmul(a, b)", dtype) == ""


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("matmul(a, b) + 1e-3", r"output0\[\d+,\d+\] was"),
        ("matmul(a, b) * 1.0001", r"output0\[\d+,\d+\] was"),
        ("tanh(matmul(a, b))", r"output0\[\d+,\d+\] was"),
        ("matmul(a, b)[0]", r"the shape \(20,\), and there it was \(30, 20\)"),
        ("nothing(a, b)", "unknown operation"),
        ("matmul(a, a)", "they must be equal"),
    ],
)
def test_others_do_not(formula: str, says: str) -> None:
    assert re.search(says, _product(formula, "float32"))


def test_a_right_value_with_a_wrong_gradient_does_not_either() -> None:
    """As an embedding whose rows of padding get no gradient in the program that was recorded."""
    part = UP @ B.T
    part[3] = 0
    assert "what it passes on to a[3," in _product("matmul(a, b)", "float64", part=part)


def test_roundings_of_a_sum_that_cancels_are_no_difference() -> None:
    """Terms of 1e6 in single precision, whose sum is about 1: it is off by thousandths, which are roundings."""
    terms = (DRAW.normal(size=4000) * 1e6).astype("float32")
    whole = np.concatenate([terms, -terms, [np.float32(1)]]).astype("float32")
    shuffled = DRAW.permutation(len(whole))
    output = np.asarray(np.float32(np.cumsum(whole[shuffled], dtype="float32")[-1]))
    up = np.asarray(np.float32(1))
    found = explains(["sum(x)"], {"x": whole}, ["x"], [output], [up], {"x": np.ones_like(whole)}, "float32")
    assert abs(float(output) - 1) > 1e-3
    assert found == ""
    off = np.asarray(output + np.float32(1e5))
    assert explains(["sum(x)"], {"x": whole}, ["x"], [off], [up], {"x": np.ones_like(whole)}, "float32") != ""


def test_a_half_precision_is_held_to_its_own_digits() -> None:
    x, up = A[0], np.ones(40)
    rounded = np.tanh(x).astype("float16").astype("float64")
    given = ({"x": x}, ["x"], [rounded], [up], {"x": (1 - np.tanh(x) ** 2)})
    assert explains(["tanh(x)"], *given, "float16") == ""
    assert explains(["tanh(x)"], *given, "float64") != ""


def test_nan_and_infinities_agree_with_themselves_alone() -> None:
    x, up = np.array([-1.0, 0.0, 4.0]), np.ones(3)
    given = (["x"], [np.array([np.nan, -np.inf, np.log(4.0)])], [up], {"x": np.array([-1.0, np.inf, 0.25])}, "float64")
    assert explains(["log(x)"], {"x": x}, *given) == ""
    assert explains(["log(abs(x))"], {"x": x}, *given) != ""


def test_several_outputs_are_explained_together() -> None:
    x, ups = A[0, :4], [np.array([1.0, 2.0]), np.array([3.0, 5.0])]
    parts = {"x": np.array([1.0, 2.0, 3.0, 5.0])}
    given = ({"x": x}, ["x"], [x[:2], x[2:]], ups, parts, "float64")
    assert explains(["x[0:2]", "x[2:4]"], *given) == ""
    assert explains(["x[0:2]", "x[1:3]"], *given) != ""


def test_a_class_that_is_none_is_no_explanation() -> None:
    scores, wrong = A[:2, :3], np.array([0.0, 7.0])
    found = explains(
        ["cross_entropy(z, t)"], {"z": scores, "t": wrong}, ["z"], [np.array(1.0)], [np.ones(())], {}, "float64"
    )
    assert "7" in found


def test_a_recording_names_the_line_that_differs_and_no_other(tmp_path: Path) -> None:
    lines = {"a": "x * 2", "b": "tanh(a)", "loss": "sum(b)"}
    a, b = seen.X * 2, np.tanh(seen.X * 2)
    slope = 1 - b**2
    right = {
        "value:a": a, "gradient:a": slope, "value:b": b, "gradient:b": np.ones(2), "value:loss": np.array(b.sum()),
        "gradient:x": 2 * slope, "gradient:w": np.zeros(2),
    }  # fmt: skip
    for number, (change, line) in enumerate(
        [
            ({}, None),
            ({"gradient:a": slope * 9, "gradient:x": 18 * slope}, "b"),
            ({"value:loss": np.array(3.0)}, "loss"),
        ]
    ):
        folder = seen.write(tmp_path / f"a{number}.gradstep", lines, {**right, **change})
        made = record(find(str(folder)))
        observed = made.scenario.observed
        assert observed is not None
        found = list(disagreements(made.graph, made.scenario.leaves, observed))
        assert [name for name, _ in found] == ([] if line is None else [line])


def test_a_gradient_that_is_not_the_sum_of_its_parts_is_named(tmp_path: Path) -> None:
    """A hook there has made a tenth of what came."""
    lines = {"a": "x * 2", "loss": "sum(a)"}
    numbers = {
        "value:a": seen.X * 2, "gradient:a": np.full(2, 0.1), "part:loss:a": np.ones(2),
        "value:loss": np.array((seen.X * 2).sum()), "gradient:x": np.full(2, 0.2), "gradient:w": np.zeros(2),
    }  # fmt: skip
    made = record(find(str(seen.write(tmp_path / "a.gradstep", lines, numbers))))
    observed = made.scenario.observed
    assert observed is not None
    ((name, difference),) = disagreements(made.graph, made.scenario.leaves, observed)
    assert (name, difference.of, difference.recorded, difference.computed) == ("a", "a.grad", 0.1, 1.0)
    assert str(difference) == "a.grad[0] was 0.1 there, and by the formula it is 1"
