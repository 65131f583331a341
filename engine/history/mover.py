"""Which update did it: the parameter that an iteration's update moved most, of those that enter a neuron, or of all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from gradstep.engine.errors import GoOn
from gradstep.engine.graph.element import Element
from gradstep.engine.history.history import History
from gradstep.engine.index import Array, unravel
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
    if layer is None or layer.node < 0:
        return None
    shape = graph.values[element.value].shape
    unit = unravel(element.flat, shape)[0 if element.value == layer.weight else -1] if shape else 0
    places = []
    trained = {p.id for p in graph.parameters}
    for value in (layer.weight, layer.bias):
        if value in trained:  # what is frozen does not move
            whole = graph.values[value]
            width = whole.size // whole.shape[0] if whole.shape else 1
            places.append((value, np.arange(unit * width, (unit + 1) * width)))
    return largest(history, places, iteration, "whose largest move into it was", go_on)


def largest(
    history: History,
    places: Iterable[tuple[int, Array]],
    iteration: int,
    said: str = "whose largest move was",
    go_on: GoOn | None = None,
) -> Moved | None:
    """The largest move, in the update before an iteration, of elements (flat) of parameters; None where nothing moved,
    or there is no update before. Raises Interrupted."""
    if iteration < 2:
        return None
    before, board = history.recording(iteration - 1, go_on), history.start.board
    best: Moved | None = None
    for value, flats in places:
        old, new = before.trace.data[value].reshape(-1)[flats], before.updated(value).reshape(-1)[flats]
        with np.errstate(all="ignore"):
            by = abs(new - old)
        at = int(np.nan_to_num(by, nan=np.inf).argmax()) if by.size else 0
        if not by.size or by[at] == 0 or (best is not None and not by[at] > abs(best.new - best.old)):
            continue
        flat = int(flats[at])
        step = before.timeline.step_of(Phase.UPDATE, value, flat)
        assert step is not None, "every parameter is updated"
        a, b = float(old[at]), float(new[at])
        text = f"{said} {board.element(value, flat)}: {number(a)} → {number(b)} (@{iteration - 1} {step})"
        best = Moved(iteration - 1, step, Element(value, flat), a, b, text)
    return best
