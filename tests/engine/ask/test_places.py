"""Steps by module and by place: conditions, against what the names and origins say by themselves."""

from __future__ import annotations

import pytest
from originated import NET

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.places import at_place, in_module
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError
from gradstep.engine.files import find, loads
from gradstep.engine.run.recording import Recording, record


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record(loads(NET))


def named(recording: Recording, values: frozenset[int]) -> set[str]:
    return {recording.graph.values[v].name for v in values}


UP = {"h.0.up", "h.0.up.weight"}
NORM = {"h.0.norm", "h.0.norm.weight"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("h.0.up", UP), ("h.0.1", {"h.0.1"}), ("h.*.up", UP), ("h", UP | NORM | {"h.0.1"}), ("h.0.[un]*", UP | NORM)],
)
def test_a_module_is_all_that_lies_in_it(recording: Recording, text: str, expected: set[str]) -> None:
    found = named(recording, in_module(recording, text))
    assert {name for name in found if ":" not in name} == expected


def test_what_is_in_no_module(recording: Recording) -> None:
    assert {"x", "t", "seen", "loss"} <= named(recording, in_module(recording, ""))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model.py:12", UP), ("net/model.py:12", UP), ("model.py", UP | NORM | {"h.0.1"}), ("linear", UP),
        ("model.py:13-15", NORM | {"h.0.1"}), ("*.py:3", {"seen"}), ("mul", {"seen"}), ("train.py", {"seen"}),
    ],
)  # fmt: skip
def test_a_place_is_a_file_its_lines_or_a_function(recording: Recording, text: str, expected: set[str]) -> None:
    found = named(recording, at_place(recording, text))
    assert {name for name in found if ":" not in name} == expected | ({"x"} if "h.0.up" in expected else set())


def test_what_is_not_there_is_said_with_the_nearest(recording: Recording) -> None:
    with pytest.raises(CommandError, match=r"there is no module 'h\.0\.down'; did you mean 'h\.0\.norm'|'h\.0\.up'"):
        in_module(recording, "h.0.down")
    with pytest.raises(CommandError, match="nothing comes from 'linaer'; did you mean 'linear'"):
        at_place(recording, "linaer")
    plain = record(find("walkthrough"))
    with pytest.raises(CommandError, match="there are no modules"):
        in_module(plain, "h")
    with pytest.raises(CommandError, match="only a recording of a program says"):
        at_place(plain, "relu")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('module == "h.0.up" and phase == forward', {"h.0.up"}),
        ("module == h.0.up and phase == backward", {"h.0.up", "h.0.up.weight"}),
        ('where == "model.py:15"', {"h.0.1"}),
        ("module != h and phase == forward", {"seen"}),
        ("where == linear and grad != 0", {"h.0.up", "h.0.up.weight"}),
        ("module == h.0.norm and op == tanh and contribution != 0", {"h.0.norm"}),
    ],
)
def test_conditions_know_module_and_place(recording: Recording, text: str, names: set[str]) -> None:
    condition, found = Condition(text, recording), set()
    for sweep in recording.timeline.sweeps:
        if condition.mask(sweep, 0, sweep.size).any():
            found.add(recording.graph.values[sweep.value].name)
    assert {name for name in found if ":" not in name} == names


def test_a_value_of_that_name_is_meant_where_there_is_one() -> None:
    text = NET.replace("seen", "where")
    found = record(loads(text))
    condition = Condition("where[0] > 0", found)
    assert condition.state
    assert Condition("module == h.0.up", found).state is False


def test_they_are_said_as_any_condition() -> None:
    session = Session(loads(NET))
    assert "h.0.up[0]" in session.do('find module == "h.0.up" and phase == forward').text
    session.do('break where == "model.py:15"')
    session.do("continue")
    here = session.frame().element
    assert here is not None
    assert session.recording.graph.values[here.value].name == "h.0.1"


def test_names_of_parts_and_of_modules_are_read_in_expressions() -> None:
    session = Session(loads(NET))
    session.do("goto end")
    value = session.value
    assert value("h.0.norm:standardize[0]").value is not None
    grad = value("h.0.norm:standardize.grad").value
    typed = value("∂loss/∂h.0.norm:standardize").value
    assert grad is not None
    assert typed is not None
    assert (grad == typed).all()
    # A module is what it gives.
    given, line = value("h.0").value, value("h.0.1").value
    assert given is not None
    assert line is not None
    assert (given == line).all()
    assert (abs(value("∂loss/∂h.0.up").value).max() == value("abs(∂loss/∂h.0.up).max()").value).all()
    session.do("goto h.0.grad[1]")
    assert session.recording.typed(session.frame().element, session.frame().phase) == "h.0.1.grad[1]"  # type: ignore[arg-type]
