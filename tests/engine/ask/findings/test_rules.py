"""What a rule is: a function, the default of its threshold, and where that is from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gradstep.engine.ask.findings.rules import Finding, Findings, Rules, Seen, Thresholds, rule
from gradstep.engine.errors import CommandError


@rule("large", "our own", threshold=10.0)
def large(numbers: list[float], at: Thresholds) -> Iterator[Seen]:
    """Numbers above the threshold."""
    for number in numbers:
        if number > at["large"]:
            yield Seen(f"n{number:g}", {"number": number}, "too large", "a smaller one")


@rule("any", "no threshold")
def anything(numbers: list[float], at: Thresholds) -> Iterator[Seen]:
    if numbers:
        yield Seen("n", {}, "there are some", "none")


RULES = Rules((large, anything))


def test_a_finding_has_the_name_of_its_rule_and_its_source() -> None:
    found = list(large([5.0, 20.0], {"large": 10.0}))
    assert found == [Finding("large", "n20", {"number": 20.0}, "too large", "a smaller one", "our own")]
    assert list(found[0].lines()) == ["● large at n20: too large", "    try: a smaller one", "    rule: our own"]
    assert found[0].document() == {
        "kind": "large", "at": "n20", "numbers": {"number": 20.0}, "text": "too large", "hint": "a smaller one",
    }  # fmt: skip


def test_thresholds_can_be_set_and_wrong_ones_are_refused() -> None:
    assert RULES.defaults == {"large": 10.0}
    assert RULES.thresholds() == {"large": 10.0}
    assert RULES.thresholds({"large": 3.0}) == {"large": 3.0}
    with pytest.raises(CommandError, match="'larg' has no threshold; did you mean 'large'\\?; there are large"):
        RULES.thresholds({"larg": 3.0})
    with pytest.raises(CommandError, match="'any' has no threshold"):
        RULES.thresholds({"any": 3.0})


def test_all_findings_are_told_in_the_order_of_their_rules() -> None:
    used = RULES.thresholds({"large": 1.0})
    found = Findings(one for each in RULES for one in each([2.0, 3.0], used))
    assert [one.kind for one in found] == ["large", "large", "any"]
    assert len(list(found.lines())) == 9
    assert found.document() == [one.document() for one in found]
    assert list(Findings().lines()) == ["nothing to find: every rule is quiet"]
    assert Findings().document() == []


def test_numbers_that_json_lacks_are_spelled() -> None:
    found = Finding("k", "at", {"a": float("inf"), "b": float("nan")}, "text", "hint", "source")
    assert found.document()["numbers"] == {"a": "Infinity", "b": "NaN"}
