"""The repository keeps its own promises: packages, README, names."""

from __future__ import annotations

import argparse
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual import actions

import gradstep
from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.debugger import script
from gradstep.engine.debugger.commands import COMMANDS
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import builtin, find
from gradstep.engine.ops import REGISTRY
from gradstep.engine.ops.composite import COMPOSITES
from gradstep.tui import keymap
from gradstep.tui.cli.calls import parser as cli_parser
from gradstep.tui.panels.base import Panel
from gradstep.tui.screens import debugger
from gradstep.tui.table import PANELS
from gradstep.tui.theme import PALETTES

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_folder_with_code_is_packaged() -> None:
    found = set()
    for top in ("gradstep", "engine", "tui", "scenarios"):
        for init in (ROOT / top).rglob("__init__.py"):
            inside = init.parent.relative_to(ROOT / "gradstep" if top == "gradstep" else ROOT)
            found.add(".".join(("gradstep", *inside.parts)))
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == found
    for folder in ("engine", "tui"):
        for code in (ROOT / folder).rglob("*.py"):
            assert (code.parent / "__init__.py").exists(), code


def test_every_kind_of_data_file_is_packaged() -> None:
    data = PROJECT["tool"]["setuptools"]["package-data"]
    assert {f.suffix for f in (ROOT / "tui").rglob("*") if f.is_file() and "__pycache__" not in f.parts} <= {
        ".py",
        ".tcss",
    }
    assert "screens/*.tcss" in data["gradstep.tui"]
    assert "*.toml" in data["gradstep.scenarios"]


def test_the_readme_has_the_key_table_of_the_code() -> None:
    inside = re.search(r"<!-- keys[^>]*-->\n(.*?)\n<!-- /keys -->", README, re.DOTALL)
    assert inside is not None
    assert inside[1].strip() == keymap.markdown()


def test_the_readme_has_its_two_commands_and_its_picture() -> None:
    assert "\npython3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/gradstep\n" in README
    assert "\npython3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest\n" in README
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert link.startswith("http") or (ROOT / link).exists(), link


def test_every_path_that_contributing_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = {path for path in re.findall(r"`([a-z]\w*(?:/[\w.-]+)+/?)`", text) if not re.search("NN|NAME|ROOM", path)}
    assert len(paths) > 20
    for path in sorted(paths):
        assert (ROOT / path).exists(), path
    names = re.findall(r"`(\w+)`(?: \w+)* of `([a-z][\w./-]+\.py)`", text)
    assert len(names) > 3
    for name, path in names:
        assert re.search(rf"\b{name}\b", (ROOT / path).read_text(encoding="utf-8")), (name, path)


def test_the_readmes_example_is_a_scenario() -> None:
    for document in (README, (ROOT / "scenarios/README.md").read_text(encoding="utf-8")):
        example = re.search(r"```toml\n(.*?)```", document, re.DOTALL)
        assert example is not None
        text = example[1].replace('W2 = { file = "weights.npz", key = "W2" }', "W2 = [[0.6, -0.4]]")
        text = re.sub(r'batch = \["x", "t"\].*\n', "", text)
        gradstep.loads(text)


def test_the_manual_page_knows_every_call_and_option() -> None:
    page = (ROOT / "docs/gradstep.1").read_text(encoding="utf-8").replace("\\-", "-")
    (calls,) = (a for a in cli_parser()._actions if isinstance(a, argparse._SubParsersAction))
    for name, one in calls.choices.items():
        assert f"gradstep {name}" in page, name
        for action in one._actions:
            for word in action.option_strings[-1:]:
                assert word in page or word == "--help", f"{word} of {name}: python docs/make.py"


def test_what_the_readme_lists_is_what_there_is() -> None:
    #: Operations that are written with signs, or that others expand to.
    otherwise = {"add", "subtract", "multiply", "divide", "power", "negative", "index", "causal_mask"}
    otherwise |= {
        "greater",
        "greater_equal",
        "less",
        "less_equal",
        "equal",
        "not_equal",
        "standardize",
        "rms_normalize",
    }
    otherwise |= {"take_at", "sorted", "median_along", "median_all", "nanmedian_all", "mode_along", "quantile_of"}
    otherwise |= {"running_max", "running_min", "running_argmax", "running_argmin", "argmedian", "argmode"}
    otherwise |= {"contract", "band_mask", "unpool"}
    assert otherwise <= set(REGISTRY)
    for name in {*REGISTRY, *COMPOSITES} - otherwise:
        assert re.search(rf"\b{name}\b", README), name
    table = (ROOT / "scenarios/README.md").read_text(encoding="utf-8")
    for name in builtin():
        shows = gradstep.find(name).shows
        assert shows, f"{name} does not say what it shows"
        assert f"| `{name}` | {shows} |" in table, "python docs/make.py"


def test_keys_are_unique_and_their_actions_exist() -> None:
    pressed = [key for entry in keymap.KEYS for key in entry.keys.split(",")]
    assert len(pressed) == len(set(pressed))
    assert len({entry.id for entry in keymap.KEYS}) == len(keymap.KEYS)
    parts = debugger.Debugger(Session(find("walkthrough")), PALETTES).parts
    for entry in keymap.KEYS:
        part, name, given = actions.parse(entry.action)
        if part != "app":
            inspect.signature(getattr(parts[part], name)).bind(*given)


def test_a_capital_is_the_same_move_backwards() -> None:
    by_key = {key: entry for entry in keymap.KEYS if entry.group == keymap.TIME for key in entry.keys.split(",")}
    for key, entry in by_key.items():
        if len(key) == 1 and key.islower() and key.upper() in by_key:
            there, back = entry.action, by_key[key.upper()].action
            assert there != back
            assert there.split("(")[0].removesuffix("finish") == back.split("(")[0].removesuffix("restart")


def test_every_panel_has_a_line_in_the_table_and_every_line_a_panel() -> None:
    for attribute in ("id", "key", "module"):
        found = [getattr(entry, attribute) for entry in PANELS if getattr(entry, attribute)]
        assert len(found) == len(set(found)), attribute
    for entry in PANELS:
        assert issubclass(debugger.panel_class(entry), Panel), entry
    for file in (ROOT / "tui/panels").rglob("*.py"):
        if re.search(r"^class \w+\(Panel", file.read_text(encoding="utf-8"), re.MULTILINE):
            module = ".".join(file.relative_to(ROOT / "tui/panels").with_suffix("").parts)
            assert module in [entry.module for entry in PANELS]


def test_no_panel_imports_another_one() -> None:
    for entry in PANELS:
        text = (ROOT / "tui/panels" / f"{entry.module.replace('.', '/')}.py").read_text(encoding="utf-8")
        for other in PANELS:
            group, _, name = other.module.partition(".")
            assert f"gradstep.tui.panels.{other.module}" not in text, (entry.id, other.id)
            assert not re.search(rf"from gradstep\.tui\.panels\.{group} import.*\b{name}\b", text), (entry.id, other.id)


@pytest.mark.parametrize("module", ["gradstep", "gradstep.tui.cli", "gradstep.engine.files.formats"])
def test_what_starts_quickly_imports_little(module: str) -> None:
    code = f"import sys, {module}; print(sorted({{'numpy', 'textual', 'rich'}} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_the_engine_knows_no_screen() -> None:
    code = (
        "import sys, pkgutil, importlib, gradstep.engine as e\n"
        "for m in pkgutil.walk_packages(e.__path__, 'gradstep.engine.'): importlib.import_module(m.name)\n"
        "print(sorted({'textual', 'rich', 'gradstep.tui'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_no_text_calls_the_backward_pass_back() -> None:
    """ "Back" is time. What a person reads says "backward pass" for the phase."""
    for file in [*(ROOT / "engine").rglob("*.py"), *(ROOT / "tui").rglob("*.py"), *(ROOT / "scenarios").glob("*.toml")]:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\bback to [hzywx]|\bway back\b|\bback pass\b|\bback phase\b", text), file


def test_the_readmes_script_runs() -> None:
    inside = re.search(r"<!-- script[^>]*-->\n```\n(.*?)```\n<!-- /script -->", README, re.DOTALL)
    assert inside is not None
    session, lines = Session(find("dead-relu")), [line for line in inside[1].splitlines() if line.strip()]
    said: list[str] = []
    assert script.carry_out(session, [[line for line in lines if not line.startswith("#")]], False, said.append)
    whole = "\n".join(said)
    assert "The gate at h₂ is shut" in whole
    assert "gate shut, at step 16" in whole
    assert "dead at h[1]" in whole
    assert not session.edits


def test_the_readmes_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    inside = re.search(r"<!-- python[^>]*-->\n```python\n(.*?)```\n<!-- /python -->", README, re.DOTALL)
    assert inside is not None
    names: dict[str, Any] = {}
    exec(inside[1], names)
    said = capsys.readouterr().out
    assert "dead h[1]" in said
    assert "gate shut, at step 16" in said
    assert "The gate at h₂ is shut" in said
    assert "✓ 9 of 9 gradients" in said
    # By hand, with b1[1] = 1.2: both gates are open, so ∂L/∂W1 = (y − t) y (1 − y) W2ᵀ xᵀ.
    x, W1, b1 = np.array([0.5, 0.8]), np.array([[0.4, 0.3], [-0.9, -0.5]]), np.array([0.1, 1.2])
    W2, b2 = np.array([0.6, 0.7]), 0.2
    y = 1 / (1 + np.exp(-(W2 @ (W1 @ x + b1) + b2)))
    assert names["session"].value("W1.grad").value == pytest.approx(np.outer((y - 1) * y * (1 - y) * W2, x), rel=1e-12)


def test_the_readme_tells_of_every_command_and_kind() -> None:
    part = README[README.index("## The debugger") : README.index("## Keys")]
    obvious = {
        "step",
        "back",
        "into",
        "outof",
        "finish",
        "restart",
        "layer",
        "rlayer",
        "phase",
        "rphase",
        "goto",
        "quit",
    }
    for name in set(COMMANDS) - obvious - {"previous", "following", "unwatch", "log"}:
        assert re.search(rf"\b{name}\b", part), name
    for name in KINDS:
        assert re.search(rf"\b{name}\b", part), name
