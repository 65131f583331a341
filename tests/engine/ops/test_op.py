"""Every operation of the registry, held against itself and against differences.

An operation says the same thing four times: row by row, column by column, as a vectorised backward
pass, and by its forward pass alone. New operations are picked up as they are registered; their
examples are found by trying shapes, and one for which none is found fails by name.
"""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import re
import warnings
from itertools import product
from typing import Any

import numpy as np
import pytest
from graphs import Array, NetworkBuilder
from operations import (
    ALL,
    BY_NAME,
    NAMES,
    POOL,
    Example,
    by_columns,
    by_differences,
    by_rows,
    by_vjp,
    every_example,
    examples,
    instances,
)
from torch_cases import FAMILIES, started

from gradstep.engine.errors import OpError
from gradstep.engine.graph.graph import Role
from gradstep.engine.ops import COMPOSITES, REGISTRY
from gradstep.engine.ops.families.convolution import Convolving
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.run.passes import run
from gradstep.engine.run.reading import forward_segments, gradient_segments
from gradstep.engine.run.terms import enumerate_terms, total


@pytest.mark.parametrize("name", NAMES)
def test_shapes_are_refused_in_no_other_way_than_with_an_op_error(name: str) -> None:
    cls = REGISTRY[name]
    for op in instances(cls):
        for count in range(len(cls.slots) - cls.optional, len(cls.slots) + 1):
            for shapes in product(POOL if count < 3 else POOL[:5], repeat=count):
                with contextlib.suppress(OpError):
                    out = op.shape(shapes)
                    assert isinstance(out, tuple)
                    assert all(type(n) is int for n in out)


# Agreement ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_has_an_example(name: str) -> None:
    assert examples(name), (
        f"no example is found for '{name}': none of the tried shapes suits {REGISTRY[name].signature()}; "
        f"add shapes it takes to BY_NAME, or values of its options to OPTIONS"
    )


@pytest.mark.parametrize("name", NAMES)
def test_examples_with_and_without_each_optional_input(name: str) -> None:
    cls = REGISTRY[name]
    if cls.variadic:
        return
    counts = {len(e.shapes) for e in examples(name)}
    assert counts == set(range(len(cls.slots) - cls.optional, len(cls.slots) + 1))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@every_example
def test_output_has_the_shape_it_announces_and_the_inputs_dtype(example: Example, dtype: Any) -> None:
    xs = example.inputs(dtype)
    kept = [x.copy() for x in xs]
    y = np.asarray(example.op.forward(xs))
    assert y.shape == example.op.shape(example.shapes)
    assert y.dtype == dtype
    assert all((x == k).all() for x, k in zip(xs, kept, strict=True)), "an input was changed"


@every_example
def test_rows_columns_and_vjp_are_the_differences(example: Example) -> None:
    op, xs = example.op, example.inputs()
    y = np.asarray(op.forward(xs))
    for slot in filter(example.free, range(len(xs))):
        expected = by_differences(op, slot, xs)
        largest = max(1.0, float(np.abs(expected).max(initial=0)))
        bound = 1e-7 * largest
        rows, columns, vjp = (make(op, slot, y, xs) for make in (by_rows, by_columns, by_vjp))
        assert np.abs(rows - expected).max(initial=0) < bound, f"row, slot {slot}"
        assert np.abs(columns - expected).max(initial=0) < bound, f"column, slot {slot}"
        assert np.abs(vjp - expected).max(initial=0) < bound, f"vjp, slot {slot}"
        assert np.abs(rows - columns).max(initial=0) <= 1e-13 * largest
        assert np.abs(rows - vjp).max(initial=0) <= 1e-13 * largest


@every_example
def test_single_precision_rows_columns_and_vjp(example: Example) -> None:
    op, xs = example.op, example.inputs(np.float32)
    y = np.asarray(op.forward(xs))
    for slot in filter(example.free, range(len(xs))):
        expected = by_differences(op, slot, [x.astype(np.float64) for x in xs])
        bound = 2e-5 * max(1.0, float(np.abs(expected).max(initial=0)))
        for make in (by_rows, by_columns, by_vjp):
            assert np.abs(make(op, slot, y, xs) - expected).max(initial=0) < bound, f"{make.__name__}, slot {slot}"


@every_example
def test_vjp_is_linear_in_the_gradient(example: Example) -> None:
    op, xs = example.op, example.inputs()
    y = np.asarray(op.forward(xs))
    rng = np.random.default_rng(3)
    for slot in range(len(xs)):
        g = rng.normal(size=y.shape)
        expected = np.asarray(g).reshape(-1) @ by_rows(op, slot, y, xs)
        np.testing.assert_allclose(np.reshape(op.vjp(slot, np.asarray(g), y, xs), -1), expected, rtol=1e-11, atol=1e-12)


@every_example
def test_summed_inputs_times_their_local_factors_are_the_output(example: Example) -> None:
    op, xs = example.op, example.inputs()
    if not op.summed:
        return
    y = np.asarray(op.forward(xs))
    again = np.zeros(y.size)
    for slot in op.summed:
        if slot < len(xs):
            again += by_rows(op, slot, y, xs) @ xs[slot].reshape(-1)
    np.testing.assert_allclose(again, y.reshape(-1), rtol=1e-12, atol=1e-13)


# Values, against plain formulas -------------------------------------------------------------------

MATH: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a + (-1) * b,
    "multiply": lambda a, b: np.exp(np.log(np.abs(a)) + np.log(np.abs(b))) * np.sign(a) * np.sign(b),
    "divide": lambda a, b: a * b**-1,
    "power": lambda a, b: np.exp(b * np.log(a)),
    "negative": lambda x: 0 - x,
    "exp": lambda x: np.e**x,
    "log": lambda x: np.log2(x) / np.log2(np.e),
    "relu": lambda x: (x + np.abs(x)) / 2,
    "sigmoid": lambda x: (1 + np.tanh(x / 2)) / 2,
    "tanh": lambda x: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1),
    "half_squared_error": lambda y, t: np.sum((y - t) ** 2) / 2,
    "mse": lambda y, t: np.average((y - t) ** 2),
    "linear": lambda x, W, b=0.0: np.einsum("...j,ij->...i", x, W) + b,
}


@pytest.mark.parametrize("example", [p for p in ALL if p.values[0].op.name in MATH])
def test_the_value_is_the_formulas(example: Example) -> None:
    xs = example.inputs()
    if getattr(example.op, "reduction", "mean") == "mean":
        np.testing.assert_allclose(example.op.forward(xs), MATH[example.op.name](*xs), rtol=1e-12, atol=1e-13)


#: What PyTorch has no name for, and where it is held against something else.
ELSEWHERE = {"dropout": "test_dropout"}


def test_every_operation_is_held_against_pytorch() -> None:
    seen = set()
    for cases in FAMILIES.values():
        for case in cases.values():
            nodes = started(case).graph.nodes
            seen |= {node.op.name for node in nodes} | set(re.findall(r"\w+(?=\()", case["formula"]))
    assert {*REGISTRY, *COMPOSITES} - seen == set(ELSEWHERE)


# What is written about an operation ---------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_describes_itself(name: str) -> None:
    cls = REGISTRY[name]
    assert cls.name == name
    assert name.isidentifier()
    assert cls.label
    assert len(cls.slopes) == len(cls.slots), "one local derivative for each input"
    places = {int(p) for text in (cls.notation, cls.term, *cls.slopes) for p in re.findall(r"\{(\d+)\}", text)}
    assert places == set(range(len(cls.slots))), "the notation names every input, and no other"
    assert all(slot < len(cls.slots) for slot in cls.summed)
    assert 0 <= cls.optional < len(cls.slots) or not cls.slots
    assert not inspect.isabstract(cls)


@pytest.mark.parametrize("name", NAMES)
def test_a_signature_names_the_operation_its_inputs_and_its_options(name: str) -> None:
    cls = REGISTRY[name]
    assert re.fullmatch(rf"{name}\(.+\)", cls.signature())
    words = re.findall(r"\w+", cls.signature())
    for word in (*cls.slots, *(f.name for f in dataclasses.fields(cls))):
        assert word in words


def test_signatures() -> None:
    assert REGISTRY["linear"].signature() == "linear(x, W, [b])"
    assert REGISTRY["sum"].signature() == "sum(x, axis=None, keepdims=False)"
    assert REGISTRY["mse"].signature() == "mse(y, t, reduction='mean')"


# Numbers that are none ----------------------------------------------------------------------------

NASTY = np.array(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 2.0, 1e300, -1e300, 5e-324, 1e-160, 1000.0, -1000.0, 0.5]
)


def nasty_inputs(example: Example, turn: int) -> list[Array]:
    found = []
    for number, shape in enumerate(example.shapes):
        size = int(np.prod(shape, dtype=int))
        steps = 1 if number == 0 else 4
        nasty = NASTY[(np.arange(size) * steps + turn * (1 if number == 0 else 7)) % len(NASTY)].reshape(shape)
        found.append(nasty if example.free(number) else example.inputs()[number])
    return found


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", NAMES)
def test_no_warning_escapes_a_run(name: str, dtype: Any) -> None:
    for example in examples(name):
        for turn in range(len(NASTY)):
            builder = NetworkBuilder(dtype)
            leaves = [builder.parameter(f"p{i}", x) for i, x in enumerate(nasty_inputs(example, turn))]
            out = builder.graph.apply(example.op, leaves, "y", "", "y")
            if out.size != 1:
                builder.graph.apply(REGISTRY["sum"](), [out], "L", "", "L")
            net = builder.done("L" if out.size != 1 else "y")
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                trace = run(net.graph, net.leaves)
            for leaf in leaves:
                grad = trace.grad[leaf.id]
                assert grad is not None
                assert grad.shape == leaf.shape
                assert grad.dtype == dtype


@pytest.mark.parametrize("name", [n for n in NAMES if len(REGISTRY[n].slots) == 2])
def test_every_pair_of_nasty_numbers_goes_through(name: str) -> None:
    cls = REGISTRY[name]
    if cls.name in BY_NAME:
        return
    a, b = (m.reshape(-1) for m in np.meshgrid(NASTY, NASTY))
    builder = NetworkBuilder()
    out = builder.graph.apply(cls(), [builder.parameter("a", a), builder.parameter("b", b)], "y", "", "y")
    if out.size != 1:
        builder.graph.apply(REGISTRY["sum"](), [out], "L", "", "L")
    net = builder.done("L" if out.size != 1 else "y")
    assert net.grad("a").shape == a.shape


@pytest.mark.parametrize("name", NAMES)
def test_vectorised_and_single_element_gradients_agree_on_nasty_numbers(name: str) -> None:
    for example in examples(name):
        xs = nasty_inputs(example, 2)
        op = example.op
        if isinstance(op, Rowwise) and not op.reduced:
            continue  # what overflows within a group depends on the order in which it is added up
        if getattr(op, "padding", 0) and isinstance(op, Convolving):
            continue  # a zero of the padding times ∞ is NaN, and padding is no term
        with np.errstate(all="ignore"):
            y = np.asarray(op.forward(xs))
            g = np.ones_like(y)
            for slot in range(len(xs)):
                columns = [op.column(slot, at, y, xs) for at in range(xs[slot].size)]
                single = np.array([c.local(0, c.grid.size).sum() for c in columns])
                whole = np.reshape(op.vjp(slot, g, y, xs), -1)
                # 1 − 1 + 1e-160 depends on the order in which it is added up.
                np.testing.assert_allclose(whole, single, rtol=1e-12, atol=1e-15 if isinstance(op, Convolving) else 0)


# In a graph ---------------------------------------------------------------------------------------


@every_example
def test_each_element_is_explained_by_its_terms(example: Example) -> None:
    builder = NetworkBuilder()
    leaves = [builder.parameter(f"p{i}", x) for i, x in enumerate(example.inputs())]
    out = builder.graph.apply(example.op, leaves, "y", "", "y")
    weight = builder.input("c", np.random.default_rng(7).normal(size=out.shape))
    builder.graph.apply(REGISTRY["multiply"](), [out, weight], "m", "", "m")
    builder.line("L", "sum(m)")
    net = builder.done()
    for leaf in leaves:
        assert leaf.role is Role.PARAMETER
        for flat in range(leaf.size):
            segments = gradient_segments(net.trace, leaf, flat)
            terms = enumerate_terms(segments, net.graph.dtype)
            assert total(segments) == len(terms) == terms.total
            bound = 1e-13 * np.abs(terms.contribution).sum()
            reached = terms.running[-1] if len(terms) else 0.0
            assert abs(reached - net.grad(leaf.name).reshape(-1)[flat]) <= bound
            assert terms.contribution == pytest.approx(terms.upstream * terms.local, rel=1e-15)
    node = net.graph.nodes[out.node]
    for flat in range(out.size):
        segments = forward_segments(net.trace, node, flat)
        if not (example.op.summed or example.op.reduces):
            assert segments == ()
            continue
        terms = enumerate_terms(segments, net.graph.dtype)
        bound = 1e-13 * np.abs(terms.contribution).sum()
        reached = terms.running[-1] if len(terms) else 0.0  # where there is padding alone
        assert abs(reached - net.data("y").reshape(-1)[flat]) <= bound
