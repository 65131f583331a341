"""Truths and whole numbers are shown as what they are, wherever a number is, and halves are called what they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gradstep.engine.debugger import script
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.debugger.session import Session
from gradstep.engine.debugger.transcript import block
from gradstep.engine.files import loads
from gradstep.engine.files.formats.json import document
from gradstep.engine.run.recording import record

TEXT = """format = 1
dtype = "float32"
[inputs]
m = [true, false, true]
t = [1]
[parameters]
x = [[0.5, -1.0, 2.0]]
[graph]
h = "x * 2 + 1"
c = "h > 1"
both = "c * m"
n = "sum(both)"
place = "argmax(h, axis=1)"
half = "cast(h, \\"bfloat16\\")"
rest = "half * m"
share = "n / 2"
L = "sum(where(c, h, 0)) * share + cross_entropy(rest, t) + sum(x * place)"
"""


def results(*lines: str) -> list[Any]:
    said: list[str] = []
    script.carry_out(Session(loads(TEXT)), [[line] for line in ("goto end", *lines)], True, said.append)
    return [json.loads(text).get("result", json.loads(text).get("error")) for text in said][1:]


def test_programs_get_truths_and_whole_numbers() -> None:
    """torch: h = [2, −1, 5]; (h > 1) & m = [true, false, true], whose sum is the int64 2; 2 / 2 is a float."""
    found = results("print c", "print both", "print n", "print place", "print t", "print m[1]", "print share")
    assert json.dumps(found) == "[[[true, false, true]], [[true, false, true]], 2, [2], [1], false, 1.0]"
    assert json.dumps(results("print n + 1", "print n / 4", "print sum(c)", "print c and m")[:3]) == "[3, 0.5, 2]"
    (terms,) = results("terms n")
    assert json.dumps([[row["upstream"], row["contribution"], row["running"]] for row in terms["rows"]]) == (
        "[[true, 1, 1], [false, 0, 1], [true, 1, 2]]"
    )


def test_an_export_says_of_which_type_each_value_is() -> None:
    found = {
        node["name"]: (node.get("dtype", "float32"), node["value"]) for node in document(record(loads(TEXT)))["nodes"]
    }
    assert found["c"] == found["both"] == ("bool", [[True, False, True]])
    assert json.dumps(found["c"][1]) == "[[true, false, true]]"
    assert json.dumps(found["n"]) == '["int64", 2]'
    assert json.dumps(found["t"]) == '["int64", [1]]'
    assert {name: found[name][0] for name in ("h", "m", "half", "rest", "share")} == {
        "h": "float32", "m": "bool", "half": "bfloat16", "rest": "bfloat16", "share": "float32",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("step", "lines"),
    [
        ("c[0,1]", ["numbers  = (−1.0000) > 1", "result   = false", "h[0,1] > 1 does not hold, so c[0,1] is false."]),
        ("both[0,2]", ["numbers  = true × true", "result   = true"]),
        ("n", ["numbers  = true + false + true", "result   = 2", "n adds up 3 numbers: 2."]),
        ("place", ["result   = 2"]),
        ("share", ["numbers  = 2 / 2", "result   = 1.0000"]),
        ("rest[0,0]", ["numbers  = 2.0000 × true", "result   = 2.0000"]),
    ],
)
def test_a_step_says_what_its_numbers_are(step: str, lines: list[str]) -> None:
    session = Session(loads(TEXT))
    session.do(f"goto {step}")
    frame = session.frame()
    assert isinstance(frame, Frame)
    said = [line.strip() for line in block(frame).split("\n")]
    assert set(lines) <= set(said), said


def test_what_is_set_by_hand_must_be_of_the_type() -> None:
    """PyTorch would make true of 0.5 and 1 of 1.5 without a word."""
    assert results("set c[0,0] = 0.5", "set n = 1.5", "set m[1] = 2") == [
        "set: c[0,0] is true or false, and '0.5' is not",
        "set: n is a whole number (int64), and '1.5' is not",
        "set: m[1] is true or false, and '2' is not",
    ]
    assert json.dumps(results("set m[1] = true", "print m", "set n = 3", "print n")[1::2]) == "[[true, true, true], 3]"
