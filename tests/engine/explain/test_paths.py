"""Everything about paths against brute force, in random networks and the scenarios; what is told of them, and how
long they are kept."""

from __future__ import annotations

import gc
import json
import weakref
from fractions import Fraction
from itertools import islice
from math import isfinite

import numpy as np
import pytest
from every_path import FEW, NETWORKS, every_path, exact, layered
from graphs import EXAMPLES, REPEATABLE, Network, Program, at, network, programs, recorded, walkthrough
from hypothesis import HealthCheck, given, settings

from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import Interrupted
from gradstep.engine.explain.paths import SkipAndBlock, count, paths_from, skip_and_block, strongest, total
from gradstep.engine.files import find
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Role
from gradstep.engine.run.recording import Recording, record


def check(recording: Recording, element: Element) -> int:
    """Holds everything about one element against all of its paths; how many there were."""
    ways = list(islice(every_path(recording.trace, element), FEW + 1))
    if len(ways) > FEW:
        assert count(recording, element) > FEW
        return 0
    assert count(recording, element) == len(ways)
    found = strongest(recording, element, FEW)
    assert sorted((p.through, p.factors) for p in found) == sorted(ways)
    expected = sorted((exact(f) for _, f in ways), key=abs, reverse=True)
    gradient = sum(expected, Fraction(0))
    size = sum(map(abs, expected), Fraction(0))
    assert abs(Fraction(total(recording, element)) - gradient) <= Fraction(1, 10**12) * size
    for path, product in zip(found, expected, strict=True):
        # Two that agree in 14 digits may have changed places.
        assert abs(abs(exact(path.factors)) - abs(product)) <= Fraction(1, 10**14) * abs(product)
        assert path.product == pytest.approx(float(exact(path.factors)), rel=1e-14)
    if total(recording, element) != 0:
        shares = sum((Fraction(path.share) for path in found), Fraction(0))
        assert abs(shares - 1) * abs(gradient) <= Fraction(1, 10**12) * size
    for k in {0, 1, len(ways) // 2}:
        assert strongest(recording, element, k) == found[:k]
    return len(ways)


def check_all(net: Network) -> int:
    """All elements, but for numbers written in formulas, whose slopes need not be finite."""
    recording = recorded(net)
    values = [value for value in net.graph.values if value.role is not Role.LITERAL]
    return sum(check(recording, Element(value.id, flat)) for value in values for flat in range(value.size))


@given(programs())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_random_networks(program: Program) -> None:
    check_all(program.network())


@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_operation(name: str) -> None:
    assert check_all(network(*NETWORKS[name])) > 40


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_walkthrough(dtype: type) -> None:
    recording = recorded(walkthrough(dtype))
    assert [count(recording, at(recording, name)) for name in ("x", "W1", "b1", "h", "W2", "y", "L")] == [
        2, 1, 1, 1, 1, 1, 1,
    ]  # fmt: skip
    (only,) = strongest(recording, at(recording, "W1"), 5)
    assert only.through == tuple(at(recording, name) for name in ("W1", "z1", "h", "z2", "y", "L"))
    assert only.product == pytest.approx(float(recording.trace.grad[at(recording, "W1").value][0, 0]), rel=1e-6)  # type: ignore[index]
    assert only.share == pytest.approx(1, rel=1e-6)


def test_numbers_of_the_scenarios() -> None:
    """The strongest path of each parameter is at least the mean one, and all shares are of one sum."""
    for name in ("walkthrough", "masked-where-nan", "log-of-zero", "conv-edge", "attention-head"):
        recording = record(find(name))
        for parameter in recording.graph.parameters:
            element = Element(parameter.id, 0)
            number, gradient = count(recording, element), total(recording, element)
            found = strongest(recording, element, 3)
            assert len(found) == min(number, 3)
            if isfinite(gradient) and number:
                assert abs(found[0].product) >= abs(gradient) / number * (1 - 1e-12)
            elif number:
                assert not isfinite(found[0].product)


# What is told, and what is kept ---------------------------------------------------------------------


def test_paths_are_told_to_people_and_to_programs() -> None:
    recording = recorded(network({}, {"x": 7.0}, {"a": "3 * x", "b": "-5 * x", "L": "a * 2 + b"}))
    found = paths_from(recording, at(recording, "x"), 2)
    assert list(found.lines()) == [
        "2 paths lead from x to L; together +1.0000",
        "    +6.0000   6.000 times  x → a → L:multiply → L   +3.0000 × +2.0000 × +1.0000",
        "    −5.0000   −5.000 times  x → b → L   −5.0000 × +1.0000",
    ]
    told = found.document()
    assert (told["count"], told["sum"]) == (2, 1)
    assert told["paths"][1] == {"through": ["x", "b", "L"], "factors": [-5, 1], "product": -5, "share": -5}
    assert len(paths_from(recording, at(recording, "x"), 1).document()["paths"]) == 1
    # A share of nothing is none: as JSON has it, null.
    recording = recorded(network({}, {"x": 7.0}, {"a": "3 * x", "b": "-3 * x", "L": "a + b"}))
    told = paths_from(recording, at(recording, "x")).document()
    assert [path["share"] for path in told["paths"]] == [None, None]
    assert json.loads(json.dumps(told)) == told


def test_where_a_residual_block_begins_its_skip_is_told() -> None:
    recording = record(find("residual"))
    *_, last = paths_from(recording, at(recording, "a")).lines()
    assert last == "  the skip brings −0.7132, the block −0.0815"  # PyTorch's numbers, as above


def test_a_run_that_was_left_is_not_kept() -> None:
    recording = recorded(layered([5, 4, 3]))
    assert paths_from(recording, at(recording, "x")).count == 12
    trace, graph = weakref.ref(recording.trace.data[0]), weakref.ref(recording)
    del recording
    gc.collect()
    assert graph() is None
    assert trace() is None


# Skip and block --------------------------------------------------------------------------------------


def test_the_skip_brings_the_gradient_above_it() -> None:
    """Numbers of the scenario, which are PyTorch's: ∂L/∂s over the skip, the rest of ∂L/∂a by the block."""
    recording = record(find("residual"))
    s, a = [-0.7131885238, 0.5094203742], [-0.7946957837, 0.4768174702]
    for k in range(2):
        found = skip_and_block(recording, at(recording, "a", k))
        assert found == pytest.approx((s[k], a[k] - s[k]), rel=1e-8)
    assert all(skip_and_block(recording, at(recording, name)) is None for name in ("x", "W0", "h", "s", "L"))


def test_a_block_may_be_wide_and_have_several_beginnings() -> None:
    rng = np.random.default_rng(4)
    W = rng.normal(size=(3, 300)) / 10
    net = network(
        {}, {"x": rng.normal(size=3), "U": W.T, "V": W, "G": rng.normal(size=(3, 3))},
        {"a": "x * 2", "h": "tanh(U @ a)", "g": "sigmoid(G @ a)", "r": "V @ h * g", "s": "a + r", "L": "sum(s * s)"},
    )  # fmt: skip
    recording = recorded(net)
    for k in range(3):
        found = skip_and_block(recording, at(recording, "a", k))
        assert found is not None
        assert found.skip == net.grad("s")[k]
        assert found.block == pytest.approx(float(net.grad("a")[k] - net.grad("s")[k]), rel=1e-12)


@pytest.mark.parametrize(
    "lines",
    [
        {"r": "relu(a)", "u": "a * 3", "L": "sum(r) + sum(u)"},  # an open gate is no skip
        {"u": "a * 3", "L": "sum(a) + sum(u)"},  # what is added up does not meet again element by element
        {"L": "sum(a + a)"},
        {"u": "a * 0.5", "m": "maximum(a, u)", "L": "sum(m)"},  # chosen, and not added
        {"u": "3 * a", "s": "u - a", "L": "sum(s)"},  # −1 is no skip
        {"u": "a + 3", "s": "u * 2", "L": "sum(s)"},
        {"u": "tanh(a)", "s": "a + u", "v": "a + s", "L": "sum(v)"},  # two skips
    ],
)
def test_no_skip(lines: dict[str, str]) -> None:
    recording = recorded(network({}, {"x": [1.0, 2.0]}, {"a": "x * 1", **lines}))
    assert skip_and_block(recording, at(recording, "a")) is None


def test_what_is_subtracted_from_a_skip_is_a_block_too() -> None:
    recording = recorded(network({}, {"x": [0.0, 2.0]}, {"a": "x * 1", "u": "a * 3", "s": "a - u", "L": "sum(s)"}))
    assert skip_and_block(recording, at(recording, "a")) == SkipAndBlock(1, -3)


def test_a_long_list_of_paths_can_be_interrupted() -> None:
    session, looks = Session(find("gpt-block")), iter(range(100))
    with pytest.raises(Interrupted):
        session.do("paths x[0,0] 999999", lambda share: next(looks) < 50)
