"""The blame chain: every link held against all terms of its sum, and where it points at against the numbers."""

from __future__ import annotations

import json
from itertools import pairwise
from math import inf, isfinite, isnan, log, nan

import numpy as np
import pytest
from graphs import EXAMPLES, REPEATABLE, Program, at, network, programs, recorded, walkthrough
from hypothesis import HealthCheck, given, settings

from gradstep.engine.errors import CommandError
from gradstep.engine.explain.blame import Blame, Link, why
from gradstep.engine.files import find
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Role
from gradstep.engine.run.reading import gradient_segments
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.terms import enumerate_terms


def gradient(recording: Recording, element: Element) -> float:
    grad = recording.trace.grad[element.value]
    assert grad is not None
    return float(grad.reshape(-1)[element.flat])


def names(recording: Recording, blame: Blame) -> list[str]:
    """The values that the chain leads through."""
    elements = [link.source for link in blame.chain] + [link.target for link in blame.chain[-1:]]
    return [recording.graph.values[e.value].name for e in elements]


def worst(blame: Blame) -> Link:
    assert blame.worst is not None
    return blame.chain[blame.worst]


def for_good(blame: Blame) -> list[float]:
    """How much each link changes the gradient for good: of the logarithm of the product from the loss on, what no link
    further on takes back. What is on the loss's line, called L, and no part of the network, changes nothing."""
    graph, output = blame.recording.graph, max(blame.recording.board.depth.stations[-1:], default=-1)
    values = [graph.values[link.target.value] for link in blame.chain]
    mine = [
        link
        for link, value in zip(blame.chain, values, strict=True)
        if value.name.split(":")[0] != "L" or value.id <= output
    ]
    logs = [log(abs(link.local)) for link in mine]
    sums = [sum(logs[k:]) for k in range(len(logs) + 1)]
    sign = 1 if sums[0] > 0 else -1
    left = [max(min(sign * one for one in sums[: k + 1]), 0.0) for k in range(len(sums))]
    return [here - before for here, before in pairwise(left)]


def check(recording: Recording, element: Element) -> Blame:
    """The chain begins at the element, hangs together, ends at the loss, and takes the largest term."""
    blame = why(recording, element)
    assert blame.gradient == gradient(recording, element) or isnan(blame.gradient)
    assert (blame.reason != "") == (blame.hint != "") == (blame.gradient == 0 or not isfinite(blame.gradient))
    here = element
    for link in blame.chain:
        assert link.source == here
        terms = enumerate_terms(
            gradient_segments(recording.trace, recording.graph.values[here.value], here.flat), recording.graph.dtype
        )
        assert link.others == len(terms) - 1
        largest = np.abs(terms.contribution).max()
        assert abs(link.product) == largest or (isnan(link.product) and np.isnan(largest))
        assert link.upstream == gradient(recording, link.target) or isnan(link.upstream)
        assert link.product == link.upstream * link.local or isnan(link.product)
        mine = gradient(recording, here)
        if mine and isfinite(mine):
            assert link.share * mine == pytest.approx(link.product, rel=1e-14)
        else:
            assert isnan(link.share)
        assert link.hops == 1 or link.local == 1
        here = link.target
    assert sum(link.hops for link in blame.chain) <= len(recording.graph.nodes)
    if blame.chain:
        assert here.value == recording.graph.loss.id
    return blame


@given(programs())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_random_networks(program: Program) -> None:
    recording = recorded(program.network())
    for value in recording.graph.values:
        for flat in range(value.size if recording.trace.grad[value.id] is not None else 0):
            blame = check(recording, Element(value.id, flat))
            assert bool(blame.chain) == (value.id in recording.graph.active and value is not recording.graph.loss)
            if blame.gradient and isfinite(blame.gradient):
                changes = for_good(blame)
                assert max(changes, default=0) == pytest.approx(
                    0 if blame.worst is None else changes[blame.worst], abs=1e-12
                )


@pytest.mark.parametrize("name", ["walkthrough", "dead-relu", "vanishing", "exploding", "tied-max", "masked-where-nan",
                                  "log-of-zero", "conv-edge", "layer-norm", "attention-head", "residual"])  # fmt: skip
def test_scenarios(name: str) -> None:
    recording = record(find(name))
    for parameter in recording.graph.parameters:
        for flat in range(parameter.size):
            assert check(recording, Element(parameter.id, flat)).chain


def test_the_walkthrough_link_by_link() -> None:
    recording = recorded(walkthrough())
    z1 = np.array([[0.4, 0.3], [-0.2, 0.5]]) @ [0.5, 0.8] + [0.1, -0.1]
    assert (z1 > 0).all()
    y = 1 / (1 + np.exp(-(np.array([0.6, -0.4]) @ z1 + 0.2)))
    blame = check(recording, at(recording, "W1", 1))
    assert names(recording, blame) == ["W1", "z1", "h", "z2", "y", "L"]
    assert [link.local for link in blame.chain] == pytest.approx([0.8, 1, 0.6, y * (1 - y), y - 1], rel=1e-14)
    assert [link.upstream for link in blame.chain] == pytest.approx(
        [(y - 1) * y * (1 - y) * 0.6, (y - 1) * y * (1 - y) * 0.6, (y - 1) * y * (1 - y), y - 1, 1], rel=1e-14
    )
    assert {link.others for link in blame.chain} == {0}
    # The slope of the sigmoid, at most 1/4, shrinks it more than the error (0.38) does.
    assert blame.worst == 3
    assert blame.reason == ""


def test_the_chain_is_told_to_people_and_to_programs() -> None:
    recording = recorded(walkthrough())
    y = 1 / (1 + np.exp(-(np.array([0.6, -0.4]) @ [0.54, 0.2] + 0.2)))
    upstream, product = (y - 1) * y * (1 - y) * 0.6, (y - 1) * y * (1 - y) * 0.6 * 0.8
    blame = why(recording, at(recording, "W1", 1))
    first, *links = blame.lines()
    assert first == f"∂L/∂w₁₁₂ = {product:.4f}".replace("-", "−")
    assert links == [f"  {text}" for text in blame.links()]
    assert links[0] == f"  ∂L/∂w₁₁₂ ← ∂L/∂z₁₁ {upstream:.4f} × +0.8000 ≈ {product:.4f}".replace("-", "−")
    assert [text.endswith("   ◂ here it shrinks most") for text in links] == [False, False, False, True, False]
    told = blame.document()
    assert told["reason"] is None
    assert [link["name"] for link in told["chain"]] == [
        "W1.grad[0,1]",
        "z1.grad[0]",
        "h.grad[0]",
        "z2.grad[0]",
        "y.grad[0]",
    ]
    assert told["chain"][0]["product"] == pytest.approx(product, rel=1e-14)
    assert [link["worst"] for link in told["chain"]] == [False, False, False, True, False]
    assert json.loads(json.dumps(told)) == told

    recording = recorded(
        network({}, {"a": [-1.0, 2.0]}, {"r": "relu(a)", "s": "r * 1", "u": "s * 3", "L": "sum(u) + sum(s)"})
    )
    blame = why(recording, at(recording, "a", 0))
    assert list(blame.lines())[-2:] == [f"  {blame.reason}", f"  try: {blame.hint}"]
    assert blame.document()["reason"] == blame.reason != ""
    assert blame.document()["hint"] == blame.hint != ""
    texts = list(why(recording, at(recording, "r", 1)).links())
    assert texts[1].startswith("∂L/∂s₂ ← ∂L/∂u₂ +1.0000 × +3.0000 = +3.0000, the largest of 2 ways")
    assert texts[2] == "∂L/∂u₂ ← ∂L/∂L +1.0000 × +1.0000 = +1.0000, 2 hops with local gradient 1"


def test_the_strongest_term_is_followed_and_the_others_are_counted() -> None:
    lines = {"a": "3 * x", "b": "-5 * x", "c": "x * 4", "L": "a + b + c"}
    recording = recorded(network({}, {"x": 7.0}, lines))
    first = check(recording, at(recording, "x")).chain[0]
    assert (first.local, first.others, first.share) == (-5, 2, -2.5)
    # Of equal ones the first term, that of the use nearest the loss.
    recording = recorded(network({}, {"x": 7.0}, {"a": "3 * x", "b": "-3 * x", "c": "x * 2", "L": "a + b + c"}))
    first = check(recording, at(recording, "x")).chain[0]
    assert recording.graph.values[first.target.value].name == "b"


@pytest.mark.parametrize("place", [0, 65_535, 65_536, 199_999])
def test_the_strongest_of_two_hundred_thousand(place: int) -> None:
    x = np.random.default_rng(3).uniform(-1, 1, size=200_000)
    x[place] = -2.0
    for odd in (-2.0, nan, inf):
        x[place] = odd
        recording = recorded(network({"x": x}, {"w": 1.0}, {"p": "w * x", "L": "sum(p)"}))
        first = why(recording, at(recording, "w")).chain[0]
        assert first.target == at(recording, "p", place)
        assert first.others == 199_999
        assert (first.product, first.share) == pytest.approx((odd, odd / x.sum() if odd == -2 else nan), nan_ok=True)


def test_a_nan_is_followed_rather_than_an_infinity() -> None:
    recording = recorded(network({"x": [2.0, inf, nan, nan]}, {"w": 1.0}, {"p": "w * x", "L": "sum(p)"}))
    blame = check(recording, at(recording, "w"))
    assert blame.chain[0].target == at(recording, "p", 2)
    assert blame.worst == 0


def test_unchanged_hops_are_one_link() -> None:
    recording = recorded(
        network(
            {"c": [0.5, 2.0]},
            {"x": [[1.0, 2.0]]},
            {"a": "transpose(x)", "b": "reshape(a, (2,))", "r": "relu(b)", "m": "r * c", "s": "m + 1", "L": "sum(s)"},
        )
    )
    blame = check(recording, at(recording, "x", 1))
    assert [(link.hops, link.local) for link in blame.chain] == [(3, 1), (1, 2), (2, 1)]
    assert blame.chain[0].target == at(recording, "r", 1)
    assert [link.upstream for link in blame.chain] == [2, 1, 1]
    assert [link.product for link in blame.chain] == [2, 2, 1]
    assert blame.worst == 1
    # Where several terms meet in a run, what comes after is a link of its own.
    recording = recorded(
        network(
            {}, {"x": [1.0]}, {"a": "x + 0", "b": "a + 0", "c": "b * 0.5", "s": "b + c", "t": "s + 0", "L": "sum(t)"}
        )
    )
    blame = check(recording, at(recording, "x"))
    assert [(link.hops, link.others, link.share) for link in blame.chain] == [(2, 0, 1), (3, 1, pytest.approx(2 / 3))]
    assert blame.worst is None


def test_where_it_shrinks_or_grows_most() -> None:
    def link_of(lines: dict[str, str]) -> float:
        recording = recorded(network({}, {"x": 1.0}, {**lines}))
        return worst(check(recording, at(recording, "x"))).local

    assert link_of({"a": "x * 0.5", "b": "a * 1.9", "L": "b * 1"}) == 0.5
    assert link_of({"a": "x * 0.5", "b": "a * 2.1", "L": "b * 1"}) == 2.1
    assert link_of({"a": "x * -2", "b": "a * 3", "c": "b * 2", "L": "c * 1"}) == 3
    assert link_of({"a": "x * -2", "b": "a * 2", "L": "b * 1"}) == -2  # the first of equal ones


# Exactly zero ------------------------------------------------------------------------------------------


def test_a_zero_is_followed_to_where_it_became_one() -> None:
    recording = record(find("dead-relu"))
    blames = [
        check(recording, Element(p.id, flat)) for p in recording.graph.parameters for flat in range(p.size)
    ]  # fmt: skip
    zeros = [blame for blame in blames if blame.gradient == 0]
    assert len(zeros) > 1
    for blame in zeros:
        link = worst(blame)
        assert link.upstream != 0
        assert link.product == 0


def test_of_terms_that_are_all_zero_the_one_at_which_something_arrives() -> None:
    """x feeds a, whose gate is further on, and b, whose own is shut: nothing arrives from a."""
    lines = {"b": "x * 0", "a": "x * 2", "c": "-exp(a)", "r": "relu(c)", "L": "b + r"}
    recording = recorded(network({}, {"x": 1.0}, lines))
    blame = check(recording, at(recording, "x"))
    assert names(recording, blame)[:2] == ["x", "b"]
    assert (worst(blame).upstream, worst(blame).local) == (1, 0)


def test_a_dead_end_is_not_followed() -> None:
    """Of what h feeds, the part that the index leaves out comes first and leads nowhere."""
    lines = {
        "h": "x * 2", "g": "-exp(h)", "r": "relu(g)", "u": "r * 3", "s": "stack(u, h * 1)", "e": "exp(s)", "p": "e[0]",
        "L": "p * 5",
    }  # fmt: skip
    recording = recorded(network({}, {"x": 1.0}, lines))
    assert gradient(recording, at(recording, "h")) == 0
    blame = check(recording, at(recording, "x"))
    assert [name for name in names(recording, blame) if ":" not in name] == ["x", "h", "g", "r", "u", "p", "L"]
    assert worst(blame).source == at(recording, "g")
    assert worst(blame).local == 0
    # Where there is nothing but dead ends, no chain.
    recording = recorded(network({}, {"x": [1.0, 2.0], "w": 3.0}, {"h": "x * 2", "p": "h[0]", "L": "p * 5"}))
    for nowhere in (at(recording, "x", 1), at(recording, "h", 1), at(recording, "w")):
        blame = check(recording, nowhere)
        assert (blame.gradient, blame.chain, blame.worst) == (0, (), None)
        assert "No path" in blame.reason


def test_a_sum_that_cancels_is_where_it_became_zero() -> None:
    recording = recorded(network({}, {"x": 2.0}, {"u": "x * 7", "a": "u * 3", "b": "u * -3", "L": "(a + b) * 11"}))
    blame = check(recording, at(recording, "x"))
    assert worst(blame).source == at(recording, "u")
    assert worst(blame).product in (33, -33)
    assert worst(blame).others == 1
    assert isnan(worst(blame).share)


def test_an_underflow_is_where_it_became_zero() -> None:
    recording = recorded(
        network({}, {"x": 1e-300}, {"a": "x * 1e-170", "b": "a * 0.5", "c": "b * 1e-200", "L": "c * 2"})
    )  # fmt: skip
    blame = check(recording, at(recording, "x"))
    assert worst(blame).local == 1e-170
    assert worst(blame).upstream == pytest.approx(1e-200, rel=1e-12)
    assert worst(blame).product == 0


def test_a_gradient_that_is_no_number_has_a_reason_with_both_factors() -> None:
    recording = recorded(network({}, {"x": 0.0}, {"d": "sqrt(x * 3)", "L": "relu(d - 1)"}))
    blame = check(recording, at(recording, "x"))
    assert isnan(blame.gradient)
    assert "the slope of √" in blame.reason
    assert "is shut" in blame.reason
    assert "inside the root" in blame.hint


# Not finite, and the ends ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "source", "local"),
    [
        ({"a": "x * 3", "b": "log(a)", "c": "exp(b)", "L": "c * 2"}, "a", inf),
        ({"a": "x * 3", "b": "sqrt(a)", "c": "b * b", "L": "c * 2"}, "a", inf),  # 0 × ∞
        ({"a": "x + 1", "b": "a * 1e200", "c": "b * 1e-50", "d": "c * 1e200", "L": "d * 1e50"}, "a", 1e200),
    ],
)
def test_where_it_stops_being_finite(lines: dict[str, str], source: str, local: float) -> None:
    recording = recorded(network({}, {"x": 0.0}, lines))
    blame = check(recording, at(recording, "x"))
    assert not isfinite(blame.gradient)
    assert worst(blame).source == at(recording, source)
    assert worst(blame).local == local
    assert isfinite(worst(blame).upstream)


def test_a_weight_used_a_thousand_times_has_an_end() -> None:
    depth = 1000
    lines = {"h0": "x * w"} | {f"h{k}": f"sin(h{k - 1} * w)" for k in range(1, depth)} | {"L": f"h{depth - 1} ** 2"}
    recording = recorded(network({"x": 0.5}, {"w": 1.01}, lines))
    blame = check(recording, at(recording, "w"))
    assert blame.chain[0].others == depth - 1
    assert blame.chain[-1].target.value == recording.graph.loss.id


def test_the_loss_has_nobody_to_blame() -> None:
    recording = recorded(walkthrough())
    blame = why(recording, at(recording, "L"))
    assert (blame.gradient, blame.chain, blame.worst, blame.reason) == (1, (), None, "")


def test_what_has_no_gradient_is_refused() -> None:
    recording = recorded(walkthrough())
    literals = [v.id for v in recording.graph.values if v.role is Role.LITERAL]
    for element in [at(recording, "x"), *(Element(v, 0) for v in literals)]:
        with pytest.raises(CommandError, match="has no gradient"):
            why(recording, element)


def test_links_that_take_one_another_back_are_not_the_worst() -> None:
    """The slope of exp is 5e8 and that of log 2e-9; the weight of 0.25 is what shrinks the gradient."""
    recording = recorded(
        network({}, {"x": [20.0]}, {"e": "exp(x)", "l": "log(e)", "s": "0.25 * l", "L": "mean((s - 3000) ** 2)"})
    )
    blame = check(recording, at(recording, "x"))
    assert worst(blame).local == 0.25
    recording = recorded(network({}, {"x": [20.0]}, {"e": "exp(x)", "l": "log(e)", "L": "sum(l)"}))
    assert check(recording, at(recording, "x")).worst is None


def test_the_slope_of_the_loss_is_not_the_worst() -> None:
    recording = recorded(network({}, {"x": [1.0]}, {"y": "2 * x", "L": "half_squared_error(y, 3000)"}))
    blame = check(recording, at(recording, "x"))
    assert [link.local for link in blame.chain] == [2, -2998]
    assert blame.worst == 0
