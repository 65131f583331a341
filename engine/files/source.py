"""The line of a user's program that a recorded value comes from, read where the file is still there."""

from __future__ import annotations

from functools import lru_cache

from gradstep.engine.files.opening import content

#: A longer file is not looked into.
_MOST = 4 << 20


@lru_cache(maxsize=256)
def source_line(where: str) -> str:
    """The text of the line at FILE:LINE, without its indentation; empty where there is no such line to read."""
    file, _, number = where.rpartition(":")
    if not number.isdigit() or not file:
        return ""
    try:
        lines = content(f"./{file}" if file == "-" else file, _MOST).decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return lines[int(number) - 1].strip() if 0 < int(number) <= len(lines) else ""
