"""Other values in a TOML text, whatever way it is written in."""

from __future__ import annotations

import random
import tomllib

import numpy as np
import pytest
from tomltexts import made

from gradstep.engine.errors import CommandError
from gradstep.engine.files.rewriting import listed, numbers, quoted, rewritten

SET = ("parameters", "W")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[parameters]\nW = 1 # stays\nb = 2\n", "[parameters]\nW = 9 # stays\nb = 2\n"),
        ("[parameters]\n'W'=[\n 1,\n 2]", "[parameters]\n'W'=9"),
        ("a = 1", "a = 1\n[parameters]\nW = 9\n"),
        ("", "[parameters]\nW = 9\n"),
        ("[parameters] # p\r\nb = 2\r\n", "[parameters] # p\r\nW = 9\r\nb = 2\r\n"),
        ("[parameters]", "[parameters]\nW = 9\n"),
        ("parameters = { b = 2 }\n", "parameters = { W = 9, b = 2 }\n"),
        ("parameters = {}\n", "parameters = { W = 9 }\n"),
        ("parameters = { W = 1, b = 2 }\n", "parameters = { W = 9, b = 2 }\n"),
        ("a = 1\n  parameters.b = 2\n", "a = 1\nparameters.W = 9\n  parameters.b = 2\n"),
        ("parameters.W = 1\n", "parameters.W = 9\n"),
        ("[parameters.V]\na = 1\n", "[parameters.V]\na = 1\n[parameters]\nW = 9\n"),
        ("[parameters]\nb = 2\nW.shape = [2]\nW.init = 'ones'\n", "[parameters]\nW = 9\nb = 2\n"),
        ("[parameters.W] # here\n# this\nshape = [\n2]\ninit = 'ones'", "# this\n[parameters]\nW = 9\n"),
        ("[parameters]\n[parameters.W]\nshape = [2]\n[graph]\n", "[parameters]\nW = 9\n[graph]\n"),
    ],
)
def test_a_value_is_set_and_all_else_stays(text: str, expected: str) -> None:
    assert rewritten(text, {SET: "9"}) == expected


def test_several_at_once() -> None:
    text = "[a]\nx = 'one'\nz = [1,\n2]\n[b]\n"
    new = rewritten(text, {("a", "z"): "[]", ("a", "x"): "2.5", ("b", "y"): '"="', ("c", "a b"): "1"})
    assert new == '[a]\nx = 2.5\nz = []\n[b]\ny = "="\n[c]\n"a b" = 1\n'
    assert rewritten(text, {}) == text


def test_what_cannot_be_said_is_refused() -> None:
    with pytest.raises(CommandError, match="'W' cannot be written into this file"):
        rewritten("parameters = { W.shape = [2], W.init = 'ones', b = 1 }\n", {SET: "9"})


def test_in_any_text_a_value_is_set_and_the_others_are_kept_or_it_is_refused() -> None:
    done, pick = 0, random.Random(0)
    for text in made(400, first=200_000):
        said = tomllib.loads(text.text)
        tables = [key for key, value in said.items() if isinstance(value, dict)]
        place = (pick.choice([*tables, "new"]), pick.choice(("a", "x", "a b", "new")))
        try:
            new = rewritten(text.text, {place: '["set"]'})
        except CommandError:
            continue
        said.setdefault(place[0], {})[place[1]] = ["set"]
        again = tomllib.loads(new)
        assert {k: sorted(map(repr, v.items())) if isinstance(v, dict) else repr(v) for k, v in again.items()} == {
            k: sorted(map(repr, v.items())) if isinstance(v, dict) else repr(v) for k, v in said.items()
        }
        done += 1
    assert done > 300


@pytest.mark.parametrize("text", ["", "a\"b\\c'", "\n\t\x00\x7f\x1b\u2028", "é变😀"])
def test_texts_come_back(text: str) -> None:
    assert tomllib.loads(f"a = {quoted(text)}") == {"a": text}
    assert tomllib.loads(f"a = {listed([text, 'b'])}") == {"a": [text, "b"]}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_come_back_bit_for_bit(dtype: str) -> None:
    pick = np.random.default_rng(0)
    array = (pick.standard_normal((3, 2, 5)) * 10.0 ** pick.integers(-30, 30, (3, 2, 5))).astype(dtype)
    array[0, 0, :4] = [np.nan, -np.inf, -0.0, 1e-5]
    again = np.array(tomllib.loads(f"a = {numbers(array)}")["a"], dtype=dtype)
    assert again.tobytes() == array.tobytes()
    assert numbers(np.zeros((2, 0))) == "[[], []]"
