"""The value of expressions: against the walkthrough's printed numbers, NumPy, and Kleene's tables."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from graphs import written
from recordings import recording
from recordings import written as network

from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment, Part
from gradstep.engine.errors import CommandError
from gradstep.engine.run.recording import Recording


def end(rec: Recording, text: str) -> Part:
    return Query(text)(Moment.end(rec))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The walkthrough's numbers as printed in it: h, the loss, and its gradients.
        ("h[0]", 0.54),
        ("round", None),
        ("h.grad[1]", 0.0372),
        ("abs(W1.grad).max()", 0.0447),
        ("W2 @ h", 0.244),
        ("sum(x * x)", 0.89),
        ("W1.T[0, 1]", None),
        ("norm(x) ** 2", 0.89),
        ("∂L/∂h₂", 0.0372),
        ("h2", 0.2),
        ("loss", 0.0764),
    ],
)
def test_expressions_are_evaluated(text: str, expected: float | None) -> None:
    rec = recording("walkthrough")
    if expected is None:
        with pytest.raises(CommandError):
            end(rec, text)
        return
    part = end(rec, text)
    assert np.all(part.known)
    assert np.ravel(part.value)[0] == pytest.approx(expected, abs=6e-5)
    assert not np.all(Query("h.grad[1] + h[0]")(Moment(rec, 5)).known)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("inf", np.inf), ("-inf", -np.inf), ("nan", np.nan), ("loss < inf", True), ("loss == -inf", False), ("true", True),
     ("false", False), ("max(x) * inf", np.inf)],
)  # fmt: skip
def test_words_for_numbers_are_those_of_formulas(text: str, expected: float) -> None:
    np.testing.assert_equal(np.asarray(end(recording("walkthrough"), text).value).item(), expected)


def test_a_value_of_that_name_goes_before_the_word() -> None:
    assert end(written("inf = 2.0", "L = inf * 3"), "inf").value == 2.0


W1, x = np.array([[0.4, 0.3], [-0.2, 0.5]]), np.array([0.5, 0.8])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W1 + 1", W1 + 1),
        ("-W1 / 2 % 0.3", -W1 / 2 % 0.3),
        ("W1 @ x", W1 @ x),
        ("W1.T", W1.T),
        ("W1[-1, :]", W1[-1]),
        ("W1[:, ::2]", W1[:, ::2]),
        ("max(abs(W1))", 0.5),
        ("W1.min()", -0.2),
        ("mean(W1)", 0.25),
        ("std(W1)", np.sqrt(np.mean((W1 - 0.25) ** 2))),
        ("norm(W1)", np.sqrt((W1**2).sum())),
        ("sum(exp(x)) - log(1)", np.exp(x).sum()),
        ("sqrt(x) * sign(-x)", -np.sqrt(x)),
        ("x ** 2", x**2),
        ("1 / (x - x)", [np.inf, np.inf]),
        ("isnan(x) or False", None),
        ("any(W1 < 0) and not all(W1 < 0)", True),
        ("0 < x[0] < 0.6", True),
        ("0 < x[0] < 0.4", False),
        ("isfinite(sum(x))", True),
    ],
)
def test_arithmetic_is_numpys(text: str, expected: object) -> None:
    if expected is None:
        with pytest.raises(CommandError, match="truth values"):
            end(recording("walkthrough"), text)
        return
    found = end(recording("walkthrough"), text)
    assert found.certain
    assert np.allclose(found.value, expected, rtol=1e-15, equal_nan=True)
    assert np.shape(found.value) == np.shape(expected)


#: Kleene's strong tables: 1 true, 0 false, None unknown.
CERTAIN = {"True": 1, "False": 0, "h[0] > 0": None}  # at the beginning h is not known


@pytest.mark.parametrize(("a", "b"), [*itertools.product(CERTAIN, repeat=2)])
def test_truth_has_three_values(a: str, b: str) -> None:
    start = Moment(recording("walkthrough"), 0)

    def said(text: str) -> int | None:
        part = Query(text)(start)
        return int(bool(part.value)) if np.all(part.known) else None

    one, two = CERTAIN[a], CERTAIN[b]
    both = 0 if 0 in (one, two) else None if None in (one, two) else 1
    either = 1 if 1 in (one, two) else None if None in (one, two) else 0
    assert said(f"{a} and {b}") == both
    assert said(f"{a} or {b}") == either
    assert said(f"not ({a})") == (None if one is None else 1 - one)
    assert bool(np.all(Query(f"{a} and {b}")(start).holds)) == (both == 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("bogus + 1", "unknown name 'bogus'"),
        ("h.gard", "did you mean 'grad'?"),
        ("x.grad", "'x' has no gradient"),
        ("h.next", "only parameters are updated"),
        ("h[0].T[0]", "has no index"),
        ("h[0.5]", "an index is whole numbers"),
        ("h[::0]", "an index is whole numbers"),
        ("h[7]", "index 7 is out of range; axis 0 of 'h' has 2"),
        ("h[0, 0]", "at most 1 indices"),
        ("~h", "~ is written 'not'"),
        ("h & h", "joined with 'and' and 'or'"),
        ("W1 + b1[:1].T @ x @ x", "do not fit"),
        ("W1 < t @ t", None),
        ("W1 is 1", "there are == != < <= > >="),
        ("h + 'a'", "is a text"),
        ("not h[0]", "is a number; compare it, as in h[0] == 0"),
        ("abs(x, 1)", "takes one argument"),
        ("abs(x=1)", "arguments have no names here"),
        ("x.foo()", "cannot be called"),
        ("maxx(x)", "did you mean 'max'?"),
        ("W1[:0].max()", "is empty"),
        ("previous('a')", "iterations before are asked for numbers"),
        ("{1: 2}", "nothing that an expression can have"),
        ("None", "nothing that an expression can have"),
    ],
)
def test_a_mistake_is_named(text: str, says: str | None) -> None:
    if says is None:
        assert end(recording("walkthrough"), text).value.tolist() == [[True, True], [True, True]]
        return
    with pytest.raises(CommandError) as refused:
        end(recording("walkthrough"), text)
    assert says in str(refused.value)
    assert f"'{text}'" in str(refused.value) or "unknown name" in str(refused.value)


def test_what_it_was_before_is_unknown_in_the_first_iteration_and_read_all_the_same() -> None:
    rec = recording("walkthrough")
    assert not end(rec, "previous").certain
    assert not end(rec, "previous(W1[0, 0]) + 1").certain
    with pytest.raises(CommandError, match="unknown name 'nothing'"):
        end(rec, "previous(nothing)")


# What is too large, and what does not go together -------------------------------------------------------------------


@pytest.mark.parametrize("number", ["9" * 400, "1e999", "-1e999", "9" * 4000, "1" + "0" * 309])
@pytest.mark.parametrize("where", ["{}", "h[0] + {}", "abs({}) > 1", "h[0] < {}", "previous({})", "W1 @ x * {}"])
def test_a_number_that_no_float_holds_is_refused_by_its_name(number: str, where: str) -> None:
    with pytest.raises(CommandError) as refused:
        end(recording("walkthrough"), where.format(number))
    said = str(refused.value)
    assert "too large for a number; the largest is 1.8e308" in said
    assert number.lstrip("-")[:20] in said
    assert len(said) < 250


@pytest.mark.parametrize(
    ("text", "expected"),
    [(str(10**30), 1e30), (f"sqrt({10**30})", 1e15), (f"-{2**64}", -(2.0**64)), (f"{2**70} % 2", 0.0), ("abs(-7)", 7)],
)
def test_integers_of_any_size_that_a_float_holds_are_numbers(text: str, expected: float) -> None:
    part = end(recording("walkthrough"), text)
    assert float(part.value) == expected
    assert part.document() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sign(h > 0.3)", [1.0, 0.0]),
        ("sqrt(h > 0.3)", [1.0, 0.0]),
        ("exp(h > 1)", [1.0, 1.0]),
        ("norm(h > 0)", np.sqrt(2)),
        ("std(h > 0.3)", 0.5),
        ("max(h > 0.3)", True),
        ("W1.T.T", W1),
        ("W1.T.T.T", W1.T),
        ("0 < W1 < 0.45", (W1 > 0) & (W1 < 0.45)),
        ("any(0.45 < W1 < 1)", True),
        ("all(-1 < W1 < x)", True),
        ("all(-1 < W1 < x - 0.2)", False),
        ("log(W1)", np.log(np.where(W1 > 0, W1, np.nan))),
    ],
)
def test_truths_are_numbers_and_arrays_are_compared_in_chains(text: str, expected: object) -> None:
    assert np.asarray(end(recording("walkthrough"), text).value) == pytest.approx(np.asarray(expected), nan_ok=True)


@pytest.mark.parametrize("text", ["h[None]", "W1[None, 0]", "h[:, 0]", "h[1e0]", "h['a']", "h[...]"])
def test_what_is_no_index_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match=r"an index is whole numbers|at most 1 indices"):
        end(recording("walkthrough"), text)
    assert np.size(end(recording("walkthrough"), "h[None:]").value) == 2  # from the first on, as in NumPy


def test_shapes_in_a_chain_have_to_fit() -> None:
    rec = network("a = [1.0, 2.0]\nw = [1.0, 2.0, 3.0, 4.0]", "L = sum(a) * sum(w)")
    with pytest.raises(CommandError, match=r"shapes \(2,\) and \(2,\) and \(4,\) do not fit"):
        end(rec, "any(0 < a == 1 < w)")
    with pytest.raises(CommandError, match=r"shapes \(2,\) .* and \(4,\) do not fit in '0 < a < 3 == 3 < w'"):
        end(rec, "any(0 < a < 3 == 3 < w)")
