"""Only ordinary files are opened, and of what may have no end only a part is read."""

from __future__ import annotations

import errno
import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gradstep.engine.files import opening


def said(path: Path | str, links: bool = True) -> str:
    with pytest.raises(OSError) as refused:  # noqa: PT011  # the text is what is looked at
        opening.ordinary(Path(path), links)
    return opening.reason(refused.value)


def test_an_ordinary_file_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    os.symlink(file, tmp_path / "link")
    with opening.ordinary(file) as one, opening.ordinary(tmp_path / "link") as other:
        assert one.read() == other.read() == b"abc"


def test_everything_else_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.symlink(tmp_path / "pipe", tmp_path / "link")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "socket"))
    listening.close()
    assert "it is a pipe" in said(tmp_path / "pipe")
    assert "it is a pipe" in said(tmp_path / "link")
    assert "it is a socket" in said(tmp_path / "socket")
    assert "it is a device" in said("/dev/zero")
    assert "it is a device" in said("/dev/random")
    assert said(tmp_path) == os.strerror(errno.EISDIR)
    assert said(tmp_path / "none") == os.strerror(errno.ENOENT)
    assert said(tmp_path / ("x" * 300)) == os.strerror(errno.ENAMETOOLONG)
    assert "null" in said("a\0b")


def test_a_link_is_not_followed_where_none_is_expected(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    os.symlink(tmp_path / "a", tmp_path / "link")
    assert said(tmp_path / "link", links=False)


def test_of_a_file_not_more_than_so_much_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(2 << 20))
    assert len(opening.content(str(tmp_path / "a"), 2 << 20)) == 2 << 20
    with pytest.raises(OSError, match="larger than 1 MiB"):
        opening.content(str(tmp_path / "a"), 1 << 20)


def test_versions_differ_when_the_content_may(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")

    def version() -> opening.Version:
        with opening.ordinary(file) as opened:
            return opening.Version(opened)

    first = version()
    assert (first, hash(first)) == (version(), hash(version()))
    os.utime(file, ns=(0, 1))
    assert version() != first
    second = version()
    os.truncate(file, 1)
    os.utime(file, ns=(0, 1))
    assert version() != second


def test_standard_input_is_read_once_and_never_from_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"abc")))
    assert opening.content("-", 10) == b"abc"
    with pytest.raises(OSError, match="has been read already"):
        opening.content("-", 10)
    master, slave = os.openpty()
    with os.fdopen(slave) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        with pytest.raises(OSError, match="is a terminal"):
            opening.content("-", 10)
    os.close(master)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(OSError, match="is closed"):
        opening.content("-", 10)


def test_endless_input_is_cut_off() -> None:
    code = "from gradstep.engine.files.opening import content; content('-', 1 << 20)"
    with open("/dev/zero", "rb") as endless:
        found = subprocess.run([sys.executable, "-c", code], stdin=endless, capture_output=True, text=True, timeout=60)
    assert "it is larger than 1 MiB" in found.stderr
