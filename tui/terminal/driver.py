"""Textual's driver for terminals of Linux and macOS, with our reader, and at peace with a terminal that goes away."""

from __future__ import annotations

import os
import selectors
import signal
import termios
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any, TextIO, cast

from textual._ansi_sequences import SYNC_END
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

from gradstep.tui.terminal.reader import Reader

#: The exit status after SIGHUP, which is what a terminal that goes away means.
HANGUP = 129
#: So often, in seconds, it is looked whether a key is complete because nothing has followed.
_TICK = 0.05
_PIECE = 1 << 16
#: A question that Textual asks at the start, and the beginning of its answer (DECRQM, of synchronized output).
_QUESTION, _ANSWER = "\x1b[?2026$p", b"\x1b[?2026;"
#: So long, in seconds, a terminal that has answered it may take to answer it again, and one that answers nothing to
#: read what it was sent last.
_ANSWERING, _SILENT = 1.0, 0.05


class _Output:
    """A terminal's file that says once that the terminal is gone, and then takes everything: a thread that fails to
    write would leave the screen waiting for it for ever."""

    def __init__(self, file: TextIO, gone: Callable[[], None]) -> None:
        self._file, self._gone, self._there = file, gone, True

    def write(self, text: str) -> None:
        self._try(lambda: self._file.write(text))

    def flush(self) -> None:
        self._try(self._file.flush)

    def fileno(self) -> int:
        return self._file.fileno()

    def _try(self, act: Callable[[], object]) -> None:
        if self._there:
            try:
                act()
            except (OSError, ValueError):
                self._there = False
                self._gone()


class TerminalDriver(LinuxDriver):
    """Keys come from `Reader`. Bytes that are no UTF-8 are unknown keys; what was typed before the screen was there was
    not meant for it."""

    #: How the terminal was set before, and what the signals did that end the program.
    _attributes: list[Any] | None = None
    _handlers: dict[int, Any] | None = None
    #: Whether the terminal answers.
    _answers = False

    def start_application_mode(self) -> None:
        if not isinstance(self._file, _Output) and self._file is not None:
            self._file = cast(Any, _Output(self._file, self.hung_up))
        with suppress(termios.error):  # it is no terminal, so nothing was typed
            termios.tcflush(self.fileno, termios.TCIFLUSH)
        for number, handler in (self._handlers or {}).items():  # it was suspended
            signal.signal(number, handler)
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's has no annotations

    def process_message(self, message: Message) -> None:
        self._answers = self._answers or isinstance(message, TerminalSupportsSynchronizedOutput)
        super().process_message(message)

    def stop_application_mode(self) -> None:
        """Says to the terminal what puts it back. As a line of its own it is only set back by `close`: from then on an
        interrupt throws away what the terminal has not read yet."""
        self._attributes, self.attrs_before = self.attrs_before, None
        if self._answers:  # a picture that a signal has come into is never ended else
            self.write(SYNC_END)
        super().stop_application_mode()

    def close(self) -> None:
        """The terminal is as it was. What still runs in threads is nobody's, and a signal need not wait for it."""
        super().close()
        if self._attributes is not None:
            self._until_read()
            with suppress(termios.error):  # it is gone
                termios.tcflush(self.fileno, termios.TCIFLUSH)
                termios.tcsetattr(self.fileno, termios.TCSANOW, self._attributes)
        self._handlers = {
            number: signal.signal(number, lambda number, frame: os._exit(128 + number))
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }

    def put_back(self) -> None:
        """The terminal is as it was, from any thread, and without what the main thread may be waiting for."""
        self._disable_mouse_support()
        self.exit_event.set()
        if self._key_thread is not None:
            self._key_thread.join(0.5)
        self.stop_application_mode()
        with suppress(ValueError):  # signals are the main thread's
            self.close()

    def _until_read(self) -> None:
        """Waits until the terminal has read all that was written; what is typed meanwhile is nobody's."""
        if self._answers and self._file is not None:
            self._file.write(_QUESTION)
            self._file.flush()
        end, typed = monotonic() + (_ANSWERING if self._answers else _SILENT), b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while (left := end - monotonic()) > 0 and _ANSWER not in typed:
                try:
                    some = os.read(self.fileno, _PIECE) if selector.select(left) else b""
                except OSError:
                    some = b""
                if not some:  # time is up, or it is gone
                    return
                typed = typed[-len(_ANSWER) :] + some

    def hung_up(self) -> None:
        """The terminal is gone: the program ends. May be called in any thread, and more than once."""
        self._loop.call_soon_threadsafe(self._app.exit, HANGUP, HANGUP)

    def run_input_thread(self) -> None:
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        reader = Reader(alts=getattr(self._app, "alts", None))
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_TICK):
                    try:
                        data = os.read(self.fileno, _PIECE)
                    except OSError:
                        data = b""
                    if not data:
                        self.hung_up()
                        return
                    for message in reader.feed(decode(data)):
                        self.process_message(message)
                for message in reader.tick():
                    self.process_message(message)
