"""The log of what nobody foresaw."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradstep.engine.files import fault
from gradstep.engine.files.log import log_file


def failing() -> None:
    raise KeyError("what\n  nobody foresaw")


def told() -> str:
    try:
        failing()
    except KeyError as error:
        return fault(error)
    raise AssertionError


def test_one_line_names_the_error_and_the_file_its_traceback_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "new" / "a.log"
    monkeypatch.setenv("GRADSTEP_LOG", str(file))
    assert log_file() == file
    line = told()
    assert "\n" not in line
    assert "KeyError" in line
    assert str(file) in line
    log = file.read_text(encoding="utf-8")
    assert "in failing" in log
    assert "nobody foresaw" in log
    told()
    assert file.read_text(encoding="utf-8").count("in failing") == 2


def test_a_log_that_is_too_long_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.log"
    monkeypatch.setenv("GRADSTEP_LOG", str(file))
    file.write_text("x" * (2 << 20), encoding="utf-8")
    told()
    assert file.stat().st_size < 1 << 20
    assert "in failing" in file.read_text(encoding="utf-8")


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADSTEP_LOG", str(tmp_path))
    assert "could not be kept" in told()
