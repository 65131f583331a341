"""The command line, run as a person or a script runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import started

import gradstep
from gradstep.engine.files import builtin
from gradstep.tui.cli import CALLS, main


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gradstep", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        timeout=60,
    )


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.toml"
    path.write_text('format = 1\n[graph]\nh = "relu(q)"\nL = "sum(h) + zz"\n', encoding="utf-8")
    return str(path)


def test_without_a_terminal_the_steps_are_printed() -> None:
    found = run()
    assert found.returncode == 0
    assert found.stdout == run("steps", "walkthrough").stdout
    assert len(re.findall(r"^step \d+/31 ", found.stdout, re.MULTILINE)) == 31
    assert found.stderr == ""
    assert run(TERM="dumb").stdout == found.stdout


@pytest.mark.parametrize(("phase", "count"), [("forward", 6), ("loss", 1), ("backward", 15), ("update", 9)])
def test_steps_of_one_phase(capsys: pytest.CaptureFixture[str], phase: str, count: int) -> None:
    assert main(["steps", "walkthrough", "--phase", phase]) == 0
    heads = re.findall(r"^step .*$", capsys.readouterr().out, re.MULTILINE)
    assert len(heads) == count
    assert all(phase.upper() in head for head in heads)


def test_terms_are_listed_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["steps", "fan-out", "--terms", "--phase", "backward"]) == 0
    out = capsys.readouterr().out
    # The two paths into h₁ of the design's picture: −0.0558 and +0.0411.
    assert re.search(r"z₂₁ .*−0\.0930 × w₂₁₁ .*\+0\.6000 = .*−0\.0558 .*running Σ .*−0\.0558", out)
    assert re.search(r"z₂₂ .*\+0\.1371 × w₂₂₁ .*\+0\.3000 = .*\+0\.0411 .*running Σ .*−0\.0147", out)


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(builtin())


def test_check_tells_right_from_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *builtin()]) == 0
    assert capsys.readouterr().out.count(": ok\n") == len(builtin())
    wrong = tmp_path / "wrong file.toml"
    wrong.write_text(
        'format = 1\n[parameters]\nw = 2.0\n[graph]\nL = "w * w"\n[[expect]]\nof = "L"\nvalue = 5\n', encoding="utf-8"
    )
    assert main(["check", "walkthrough", str(wrong)]) == 1
    out = capsys.readouterr().out
    assert "wrong file.toml: FAILED" in out
    assert "✗ L  printed 5., computed 4." in out
    assert main(["check", "--json", "walkthrough", str(wrong)]) == 1
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["ok"], second["ok"]) == (True, False)


def test_export_to_a_file_and_to_the_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "run.json"
    assert main(["export", "walkthrough", "--format", "json", "-o", str(target)]) == 0
    assert main(["export", "walkthrough", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(target.read_text(encoding="utf-8"))
    assert main(["export", "walkthrough", "--format", "json", "-o", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"error: '{tmp_path}' cannot be written: it is a folder\n"


def test_ops(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ops"]) == 0
    out = capsys.readouterr().out
    assert "relu(x)\n  =      max(0, x)\n  ∂/∂x   1 if x > 0, else 0\n  kink   at 0 the slope is taken as 0\n" in out


def test_bad_input_is_said_in_lines_without_a_traceback(bad: str) -> None:
    found = run("steps", bad)
    assert found.returncode == 2
    assert found.stdout == ""
    assert found.stderr.splitlines() == [
        f"error: {bad}:3:11: unknown name 'q'; a name is used below its own line",
    ]
    assert "Traceback" in run("steps", bad, "--debug").stderr
    assert "Traceback" in run("--debug", bad).stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["steps"], "required: SCENARIO"), (["chek", "walkthrough"], "did you mean 'gradstep check'"),
        (["walktrough"], "did you mean 'walkthrough'"), (["none.toml"], "none.toml: cannot be read: No such file"),
        (["steps", "walkthrough", "--phase", "back"], "invalid choice: 'back'"), (["--what"], "error: "),
        (["export", "walkthrough"], "--format"), (["steps", "walkthrough", "x"], "unrecognized arguments: x"),
    ],
)  # fmt: skip
def test_bad_usage(words: list[str], says: str) -> None:
    found = run(*words)
    assert found.returncode == 2
    assert says in found.stderr
    assert all(line.startswith("error: ") for line in found.stderr.splitlines())


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], *([call, "--help"] for call in CALLS)):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0
        assert "usage: gradstep" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"gradstep {gradstep.__version__}\n"


def test_help_loads_neither_numpy_nor_textual_and_check_no_screen() -> None:
    code = (
        "import sys\nfrom gradstep.tui.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print(sorted({'numpy', 'textual', 'rich'} & set(sys.modules)), file=sys.stderr)"
    )
    for words, loaded in ((["--help"], "[]"), (["check", "walkthrough"], "['numpy']")):
        found = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
        assert found.stderr.strip() == loaded


def test_a_reader_that_leaves_is_no_error() -> None:
    command = f"{sys.executable} -m gradstep steps vanishing --terms | head -1; exit ${{PIPESTATUS[0]}}"
    found = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert found.returncode == 0
    assert found.stderr == ""
    assert found.stdout.startswith("step 1/49")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full to write to")
def test_a_full_device_is_said_once() -> None:
    with open("/dev/full", "w") as full:
        found = subprocess.run(
            [sys.executable, "-m", "gradstep", "steps", "vanishing"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert found.returncode == 2
    assert found.stderr.splitlines() == ["error: No space left on device"]


def test_output_that_cannot_be_encoded_is_still_output() -> None:
    found = run("steps", "walkthrough", PYTHONIOENCODING="ascii")
    assert found.returncode == 0
    assert "step 1/31" in found.stdout


def test_an_interrupt_ends_with_its_status(tmp_path: Path) -> None:
    large = tmp_path / "large.toml"
    large.write_text(
        'format = 1\n[inputs]\nx = { shape = [900], init = "normal(0, 1)" }\n[parameters]\n'
        'W = { shape = [900, 900], init = "he_normal" }\n[graph]\nL = "sum(tanh(W @ x))"\n',
        encoding="utf-8",
    )
    words = [sys.executable, "-m", "gradstep", "steps", str(large)]
    with started(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(100)  # it is under way
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in said


def test_public_names_are_there_and_loaded_late() -> None:
    for name in gradstep.__all__:
        assert getattr(gradstep, name) is not None
    assert set(gradstep.__all__) <= set(dir(gradstep))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gradstep.nothing


ODD = "a\u009b31mb\x7fc\u202ed\u200be"


@pytest.mark.parametrize(
    "call",
    [["list"], ["steps"], ["check"], ["check", "--json"], ["export", "--format", "json"],
     ["run", "-c", "info scenario"],
     ["run", "--json", "-c", "print 'a\u009bb'"], ["train", "--steps", "1"], ["train", "--steps", "1", "--json"]],
)  # fmt: skip
def test_no_output_speaks_to_the_terminal(call: list[str], tmp_path: Path) -> None:
    """C1 controls, DEL, and characters that turn the direction round or have no width, wherever they come from."""
    file = tmp_path / f"{ODD}.toml"
    title = ODD.replace("\u009b", "\\u009b").replace("\x7f", "\\u007f")
    file.write_text(
        f'format = 1\ntitle = "{title}"\ndescription = "{title}"\n[parameters]\nw = 1.0\n[graph]\nL = "w * w"\n'
        f'[[notes]]\nat = 1\ntext = "{title}"\n',
        encoding="utf-8",
    )
    given = [call[0], *([str(file)] if call[0] != "list" else [ODD]), *call[1:]]
    done = subprocess.run([sys.executable, "-m", "gradstep", *given], capture_output=True, text=True)
    for text in (done.stdout, done.stderr):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text), repr(text)
    assert done.stdout or done.stderr


def test_closed_standard_output_is_said() -> None:
    done = subprocess.run(f"{sys.executable} -m gradstep list >&-", shell=True, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (2, "error: standard output is closed\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["diff", "xor", "xor", "--rtol=-1"], "a finite number from 0 on, not '-1'"),
        (["diff", "xor", "xor", "--rtol", "nan"], "a finite number from 0 on, not 'nan'"),
        (["diff", "xor", "xor", "--rtol", "9" * 400], "a finite number from 0 on, not '999"),
        (["diff", "xor", "xor", "--steps", "9" * 400], "of at most 12 digits, not '999"),
        (["train", "xor", "--steps", "9" * 13], "of at most 12 digits"),
        (["train", "xor", "--every", "9" * 5000], "of at most 12 digits"),
        (["run", "xor", "--memory", "9" * 400, "-c", "step"], "of at most 12 digits"),
        (["diff", "xor", "xor", "--rtol", "x"], "a finite number from 0 on, not 'x'"),
    ],
)
def test_senseless_numbers_are_refused_in_a_line(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert says in said
    assert said.count("\n") == 1
    assert len(said) < 300
