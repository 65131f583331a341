"""Calls: inputs and options by place and by name."""

from __future__ import annotations

import ast
import contextlib
import re
from itertools import product

import numpy as np
import pytest
from formula_lines import compute, leaves, read, refused

from gradstep.engine.errors import ExpressionError, OpError
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.calls import bind, called
from gradstep.engine.graph.formulas import Formulas
from gradstep.engine.graph.graph import Role
from gradstep.engine.graph.parsing import parse
from gradstep.engine.ops import COMPOSITES, REGISTRY
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
        ("sum(x, keepdimms=True)", "sum", ["'keepdimms'", "did you mean 'keepdims'?"]),
        ("sum(x, axis=0, dim=1)", "sum", ["'axis' twice", "'dim' is another word for it"]),
        ("sum(None)", "sum", ["needs x"]),
        ("linear(x, None, b)", "linear", ["needs W"]),
        ("max_pool2d(x, kernelsize=2)", "max_pool2d", ["did you mean 'kernel_size'?"]),
        ("clip(x)", "clip", ["at least one of min and max"]),
        ("clip(x, 2, 1)", "clip", ["min ≤ max"]),
        ("clip(x, nan)", "clip", ["min ≤ max"]),
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


#: What no option, or hardly one, may be.
_ODD = (
    "{}", "{1}", "b'x'", "1j", "...", "'x'", "[]", "[[1]]", "[None]", "['x']", "[True]", "((1, 2),)", "-1", "0",
    "1e400", "2.5", "1" + "0" * 400, "9" * 9, "9" * 18, "9" * 40, "1" + "0" * 18,
)  # fmt: skip


@pytest.mark.parametrize("name", sorted({*REGISTRY, *COMPOSITES}))
def test_an_odd_option_is_refused_or_means_something(name: str) -> None:
    op = called(name)
    assert op is not None
    for number, (option, odd) in enumerate(product(op.options(), _ODD)):
        inputs = ("X", "X, W", "X, 0, X", "x, c, c", "k", "k, k")[number % 6]
        with contextlib.suppress(ExpressionError):  # and nothing else is raised
            leaves().line("y", f"{name}({inputs}, {option}={odd})")


@pytest.mark.parametrize(
    "text", ["stack(unbind(Z))", "concat(unbind(Z))", "lstm(X, num_layers=0)", "quantile(x, q=[])"]
)
def test_of_nothing_nothing_is_made(text: str) -> None:
    builder = leaves()
    builder.input("Z", np.zeros((0, 3)))
    with pytest.raises(ExpressionError, match=r"no array at all|at least"):
        builder.line("y", text)


@pytest.mark.parametrize(
    "text",
    [
        "adaptive_avg_pool1d(X, 999999999)", "adaptive_max_pool2d(X, (1, 999999999))", "pad(X, (999999999, 0))",
        "interpolate(stack([X, X]), size=999999999)", "tensor_split(X, 999999999)[0]", "chunk(Z, 999999999)[0]",
    ],
)  # fmt: skip
def test_what_would_be_too_many_is_refused_before_anything_is_made(text: str) -> None:
    builder = leaves()
    builder.input("Z", np.zeros((0, 3)))
    with pytest.raises(ExpressionError, match=r"at most [\d,]+ are made"):
        builder.line("y", text)


@pytest.mark.parametrize(
    "text",
    [
        "adaptive_max_pool1d(A, 1)", "adaptive_avg_pool1d(A, 1)", "B[B]",
        "avg_pool1d(A, 2)", "max_pool1d(A, 2)",
    ],
)  # fmt: skip
def test_an_axis_of_an_array_without_elements_may_be_too_long_for_a_table(text: str) -> None:
    builder = leaves()
    builder.graph.leaf("A", (0, 2, 1 << 40), Role.PARAMETER, True)
    builder.graph.leaf("B", (0, 1 << 40), Role.PARAMETER, True)
    with pytest.raises(ExpressionError, match=r"are read in all|than there can be"):
        builder.line("y", text)


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
    assert [op for op, _, _ in read("layer_norm(x, bias=c)")] == ["standardize", "add"]
    net = compute("layer_norm(x, bias=c)")
    x, c = net.data("x"), net.data("c")
    np.testing.assert_allclose(net.data("y"), (x - x.mean()) / np.sqrt(x.var() + 1e-5) + c, rtol=1e-12)


#: What PyTorch or NumPy calls it, and what it is called here.
SAME = [
    ("sum(X, dim=0)", "sum(X, axis=0)"),
    ("sum(input=X, dim=1, keepdim=True)", "sum(X, 1, True)"),
    ("mean(X, axis=0, keepdim=true)", "mean(X, 0, True)"),
    ("max(X, dim=(0, 1))", "max(X, axis=(0, 1))"),
    ("min(X, dim=-1, keepdims=false)", "min(X, axis=-1)"),
    ("softmax(X, dim=0)", "softmax(X, axis=0)"),
    ("log_softmax(input=X, dim=1)", "log_softmax(X, axis=1)"),
    ("standardize(X, dim=0)", "standardize(X, axis=0)"),
    ("concat((X, X), dim=1)", "concat(X, X, axis=1)"),
    ("stack([x, c], dim=-1)", "stack(x, c, axis=-1)"),
    ("transpose(X, dims=(1, 0))", "transpose(X, (1, 0))"),
    ("reshape(X, shape=(2, 6))", "reshape(X, (2, 6))"),
    ("flatten(X, start_dim=1)", "flatten(X, start=1)"),
    ("flatten(X, end_dim=0)", "flatten(X, 0, 0)"),
    ("leaky_relu(x, negative_slope=0.2)", "leaky_relu(x, slope=0.2)"),
    ("clip(x, min=0, max=1)", "clip(x, low=0, high=1)"),
    ("clip(x, min=0)", "clip(x, 0, None)"),
    ("clip(x, max=1)", "clip(x, None, 1)"),
    ("linear(input=x, weight=W, bias=b)", "linear(x, W, b)"),
    ("linear(x, W, None)", "linear(x, W)"),
    ("linear(x, W, bias=None)", "linear(x, W)"),
    ("embedding(weight=W, input=1)", "embedding(W, 1)"),
    ("maximum(input=x, other=c)", "maximum(x, c)"),
    ("where(x > 0, input=x, other=c)", "where(x > 0, x, c)"),
    ("where(x > 0, x=x, y=c)", "where(x > 0, x, c)"),
    ("mse(input=x, target=c)", "mse(x, c)"),
    ("cross_entropy(input=X, target=X)", "cross_entropy(X, X)"),
    ("layer_norm(X, weight=c, bias=x)", "layer_norm(X, c, x)"),
    ("layer_norm(X, None, x)", "layer_norm(X, bias=x)"),
    ("layer_norm(X, gain=None, bias=None)", "layer_norm(X)"),
    ("batch_norm(X, weight=None, bias=c)", "batch_norm(X, bias=c)"),
    ("rms_norm(X, weight=c)", "rms_norm(X, c)"),
    ("attention(query=X, key=X, value=X, is_causal=true)", "attention(X, X, X, causal=True)"),
    ("sum(X, axis=none)", "sum(X, axis=None)"),
    ("clip(x, 0, inf)", "clip(x, min=0, max=float('inf'))"),
    ("clip(x, -inf, 1)", "clip(x, -math.inf, 1)"),
]  # fmt: skip


@pytest.mark.parametrize(("theirs", "ours"), SAME)
def test_pytorchs_and_numpys_words_are_understood(theirs: str, ours: str) -> None:
    made = []
    for text in (theirs, ours):
        builder = leaves()
        builder.line("y", text)
        made.append([(node.op, node.inputs) for node in builder.graph.nodes])
    assert [type(op) for op, _ in made[0]] == [type(op) for op, _ in made[1]]
    assert made[0] == made[1]


@pytest.mark.parametrize("name", sorted({*REGISTRY, *COMPOSITES}))
def test_other_words_are_those_of_places_that_there_are(name: str) -> None:
    what = called(name)
    assert what is not None
    places = {*what.slots, *what.options()}
    assert set(what.words.values()) <= places
    assert not set(what.words) & places - ({"x"} if name == "where" else set())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("layer_norm(X, 2)", "layer_norm: gain must have shape (3,)"),
        ("layer_norm(X, k)", "but it is a single number; an option is written by its name, as in eps=1e-5"),
        ("layer_norm(X, c, 0)", "layer_norm: bias must have shape (3,)"),
        ("rms_norm(X, 0.001)", "rms_norm: gain must have shape (3,)"),
        ("batch_norm(X, 1)", "batch_norm: gain must have shape (3,)"),
        ("layer_norm(X, b)", "layer_norm: gain must have shape (3,), one number for each place on axis -1 of x (4, 3)"),
        ("layer_norm(k)", "layer_norm works along the last axis, but x is a single number"),
        ("cross_entropy(X, c)", "cross_entropy: logits is (4, 3), so t is one-hot (4, 3) or class numbers (4,)"),
        ("cross_entropy(k, k)", "cross_entropy: logits must have an axis of classes"),
        ("attention(X, X, x)", "attention: v must be"),
        ("linear(x, W, 2)", "linear: the bias must have one number for each"),
        ("trapezoid(x, k)", "trapezoid: x has a number for each of the 3 points of y, but is ()"),
        ("cumulative_trapezoid(x, b)", "x has a number for each of the 3 points of y, but is (2,)"),
    ],
)
def test_what_does_not_fit_is_named_as_it_was_written(text: str, said: str) -> None:
    assert str(refused(text)).startswith(f"'{text}': ")
    assert said in str(refused(text))


def test_an_unknown_operation_far_from_all_is_told_where_they_are_listed() -> None:
    assert str(refused("qqzzx(x)")).startswith("unknown operation 'qqzzx'; `gradstep ops` lists all ")


def test_what_is_only_a_formula_here_is_named_with_it() -> None:
    assert str(refused("square(x)")) == "there is no operation 'square': it is written as in x ** 2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mse_loss(X, x)", "'mse_loss(X, x)': mse_loss: y is (4, 3) and t is (3,)"),
        ("hardtanh(x, max=2)", "hardtanh has no argument 'max'"),
        ("hardtanh(x, min_val=2)", "hardtanh: min_val is at most max_val, not 2 and 1.0; it is called as hard_tanh("),
        ("binary_cross_entropy(X)", "binary_cross_entropy needs t"),
        ("soft_margin_loss(X, X, reduction=2)", "soft_margin_loss: reduction is a text in quotes, not 2"),
        ("soft_margin(X, X, reduction='all')", "soft_margin: reduction is 'mean', 'sum' or 'none', not 'all'"),
        ("conv_transpose1d(X, X, groups=2.5)", "conv_transpose1d: groups is a whole number from 1 on, not 2.5"),
        ("conv_transpose1d(X, X, groups=1.5)", "conv_transpose1d: groups is a whole number from 1 on, not 1.5"),
    ],
)
def test_a_mistake_is_named_by_the_name_that_was_written(text: str, said: str) -> None:
    assert said in str(refused(text))


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


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("inner(A, A.T)", "'inner(A, A.T)': inner: "),
        ("cross_entropy(A, x, label_smoothing=2.5)", "cross_entropy: label_smoothing is a number from 0 to 1"),
        ("mse_loss(A, A, reduction='x')", "mse_loss: reduction is 'mean', 'sum' or 'none'"),
        ("nanquantile(A, -1)", "nanquantile: q is a number from 0 to 1"),
    ],
)
def test_what_an_operation_is_made_of_speaks_under_the_name_that_was_written(formula: str, said: str) -> None:
    builder = GraphBuilder(np.dtype("float64"))
    for name, shape in {"A": (2, 3), "x": (2,)}.items():
        builder.leaf(name, shape, Role.PARAMETER, True)
    with pytest.raises(ExpressionError, match=re.escape(said)):
        Formulas(builder).add("y", formula)
