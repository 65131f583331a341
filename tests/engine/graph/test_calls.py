"""Calls: inputs and options by place and by name."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from formula_lines import compute, leaves, read, refused

from gradstep.engine.errors import OpError
from gradstep.engine.graph.calls import bind
from gradstep.engine.graph.parsing import parse
from gradstep.engine.ops import REGISTRY
from gradstep.engine.ops.families.linear import Linear


@pytest.mark.parametrize(
    ("text", "op", "parts"),
    [
        ("linear(x)", "linear", ["needs W"]),
        ("linear()", "linear", ["needs x and W"]),
        ("sum()", "sum", ["needs x"]),
        ("mse(x)", "mse", ["needs t"]),
        ("mse(t=x)", "mse", ["needs y"]),
        ("relu(x, c)", "relu", ["at most 1", "not 2"]),
        ("linear(x, W, b, c)", "linear", ["at most 3", "not 4"]),
        ("sum(x, 0, False, 1)", "sum", ["at most 3", "not 4"]),
        ("sum(x, axes=0)", "sum", ["'axes'", "did you mean 'axis'?"]),
        ("sum(x, keepdim=True)", "sum", ["'keepdim'", "did you mean 'keepdims'?"]),
        ("relu(x, slope=0)", "relu", ["'slope'"]),
        ("sum(**x)", "sum", ["'**'"]),
        ("sum(x, x=c)", "sum", ["'x' twice"]),
        ("sum(x, axis=0, axis=1)", "sum", ["'axis'"]),
        ("sum(x, 0, axis=1)", "sum", ["'axis' twice"]),
        ("linear(x, W, W=W)", "linear", ["'W' twice"]),
        ("sum(x, axis=c)", "sum", ["'axis'", "written out"]),
        ("sum(x, axis=0 + k)", "sum", ["'axis'", "written out"]),
        ("sum(x, axis=relu)", "sum", ["'axis'", "written out"]),
        ("sum(x, axis='0')", "sum", ["axis"]),
        ("sum(x, axis=0.0)", "sum", ["axis"]),
        ("sum(x, axis=True)", "sum", ["axis"]),
        ("sum(x, axis={0})", "sum", ["axis"]),
        ("sum(x, axis={0: 1})", "sum", ["axis"]),
        ("sum(x, axis={})", "sum", ["axis"]),
        ("sum(x, axis=...)", "sum", ["axis"]),
        ("sum(x, axis=1j)", "sum", ["axis"]),
        ("mean(x, keepdims=1)", "mean", ["keepdims"]),
    ],
)
def test_a_wrong_call_is_told_the_right_one(text: str, op: str, parts: list[str]) -> None:
    error = refused(text)
    assert REGISTRY[op].signature() in str(error) or "keyword argument repeated" in str(error)
    assert all(part in str(error) for part in parts)


@pytest.mark.parametrize(
    "option", ["{[]: 1}", "{[1]}", "{{}: 0}", "[{[0]}]", "(0, {[]})", "-'a'", "not 1", "1 < 2", "f''"]
)
def test_an_option_that_cannot_even_be_written_out_is_refused(option: str) -> None:
    assert "sum" in str(refused(f"sum(x, axis={option})"))


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_every_operation_is_refused_without_its_inputs_and_says_how_it_is_called(name: str) -> None:
    assert REGISTRY[name].signature() in str(refused(f"{name}()"))


def test_a_wrong_axis_names_the_shape() -> None:
    error = refused("k + sum(X, axis=2)")
    assert "axis 2" in str(error)
    assert "(4, 3)" in str(error)
    assert error.column == 4


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("sum(X)", ()), ("sum(X, 0)", (3,)), ("sum(X, axis=1)", (4,)), ("sum(X, axis=-1)", (4,)),
        ("sum(X, -1, True)", (4, 1)), ("mean(X, keepdims=True)", (1, 1)), ("mean(X, axis=(0, 1))", ()),
        ("mean(X, axis=(0,), keepdims=True)", (1, 3)), ("sum(x=X, axis=0)", (3,)), ("sum(axis=0, x=X)", (3,)),
        ("sum(X, axis=None)", ()), ("sum(X, None, False)", ()), ("sum(X, axis=())", (4, 3)),
    ],
)  # fmt: skip
def test_options(text: str, shape: tuple[int, ...]) -> None:
    assert leaves().line("y", text).shape == shape


def test_inputs_by_name() -> None:
    assert read("linear(W=W, b=b, x=x)") == [("linear", ["x", "W", "b"], "y")]
    assert read("mse(t=x, y=c)") == [("mse", ["c", "x"], "y")]
    assert read("linear(x, b=b, W=W)") == [("linear", ["x", "W", "b"], "y")]


def test_an_input_in_the_middle_is_left_out() -> None:
    assert [op for op, _, _ in read("layer_norm(x, bias=c)")] == ["normalize", "add"]
    net = compute("layer_norm(x, bias=c)")
    x, c = net.data("x"), net.data("c")
    np.testing.assert_allclose(net.data("y"), (x - x.mean()) / np.sqrt(x.var() + 1e-5) + c, rtol=1e-12)


def test_an_unknown_operation_far_from_all_lists_them() -> None:
    message = str(refused("foo(x)"))
    assert "'foo'" in message
    assert all(name in message for name in REGISTRY)


class Affine2(Linear):
    """Of its inputs the last two may be left out; it has no name and so is not registered."""

    slots = ("x", "W", "b", "c")
    optional = 2


@pytest.mark.parametrize(
    ("text", "given"),
    [("f(x, W)", ["x", "W"]), ("f(x, W, b)", ["x", "W", "b"]), ("f(c=c, x=x, W=W, b=b)", ["x", "W", "b", "c"])],
)
def test_inputs_of_an_operation_come_in_their_order(text: str, given: list[str]) -> None:
    call = parse(text)
    assert isinstance(call, ast.Call)
    inputs, options = bind(Affine2, call)
    assert (list(inputs), options) == (given, {})


def test_an_operation_tells_its_inputs_apart_by_their_number() -> None:
    call = parse("f(x, W, c=c)")
    assert isinstance(call, ast.Call)
    with pytest.raises(OpError, match="linear needs b"):
        bind(Affine2, call)
