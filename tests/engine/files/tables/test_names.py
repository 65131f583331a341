"""What a value may be called."""

from __future__ import annotations

import re

import pytest
from texts import SMALL, check_problems

from gradstep.engine.ask import condition_words
from gradstep.engine.ask.fields import SOFT
from gradstep.engine.ask.language import FUNCTIONS
from gradstep.engine.debugger import Session
from gradstep.engine.errors import ScenarioError
from gradstep.engine.files import loads
from gradstep.engine.files.tables.names import RESERVED, STEP_WORDS, normal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SMALL.replace("w = [", '"q q" = 1\nw = ['), "3:2: 'q q' is no name"),
        (SMALL.replace("w = [", '2w = 1\nw = ['), "3:1: '2w' is no name"),
        (SMALL.replace("w = [", "lambda = 1\nw = ["), "3:1: 'lambda' is no name"),
        (SMALL + "[inputs]\nw = 3\n", "3:1: 'w' is named twice"),
        (SMALL.replace("w = [", "loss = 1\nw = ["), "3:1: 'loss' can only be the name of the loss"),
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused_at_the_key(text: str, expected: str) -> None:
    check_problems(text, expected)


@pytest.mark.parametrize("word", RESERVED)
def test_words_for_moments_are_kept_for_them(word: str) -> None:
    check_problems(SMALL.replace("w = [", f"{word} = 1\nw = ["), f"3:1: '{word}' is kept for the moment of that name")


@pytest.mark.parametrize(
    "word", ["value", "grad", "op", "phase", "step", "dead", "flip", "changed", "previous", "index"]
)
def test_words_of_conditions_are_kept_for_them_wherever_a_name_is_given(word: str) -> None:
    says = f"'{word}' has a meaning of its own in conditions; choose another, as {word}_"
    check_problems(SMALL.replace("w = [", f"{word} = 1\nw = ["), f"3:1: {says}")
    check_problems(f"{SMALL}[inputs]\n{word} = 1\n", f"8:1: {says}")
    check_problems(SMALL.replace("h =", f"{word} =").replace("sum(h)", f"sum({word})"), f"5:1: {says}")


def test_all_words_of_conditions_but_functions_are_kept() -> None:
    """But those that a value may be called as well, whose own numbers are meant then."""
    assert set(condition_words()) - set(FUNCTIONS) - SOFT <= STEP_WORDS
    assert not STEP_WORDS & SOFT


@pytest.mark.parametrize("word", [*FUNCTIONS, "relu", "softmax"])
def test_functions_and_operations_are_told_apart_by_their_brackets(word: str) -> None:
    """Without brackets it is the value, in formulas, prints, watches and conditions."""
    session = Session(loads(SMALL.replace("h =", f"{word} =").replace('"sum(h)"', f'"sum({word})"')))
    assert session.do("goto end").ok
    assert session.value(f"{word}[1]").value == 9
    assert session.value(f"max({word})").value == session.value(f"{word}.max()").value == 9
    assert session.do(f"watch {word}[0]").ok
    assert session.do(f"when {word}[1] == 9").data["step"] == 2
    session.do("goto start")
    session.do(f"break {word}")
    assert session.do("continue").ok
    assert session.position.step == 1


def test_the_loss_may_be_called_loss() -> None:
    assert loads(SMALL.replace("L =", "loss =")).graph.loss.name == "loss"


def test_a_name_is_read_as_formulas_read_it() -> None:
    """NFKC, as Python's own names: the ligature ﬁ is f and i, and ℌ is H."""
    assert normal("ﬁℌ") == "fiH"
    graph = loads('format = 1\n[parameters]\n"ﬁ" = 2.0\n[graph]\nL = "fi * ﬁ"\n').graph
    assert [value.name for value in graph.parameters] == ["fi"]
    check_problems('format = 1\n[parameters]\n"ﬁ" = 2.0\nfi = 1\n[graph]\nL = "fi * fi"\n', "'fi' is named twice")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("enc..w", "'enc..w' is no name"),
        ("0.w", "'0.w' is no name"),
        ("enc.in.w", "Python keeps a word of it for itself"),
        ("enc.grad", "behind a dot it is kept for that"),
        ("enc.T", "behind a dot it is kept for that"),
    ],
)
def test_names_with_dots_that_are_none(name: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(says)):
        loads(f'format = 1\n[parameters]\n"{name}" = 1.0\n[graph]\nL = "2 * 1"')


def test_a_name_with_dots_is_used_below_its_own_line() -> None:
    with pytest.raises(ScenarioError, match=r"'a' uses 'b.0', which is computed further down"):
        loads('format = 1\n[parameters]\nw = 1.0\n[graph]\na = "b.0 * w"\n"b.0" = "w * 2"')
    with pytest.raises(ScenarioError, match=r"unknown name 'b.1'; did you mean 'b.0'\?"):
        loads('format = 1\n[parameters]\nw = 1.0\n[graph]\n"b.0" = "w * 2"\nL = "b.1 * w"')
