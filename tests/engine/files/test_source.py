"""The line of a program that a value comes from."""

from __future__ import annotations

import os
from pathlib import Path

from gradstep.engine.files.source import source_line


def test_a_line_is_read_where_the_file_is(tmp_path: Path) -> None:
    file = tmp_path / "train.py"
    file.write_text("import torch\n\n    y = net(x)  # here\n", encoding="utf-8")
    assert source_line(f"{file}:3") == "y = net(x)  # here"
    assert source_line(f"{file}:2") == source_line(f"{file}:4") == source_line(f"{file}:0") == ""


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for where in (f"{tmp_path}/pipe:1", f"{tmp_path}/binary:1", f"{tmp_path}/none.py:1", "", "train.py", ":3", "-:1"):
        assert source_line(where) == ""
