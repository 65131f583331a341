"""Formulas with other names."""

from __future__ import annotations

import pytest

from gradstep.engine.files.recording.renaming import renamed, tables

NAMES = {"tanh": "A", "x": "B", "net.0.weight": "C", "of": "D", "e": "E"}


@pytest.mark.parametrize(
    ("formula", "other"),
    [
        ("tanh(tanh) + x[0:3]", "tanh(A) + B[0:3]"),
        ("recorded(x, of='tanh(x)', size=(2,))", "recorded(B, of='tanh(x)', size=(2,))"),
        ("linear(x, net.0.weight.T, net.0.weights)", "linear(B, C.T, net.0.weights)"),
        ("x * 1e-05 + e == x", "B * 1e-05 + E == B"),
        ("sum(of, axis = -1)", "sum(D, axis = -1)"),
    ],
)
def test_values_have_other_names(formula: str, other: str) -> None:
    assert renamed(formula, NAMES) == other


def test_a_table_with_all_that_is_within_it() -> None:
    text = 'a = 1\n[training]\nlr = 1\n\n[[training.groups]]\nparameters = ["w"]\n[origin]\nb = 2\n'
    assert tables(text, "training") == ["[training]", "lr = 1", "[[training.groups]]", 'parameters = ["w"]']
