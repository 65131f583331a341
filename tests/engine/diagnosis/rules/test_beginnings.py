"""How parameters begin: what stays equal, and what an update tells apart."""

from __future__ import annotations

import pytest

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.diagnosis.finding import Finding, Severity
from gradstep.engine.files import loads
from gradstep.engine.history.history import History

TEXT = """format = 1
batch = ["x", "t"]
[inputs]
x = {{ init = "normal(0, 1)", shape = [12, 3], seed = 1 }}
t = {{ init = "normal(0, 1)", shape = [12, 1], seed = 2 }}
ids = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]
[parameters]
{parameters}
[graph]
{lines}
L = "mse(y, t)"
[training]
lr = 0.05
steps = 40
"""
ZEROS = 'W1 = { init = "zeros", shape = [4, 3] }'
DRAWN = '{ init = "normal(0, 0.5)", shape = [4, 3], seed = 3 }'
TABLE = 'E = { init = "zeros", shape = [4, 2] }'
LAST = 'W2 = { init = "normal(0, 0.5)", shape = [1, 4], seed = 4 }'
LOOKED_UP = 'e = "embedding(E, ids)"\ny = "sum(e * {}, axis=1, keepdims=true)"'


def told(parameters: str, lines: str, steps: int) -> list[Finding]:
    history = History(loads(TEXT.format(parameters=parameters, lines=lines)))
    history.make(steps)
    found = [one for cause in diagnose(history) for one in (cause, *cause.follows)]
    return [one for one in found if one.kind in ("zero_initialisation", "equal_initialisation")]


@pytest.mark.parametrize("steps", [1, 40])
@pytest.mark.parametrize(
    ("parameters", "lines", "severity"),
    [
        # W2 is random, so the first update tells the units apart (slope of tanh at 0 is 1): harmless.
        (f"{ZEROS}\n{LAST}", 'h = "tanh(x @ W1.T)"\ny = "h @ W2.T"', Severity.INFORMATION),
        # The slope of relu at 0 is taken as 0: nothing moves.
        (f"{ZEROS}\n{LAST}", 'h = "relu(x @ W1.T)"\ny = "h @ W2.T"', Severity.FAULT),
        # A product of two factors that are both 0 has no slope in either.
        (TABLE, LOOKED_UP.format("e"), Severity.FAULT),
        # Beside a factor that is not 0 an embedding that begins at 0 moves at once: d/dE of E·w is w.
        (f"{TABLE}\nw = [0.5, -0.3]", LOOKED_UP.format("w"), Severity.INFORMATION),
        ('W1 = { init = "constant(0.3)", shape = [4, 3] }\nW2 = { init = "constant(0.5)", shape = [1, 4] }',
         'h = "tanh(x @ W1.T)"\ny = "h @ W2.T"', Severity.FAULT),
    ],
)  # fmt: skip
def test_what_stays_equal_is_a_fault_and_what_parts_is_worth_knowing(
    parameters: str, lines: str, severity: Severity, steps: int
) -> None:
    (one,) = told(parameters, lines, steps)
    assert one.severity is severity


def test_nothing_is_said_of_what_is_drawn() -> None:
    assert not told(f"W1 = {DRAWN}\n{LAST}", 'h = "tanh(x @ W1.T)"\ny = "h @ W2.T"', 1)
