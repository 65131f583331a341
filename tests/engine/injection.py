"""An error that nobody foresaw, in the middle of whatever is carried out: at the n-th call within gradstep."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import gradstep.engine

_WALL = ("debugger/script.py", "files/log.py")
_ENGINE = str(Path(gradstep.engine.__file__).parent)


class Injected(LookupError):
    """Nobody foresaw this."""


class Injection:
    """Raises Injected once, at call number `at` into a module of the engine, in whatever thread; `done` when it has.
    What it does not reach is carried out as it is."""

    def __init__(self, at: int) -> None:
        self._left, self.done, self.where = at, False, ""

    def __call__(self, frame: FrameType, event: str, arg: object) -> None:
        if event != "call" or self.done or not frame.f_code.co_filename.startswith(_ENGINE):
            return
        if frame.f_code.co_name.startswith(("<", "__")) or frame.f_code.co_filename.endswith(_WALL):
            return  # a comparison within the machinery of a container; and what catches the error and tells of it
        self._left -= 1
        if self._left < 0:
            self.done, self.where = True, f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}"
            raise Injected("nobody foresaw this")


@contextmanager
def injected(at: int) -> Iterator[Injection]:
    """Within it the error comes at the engine's call number `at`."""
    injection = Injection(at)
    sys.setprofile(injection)
    threading.setprofile(injection)
    try:
        yield injection
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
