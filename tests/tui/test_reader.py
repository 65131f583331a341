"""What a terminal sends is read whole: keys are keys, and no reply, paste or noise is one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS, IGNORE_SEQUENCE
from textual._xterm_parser import XTermParser
from textual.message import Message

from gradstep.tui.terminal.reader import Reader

_BYTE = st.integers(0, 255)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def read(chunks: Iterable[str], pause: float = 0.0) -> list[Message]:
    """What comes of text in pieces, with a pause after each, and a long one at the end."""
    clock = Clock()
    reader, found = Reader(clock), []
    for chunk in chunks:
        found += reader.feed(chunk)
        clock.now += pause
        found += reader.tick()
    clock.now += 60
    return [*found, *reader.tick()]


def keys(messages: Iterable[Message]) -> list[str]:
    return [m.key for m in messages if isinstance(m, events.Key)]


def split(text: str, at: Sequence[int]) -> list[str]:
    edges = [0, *sorted({a % (len(text) + 1) for a in at}), len(text)]
    return [text[a:b] for a, b in pairwise(edges) if a < b]


def theirs(sequence: str) -> list[str]:
    """The keys that Textual's own reader gets; another follows, so that none is waited for."""
    return keys(XTermParser().feed(sequence + "\x1b[15~"))


#: Without a few of rxvt's and the console's that its reader does not find, though its table has them.
SEQUENCES = [
    sequence
    for sequence, key in ANSI_SEQUENCES_KEYS.items()
    if len(sequence) > 1
    and key is not IGNORE_SEQUENCE
    and theirs(sequence)[:-1] == keys(XTermParser()._sequence_to_key_events(sequence))
]


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_known_keys_are_what_textual_takes_them_for(sequence: str) -> None:
    assert keys(read([sequence + "\x1b[15~"])) == theirs(sequence)


@pytest.mark.parametrize(
    ("sent", "pressed"),
    [
        ("\x1b[97;5u", ["ctrl+a"]),
        ("\x1b[113;;113u", ["q"]),
        ("\x1b[1;5C", ["ctrl+right"]),
        ("\x1b[[A", ["f1"]),
        ("\x1ba", ["alt+a"]),
        ("\x1b", ["escape"]),
        ("\x1b\x1b", ["escape", "escape"]),
        ("é∂q", ["é", "partial_differential", "q"]),
        ("\x03", ["ctrl+c"]),
        ("\x7f", ["backspace"]),
    ],
)
def test_keys(sent: str, pressed: list[str]) -> None:
    assert keys(read([sent])) == pressed


def test_an_escape_that_nothing_follows_is_the_key_after_a_while() -> None:
    clock = Clock()
    reader = Reader(clock)
    assert list(reader.feed("\x1b")) == []
    assert list(reader.tick()) == []
    clock.now += 0.2
    assert keys(reader.tick()) == ["escape"]
    assert keys(reader.feed("q")) == ["q"]


NUMBER = st.integers(0, 99999).map(str)
REPLY = st.one_of(
    st.lists(NUMBER, min_size=1, max_size=6).map(lambda n: f"\x1b[?{';'.join(n)}c"),
    st.lists(NUMBER, min_size=1, max_size=4).map(lambda n: f"\x1b[>{';'.join(n)}c"),
    st.tuples(NUMBER, NUMBER).map(lambda n: f"\x1b[{n[0]};{n[1]}R"),
    st.tuples(NUMBER, st.integers(0, 4)).map(lambda n: f"\x1b[?{n[0]};{n[1]}$y"),
    st.sampled_from(["\x1b[0n", "\x1b[?997;1n", "\x1b[?1u", "\x1b[4;600;800t", "\x1b[8;24;80t", "\x1b[?13n"]),
    st.tuples(st.sampled_from(["10", "11", "12", "4;7", "52;c"]), st.text("0123456789abcdef/", max_size=20),
              st.sampled_from(["\x07", "\x1b\\"])).map(lambda n: f"\x1b]{n[0]};rgb:{n[1]}{n[2]}"),
    st.text("qQ!|>+rabc0123456789=;", max_size=30).map(lambda t: f"\x1bP{t}\x1b\\"),
    st.text("qGi=0123456789;OK", max_size=30).map(lambda t: f"\x1b_{t}\x1b\\"),
    st.integers(1115000, 10**9).map(lambda n: f"\x1b[{n}A"),
    st.integers(5, 10**9).map(lambda n: f"\x1b[{n};{n}A"),
    st.integers(65, 5000).map(lambda n: "\x1b[" + "1" * n + "u"),
    st.text("0123456789;:<=>?", min_size=1, max_size=40).map(lambda t: f"\x1b[{t}\u0020q"),
)  # fmt: skip


@settings(max_examples=1000, deadline=None)
@given(
    replies=st.lists(REPLY, min_size=1, max_size=5),
    cuts=st.lists(st.integers(0, 400), max_size=6),
    pause=st.sampled_from([0.0, 0.3]),
)
def test_no_reply_is_a_key(replies: list[str], cuts: list[int], pause: float) -> None:
    """In however many pieces they come. An ESC that nothing follows for long is the key, so it is not cut off here."""
    text = "".join(replies)
    whole = [cut for cut in cuts if not pause or text[: cut % (len(text) + 1)][-1:] != "\x1b"]
    assert keys(read(split(text, whole), pause)) == []


@settings(max_examples=300, deadline=None)
@given(reply=REPLY, before=st.text("abcq", max_size=3), after=st.text("abcq", max_size=3))
def test_keys_around_a_reply_are_kept(reply: str, before: str, after: str) -> None:
    assert keys(read([before + reply + after])) == [*before, *after]


@pytest.mark.parametrize(
    "reply", ["\x1b[?62;22c", "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1b[12;40R", "\x1bP>|tmux 3.4\x1b\\"]
)
def test_a_reply_whose_escape_comes_long_before_is_none_but_the_escape(reply: str) -> None:
    assert keys(read([reply[:1], reply[1:]], pause=0.3)) == ["escape"]


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(st.sampled_from("q \x1b[]AB~0123é\n\x03"), max_size=60).filter(lambda t: "\x1b[201~" not in t),
    cuts=st.lists(st.integers(0, 90), max_size=8),
)
def test_all_up_to_the_end_of_a_paste_is_text(text: str, cuts: list[int]) -> None:
    found = read(split(f"\x1b[200~{text}\x1b[201~", cuts))
    assert keys(found) == []
    assert [m.text for m in found if isinstance(m, events.Paste)] == [text]


def test_a_large_paste_is_read_in_one_go() -> None:
    text = "x = [" + "0.25, " * 50_000 + "]"
    sent = f"\x1b[200~{text}\x1b[201~q"
    found = read([sent[k : k + 4096] for k in range(0, len(sent), 4096)])
    assert keys(found) == ["q"]
    assert [m.text for m in found if isinstance(m, events.Paste)] == [text]


def test_a_paste_whose_end_never_comes_does_not_keep_the_keys() -> None:
    clock = Clock()
    reader = Reader(clock)
    assert list(reader.feed("\x1b[200~abc")) == []
    clock.now += 60
    assert [m.text for m in reader.tick() if isinstance(m, events.Paste)] == ["abc"]
    assert keys(reader.feed("q")) == ["q"]


@pytest.mark.parametrize("begun", ["\x1b[200~abc", "\x1b]52;c;abc", "\x1bPq#0", "\x1b_", "\x1b^", "\x1bX", "\x1b[1;"])
def test_what_was_broken_off_does_not_keep_an_interrupt(begun: str) -> None:
    """Pressed again and again, it would put the end of what is waited for off for ever."""
    clock = Clock()
    reader, found = Reader(clock), list[str]()
    found += keys(reader.feed(begun))
    for _ in range(3):
        clock.now += 0.04
        found += keys(reader.tick())
        found += keys(reader.feed("\x03"))
    assert found == ["ctrl+c"] * 3


@settings(max_examples=500, deadline=None)
@given(noise=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=5))
def test_noise_ends_nothing(noise: bytes, cuts: list[int]) -> None:
    read(split(noise.decode("utf-8", errors="replace"), cuts))


@pytest.mark.parametrize("sent", ["\x1b[48;0;0;0;0t", "\x1b[48;99999;99999;9;9t"])
def test_no_terminal_has_such_a_size(sent: str) -> None:
    assert read([sent]) == []
