"""The table of commands: names, errors, help."""

from __future__ import annotations

import pytest
from debugging import fresh, refused

from gradstep.engine.debugger.commands import COMMANDS, SHORT, Result
from gradstep.engine.errors import Interrupted
from gradstep.engine.run.timeline import Position


def test_a_short_name_for_every_key_of_the_documentation() -> None:
    assert set(SHORT.values()) <= set(COMMANDS)
    contract = (
        "step back into outof finish restart layer rlayer phase rphase continue rcontinue goto break tbreak delete"
    )
    contract += (
        " enable disable watch unwatch when why paths print terms set undo redo revert nudge verify findings info"
    )
    assert set(f"{contract} sample export save open quit try".split()) <= set(COMMANDS)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("bogus", "unknown command 'bogus'"),
        ("stepp 3", "did you mean 'step'?"),
        ("step x", "step: how often is a whole number from 1 on, not 'x'"),
        ("step 0", "from 1 on"),
        ("finish 3", "finish: it takes no argument"),
        ("goto nowhere", "goto: unknown name 'nowhere'"),
        ("break", "a condition is needed"),
        ("break grad =", "cannot read"),
        ("break h do dance", "after 'do' comes print EXPR"),
        ("delete 7", "there are no breakpoints"),
        ("delete x", "the number of a breakpoint"),
        ("watch bogus", "watch: unknown name 'bogus'"),
        ("unwatch h", "is not watched"),
        ("print", "an expression is needed"),
        ("print h +", "cannot read"),
        ("why x[0]", "why: 'x' has no gradient"),
        ("why h", "name one, as in h[0]"),
        ("paths h[0] x", "how many is a whole number"),
        ("terms nothing", "unknown name 'nothing'"),
        ("info stuff", "there are breakpoints, watch, scenario, position"),
        ("sample 4", "there is no sample 4"),
        ("sample x", "a number from 0, or all"),
        ("export xml a", "there are the formats"),
        ("open nowhere", "no such file or built-in scenario"),
        ("nudge h.grad[0] big", "EPS is a number"),
        ("bookmark 3", "a bookmark's name"),
    ],
)
def test_errors_name_the_command_and_what_is_wrong(line: str, says: str) -> None:
    assert says in refused(fresh(), line)


def test_help_lists_every_command_with_its_docstring() -> None:
    session = fresh()
    lines = session.do("help").text.splitlines()
    assert session.do("help").data == list(COMMANDS)
    assert len(lines) == len(COMMANDS)
    for line, command in zip(lines, COMMANDS.values(), strict=True):
        said = " ".join((command.act.__doc__ or "").split())
        assert said == f"{command.usage}: {command.says}."
        assert command.usage.split()[0] == command.name
        assert line.startswith(command.usage)
        assert line.endswith(command.says)
    by_name = {name: short for short, name in SHORT.items()}
    assert all(line.split("  ")[0] for line in lines)
    assert f" {by_name['why']}  " in next(line for line in lines if line.startswith("why"))


def test_help_tells_of_one_command() -> None:
    session = fresh()
    for word in ("why", "y"):
        result = session.do(f"help {word}")
        assert result.data == ["why"]
        assert result.text.startswith("why NAME")
        assert "the blame chain of a gradient" in result.text
    assert "unknown command 'whi'; did you mean 'why'?" in refused(session, "help whi")


def test_a_command_says_what_it_has_to_say_once() -> None:
    assert fresh().do("") == Result()
    assert fresh().do("  step   2 ").text.startswith("step 2/31")
    assert fresh().do("quit").quit
    assert "takes no argument" in refused(fresh(), "quit now")


def test_what_is_interrupted_is_no_error_of_the_command() -> None:
    session = fresh("xor-training", "train 40", "goto @20")
    session.history.release()
    with pytest.raises(Interrupted):
        session.do("rcontinue", lambda share: False)
    assert session.position == Position(0, None, 20)
