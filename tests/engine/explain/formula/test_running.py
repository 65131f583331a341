"""Names under letters that run, against NumPy's index arithmetic: at every place they name the element that is read."""

from __future__ import annotations

import re
from itertools import product
from math import prod

import numpy as np
import pytest
from graphs import EXAMPLES, REPEATABLE, Network, network
from hypothesis import given, settings
from hypothesis import strategies as st

from gradstep.engine.explain.formula.running import Member, Running, indexed, running, summed
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.index import Grid, Picked


def of_shapes(*shapes: tuple[int, ...], **more: float) -> tuple[Network, Blackboard]:
    """A network that has an array of each shape, called A, B, C, and what else is named."""
    arrays = {name: np.zeros(shape) for name, shape in zip("ABCDE", shapes, strict=False)}
    net = network({}, {**arrays, **more}, {"L": " + ".join(f"sum({name})" for name in arrays)})
    return net, Blackboard(net.graph)


def told(net: Network, board: Blackboard, **grids: Grid) -> Running:
    found = running(board, [Member(net.value(name).id, grid) for name, grid in grids.items()])
    assert found is not None
    return found


def test_a_letter_stands_alone_on_a_whole_axis_if_it_can() -> None:
    net, board = of_shapes((4, 3), (4, 5))
    assert told(net, board, A=Grid(1, (4,), (3,))) == ("ᵢ", ("A[i,1]",), "")
    assert told(net, board, A=Grid(2, (4,), (3,)), B=Grid(0, (4,), (5,))) == ("ᵢ", ("A[i,2]", "B[i,0]"), "")
    assert told(net, board, A=Grid(0, (4, 3), (3, 1))) == ("ᵢⱼ", ("A[i,j]",), "")
    # On another it is moved; where it is whole nowhere, or on two of different lengths, it is said from where to where.
    assert told(net, board, A=Grid(0, (3,), (1,)), B=Grid(7, (3,), (1,))) == ("ᵢ", ("A[0,i]", "B[1,i+2]"), "")
    assert told(net, board, A=Grid(3, (2,), (3,))) == ("ᵢ", ("A[i,0]",), " (i = 1…2)")
    assert told(net, board, A=Grid(0, (3,), (1,)), B=Grid(0, (3,), (1,))).ranges == " (i = 0…2)"
    assert told(net, board, A=Grid(0, (2, 2), (3, 1))) == ("ᵢⱼ", ("A[i,j]",), " (i, j = 0…1)")
    assert told(net, board, A=Grid(0, (2, 3), (3, 1)), B=Grid(0, (2, 3), (5, 0))).names == ("A[i,j]", "B[i,0]")


def test_strides_turns_and_what_does_not_run() -> None:
    net, board = of_shapes((6,), (4,), (2, 3))
    assert told(net, board, A=Grid(0, (3,), (2,)), B=Grid(3, (3,), (-1,))) == ("ᵢ", ("A[2i]", "B[3−i]"), " (i = 0…2)")
    assert told(net, board, A=Grid(1, (3,), (2,)), C=Grid(3, (3,), (1,))) == ("ᵢ", ("A[2i+1]", "C[1,i]"), "")
    assert told(net, board, A=Grid(5, (1,), (1,))) == ("", ("A₆",), "")
    assert told(net, board, B=Grid(0, (4,), (1,)), C=Grid(4, (4,), (0,))) == ("ᵢ", ("B[i]", "c₂₂"), "")
    # No letters say what jumps over the ends of axes.
    assert running(board, [Member(net.value("C").id, Grid(0, (6,), (1,)))]) is None


def test_no_letter_is_the_name_of_an_array() -> None:
    net, board = of_shapes((4,), i=1.0, k=2.0)
    assert told(net, board, A=Grid(0, (4,), (1,))) == ("ⱼ", ("A[j]",), "")


def test_a_number_of_a_formula_and_a_single_number_have_no_index() -> None:
    net = network({}, {"x": [1.0, 2.0], "s": 3.0}, {"y": "x * 2", "z": "y * s", "L": "sum(z)"})
    board = Blackboard(net.graph)
    two = net.graph.literals
    (literal,) = two
    assert told_by(net, board, literal, Grid(0, (2,), (0,))) == "2"
    assert indexed(board, Element(net.value("x").id, 1)) == "x[1]"
    assert indexed(board, Element(net.value("s").id, 0)) == "s"
    assert indexed(board, Element(literal, 0)) == "2"


def told_by(net: Network, board: Blackboard, literal: int, grid: Grid) -> str:
    found = running(board, [Member(net.value("x").id, Grid(0, (2,), (1,))), Member(literal, grid)])
    assert found is not None
    return found.names[1]


def test_a_sum_has_its_sign_before_it() -> None:
    net, board = of_shapes((4,), (4,))
    values, grids = [net.value("A").id, net.value("B").id], [Grid(0, (4,), (1,))] * 2
    assert summed(board, values, grids, "½({0} − {1})²", 4) == "Σᵢ ½(A[i] − B[i])²"
    assert summed(board, values, grids, "−{0} × {1}/4", 4) == "−Σᵢ A[i] × B[i]/4"
    assert summed(board, values[:1], [Picked(np.array([3, 1, 0, 2]))], "{0}", 4) == "Σ A, 4 terms"


@st.composite
def boxes(draw: st.DrawFn) -> tuple[list[tuple[tuple[int, ...], Grid]], tuple[int, ...]]:
    """Up to three arrays, and regular sets of their elements that run together."""
    extent = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)))
    found = []
    for _ in range(draw(st.integers(1, 3))):
        axes = draw(st.lists(st.sampled_from([None, *range(len(extent))]), min_size=1, max_size=4))
        shape, base, by = [], [], [[0] * len(axes) for _ in extent]
        for axis, letter in enumerate(axes):
            step = draw(st.sampled_from([1, 1, 1, 2, -1])) if letter is not None else 0
            far = abs(step) * (extent[letter] - 1) if letter is not None else 0
            low = draw(st.integers(0, 2)) if draw(st.booleans()) else 0
            shape.append(low + far + 1 + (draw(st.integers(0, 2)) if draw(st.booleans()) else 0))
            base.append(low + (far if step < 0 else 0))
            if letter is not None:
                by[letter][axis] = step
        steps = [prod(shape[a + 1 :]) for a in range(len(shape))]
        flat = sum(b * s for b, s in zip(base, steps, strict=True))
        strides = tuple(sum(d * s for d, s in zip(row, steps, strict=True)) for row in by)
        found.append((tuple(shape), Grid(flat, extent, strides)))
    return found, extent


@given(boxes())
@settings(max_examples=EXAMPLES * 4, deadline=None, derandomize=REPEATABLE)
def test_at_every_place_the_names_are_those_of_the_elements(
    drawn: tuple[list[tuple[tuple[int, ...], Grid]], tuple[int, ...]],
) -> None:
    made, extent = drawn
    net, board = of_shapes(*(shape for shape, _ in made))
    members = [Member(net.value(name).id, grid) for name, (_, grid) in zip("ABC", made, strict=False)]
    found = running(board, members)
    assert found is not None
    letters = [dict(zip("ᵢⱼₖₗ", "ijkl", strict=True))[letter] for letter in found.over]
    starts = dict.fromkeys(letters, 0)
    for names, start in re.findall(r"((?:\w, )*\w) = (\d+)…", found.ranges):
        starts |= dict.fromkeys(names.split(", "), int(start))
    running_axes = [n for n in extent if n > 1]
    assert len(letters) == len(running_axes)
    places = list(product(*(range(n) for n in running_axes)))
    for name, (shape, grid) in zip(found.names, made, strict=True):
        flats = grid.take(0, grid.size).tolist()
        for place, flat in zip(places, flats, strict=True):
            box = {letter: starts[letter] + at for letter, at in zip(letters, place, strict=True)}
            if "[" not in name:
                continue  # it does not run
            inside = name[name.index("[") + 1 : -1].replace("−", "-")
            index = [eval(re.sub(r"(\d)([a-z])", r"\1*\2", part), {}, box) for part in inside.split(",")]
            assert int(np.ravel_multi_index(index, shape)) == flat, (name, box)
    # A letter without a range runs over the whole of every axis on which it stands alone.
    for k, letter in enumerate(letters):
        if not re.search(rf"\b{letter}\b", found.ranges):
            alone = [
                shape[axis]
                for name, (shape, _) in zip(found.names, made, strict=True)
                for axis, part in enumerate(name[name.find("[") + 1 : -1].split(","))
                if "[" in name and part == letter
            ]
            assert alone
            assert set(alone) == {running_axes[k]}


@pytest.mark.parametrize("count", [11, 13])
def test_of_more_axes_than_there_are_letters_nothing_is_said(count: int) -> None:
    net, board = of_shapes((2,) * count)
    grid = Grid(0, (2,) * count, tuple(2**k for k in reversed(range(count))))
    assert (running(board, [Member(net.value("A").id, grid)]) is None) == (count > 12)
