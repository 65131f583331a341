"""What a terminal sends, taken apart: keys, mouse, pastes, and replies that nobody asked for.

Textual's own parser reissues each sequence that it does not know as single keys, so that a late reply of the
terminal, or a paste that holds an ESC, types what it is made of: `q` quits. Here a sequence is read to its end as
ECMA-48 (5th ed., 1991; §5.4 control sequences, §5.6 control strings) defines it, and only then it is looked up. What is
not known is dropped whole. All up to the end of a bracketed paste is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Generator, Iterable, Iterator
from time import monotonic

from textual import constants, events, messages
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual._xterm_parser import XTermParser
from textual.keys import Keys
from textual.message import Message

_ESC = "\x1b"
_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"
#: A control sequence: parameters, intermediates, a final character. Of the keys that do not keep to that, the Linux
#: console's (ESC [ [ A) and rxvt's (ESC [ 2 $) are taken as they are, and so are the three characters of X10's mouse.
_CSI = re.compile(r"\x1b\[(?:\[.|M.{3}|[0-?]*[ -/]*[@-~])", re.DOTALL)
_RXVT = re.compile(r"\x1b\[\d+\$")
_SS3 = re.compile(r"\x1bO[0-9;]*[@-~]")
#: What a person presses who wants an end. No control string may hold it, and terminals leave it out of a paste.
_STOP = "\x03"
#: Control strings, which end with ST (or, as xterm's OSC, with BEL).
_STRING = re.compile(r"\x1b[\]PX^_][^\x03]*?(?:\x1b\\|\x07|\x9c|(?=\x03))")
#: Where one of these stands, more is to come. ESC and one more character is Alt and a key.
_UNFINISHED = re.compile(r"\x1b(?:\x1b?(?:\[(?:\[|M.{0,2}|[0-?]*[ -/]*)?|O[0-9;]*)?|[\]PX^_].*)", re.DOTALL)
#: No key and no report is longer; a longer control sequence is noise.
_LONGEST = 64
#: A control string that does not end is thrown away as it comes.
_LONGEST_STRING = 1 << 16
#: What a reply looks like whose ESC came alone, and was taken for the key.
_BEHEADED = re.compile(
    r"(?:\[[?>=][0-?]*[ -/]*[@-~]|\[\d+;\d+(?:;\d+)*[Rtn]|\[\d*n|\[20[01]~|[\]PX^_][^\x07\x1b]{2,}(?:\x07|\x1b\\))",
    re.DOTALL,
)
#: So long, in seconds, it is waited for what may follow an ESC, for the rest of a sequence, and of a paste.
_AFTER_ESCAPE, _REST, _REST_OF_PASTE = constants.ESCAPE_DELAY, 1.0, 5.0
#: What comes so long after the rest, in seconds, was pressed and not pasted.
_BETWEEN_PRESSES = 0.02

_FOCUS: dict[str, Callable[[], Message]] = {"\x1b[I": events.AppFocus, "\x1b[O": events.AppBlur}
_SIZE = re.compile(r"\x1b\[48;(\d+)[\d:]*;(\d+)[\d:]*;(\d+)[\d:]*;(\d+)[\d:]*t")
_MODE = re.compile(r"\x1b\[\?(\d{1,5});(\d)\$y")
_MOUSE = re.compile(r"\x1b\[<\d{1,3};-?\d{1,5};-?\d{1,5}[Mm]")
_CURSOR = re.compile(r"\x1b\[\d+;\d+R")
_EXTENDED = re.compile(r"\x1b\[(\d{0,7})(?:;(\d{0,3})(?:;((?:\d{1,7}:){0,7}\d{0,7}))?)?([u~A-HP-S])")
#: Of the control characters, only these have keys of their own: tab, enter, escape, backspace.
_CONTROLS = (9, 13, 27, 127)
#: No terminal has more columns or lines, or less than one.
_SIZES = range(1, 5000)


#: Keys with Alt that Textual takes for others: those of a line that is edited, and what Option types on a Mac.
_ALT = {
    sequence[1]: f"alt+{sequence[1]}" for sequence in ANSI_SEQUENCES_KEYS if len(sequence) == 2 and sequence[1] > " "
}
_ALT["\x7f"] = "alt+backspace"
#: Those that move by words in a line, as in a shell.
_WORDS = frozenset({"alt+b", "alt+f", "alt+backspace"})


class Alts:
    """The keys with Alt that do something: some of a person's own, and, while a line is typed, those of a line."""

    def __init__(self, mine: Iterable[str], typing: Callable[[], bool]) -> None:
        self._mine, self._typing = frozenset(mine), typing

    def __contains__(self, key: object) -> bool:
        return key in self._mine or (key in _WORDS and self._typing())


class Reader:
    """Turns text from a terminal into messages for the app. `feed` takes what has come, `tick` is called now and then:
    an ESC is the key only once nothing has followed it for a while."""

    def __init__(self, clock: Callable[[], float] = monotonic, alts: Container[str] | None = None) -> None:
        """`alts` are the keys with Alt that do something, all for None. ESC and another character are the same bytes as
        Alt and that key: where that does nothing, they are two keys, one typed right behind the other."""
        self._clock, self._textual, self._alts = clock, XTermParser(), alts
        self._held = ""
        self._pasted: list[str] | None = None
        self._since = 0.0
        self._escaped = False

    def feed(self, text: str) -> Iterator[Message]:
        """The messages that are complete with this text."""
        if self._pasted is not None and text.strip(_STOP) == "" and self._clock() - self._since >= _BETWEEN_PRESSES:
            text = _PASTED + text  # of a paste that was broken off, which would take all that is pressed for text
        self._since = self._clock()
        beheaded, self._escaped = self._escaped, False
        if beheaded and not self._held and (match := _BEHEADED.match(text)):
            text = text[match.end() :]
        self._held += text
        while self._held:
            if self._pasted is not None:
                if not (yield from self._paste()):
                    return
                continue
            escape = self._held.find(_ESC)
            plain, self._held = (self._held, "") if escape < 0 else (self._held[:escape], self._held[escape:])
            for character in plain:
                yield from self._keys(character)
            if not self._held:
                return
            length = self._length()
            if not length:
                return
            sequence, self._held = self._held[:length], self._held[length:]
            yield from self._message(sequence)

    def tick(self) -> Iterator[Message]:
        """The messages that are complete because nothing has followed."""
        if not self._held and self._pasted is None:
            return
        alone = self._held.strip(_ESC) == ""
        patience = _REST_OF_PASTE if self._pasted is not None else _AFTER_ESCAPE if alone else _REST
        if self._clock() - self._since < patience:
            return
        held, self._held = self._held, ""
        if self._pasted is not None:
            yield events.Paste("".join([*self._pasted, held]))
            self._pasted = None
        elif alone:
            self._escaped = True
            for _ in held:
                yield events.Key("escape", _ESC)
        elif len(held) == 2:  # Alt and one of [ O ] P X ^ _, and no sequence
            yield from self._keys(held)

    def _length(self) -> int:
        """How long the sequence is that begins with the ESC held; 0 where more is to come."""
        held = self._held
        if held.startswith(_ESC + _ESC):
            # Some terminals put an ESC before a sequence for Alt. Otherwise the first is a key by itself.
            whole = _CSI.match(held, 1) or _SS3.match(held, 1)
            if whole and held[: whole.end()] in ANSI_SEQUENCES_KEYS:
                return whole.end()
            return 0 if not whole and _UNFINISHED.fullmatch(held) and len(held) < _LONGEST else 1
        if (rxvt := _RXVT.match(held)) and rxvt[0] in ANSI_SEQUENCES_KEYS:
            return rxvt.end()
        for kind in (_CSI, _SS3, _STRING):
            if match := kind.match(held):
                return match.end()
        if _UNFINISHED.fullmatch(held):
            string = held[1:2] in tuple("]PX^_")
            if len(held) > (_LONGEST_STRING if string else _LONGEST):
                self._held = held[:2] + ("" if string else ":")  # what follows is part of it, and of no known key
            return 0
        # Broken off by a character that cannot be in a sequence, as by another ESC; or Alt and a key.
        again = held.find(_ESC, 1)
        if held[1:2] in tuple("[O"):
            broken = re.match(r"\x1b[\[O][0-?]*[ -/]*", held)
            assert broken is not None, "it begins so"
            return broken.end()
        return again if 0 < again < 2 else 2

    def _message(self, sequence: str) -> Iterator[Message]:
        """What a whole sequence means; nothing where nobody knows it."""
        if sequence == _PASTE:
            self._pasted = []
        elif sequence in _FOCUS:
            yield _FOCUS[sequence]()
        elif size := _SIZE.fullmatch(sequence):
            yield from self._resized(*map(int, size.groups()))
        elif mode := _MODE.fullmatch(sequence):
            yield from _supported(mode[1], int(mode[2]))
        elif _MOUSE.fullmatch(sequence):
            if (event := self._textual.parse_mouse_code(sequence)) is not None:
                yield event
        elif not _CURSOR.fullmatch(sequence) and sequence[1:2] not in tuple("]PX^_"):
            yield from self._keys(sequence)

    def _keys(self, sequence: str) -> Iterator[Message]:
        """The keys of one character or one sequence."""
        if len(sequence) == 1 and "\x80" <= sequence < "\xa0":
            return  # a control character of eight bits is no key
        if len(sequence) > 2 and sequence not in ANSI_SEQUENCES_KEYS and not _is_key(sequence):
            return
        pair = len(sequence) == 2 and sequence[0] == _ESC != sequence[1]
        if pair and self._alts is not None and (named := _ALT.get(sequence[1])) and named not in self._alts:
            yield events.Key("escape", _ESC)
            yield from self._keys(sequence[1:])
            return
        alt = pair and sequence not in ANSI_SEQUENCES_KEYS
        for key in self._textual._sequence_to_key_events(sequence[1:] if alt else sequence, alt=alt):
            if alt and self._alts is not None and key.key not in self._alts:
                yield events.Key("escape", _ESC)
                yield from self._keys(sequence[1:])
            elif key.key != Keys.Ignore:
                yield key

    def _paste(self) -> Generator[Message, None, bool]:
        """Takes pasted text up to its end; returns whether that has come."""
        assert self._pasted is not None, "a paste is under way"
        end = self._held.find(_PASTED)
        if end >= 0:
            text = "".join([*self._pasted, self._held[:end]])
            self._held, self._pasted = self._held[end + len(_PASTED) :], None
            yield events.Paste(text.replace("\x00", ""))
            return True
        # The end may have come in part.
        kept = next((k for k in range(len(_PASTED) - 1, 0, -1) if self._held.endswith(_PASTED[:k])), 0)
        split = len(self._held) - kept
        self._pasted.append(self._held[:split])
        self._held = self._held[split:]
        return False

    def _resized(self, height: int, width: int, pixel_height: int, pixel_width: int) -> Iterator[Message]:
        if height in _SIZES and width in _SIZES:
            event = events.Resize.from_dimensions((width, height), (pixel_width, pixel_height))
            self._textual.terminal_size, self._textual.terminal_pixel_size = event.size, event.pixel_size
            self._textual.mouse_pixels = bool(pixel_width and pixel_height)
            yield event


def _is_key(sequence: str) -> bool:
    """Whether a sequence is a key of kitty's protocol ("Comprehensive keyboard handling in terminals"), or of xterm's
    with modifiers: ESC [ number ; modifiers ; text and a final character. Textual's parser takes others for keys too,
    and fails at numbers that are no character."""
    match = _EXTENDED.fullmatch(sequence)
    if match is None:
        return False
    number, texts, end = int(match[1] or 1), [int(t) for t in (match[3] or "").split(":") if t], match[4]
    if not all(_is_character(text) for text in texts):
        return False
    if end == "u":
        return number in _CONTROLS or (number >= 32 and _is_character(number))
    return f"{number}{end}" in FUNCTIONAL_KEYS


def _is_character(number: int) -> bool:
    return number < 0x110000 and not 0xD800 <= number < 0xE000


def _supported(mode: str, setting: int) -> Iterator[Message]:
    """The terminal says that it has a mode that we asked for."""
    if mode == "2026" and setting > 0:
        yield messages.TerminalSupportsSynchronizedOutput()
    elif mode == "2048" and constants.SMOOTH_SCROLL:
        yield messages.InBandWindowResize.from_setting_parameter(setting)
