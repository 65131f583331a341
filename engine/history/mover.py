"""Which update did it: of what enters a neuron, the parameter that an iteration's update moved most."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradstep.engine.errors import GoOn
from gradstep.engine.graph.element import Element
from gradstep.engine.history.history import History
from gradstep.engine.index import unravel
from gradstep.engine.notation import number
from gradstep.engine.run.timeline import Phase


class Moved(NamedTuple):
    """An update: its iteration and step, the parameter's element, its old and its new number, in words."""

    iteration: int
    step: int
    element: Element
    old: float
    new: float
    text: str


def mover(history: History, element: Element, iteration: int, go_on: GoOn | None = None) -> Moved | None:
    """The largest move, in the update before an iteration, of the weights and the bias of the neuron that an
    element belongs to; None where it has none, or nothing moved. Computes that iteration again. Raises
    Interrupted."""
    board, graph = history.start.board, history.start.graph
    layer = board.layer_of.get(element.value)
    if layer is None or layer.node < 0 or iteration < 2:
        return None
    before = history.recording(iteration - 1, go_on)
    shape = graph.values[element.value].shape
    unit = unravel(element.flat, shape)[-1] if shape else 0
    best: Moved | None = None
    for value in (layer.weight, layer.bias):
        if value < 0:
            continue
        whole = graph.values[value]
        width = whole.size // whole.shape[0] if whole.shape else 1
        here = slice(unit * width, (unit + 1) * width)
        old, new = before.trace.data[value].reshape(-1)[here], before.updated(value).reshape(-1)[here]
        with np.errstate(all="ignore"):
            by = abs(new - old)
        at = int(np.nan_to_num(by, nan=np.inf).argmax()) if by.size else 0
        if not by.size or by[at] == 0 or (best is not None and not by[at] > abs(best.new - best.old)):
            continue
        flat = here.start + at
        step = before.timeline.step_of(Phase.UPDATE, value, flat)
        assert step is not None, "every parameter is updated"
        a, b = float(old[at]), float(new[at])
        name, where = board.element(value, flat), f"@{iteration - 1} {step}"
        text = f"whose largest move into it was {name}: {number(a)} → {number(b)} ({where})"
        best = Moved(iteration - 1, step, Element(value, flat), a, b, text)
    return best
