"""Arrays without elements: an empty batch, an axis of length 0. Every operation takes them, or says why not."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from graphs import Array, network
from operations import NAMES, Example, Shapes, by_columns, by_differences, by_rows, by_vjp, examples, linked

from gradstep.engine.errors import OpError
from gradstep.engine.ops import REGISTRY
from gradstep.engine.ops.rowwise import Rowwise


def emptied(shapes: Shapes) -> Iterator[Shapes]:
    """The shapes with one or two of their lengths made 0."""
    places = [(k, axis) for k, shape in enumerate(shapes) for axis in range(len(shape))]
    for count in (1, 2):
        for zero in combinations(places, count):
            yield tuple(tuple(0 if (k, a) in zero else n for a, n in enumerate(s)) for k, s in enumerate(shapes))


def ones(example: Example) -> list[Array]:
    """Inputs; where they are numbers of classes or rows, the first."""
    return [(np.ones if example.free(slot) else np.zeros)(shape) for slot, shape in enumerate(example.shapes)]


def taken(name: str) -> Iterator[Example]:
    """The examples of an operation with arrays without elements that it takes."""
    seen: set[tuple[object, Shapes]] = set()
    for example in examples(name):
        for shapes in emptied(example.shapes):
            if (example.op, shapes) in seen or len(seen) > 100:
                continue
            seen.add((example.op, shapes))
            with contextlib.suppress(OpError):
                example.op.shape(shapes)
                found = Example(example.op, shapes)
                for slot, x in enumerate(ones(found)):
                    example.op.check(slot, x, shapes)
                yield found


@pytest.mark.parametrize("name", NAMES)
def test_values_rows_columns_and_gradients(name: str) -> None:
    some = 0
    for example in taken(name):
        op, xs = example.op, ones(example)
        with np.errstate(all="ignore"):
            y = np.asarray(op.forward(xs))
            assert y.shape == op.shape(example.shapes), example
            for slot in filter(example.free, range(len(xs))):
                rows = by_rows(op, slot, y, xs)
                if not op.discrete:
                    assert np.array_equal(rows, by_columns(op, slot, y, xs), equal_nan=True), example
                    assert np.array_equal(rows, by_vjp(op, slot, y, xs), equal_nan=True), example
                    entries = op.columns(slot, 0, xs[slot].size, y, xs)
                    assert len(entries.local) == sum(
                        len(linked(op.column(slot, k, y, xs), y.dtype)[0]) for k in range(xs[slot].size)
                    )
                if y.size and xs[slot].size and np.isfinite(y).all():
                    assert rows == pytest.approx(by_differences(op, slot, xs), abs=1e-7), example
        if op.reduces:
            for at in range(y.size):
                via, read = op.summands(at, xs)
                assert len(read(0, via.size)) == via.size
        some += 1
    # How many samples an affine grid has is an option, which theirs must be.
    assert some or issubclass(REGISTRY[name], Rowwise) or name == "affine_grid", "no example was taken"


@pytest.mark.parametrize(
    ("text", "shapes", "expected"),
    [
        ("sum(x)", {"x": (0,)}, 0.0),
        ("sum(mean(x, axis=1))", {"x": (0, 3)}, 0.0),
        ("mean(x)", {"x": (0, 3)}, np.nan),
        ("sum(linear(x, W, b))", {"x": (4, 0), "W": (2, 0), "b": (2,)}, 8.0),
        ("sum(x @ W)", {"x": (2, 0), "W": (0, 5)}, 0.0),
        ("sum(max(x, axis=1))", {"x": (0, 3)}, 0.0),
        ("sum(max_pool2d(x))", {"x": (0, 2, 4, 4)}, 0.0),
        ("sum(max_pool2d(x, size=3, stride=1, padding=1))", {"x": (2, 0, 4, 4)}, 0.0),
        ("sum(layer_norm(x))", {"x": (2, 0)}, 0.0),
        ("sum(batch_norm(x))", {"x": (0, 3, 2, 2)}, 0.0),
        ("sum(attention(x, x, x))", {"x": (0, 3)}, 0.0),
    ],
)
def test_networks_of_them(text: str, shapes: dict[str, tuple[int, ...]], expected: float) -> None:
    """Sums of nothing are 0, their mean is 0/0, and an output of no inputs is its bias."""
    net = network({}, {name: np.ones(shape) for name, shape in shapes.items()}, {"L": text})
    assert np.array_equal(net.trace.loss, expected, equal_nan=True)
    assert [net.grad(name).shape for name in shapes] == [*shapes.values()]


@pytest.mark.parametrize(
    ("name", "shape"), [("max_pool2d", (2, 0, 4)), ("max_pool2d", (1, 3, 0)), ("max", (0,)), ("min", (2, 0))]
)
def test_of_nothing_nothing_is_chosen(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(OpError, match=f"{name}: there is nothing to choose from"):
        REGISTRY[name]().shape([shape])


@pytest.mark.parametrize(("name", "shapes"), [("embedding", ((0, 3), (2,))), ("nll", ((4, 0), (4,)))])
def test_of_nothing_nothing_can_be_named(name: str, shapes: Shapes) -> None:
    op = REGISTRY[name]()
    op.shape(shapes)
    with pytest.raises(OpError, match=f"({name}: |class numbers,).* have nothing to choose from"):
        op.check(1, np.zeros(shapes[1]), shapes)
