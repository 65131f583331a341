"""What is typed, and what it points at."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest
from boards import meant, names, refused
from graphs import EXAMPLES, REPEATABLE, Program, network, programs, walkthrough
from hypothesis import HealthCheck, given, settings

from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError
from gradstep.engine.files import loads
from gradstep.engine.graph.graph import Role
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.graph.typed import LETTERS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("h", ("h", "data", None)), ("h[0]", ("h", "data", 0)), ("h[1]", ("h", "data", 1)), ("h[-1]", ("h", "data", 1)),
        ("h1", ("h", "data", 0)), ("h2", ("h", "data", 1)), ("h₂", ("h", "data", 1)), ("w112", ("W1", "data", 1)),
        ("w₁₂₁", ("W1", "data", 2)), ("w21", ("W2", "data", 0)), ("W2[0,1]", ("W2", "data", 1)), ("W2[0]", ("W2",
        "data", None)),
        ("W1", ("W1", "data", None)), ("W₁", ("W1", "data", None)), ("b1", ("b1", "data", None)), ("b11", ("b1",
        "data", 0)),
        ("b2", ("b2", "data", 0)), ("b2[0]", ("b2", "data", 0)), ("z2", ("z2", "data", 0)), ("z12", ("z1", "data", 1)),
        ("L", ("L", "data", 0)), ("y", ("y", "data", 0)), ("y[0]", ("y", "data", 0)), ("L.grad", ("L", "grad", 0)),
        ("W1.grad", ("W1", "grad", None)), ("W1.grad[0,1]", ("W1", "grad", 1)), ("W1.grad[1, -2]", ("W1", "grad", 2)),
        ("w112.grad", ("W1", "grad", 1)), ("b1.next", ("b1", "next", None)), ("b1.next[1]", ("b1", "next", 1)),
        ("h1.grad", ("h", "grad", 0)), ("∂L/∂h₁", ("h", "grad", 0)), ("∂L/∂h1", ("h", "grad", 0)), ("dL/dh1", ("h",
        "grad", 0)),
        ("∂L/∂w₁₁₂", ("W1", "grad", 1)), ("∂L/∂W1[0,1]", ("W1", "grad", 1)), ("∂L/∂W1", ("W1", "grad", None)),
        ("dL/dy", ("y", "grad", 0)), ("  h[0] ", ("h", "data", 0)), ("h [0]", ("h", "data", 0)), ("h[ 0 ]", ("h",
        "data", 0)), ("∂L/∂h.grad", ("h", "grad", None)), ("dloss/dh[1]", ("h", "grad", 1)),
    ],
)  # fmt: skip
def test_typed_names(text: str, expected: tuple[str, str, int | None]) -> None:
    assert meant(walkthrough(), text) == expected


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("q", ["unknown name 'q'"]),
        ("w113", ["out of range", "w₁₁₁ to w₁₂₂"]),
        ("hh", ["unknown name 'hh'", "did you mean 'h"]),
        ("h[2]", ["index 2", "out of range", "2"]),
        ("h[-3]", ["index -3", "out of range"]),
        ("W1[0,2]", ["index 2", "axis 1", "out of range"]),
        ("W1[2]", ["index 2", "axis 0", "out of range"]),
        ("h[0,0]", ["(2,)", "at most 1"]),
        ("L[0]", ["at most 0"]),
        ("h[a]", ["whole numbers"]),
        ("h[0.5]", ["whole numbers"]),
        ("h[]", ["whole numbers"]),
        ("h1[0]", ["one number already"]),
        ("h.foo", ["grad or next", "'foo'"]),
        ("h[0", ["no name"]),
        ("", ["no name"]),
        ("h h", ["no name"]),
        ("∂L/∂q", ["unknown name 'q'"]),
        ("∂L/" * 5000 + "∂h", ["unknown name"]),
        ("dL/dh[7]", ["index 7"]),
    ],
)
def test_wrong_names(text: str, parts: list[str]) -> None:
    message = refused(walkthrough(), text)
    for part in parts:
        assert part in message


def test_an_exact_name_wins_over_a_short_one() -> None:
    net = network({}, {"h": [1.0, 2.0], "h1": 5.0}, {"L": "sum(h * h1)"})
    assert meant(net, "h1") == ("h1", "data", 0)
    assert meant(net, "h2") == ("h", "data", 1)
    assert names(net, "h") == ["h[0]", "h[1]"]


def test_the_loss_is_known_as_loss_whatever_it_is_called() -> None:
    board = Blackboard(network({}, {"w": [1.0, 2.0]}, {"cost": "sum(w * w)"}, loss="cost").graph)
    for text, kind in (("loss", "data"), ("cost", "data"), ("loss.grad", "grad")):
        assert (board.resolve(text).value.name, board.resolve(text).kind, board.resolve(text).flat) == ("cost", kind, 0)
    for text in ("∂loss/∂w₂", "∂cost/∂w₂", "dloss/dw2"):
        assert (board.resolve(text).value.name, board.resolve(text).kind, board.resolve(text).flat) == ("w", "grad", 1)
    with pytest.raises(CommandError, match=r"'loss\[0\]': 'cost' has shape \(\)"):
        board.resolve("loss[0]")


def test_a_short_name_with_two_meanings_is_refused_with_both() -> None:
    net = network({"x": [1.0, 2.0]}, {"w": [3.0, 4.0], "W": np.ones((1, 2))}, {"y": "W @ x", "L": "sum(w * x) * y"})
    message = refused(net, "w1")
    assert "w[0]" in message
    assert "W[0,0]" in message
    assert names(net, "w") == ["w[0]", "w[1]"]
    assert names(net, "W") == ["W[0,0]", "W[0,1]"]
    assert meant(net, "w[0]") == ("w", "data", 0)
    assert meant(net, "W[0,0]") == ("W", "data", 0)


def test_decomposed_and_compatible_characters_are_the_same_name() -> None:
    net = network({}, {"größe": [1.0, 2.0], "\u03bc": 0.5}, {"L": "sum(größe) * \u03bc"})
    assert meant(net, unicodedata.normalize("NFD", "größe[1]")) == ("größe", "data", 1)
    # A formula reads the micro sign, which is on keyboards, as the Greek letter; so does a command.
    assert meant(net, "\u00b5") == ("\u03bc", "data", 0)


@given(programs())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_whatever_is_shown_can_be_typed(program: Program) -> None:
    net = program.network()
    board = Blackboard(net.graph)
    seen: dict[str, tuple[int, int]] = {}
    for value in net.graph.values:
        if value.role is Role.LITERAL:
            continue
        for flat in range(value.size):
            shown = board.element(value.id, flat)
            assert seen.setdefault(shown, (value.id, flat)) == (value.id, flat), f"'{shown}' is shown for two elements"
            for text, kind in (
                (shown, "data"),
                (board.typed(value.id, flat), "data"),
                (board.gradient(value.id, flat), "grad"),
            ):
                target = board.resolve(text)
                assert (target.value.id, target.kind, target.flat) == (value.id, kind, flat), text
        target = board.resolve(value.name)
        assert (target.value.id, target.kind) == (value.id, "data")


def test_marks_on_letters_are_characters_of_names() -> None:
    """As Python's identifiers have them (Unicode Standard Annex 31), which \\w leaves out."""
    letter = re.compile(f"[{LETTERS}]")
    marks = [chr(k) for k in range(0x110000) if unicodedata.category(chr(k)) in ("Mn", "Mc")]
    assert all(letter.match(mark) for mark in marks if f"a{mark}".isidentifier())
    assert not any(letter.match(sign) for sign in "+-−×·∂/.,:;*?[](){}<>=!&|^~%'\"\\ \t\n#")


def test_names_with_marks_can_be_asked_about() -> None:
    session = Session(
        loads(
            'format = 1\n[inputs]\nx = [1.0, 2.0]\n[parameters]\n"ค่า" = [1.0, 3.0]\n'
            '[graph]\n"ผลี" = "ค่า * x"\nL = "sum(ผลี)"\n'
        )
    )
    session.do("goto end")
    # ∂L/∂ค่า is x.
    for command in ("break ผลี.grad[1]", "break ค่*.grad", "bookmark ค่า", "goto ผลี.grad[1]"):
        assert session.do(command).ok
    session.do("goto end")
    assert np.array_equal(session.value("∂L/∂ค่า").value, [1.0, 2.0])


def test_what_is_far_too_long_is_refused_in_a_short_line() -> None:
    for text in ("dL/d" * 3000, "dL/d" * 3000 + "h", "∂L/∂" * 5000 + "h[0]", "h" * 10_000, "h[" + "0," * 5000 + "]"):
        assert len(refused(walkthrough(), text)) < 20_000
    assert len(refused(walkthrough(), "dL/d" * 3000 + "h")) < 200
