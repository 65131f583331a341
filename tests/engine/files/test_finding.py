"""Which file a name means, its text, and what is said of a file that is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import SMALL

from gradstep.engine.debugger import Session
from gradstep.engine.errors import GradstepError, ScenarioError
from gradstep.engine.files.finding import MAX_BYTES, builtin, find, load, loads
from gradstep.engine.files.rewriting import quoted


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
    for name in ("inputs", "training", "debug", "expect", "notes"):
        header = f"[[{name}]]" if name in ("expect", "notes") else f"[{name}]"
        pairs = "".join(f"{key} = {_toml(value)}\n" for key, value in table.items() if value is not None)
        try:
            loads(f"{SMALL}{header}\n{pairs}")
        except ScenarioError:
            continue


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{k} = {_toml(v)}' for k, v in value.items() if v is not None)} }}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(v) for v in value if v is not None)}]"
    return quoted(value) if isinstance(value, str) else str(value).lower()
