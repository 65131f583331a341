"""Networks that are put together wrongly, and the same ones as they should be."""

from __future__ import annotations

import pytest

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.files import loads
from gradstep.engine.history.history import History

NETWORK = """format = 1
batch = ["x", "t"]
[inputs]
x = {{ init = "normal(0, 1)", shape = [12, 3], seed = 1 }}
t = {{ init = "normal(0, 1)", shape = [12, 1], seed = 2 }}
[parameters]
W1 = {W1}
W2 = {{ init = "xavier_normal", shape = [1, 5], seed = 4 }}
{more}
[graph]
{lines}
L = "mse(y, t)"
[training]
lr = 0.01
"""
DRAWN = '{ init = "he_normal", shape = [5, 3], seed = 3 }'
PLAIN = 'h = "tanh(x @ W1.T)"\ny = "h @ W2.T"'
CASES = [
    (DRAWN, "", PLAIN, ""),
    (DRAWN, "", 'h = "x @ W1.T"\ny = "h @ W2.T"', "linear_layers"),
    (DRAWN, "", 'h = "dropout(x @ W1.T, p=0.1)"\ny = "h @ W2.T"', "linear_layers"),
    (DRAWN, "u = [1.0, 2.0]", PLAIN, "unused_parameter"),
    (DRAWN, "u = [[0.1]]", 'h = "tanh(x @ W1.T)"\ny = "h @ W2.T + where(x[:, 0:1] > u, 1.0, 0.0)"', "detached"),
    ('{ init = "constant(0.3)", shape = [5, 3] }', "", PLAIN, "equal_initialisation"),
    ('{ init = "zeros", shape = [5, 3] }', "", PLAIN, "zero_initialisation"),
    (DRAWN, "", 'h = "tanh(dropout(x @ W1.T, p=0.95))"\ny = "h @ W2.T"', "dropout_rate"),
    (DRAWN, "", 'h = "tanh(x @ W1.T)"\ny = "layer_norm(h @ W2.T)"', "groups_of_one"),
    (DRAWN, "", 'h = "layer_norm(tanh(x @ W1.T))"\ny = "h @ W2.T"', ""),
    (DRAWN, "", 'h = "tanh(x @ W1.T)"\nb = "h * 0.001"\nr = "h + b"\ny = "r @ W2.T"', "drowned_branch"),
    (DRAWN, "", 'h = "tanh(x @ W1.T)"\nb = "tanh(h * 2)"\nr = "h + b"\ny = "r @ W2.T"', ""),
]
ABOUT = {kind for *_, kind in CASES if kind}


@pytest.mark.parametrize(("weights", "more", "lines", "kind"), CASES)
def test_what_is_put_together_wrongly_is_named_and_what_is_not_is_not(
    weights: str, more: str, lines: str, kind: str
) -> None:
    history = History(loads(NETWORK.format(W1=weights, more=more, lines=lines)))
    told = [one for cause in diagnose(history) for one in (cause, *cause.follows)]
    assert ABOUT & {one.kind for one in told} == ({kind} if kind else set())
    assert all(one.place.name for one in told if one.kind in ABOUT)


def test_rows_of_an_embedding_that_no_sample_has_are_an_information() -> None:
    text = """format = 1
[inputs]
ids = [0, 2, 2]
[parameters]
E = { init = "normal(0, 1)", shape = [5, 2], seed = 1 }
[graph]
L = "mean(embedding(E, ids))"
"""
    (found,) = [one for one in diagnose(History(loads(text))) if one.kind == "embedding_rows"]
    assert found.numbers == {"unused": 3, "of": 5}
    assert found.severity.word == "information"
