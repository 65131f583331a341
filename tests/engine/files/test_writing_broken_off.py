"""Writing in the middle of which something happens: killed, or out of room."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradstep.engine.errors import CommandError
from gradstep.engine.files.writing import write_new, write_over

OLD, NEW = "old " * 10_000, "new " * 50_000


def test_a_disk_that_is_full_leaves_nothing_and_the_next_try_works(tmp_path: Path) -> None:
    """As with a limit on the size of files, which fails in the middle of writing as a full disk does."""
    file = tmp_path / "w"
    file.write_text(OLD, encoding="utf-8")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    quiet = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        for act, name in ((write_over, "w"), (write_new, "n")):
            with pytest.raises(CommandError, match="cannot be written: File too large"):
                act(str(tmp_path / name), NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, quiet)
    assert os.listdir(tmp_path) == ["w"]
    assert file.read_text(encoding="utf-8") == OLD
    write_over(str(file), NEW)
    write_new(str(tmp_path / "n"), NEW)


_WRITER = """
import sys
from gradstep.engine.files.writing import write_over
old, new = "old " * 10_000, "new " * 50_000
print("ready", flush=True)
while True:
    write_over(sys.argv[1], new)
    write_over(sys.argv[1], old)
"""


def test_killed_at_any_moment_it_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    """Killed over and over while it writes; by one command as often as one likes: GRADSTEP_KILLS=200."""
    file = tmp_path / "w"
    file.write_text(OLD, encoding="utf-8")
    for number in range(int(os.environ.get("GRADSTEP_KILLS", "6"))):
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(file)], stdout=subprocess.PIPE)
        try:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(0.001 * (number * 7 % 23))
        finally:
            writer.kill()
            writer.communicate()
        assert file.read_text(encoding="utf-8") in (OLD, NEW)
