"""What people are told of an error; of one that nobody foresaw the traceback goes into a file, which is named."""

from __future__ import annotations

import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

from gradstep.engine.errors import CommandError, GradstepError

#: A longer log is begun anew.
_LARGEST = 1 << 20


def is_fault(error: Exception) -> bool:
    """Whether nobody foresaw an error: it is none of ours, none of the system's, and there was memory enough."""
    return not isinstance(error, GradstepError | OSError | MemoryError)


def told(error: Exception) -> str:
    """What people are told of an error. Of one that nobody foresaw it is one line, and the traceback is added to the
    log."""
    text = " ".join(str(error).split())[:200]
    if isinstance(error, GradstepError):
        return str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}"
    if isinstance(error, MemoryError):
        return f"not enough memory{f': {text}' if text else ''}; end other programs, or make the network smaller"
    what = type(error).__name__ + (f": {text}" if text else "")
    try:
        where = f"its traceback is in {_added(error)}"
    except (OSError, CommandError) as failed:
        where = f"its traceback could not be kept ({failed})"
    return f"a fault of gradstep itself: {what}; {where}"


def log_file() -> Path:
    """Where the log is: in the user's folder for logs, or beside GRADSTEP_LOG where that is set."""
    given = os.environ.get("GRADSTEP_LOG")
    if given:
        return Path(given)
    from platformdirs import user_log_path

    return user_log_path("gradstep", appauthor=False) / "gradstep.log"


def _added(error: BaseException) -> Path:
    from importlib.metadata import version  # here, because nothing is written at the start

    from gradstep.engine.files.writing import write_more

    path = log_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    about = f"== {now} gradstep {version('gradstep')}\n"
    text = about + "".join(traceback.format_exception(error))
    write_more(str(path), text.encode("utf-8", errors="backslashreplace"), _LARGEST)
    return path
