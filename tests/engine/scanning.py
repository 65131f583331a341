"""Conditions over two small trainings, and where each of them holds, by a look at every step of every iteration."""

from __future__ import annotations

from functools import cache

from trainings import small

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.search import search
from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Position

LENGTH = 60

#: A training in which units die (and, with momentum, may come to life again), weights pass 0, and with a
#: batch of its own for each iteration the loss goes up and down.
DYING = small('optimizer = "momentum"\nlr = 0.35\nbatch_size = 8\nshuffle = 7')
BLOWN = loads(
    'format = 1\n[parameters]\nw = [1.5, -0.5]\n[graph]\ns = "w * w"\nL = "sum(s * s)"\n[training]\nlr = 0.6\n'
)
TRAININGS = {"dying": (DYING, LENGTH), "blown": (BLOWN, 30)}

#: One a line.
CONDITIONS = {
    "dying": """
        dead(h[3])
        dead(h[0])
        dead
        dead(z1)
        loss > 2 * previous
        loss < previous
        loss < 0.9
        abs(W1.grad[0,0]) < 1e-3
        abs(W1.grad).max() > 1
        W1[0,0] > 0.2
        norm(W2.grad) < 0.3
        W1.next[2,1] < 0
        W1.grad.min() < -0.5 and loss > 0.5
        not (loss < 1)
        grad == 0 and op == relu and iteration > 45
        abs(grad) > 1.2
        value > 3 and phase == forward
        value < -2 on z1
        iteration == 40 and phase == loss
        iteration > 58 and grad == 0
        loss > 1 or W1[1,1] < -0.3
        mean(h) > 0.6
        max(abs(W2)) > 1.1
        h.max() > 4
        flip(W2) and iteration == 12
        zero on W1
        saturated
        sqrt(loss) < 0.8
        W1[0,:].max() > 0.9
        previous(W1.grad[0,0]) * W1.grad[0,0] < 0
        W2.grad[0,1] == previous(W2.grad[0,1])
        loss / previous > 1.5
        1 / (loss - 1) > 20
        exp(-loss) < 0.3
        upstream > 0.2
        upstream < -0.15 and op == relu
        abs(upstream) > 0.04 and iteration > 50
        contribution > 0.4
    """,
    "blown": """
        nonfinite
        isnan(loss)
        loss > 1e6
        abs(w.grad).max() > 1e3
        not isfinite(w.next[0])
        w[0] < -5
        value > 1e5
        upstream >= 1 and op == sum
        upstream > 100
        loss < previous
    """,
}
CASES = [(name, text.strip()) for name, texts in CONDITIONS.items() for text in texts.strip().splitlines()]


@cache
def whole(name: str) -> list[Recording]:
    """All iterations of a training, each with all its numbers."""
    scenario, length = TRAININGS[name]
    history = History(scenario)
    found = [history.recording(1)]
    for block in history.onward(length):
        found += [block.recording(k) for k in range(block.first, block.last + 1)]
    return found


@cache
def everywhere(name: str, text: str) -> list[Position]:
    """All places at which a condition stops, by looking at every step of every iteration."""
    found = []
    for recording in whole(name):
        condition = Condition(text, recording)
        found += [f.position for f in search(recording, [condition], Position(0, None, recording.iteration), True)]
    return found
