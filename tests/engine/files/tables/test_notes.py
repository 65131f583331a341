"""[[notes]]: the author's words at a step."""

from __future__ import annotations

import pytest
from texts import SMALL, check_problems

from gradstep.engine.files import loads
from gradstep.engine.run import record


def test_notes_stand_at_their_steps() -> None:
    scenario = loads(SMALL + "[[notes]]\nat = 'h[1]'\ntext = 'a'\n[[notes]]\nat = 'backward'\ntext = 'b'\n")
    assert [(note.step, note.text) for note in scenario.notes] == [(2, "a"), (4, "b")]
    assert record(scenario).notes == {2: "a", 4: "b"}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("at = 'h'", "7:3: a note needs 'text'"),
        ("text = 'a'", "7:3: a note needs 'at'"),
        ("at = 'zz'\ntext = ''", "8:6: at: unknown name 'zz'"),
        ("at = '@1000000000000 h'\ntext = ''", "8:6: at: iteration 1,000,000,000,000 is beyond what can be made"),
        ("at = 1\ntext = 2", "9:8: text must be text in quotes"),
        ("at = 1\ntext = 'a'\nauthor = 'b'", "10:1: unknown key 'author'"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(lines: str, expected: str) -> None:
    check_problems(SMALL + f"[[notes]]\n{lines}\n", expected)


def test_notes_are_a_list_of_tables() -> None:
    check_problems(SMALL + "[notes]\nat = 1\n", "7:2: 'notes' must be a list of tables, each written [[notes]]")
