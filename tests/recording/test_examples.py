"""The training scripts in examples/, each with a planted fault: they run, and gradstep leads to the fault where there
is no PyTorch."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gradstep.engine.debugger import triage
from gradstep.engine.files import find

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

#: gradstep where importing torch fails.
_WITHOUT = "import sys; sys.modules['torch'] = None; from gradstep.tui.cli import main; raise SystemExit(main())"


def _run(folder: Path, *words: str) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120)
    return done.stdout + done.stderr


#: By the name of a script: what stands there instead where it has no fault; and what triage says of the one with it.
_TWINS: dict[str, tuple[str, str, list[str]]] = {
    "masked_nan": ("step == 7:", "False:", ["✗ not finite, first at softmax[2,0], step 391", "masked_nan.py:25"]),
    "dead_units": ("200.0 if step == 12 else", "", ["! dead at net.1", "net.0  0  ✗ exactly 0", "gradient 0 in all"]),
    "detached": (".detach()", "", ["! unused_parameter at encoder.0.weight", "also at encoder.0.bias, encoder.2.w"]),
}


@pytest.mark.parametrize(
    ("script", "recording", "commands", "says"),
    [
        (
            "masked_nan", "crash", ["goto end", "when first nonfinite", "print length"],
            ["all scores of this row are −∞: softmax is 0/0", "masked_nan.py:", "length = [2, 3, 0, 3]"],
        ),
        (
            "dead_units", "stuck", ["goto end", "findings", "why net.0.weight[0,0]"],
            ["8 of 8 gates of net.1 are shut in all 16 samples", "The gate at net.1[0,0] is shut", "− 0.05 ×"],
        ),
        (
            "detached", "half", ["goto end", "why encoder.0.weight[0,0]"],
            ["No path leads from encoder.0.weight[0,0] to the loss"],
        ),
    ],
)  # fmt: skip
def test_an_example_leads_to_its_fault(
    script: str, recording: str, commands: list[str], says: list[str], tmp_path: Path
) -> None:
    assert f"recorded in {recording}.gradstep" in _run(
        tmp_path, sys.executable, str(ROOT / "examples" / f"{script}.py")
    )
    words = [word for command in commands for word in ("-c", command)]
    told = _run(tmp_path, sys.executable, "-c", _WITHOUT, "run", f"{recording}.gradstep", *words)
    for one in says:
        assert one in told, told
    page = triage(find(str(tmp_path / f"{recording}.gradstep")))
    assert not page.ok
    told = "\n".join(page.lines())
    for one in _TWINS[script][2]:
        assert one in told, told
    for command in page.commands[:-1]:
        _, call, *words = shlex.split(command)
        if call == "run":
            assert "error" not in _run(tmp_path, sys.executable, "-c", _WITHOUT, call, *words)


@pytest.mark.parametrize("script", list(_TWINS))
def test_a_twin_without_the_fault_is_healthy(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says so, and nothing else."""
    fault, instead, _ = _TWINS[script]
    source = (ROOT / "examples" / f"{script}.py").read_text(encoding="utf-8")
    assert fault in source
    monkeypatch.chdir(tmp_path)
    exec(compile(source.replace(fault, instead), f"{script}.py", "exec"), {"__name__": "__main__"})
    (folder,) = tmp_path.glob("*.gradstep")
    page = triage(find(str(folder)))
    lines = list(page.lines())
    assert page.ok, lines
    assert len(lines) == 3
    assert lines[2].startswith("nothing is wrong: all numbers are finite, every parameter has a gradient")
    assert page.commands == ()


def test_the_readme_shows_what_the_example_gives(tmp_path: Path) -> None:
    section = README[README.index("## Your own model") : README.index("## Your own network")]
    _run(tmp_path, sys.executable, str(ROOT / "examples" / "masked_nan.py"))
    blocks = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    calls = [line for block in blocks for line in block.splitlines() if line.startswith("$ gradstep ")]
    assert len(calls) == 5
    for block in blocks:
        for call, shown in re.findall(r"^\$ gradstep (.+)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            words = re.findall(r'"([^"]*)"|(\S+)', call)
            told = _run(tmp_path, sys.executable, "-c", _WITHOUT, *(a or b for a, b in words)).splitlines()
            for line in filter(None, map(str.strip, shown.splitlines())):
                beginning = line.removesuffix("…").rstrip()
                assert any(beginning in one for one in told), (call, line, told)
