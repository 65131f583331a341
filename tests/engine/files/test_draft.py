"""The tables of a file that is being read, and the problems found in them."""

from __future__ import annotations

import pytest

from gradstep.engine.errors import ScenarioError
from gradstep.engine.files.draft import MAX_PROBLEMS, Draft

TEXT = """text = "a"
texts = ["a", "b"]
flag = true
whole = 3
choice = "red"
[table]
wrong = [1]
[[entries]]
a = 1
[[entries]]
a = 2
"""


def draft(text: str = TEXT) -> Draft:
    return Draft(text, "f.toml", None)


def said(of: Draft) -> list[str]:
    return [str(p).removeprefix("f.toml:") for p in of.problems]


def test_what_is_as_it_must_be_is_given_and_nothing_is_noted() -> None:
    of = draft()
    top = of.top
    assert (top.text("text"), top.texts("texts"), top.flag("flag"), top.whole("whole", 3)) == ("a", ("a", "b"), True, 3)
    assert top.choice("choice", ("blue", "red")) == "red"
    assert [table.said["a"] for table in of.entries("entries")] == [1, 2]
    of.stop_if_bad()


def test_defaults() -> None:
    top = draft("").top
    assert (top.text("a"), top.texts("a"), top.flag("a"), top.whole("a", 1)) == ("", (), False, None)
    assert top.choice("a", ("blue", "red")) == "blue"
    assert draft("").table("a").said == {}
    assert not draft("").entries("a")


def test_what_is_something_else_is_noted_where_it_stands_and_the_default_given() -> None:
    of = draft()
    table = of.table("table")
    assert table.text("wrong") == ""
    assert table.texts("wrong") == ()
    assert table.flag("wrong") is False
    assert table.whole("wrong", 1) is None
    assert table.choice("wrong", ("a", "b")) == "a"
    assert [line.partition(" must")[0] for line in said(of)] == ["7:9: wrong"] * 5
    assert of.top.whole("whole", 4) is None
    assert said(of)[-1] == "4:9: whole must be a whole number from 4 on, not 3"
    with pytest.raises(ScenarioError) as refused:
        of.stop_if_bad()
    assert len(refused.value.problems) == 6


def test_true_is_no_whole_number() -> None:
    of = draft("n = true\n")
    assert of.top.whole("n", 0) is None
    assert said(of) == ["1:5: n must be a whole number from 0 on, not True"]


def test_other_keys_are_noted_at_the_key() -> None:
    of = draft()
    of.entries("entries")[1].only(("b",))
    of.table("table").only(("wrongs",))
    assert said(of) == ["11:1: unknown key 'a'; allowed are b", "7:1: unknown key 'wrong'; did you mean 'wrongs'?"]


def test_the_first_key_that_is_lacking_is_noted() -> None:
    of = draft()
    assert of.entries("entries")[0].needs(("a",), "an entry")
    assert not of.entries("entries")[1].needs(("a", "b", "c"), "an entry")
    assert said(of) == ["10:3: an entry needs 'b'"]


def test_what_is_no_table_is_an_empty_one_and_noted_once() -> None:
    of = draft("table = 3\nentries = [{}, 3]\n")
    assert of.table("table").said == of.table("table").said == {}
    assert not of.entries("entries")
    assert said(of) == [
        "1:9: 'table' must be a table, written [table]",
        "2:11: 'entries' must be a list of tables, each written [[entries]]",
    ]


def test_no_more_than_twenty_are_noted() -> None:
    of = draft()
    for _ in range(MAX_PROBLEMS - 1):
        of.top.bad("text", "wrong")
    with pytest.raises(ScenarioError) as refused:
        of.top.bad("text", "wrong")
    assert len(of.problems) == len(refused.value.problems) == MAX_PROBLEMS == 20


def test_long_tables_and_lists_are_refused_at_once() -> None:
    for text, says in (
        ("[table]\n" + "".join(f"k{n} = 1\n" for n in range(4097)), "1:2: [table] has 4,097 lines; at most 4,096 are"),
        ("[[entries]]\n" * 4097, "1:3: there are 4,097 of [[entries]]; at most 4,096 are read"),
        (f"texts = {['a'] * 4097}", "1:1: texts lists 4,097; at most 4,096 are read"),
    ):
        of = draft(text)
        with pytest.raises(ScenarioError):
            (of.table("table"), of.entries("entries"), of.top.texts("texts"))
        assert said(of)[0].startswith(says)


def test_what_is_said_is_not_endless() -> None:
    of = draft()
    of.top.bad("text", "a" * 5000 + "b")
    assert len(said(of)[0]) < 1020
    assert said(of)[0].endswith("b")
