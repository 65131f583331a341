"""What a rule is: a function, its severity, the default of its threshold, and where that is from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from recordings import recording

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Advice, Finding, Place, Severity
from gradstep.engine.diagnosis.rule import Rules, Seen, rule
from gradstep.engine.errors import CommandError


@rule("large", "our own", Severity.FAULT, threshold=0.01, allowed=(0.0, 1.0))
def large(evidence: Evidence) -> Iterator[Seen]:
    """A loss above the threshold."""
    if evidence.here.trace.loss > evidence.at["large"]:
        yield Seen(
            Place("L", 3), {"loss": evidence.here.trace.loss}, "too large", ["a smaller one", Advice("b", "lr = 1")]
        )


@rule("anything", "no threshold")
def anything(evidence: Evidence) -> Iterator[Seen]:
    yield Seen(Place(), {}, "there is one", [], Severity.INFORMATION)


RULES = Rules((large, anything))


def evidence(**at: float) -> Evidence:
    return Evidence(recording("walkthrough"), None, RULES.thresholds(at))


def test_a_finding_has_what_its_rule_knows() -> None:
    ((found, seen),) = large.findings(evidence())
    loss = recording("walkthrough").trace.loss
    advice = (Advice("a smaller one"), Advice("b", "lr = 1"))
    assert found == Finding(
        "large", Severity.FAULT, Place("L", 3), {"loss": loss}, "too large", advice, "our own", "goto @3 L"
    )
    assert (seen.about, seen.effect) == (frozenset(), False)
    ((other, _),) = anything.findings(evidence())
    assert (other.severity, other.go) == (Severity.INFORMATION, "")
    assert not list(large.findings(evidence(large=1.0)))


@pytest.mark.parametrize(
    ("place", "go"),
    [
        (Place("L", 3), "goto @3 L"),
        (Place("W1"), "goto W1.grad"),
        (Place("W1[0,1]", 2), "goto @2 W1.grad[0,1]"),
        (Place("x"), "goto z1"),  # no step writes an input: the first that it enters
        (Place("x[1]"), "goto z1"),
        (Place("h.grad[1]"), "goto h.grad[1]"),
        (Place("W1", 4, 7), "goto @4 7"),
        (Place("", 5), "goto @5"),
        (Place(), ""),
    ],
)
def test_one_goes_to_where_something_is_also_of_what_is_given(place: Place, go: str) -> None:
    @rule("here", "us")
    def here(evidence: Evidence) -> Iterator[Seen]:
        yield Seen(place, {}, "there", ["batch_size = 32", "a smaller one: lr = 0.1"])

    ((found, _),) = here.findings(evidence())
    assert found.go == go
    assert found.at == place.typed
    # A line of [training] can be run as it is.
    assert [one.change for one in found.advice] == ["batch_size = 32", ""]


def test_thresholds_that_are_written_are_read() -> None:
    assert RULES.read(["large=0.5"]) == {"large": 0.5}
    assert RULES.read([]) == {}
    for wrong in ("large", "large=much", "=", "large=2"):
        with pytest.raises(CommandError, match=r"NAME=VALUE|lies between"):
            RULES.read([wrong])


def test_thresholds_can_be_set_and_wrong_ones_are_refused() -> None:
    assert RULES.defaults == {"large": 0.01}
    assert RULES.thresholds({"large": 0.5}) == {"large": 0.5}
    with pytest.raises(CommandError, match="'larg' has no threshold; did you mean 'large'\\?; there are large"):
        RULES.thresholds({"larg": 3.0})
    with pytest.raises(CommandError, match="'anything' has no threshold"):
        RULES.thresholds({"anything": 3.0})
    for senseless in (-1.0, 1.5, float("nan")):
        with pytest.raises(CommandError, match="lies between 0 and 1"):
            RULES.thresholds({"large": senseless})


def test_what_numpy_would_warn_of_is_nothing_to_warn_of() -> None:
    """NaN and infinities are among what rules look for; in these tests a warning is an error."""

    @rule("overflowing", "our own")
    def overflowing(evidence: Evidence) -> Iterator[Seen]:
        yield Seen(Place(), {"sum": float(np.array([1e308, 1e308]).sum()), "log": float(np.log(np.float64(0)))}, "", [])

    ((found, _),) = overflowing.findings(evidence())
    assert found.numbers == {"sum": np.inf, "log": -np.inf}
