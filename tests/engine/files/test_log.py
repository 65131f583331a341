"""The log of what nobody foresaw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gradstep.engine.errors import CommandError
from gradstep.engine.files import is_fault, told
from gradstep.engine.files.log import log_file


def failing() -> None:
    raise KeyError("what\n  nobody foresaw")


def line() -> str:
    try:
        failing()
    except KeyError as error:
        return told(error)
    raise AssertionError


def test_one_line_names_the_error_and_the_file_its_traceback_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "new" / "a.log"
    monkeypatch.setenv("GRADSTEP_LOG", str(file))
    assert log_file() == file
    said = line()
    assert "\n" not in said
    assert "KeyError" in said
    assert str(file) in said
    log = file.read_text(encoding="utf-8")
    assert "in failing" in log
    assert "nobody foresaw" in log
    line()
    assert file.read_text(encoding="utf-8").count("in failing") == 2


def test_a_log_that_is_too_long_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.log"
    monkeypatch.setenv("GRADSTEP_LOG", str(file))
    file.write_text("x" * (2 << 20), encoding="utf-8")
    line()
    assert file.stat().st_size < 1 << 20
    assert "in failing" in file.read_text(encoding="utf-8")


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADSTEP_LOG", str(tmp_path))
    assert "could not be kept" in line()


def test_what_is_said_of_errors_that_are_no_faults() -> None:
    for error, said in (
        (CommandError("no such command"), "no such command"),
        (FileNotFoundError(2, "No such file or directory", "a.npy"), "a.npy: No such file or directory"),
    ):
        assert not is_fault(error)
        assert told(error) == said
    with pytest.raises(MemoryError) as raised:
        np.ones(1 << 58)
    assert not is_fault(raised.value)
    assert told(raised.value).startswith("not enough memory: Unable to allocate 2.00 EiB")
    assert is_fault(KeyError("x"))
