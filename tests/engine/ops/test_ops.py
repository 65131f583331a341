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
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest
from graphs import Array, NetworkBuilder

from gradstep.engine.errors import OpError
from gradstep.engine.graph.graph import Role
from gradstep.engine.index import Shape
from gradstep.engine.ops import REGISTRY, Links, Op
from gradstep.engine.ops.affine import Contract
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.reduction import AxisReduce
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.ops.shapes import broadcast, unbroadcast
from gradstep.engine.run.passes import run
from gradstep.engine.run.reading import forward_segments, gradient_segments
from gradstep.engine.run.terms import enumerate_terms, total

Shapes = tuple[Shape, ...]

#: Shapes that are tried on operations for which nothing below says better.
POOL: tuple[Shape, ...] = ((), (1,), (3,), (2, 3), (2, 1), (1, 3), (3, 2), (2, 3, 2))

#: What each family should be seen with, by its number of inputs.
ONE: tuple[Shapes, ...] = (((),), ((1,),), ((5,),), ((2, 3),), ((2, 1, 3),))
TWO: tuple[Shapes, ...] = (
    ((), ()),
    ((3,), (3,)),
    ((), (2, 2)),
    ((2, 3), ()),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 3), (2, 1)),
    ((2, 1), (1, 3)),
    ((1,), (4,)),
    ((4, 1, 2), (3, 1)),
)
PAIRS: tuple[Shapes, ...] = (
    ((), ()),
    ((1,), (1,)),
    ((4,), (4,)),
    ((2, 3), (2, 3)),
    ((1,), (3,)),
    ((3,), ()),
    ((), (2, 3)),
    ((2, 3), (1, 1)),
)
REDUCED: tuple[Shapes, ...] = (((),), ((1,),), ((5,),), ((2, 3),), ((3, 1),), ((2, 3, 4),), ((1, 3, 1),))

#: Shapes for operations with rules of their own.
BY_NAME: dict[str, tuple[Shapes, ...]] = {
    "linear": (
        ((3,), (2, 3)),
        ((3,), (2, 3), (2,)),
        ((1,), (4, 1), (4,)),
        ((4,), (1, 4), (1,)),
        ((1,), (1, 1), (1,)),
        ((1,), (1, 1)),
        ((4, 3), (2, 3)),
        ((4, 3), (2, 3), (2,)),
        ((1, 3), (2, 3), (2,)),
        ((4, 1), (1, 1), (1,)),
        ((2, 4, 3), (5, 3), (5,)),
    ),
    "matmul": (
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3, 4)),
        ((1, 3), (3, 1)),
        ((2, 2, 3), (3, 2)),
        ((2, 2, 3), (2, 3, 2)),
        ((2, 1, 2, 3), (3, 3, 2)),
        ((2, 3), (4, 3, 1)),
        ((2, 2, 3), (3,)),
    ),
    "embedding": (((4, 3), (5,)), ((4, 3), ()), ((3, 1), (2, 2)), ((1, 2), (3,))),
    "conv2d": (
        ((1, 3, 3), (1, 1, 2, 2)),
        ((2, 4, 5), (3, 2, 2, 3), (3,)),
        ((2, 1, 4, 4), (2, 1, 3, 3), (2,)),
        ((2, 2, 3, 3), (1, 2, 3, 3)),
        ((1, 4, 4), (2, 1, 1, 1), (2,)),
    ),
    "max_pool2d": (((4, 4),), ((1, 4, 5),), ((2, 2, 3, 3),)),
    "avg_pool2d": (((4, 4),), ((1, 4, 5),), ((2, 2, 3, 3),)),
    "nll": (((3,), (3,)), ((3,), ()), ((3,), (1,)), ((4, 3), (4,)), ((4, 3), (4, 3)), ((2, 2, 3), (2, 2))),
    "causal_mask": (((1, 1),), ((3, 3),), ((2, 4),), ((2, 3, 2),)),
    "normalize": (((5,),), ((5, 4),), ((4, 5, 6),)),
    "rms_normalize": (((5,),), ((5, 4),), ((4, 5, 6),)),
    "reshape": (((4,),), ((2, 2),), ((2, 3, 2),), ((1,),), ((),)),
    "index": (((3,),), ((3, 4),), ((2, 3, 4),)),
    "concat": (((3,), (2,)), ((2, 3), (2, 3)), ((2, 3), (1, 3), (2, 3)), ((2, 1), (2, 2))),
    "stack": (((), ()), ((3,), (3,)), ((2, 3), (2, 3), (2, 3))),
}

#: Inputs that are no free numbers: (name, slot) → from a generator and a shape.
GIVEN: dict[tuple[str, int], Callable[[np.random.Generator, Shape], Array]] = {
    ("embedding", 1): lambda rng, shape: rng.integers(0, 1, shape, endpoint=False).astype(float),
    ("nll", 1): lambda rng, shape: rng.integers(0, 3, shape).astype(float),
    ("bce", 0): lambda rng, shape: rng.uniform(0.1, 0.9, shape),
    ("bce", 1): lambda rng, shape: rng.uniform(0.1, 0.9, shape),
}

#: Values to try for an option, by its name; an option that is not here keeps its default.
OPTIONS: dict[str, tuple[Any, ...]] = {
    "axis": (None, 0, 1, -1, -2, (0,), (0, 1), (-1, 0), (0, 2), (2, 0, 1), ()),
    "keepdims": (False, True),
    "axes": (None, (1, 0), (0, 2, 1), (-1, 0, 1)),
    "to": ((-1,), (2, -1), (4, 3), (2, 2), ()),
    "start": (0, 1),
    "at": ((), (0,), (-1,), ((None, None, None), 1), ((1, None, 2),), ((None, None, -1), (0, 3, 2)), (1, (2, 0, -1))),
    "padding": (0, 1),
    "stride": (1, 2),
    "size": (1, 2, 3),
    "seed": (0, 3),
}


@dataclasses.dataclass(frozen=True)
class Example:
    """An operation, and shapes of inputs it takes."""

    op: Op
    shapes: Shapes

    def inputs(self, dtype: Any = np.float64) -> list[Array]:
        """Numbers of both signs, away from 0, or positive ones where the operation needs them."""
        for low, signed in ((0.4, True), (0.4, False), (0.05, False)):
            rng = np.random.default_rng(zlib.crc32(f"{self.op.name} {self.shapes}".encode()))
            xs = []
            for slot, shape in enumerate(self.shapes):
                x = low + (1.7 - low) * rng.random(shape)
                x = np.asarray(np.where(rng.random(shape) < 0.5, -x, x) if signed else x)
                given = GIVEN.get((self.op.name, slot))
                xs.append(x if given is None or self.same(slot) else np.asarray(given(rng, shape)))
            with np.errstate(all="ignore"):
                usable = not np.isnan(self.op.forward(xs)).any()
            if usable:
                return [x.astype(dtype) for x in xs]
        pytest.fail(f"{self}: no inputs were found that '{self.op.name}' maps to finite numbers; see Example.inputs")

    def same(self, slot: int) -> bool:
        """Whether nll's target is a distribution in the shape of its input, and not class numbers."""
        return self.op.name == "nll" and self.shapes[0] == self.shapes[slot] != (1,)

    def free(self, slot: int) -> bool:
        """Whether a slot takes any number, so that it can be moved by a little."""
        return (self.op.name, slot) not in (("embedding", 1), ("nll", 1)) or self.same(slot)

    def __str__(self) -> str:
        given = ", ".join(f"{k}={v}" for k, v in dataclasses.asdict(self.op).items())
        return f"{self.op.name}{f'[{given}]' if given else ''} {' '.join(map(str, self.shapes))}"


def instances(cls: type[Op]) -> Iterator[Op]:
    """The operation with every combination of the options above."""
    tried = {}
    for field in dataclasses.fields(cls):
        if field.name in OPTIONS:
            tried[field.name] = OPTIONS[field.name]
        elif field.default is dataclasses.MISSING:
            return  # the test for missing examples says so
    for values in product(*tried.values()):
        with contextlib.suppress(OpError):
            yield cls(**dict(zip(tried, values, strict=True)))


def wanted_shapes(cls: type[Op]) -> Sequence[Shapes]:
    """Shapes of the family, or else all of the pool's that the operation's rule may take."""
    if cls.name in BY_NAME:
        return BY_NAME[cls.name]
    if issubclass(cls, AxisReduce | Rowwise):
        return REDUCED
    if issubclass(cls, Elementwise) and len(cls.slots) <= 2:
        return ONE if len(cls.slots) == 1 else TWO
    if issubclass(cls, Reduce) and len(cls.slots) == 2:
        return PAIRS
    counts = range(len(cls.slots) - cls.optional, len(cls.slots) + 1)
    return [shapes for count in counts for shapes in product(POOL, repeat=count)]


@cache
def examples(name: str) -> tuple[Example, ...]:
    """Up to 40 different examples of one operation."""
    found = []
    for op in instances(REGISTRY[name]):
        for shapes in wanted_shapes(REGISTRY[name]):
            # Anything but an OpError is a mistake, and another test's to find.
            with contextlib.suppress(Exception):
                op.shape(shapes)
                found.append(Example(op, shapes))
    step = max(len(found) / 40, 1)
    return tuple(found[int(k * step)] for k in range(int(len(found) / step)))


#: Examples of all operations, named by what they are.
ALL = [pytest.param(e, id=str(e)) for name in sorted(REGISTRY) for e in examples(name)]
NAMES = sorted(REGISTRY)
BINARY = [n for n in NAMES if issubclass(REGISTRY[n], Elementwise) and len(REGISTRY[n].slots) == 2]


def linked(links: Links, dtype: Any) -> tuple[Array, Array]:
    """The far elements of some links and the local derivatives, read in two pieces."""
    count = links.grid.size
    half = count // 2
    pieces = [links.local(0, half), links.local(half, count)]
    for piece, length in zip(pieces, (half, count - half), strict=True):
        assert piece.shape == (length,)
        assert piece.dtype == dtype
    return links.grid.take(0, count), np.concatenate(pieces)


def by_rows(op: Op, slot: int, y: Array, xs: list[Array]) -> Array:
    jacobian = np.zeros((y.size, xs[slot].size))
    for at in range(y.size):
        inputs, local = linked(op.row(slot, at, y, xs), y.dtype)
        np.add.at(jacobian[at], inputs, local)
    return jacobian


def by_columns(op: Op, slot: int, y: Array, xs: list[Array]) -> Array:
    jacobian = np.zeros((y.size, xs[slot].size))
    for at in range(xs[slot].size):
        outputs, local = linked(op.column(slot, at, y, xs), y.dtype)
        np.add.at(jacobian[:, at], outputs, local)
    return jacobian


def by_vjp(op: Op, slot: int, y: Array, xs: list[Array]) -> Array:
    jacobian = np.zeros((y.size, xs[slot].size))
    for at in range(y.size):
        g = np.zeros(y.size, dtype=y.dtype)
        g[at] = 1
        back = np.asarray(op.vjp(slot, g.reshape(y.shape), y, xs))
        assert back.shape == xs[slot].shape
        assert back.dtype == y.dtype
        jacobian[at] = back.reshape(-1)
    return jacobian


def by_differences(op: Op, slot: int, xs: list[Array], h: float = 1e-5) -> Array:
    """Central differences, from the forward pass alone."""
    columns = []
    for at in range(xs[slot].size):
        ends = []
        for step in (h, -h):
            moved = [x.copy() for x in xs]
            moved[slot].reshape(-1)[at] += step
            ends.append(np.array(op.forward(moved), dtype=np.float64).reshape(-1))
        with np.errstate(invalid="ignore"):  # a mask's −∞ stays −∞
            columns.append(np.where(ends[0] == ends[1], 0, (ends[0] - ends[1]) / (2 * h)))
    return np.stack(columns, axis=1)


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
@pytest.mark.parametrize("example", ALL)
def test_output_has_the_shape_it_announces_and_the_inputs_dtype(example: Example, dtype: Any) -> None:
    xs = example.inputs(dtype)
    kept = [x.copy() for x in xs]
    y = np.asarray(example.op.forward(xs))
    assert y.shape == example.op.shape(example.shapes)
    assert y.dtype == dtype
    assert all((x == k).all() for x, k in zip(xs, kept, strict=True)), "an input was changed"


@pytest.mark.parametrize("example", ALL)
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


@pytest.mark.parametrize("example", ALL)
def test_single_precision_rows_columns_and_vjp(example: Example) -> None:
    op, xs = example.op, example.inputs(np.float32)
    y = np.asarray(op.forward(xs))
    for slot in filter(example.free, range(len(xs))):
        expected = by_differences(op, slot, [x.astype(np.float64) for x in xs])
        bound = 2e-5 * max(1.0, float(np.abs(expected).max(initial=0)))
        for make in (by_rows, by_columns, by_vjp):
            assert np.abs(make(op, slot, y, xs) - expected).max(initial=0) < bound, f"{make.__name__}, slot {slot}"


@pytest.mark.parametrize("example", ALL)
def test_vjp_is_linear_in_the_gradient(example: Example) -> None:
    op, xs = example.op, example.inputs()
    y = np.asarray(op.forward(xs))
    rng = np.random.default_rng(3)
    for slot in range(len(xs)):
        g = rng.normal(size=y.shape)
        expected = np.asarray(g).reshape(-1) @ by_rows(op, slot, y, xs)
        np.testing.assert_allclose(np.reshape(op.vjp(slot, np.asarray(g), y, xs), -1), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("example", ALL)
def test_a_link_lists_no_element_twice_in_a_column(example: Example) -> None:
    op, xs = example.op, example.inputs()
    y = np.asarray(op.forward(xs))
    for slot in range(len(xs)):
        for at in range(xs[slot].size):
            grid = op.column(slot, at, y, xs).grid
            # A reduction meets its one output once for every point; elsewhere each output is another.
            if not isinstance(op, Reduce):
                assert len(set(grid.take(0, grid.size).tolist())) == grid.size


@pytest.mark.parametrize("example", ALL)
def test_columns_together_are_the_columns_one_by_one(example: Example) -> None:
    op, xs = example.op, example.inputs()
    y = np.asarray(op.forward(xs))
    for slot, x in enumerate(xs):
        for start, stop in ((0, x.size), (x.size // 3, x.size - x.size // 4), (x.size, x.size)):
            found = op.columns(slot, start, stop, y, xs)
            links = [op.column(slot, at, y, xs) for at in range(start, stop)]
            assert found.owner.tolist() == [k for k, link in enumerate(links) for _ in range(link.grid.size)]
            assert found.out.tolist() == [o for link in links for o in link.grid.take(0, link.grid.size).tolist()]
            single = [v for link in links for v in link.local(0, link.grid.size).tolist()]
            assert found.local.tolist() == pytest.approx(single, rel=1e-12, nan_ok=True)
            if links:
                assert found.factor == (links[0].factor[0] if links[0].factor else None)


@pytest.mark.parametrize("example", ALL)
def test_a_factor_is_where_the_local_derivative_is_read(example: Example) -> None:
    op, xs = example.op, example.inputs()
    y = np.asarray(op.forward(xs))
    for slot in range(len(xs)):
        found = [op.row(slot, at, y, xs) for at in range(y.size)]
        found += [op.column(slot, at, y, xs) for at in range(xs[slot].size)]
        for links in found:
            assert links.slot == slot
            if links.factor is not None:
                other, grid = links.factor
                assert other != slot
                read = xs[other].reshape(-1)[grid.take(0, grid.size)]
                assert read.tolist() == links.local(0, links.grid.size).tolist()


@pytest.mark.parametrize("example", ALL)
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


@pytest.mark.parametrize("example", ALL)
def test_summands_add_up_to_the_output(example: Example) -> None:
    op, xs = example.op, example.inputs()
    if not op.reduces:
        with pytest.raises(OpError):
            op.summands(0, xs)
        return
    y = np.asarray(op.forward(xs))
    for at in range(y.size):
        grid, read = op.summands(at, xs)
        parts = np.concatenate([read(0, grid.size // 3), read(grid.size // 3, grid.size)])
        assert parts.shape == (grid.size,)
        assert parts.dtype == y.dtype
        np.testing.assert_allclose(parts.sum(), y.reshape(-1)[at], rtol=1e-12, atol=1e-14)


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
    np.testing.assert_allclose(example.op.forward(xs), MATH[example.op.name](*xs), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("example", [p for p in ALL if isinstance(p.values[0].op, AxisReduce)])
def test_a_reduction_is_numpys(example: Example) -> None:
    (x,) = example.inputs()
    options = dataclasses.asdict(example.op)
    np.testing.assert_allclose(
        example.op.forward([x]), getattr(np, example.op.name)(x, **options), rtol=1e-13, atol=1e-14
    )


def test_the_reductions_are_seen_with_all_their_options() -> None:
    seen = {(e.op.axis, e.op.keepdims) for name in ("sum", "mean") for e in examples(name)}  # type: ignore[attr-defined]
    assert {(None, False), (None, True), (0, False), (-1, True), ((), False)} <= seen
    assert any(isinstance(axis, tuple) and len(axis) > 1 for axis, _ in seen)


@pytest.mark.parametrize("name", BINARY)
def test_elementwise_operations_broadcast_just_as_numpy_does(name: str) -> None:
    op = REGISTRY[name]()
    for a, b in product((*POOL, (4,), (0,), (1, 1, 1), (2, 2)), repeat=2):
        try:
            expected = np.broadcast_shapes(a, b)
        except ValueError:
            with pytest.raises(OpError):
                op.shape((a, b))
        else:
            assert op.shape((a, b)) == expected


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
    assert REGISTRY["mse"].signature() == "mse(y, t)"


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
        if getattr(op, "padding", 0) and name == "conv2d":
            continue  # a zero of the padding times ∞ is NaN, and padding is no term
        with np.errstate(all="ignore"):
            y = np.asarray(op.forward(xs))
            g = np.ones_like(y)
            for slot in range(len(xs)):
                columns = [op.column(slot, at, y, xs) for at in range(xs[slot].size)]
                single = np.array([c.local(0, c.grid.size).sum() for c in columns])
                whole = np.reshape(op.vjp(slot, g, y, xs), -1)
                np.testing.assert_allclose(whole, single, rtol=1e-12)


# Kinks and conventions ----------------------------------------------------------------------------


def slope(op: Op, slot: int, *numbers: float) -> float:
    """The slope at one point, through the backward pass; the same through a single element."""
    xs = [np.asarray(v, dtype=np.float64) for v in numbers]
    with np.errstate(all="ignore"):
        y = np.asarray(op.forward(xs))
        found = float(op.vjp(slot, np.ones_like(y), y, xs))
        single = float(op.column(slot, 0, y, xs).local(0, 1)[0])
    assert found == single or (found != found and single != single)
    return found


@pytest.mark.parametrize(("x", "expected"), [(0.0, 0.0), (-0.0, 0.0), (5e-324, 1.0), (-5e-324, 0.0), (3.0, 1.0)])
def test_relu_has_slope_0_at_its_kink(x: float, expected: float) -> None:
    assert slope(REGISTRY["relu"](), 0, x) == expected


@pytest.mark.parametrize("x", [0.0, -0.0, 2.0, -2.0, 1e300, np.inf, -np.inf, np.nan])
def test_the_power_0_is_1_everywhere_and_flat(x: float) -> None:
    assert float(REGISTRY["power"]().forward([np.asarray(x), np.asarray(0.0)])) == 1.0
    assert slope(REGISTRY["power"](), 0, x, 0.0) == 0.0


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [(3.0, 2.0, 6.0), (-3.0, 2.0, -6.0), (0.0, 2.0, 0.0), (0.0, 1.0, 1.0), (0.0, 3.0, 0.0), (-2.0, 3.0, 12.0),
     (4.0, 0.5, 0.25), (0.0, 0.5, np.inf), (2.0, -1.0, -0.25), (1.0, 0.0, 0.0)],
)  # fmt: skip
def test_slopes_of_a_power_in_its_base(a: float, b: float, expected: float) -> None:
    assert slope(REGISTRY["power"](), 0, a, b) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"), [(1.0, 3.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 0.0), (np.e, 0.0, 1.0), (np.e, 1.0, np.e)]
)
def test_slopes_of_a_power_in_its_exponent(a: float, b: float, expected: float) -> None:
    assert slope(REGISTRY["power"](), 1, a, b) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("x", [-1000.0, -710.0, 710.0, 1000.0, -np.inf, np.inf])
def test_a_saturated_sigmoid_is_a_number(x: float) -> None:
    with np.errstate(all="ignore"):
        y = float(REGISTRY["sigmoid"]().forward([np.asarray(x)]))
    assert y == pytest.approx(0.0 if x < 0 else 1.0, abs=1e-300)
    assert slope(REGISTRY["sigmoid"](), 0, x) == pytest.approx(0.0, abs=1e-300)


# Mistakes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BINARY)
def test_shapes_that_do_not_broadcast_are_named_with_their_axis(name: str) -> None:
    with pytest.raises(OpError) as caught:
        REGISTRY[name]().shape(((2, 3), (4,)))
    message = str(caught.value)
    assert name in message
    assert "(2, 3)" in message
    assert "(4,)" in message
    assert "axis -1" in message


@pytest.mark.parametrize(
    ("shapes", "axis"), [(((2, 3), (3, 3)), "axis -2"), (((5, 1, 2), (4, 3, 2)), "axis -3"), (((2,), (3,)), "axis -1")]
)
def test_the_axis_that_disagrees_is_counted_from_the_end(shapes: Shapes, axis: str) -> None:
    with pytest.raises(OpError, match=re.escape(axis)):
        broadcast(shapes, "add")


def test_broadcast_of_nothing_is_one_number() -> None:
    assert broadcast((), "add") == ()


@pytest.mark.parametrize("name", ["half_squared_error", "mse"])
@pytest.mark.parametrize("shapes", [((4, 1), (4,)), ((2, 3), (3,)), ((3,), (4,)), ((2, 3), (3, 2)), ((3,), (1, 3))])
def test_a_loss_compares_one_by_one(name: str, shapes: Shapes) -> None:
    with pytest.raises(OpError) as caught:
        REGISTRY[name]().shape(shapes)
    assert all(str(shape) in str(caught.value) for shape in shapes)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("shapes", "named"),
    [
        (((4,), (2, 3)), ("(2, 3)", "(4,)", "3 inputs", "has 4")),
        (((5, 4), (2, 3)), ("(2, 3)", "(5, 4)", "3 inputs", "has 4")),
        (((3,), (3,)), ("(3,)", "(out, in)")),
        (((), (2, 3)), ("()", "(2, 3)")),
        (((3,), (2, 3), (3,)), ("(3,)", "(2,)", "bias")),
        (((3,), (2, 3), ()), ("()", "(2,)", "bias")),
        (((3,), (2, 3), (1,)), ("(1,)", "(2,)", "bias")),
        (((3,), (2, 3), (1, 2)), ("(1, 2)", "(2,)", "bias")),
        (((3,), (2, 3, 4)), ("(2, 3, 4)", "(3,)")),
    ],
)
def test_a_weighted_sum_names_the_shapes_that_disagree(shapes: Shapes, named: tuple[str, ...]) -> None:
    with pytest.raises(OpError) as caught:
        REGISTRY["linear"]().shape(shapes)
    for part in named:
        assert part in str(caught.value)


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize(
    ("options", "shape", "named"),
    [
        ({"axis": 2}, (2, 3), ("axis 2", "(2, 3)")),
        ({"axis": -3}, (2, 3), ("axis -3", "(2, 3)")),
        ({"axis": 0}, (), ("axis 0", "()")),
        ({"axis": (0, 5)}, (2, 3), ("axis 5", "(2, 3)")),
        ({"axis": (0, 0)}, (2, 3), ("twice",)),
        ({"axis": (1, -1)}, (2, 3), ("twice", "(1, -1)")),
    ],
)
def test_a_wrong_axis_is_named(name: str, options: dict[str, Any], shape: Shape, named: tuple[str, ...]) -> None:
    with pytest.raises(OpError) as caught:
        REGISTRY[name](**options).shape((shape,))
    for part in (name, *named):
        assert part in str(caught.value)


@pytest.mark.parametrize("name", ["sum", "mean"])
@pytest.mark.parametrize(
    "options",
    [{"axis": True}, {"axis": 1.0}, {"axis": "0"}, {"axis": [0]}, {"axis": (0, None)}, {"axis": (True,)},
     {"keepdims": 1}, {"keepdims": None}, {"axis": {0}}],
)  # fmt: skip
def test_options_of_the_wrong_kind_are_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(OpError, match=name):
        REGISTRY[name](**options)


@pytest.mark.parametrize(
    ("g", "shape"),
    [((2, 3), (3,)), ((2, 3), ()), ((2, 3), (1, 3)), ((2, 3), (2, 1)), ((2, 3), (1, 1)), ((4, 2, 3), (2, 1)),
     ((3,), (3,))],
)  # fmt: skip
def test_unbroadcasting_adds_the_copies_up(g: Shape, shape: Shape) -> None:
    array = np.random.default_rng(1).normal(size=g)
    expected = np.zeros(shape)
    where = np.broadcast_to(np.arange(expected.size).reshape(shape), g)
    np.add.at(expected.reshape(-1), where.reshape(-1), array.reshape(-1))
    found = unbroadcast(array, shape)
    assert found.shape == shape
    np.testing.assert_allclose(found, expected, rtol=1e-14)


# In a graph ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", ALL)
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
        assert abs(terms.running[-1] - net.data("y").reshape(-1)[flat]) <= bound


def test_a_contraction_has_two_factors() -> None:
    contractions = [cls for cls in REGISTRY.values() if issubclass(cls, Contract)]
    assert contractions
    for cls in contractions:
        example = examples(cls.name)[0]
        xs = example.inputs()
        y = np.asarray(example.op.forward(xs))
        for slot in (0, 1):
            links = example.op.row(slot, 0, y, xs)
            assert links.factor is not None
            assert links.factor[0] == 1 - slot


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3, 0)])
def test_layers_of_no_inputs_and_batches_of_no_samples(shape: tuple[int, ...]) -> None:
    x, W, b = np.zeros(shape), np.zeros((4, 0)), np.arange(4.0)
    op = REGISTRY["linear"]()
    y = op.forward([x, W, b])
    assert y.shape == (*shape[:-1], 4)
    assert (y == b).all()
    for slot, of in enumerate((x, W, b)):
        assert op.vjp(slot, np.ones(y.shape), y, [x, W, b]).shape == of.shape
