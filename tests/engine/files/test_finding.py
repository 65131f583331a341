"""Which file a name means, its text, and what is said of a file that is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import SMALL, check_problems

from gradstep.engine.debugger import Session
from gradstep.engine.errors import GradstepError, ScenarioError
from gradstep.engine.files.finding import MAX_BYTES, builtin, find, load, loads


def test_built_in_scenarios_come_in_the_order_of_their_numbers() -> None:
    files = builtin()
    assert list(files)[:3] == ["walkthrough", "fan-out", "dead-relu"]
    assert files["walkthrough"] == "01-walkthrough.toml"
    assert list(files.values()) == sorted(files.values())


@pytest.mark.parametrize("name", builtin())
def test_built_in_scenarios_are_complete(name: str) -> None:
    scenario = find(name)
    assert scenario.title
    assert scenario.description
    assert scenario.source
    assert scenario.notes
    assert scenario.expectations


def test_a_scenario_is_called_after_its_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(SMALL, encoding="utf-8")
    assert (find(str(file)).name, find(str(file)).file) == ("mine", str(file))
    assert find("xor").name == "xor"


def test_unknown_scenarios_get_the_nearest() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'walkthrough'"):
        find("walktrough")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    def said(path: Path) -> str:
        with pytest.raises(ScenarioError) as refused:
            load(path)
        return str(refused.value)

    assert "No such file" in said(tmp_path / "none.toml")
    assert "Is a directory" in said(tmp_path)
    bad = tmp_path / "bad.toml"
    bad.write_bytes(b"format = 1\ntitle = '\xff'\n")
    assert ":2:10: byte 0xff is not UTF-8" in said(bad)
    bad.write_bytes(b"#" * (MAX_BYTES + 1))
    assert "16 MiB" in said(bad)
    bad.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    assert load(bad).graph.loss.name == "L"


def test_names_of_files_are_shown_and_not_obeyed() -> None:
    with pytest.raises(ScenarioError) as refused:
        loads("format = 2", file="a\x1b[31m\u202eb.toml")
    assert "\x1b" not in str(refused.value)
    assert "a\\x1b[31m\\u202eb.toml:1:10" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("format = 1\n[graph\n", "2:7: not TOML: "),
        ("format = ", "1:10: not TOML: "),
        ("format = 1\nx = [1,\n", "2:8: not TOML: "),
        ("a = " + "[" * 5000, "1:1: arrays are nested too deeply"),
    ],
)
def test_what_is_no_toml_is_said_where_it_stops_being_some(text: str, says: str) -> None:
    check_problems(text, says)


@given(st.text(max_size=200) | st.text(alphabet="[]=\"'\n.,x1{}w#", max_size=80))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_text_is_read_or_refused(text: str) -> None:
    for body in (text, SMALL + text, f'format = 1\n[graph]\nL = "{text}"'):
        try:
            Session(loads(body))
        except GradstepError:
            continue


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["init", "shape", "file", "a"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from(["x", "w", "lr", "of", "value", "at", "text", "start", "steps"]), VALUES, max_size=3
    )
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_values_anywhere_are_read_or_refused(table: dict[str, object]) -> None:
    import tomlkit

    def clean(value: object) -> object:
        if isinstance(value, dict):
            return {k: clean(v) for k, v in value.items() if v is not None}
        return [clean(v) for v in value if v is not None] if isinstance(value, list) else value

    for name in ("inputs", "training", "debug", "expect", "notes"):
        body = clean(table)
        document = tomlkit.parse(SMALL)
        document[name] = [body] if name in ("expect", "notes") else body
        try:
            loads(document.as_string())
        except ScenarioError:
            continue
