"""What follows from another finding stands under it, and the worst comes first."""

from __future__ import annotations

from collections.abc import Iterator

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Finding, Place, Severity
from gradstep.engine.diagnosis.joining import Told, joined
from gradstep.engine.diagnosis.rule import Rule, Seen


def nothing(evidence: Evidence) -> Iterator[Seen]:
    yield from ()


def told(kind: str, order: int, severity: int, iteration: int | None, explains: str = "", about: str = "") -> Told:
    rule = Rule(kind, "here", Severity(severity), nothing, explains=frozenset(explains.split()))
    found = Finding(kind, Severity(severity), Place("", iteration), {}, kind, (), "here")
    return Told(found, rule, order, frozenset(about.split()))


def shape(*given: Told) -> list[tuple[str, list[str]]]:
    return [(one.kind, [f.kind for f in one.follows]) for one in joined(given)]


def test_the_worst_first_then_the_order_of_rules_then_time() -> None:
    assert shape(told("a", 0, 1, 1), told("b", 2, 3, 9), told("c", 1, 3, None), told("c", 1, 3, 2)) == [
        ("c", []), ("c", []), ("b", []), ("a", []),
    ]  # fmt: skip


def test_what_follows_stands_under_its_cause() -> None:
    rate = told("rate", 5, 2, 17, "dead")
    assert shape(told("dead", 0, 3, 18), rate) == [("rate", ["dead"])]
    assert shape(told("dead", 0, 3, 16), rate) == [("dead", []), ("rate", [])], "it was dead before"
    assert shape(told("dead", 0, 3, None), rate) == [("rate", ["dead"])]
    about = told("rate", 5, 2, 17, "dead", about="W1")
    assert shape(told("dead", 0, 3, 18, about="W2"), about) == [("dead", []), ("rate", [])]
    assert shape(told("dead", 0, 3, 18, about="W1 W2"), about) == [("rate", ["dead"])]


def test_an_effect_explains_nothing_and_can_be_explained() -> None:
    grown = told("grown", 0, 3, 1, "rate")._replace(effect=True)
    assert shape(grown, told("rate", 1, 3, 1)) == [("grown", []), ("rate", [])]
    assert shape(grown, told("rate", 1, 3, 1, "grown")) == [("rate", ["grown"])]


def test_chains_of_causes_end_at_the_root_and_circles_at_the_first() -> None:
    a, b, c = told("a", 0, 2, None, "b"), told("b", 1, 2, None, "c"), told("c", 2, 3, None)
    assert shape(a, b, c) == [("a", ["c", "b"])]
    x, y = told("x", 0, 2, None, "y"), told("y", 1, 2, None, "x")
    assert shape(x, y) == [("x", ["y"])]
    p, q, r = told("p", 0, 2, None, "q"), told("q", 1, 2, None, "r"), told("r", 2, 2, None, "p")
    assert shape(p, q, r) == [("p", ["q", "r"])]


def test_what_is_only_worth_knowing_explains_nothing_that_is_more() -> None:
    note, fault = told("note", 0, 1, None, "fault"), told("fault", 1, 3, None)
    assert shape(note, fault) == [("fault", []), ("note", [])]
    assert shape(note, told("fault", 1, 1, None)) == [("note", ["fault"])]


def test_a_cause_is_as_bad_as_what_follows_from_it() -> None:
    cause, fault, other = told("cause", 5, 2, None, "fault"), told("fault", 1, 3, None), told("other", 0, 2, None)
    assert shape(cause, fault, other) == [("cause", ["fault"]), ("other", [])]


def test_a_symptom_follows_from_whatever_else_there_is() -> None:
    loss = told("loss", 0, 2, 9)
    symptom = loss._replace(rule=Rule("loss", "here", Severity.WARNING, nothing, symptom=True))
    cause = told("cause", 5, 2, None)
    assert shape(symptom, cause) == [("cause", ["loss"])]
    assert shape(symptom, told("note", 5, 1, None)) == [("loss", []), ("note", [])]
