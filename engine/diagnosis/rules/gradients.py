"""How large gradients are over all iterations: what `vanish` and `explode` say of a training."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place
from gradstep.engine.diagnosis.rule import Seen
from gradstep.engine.graph.graph import Value
from gradstep.engine.history.history import History
from gradstep.engine.index import Array
from gradstep.engine.notation import number
from gradstep.engine.run.timeline import Phase


def _gradients(history: History) -> list[tuple[Value, Array]]:
    """The norms of the gradients of the weights, from the inputs to the loss: per element, so that arrays of
    different sizes compare."""
    board, graph, summaries = history.start.board, history.start.graph, history.summaries
    weights = [layer.weight for layer in board.layers if layer.weight >= 0]
    found = []
    for value in dict.fromkeys(weights):
        if summaries.has(Phase.BACKWARD, value):
            size = graph.values[value].size
            found.append((graph.values[value], summaries.norm(Phase.BACKWARD, value).high / size**0.5))
    return found


def exploded(evidence: Evidence) -> Iterator[Seen]:
    """A gradient that has become many times what it usually was at first."""
    history, at = evidence.iterations, evidence.at
    for value, norms in _gradients(history):
        usual = float(np.median(norms[: max(len(norms) // 10, 3)]))
        over = np.flatnonzero(norms > at["explode"] * usual) if usual > 0 else np.empty(0, np.intp)
        if len(over):
            k = int(history.summaries.starts[over[0]])
            ratio = float(norms[over[0]] / usual)
            text = (
                f"the gradient of {value.name} is {number(ratio)} times its usual size at first, "
                f"from iteration {k:,} on"
            )
            hint = "gradient clipping (clip_norm), a smaller learning rate, or a warm-up"
            yield Seen(Place(f"{value.name}.grad", k), {"iteration": k, "ratio": ratio}, text, [hint])
            return


def vanished(evidence: Evidence) -> Iterator[Seen]:
    """Gradients of the first layer that are small beside the last one's in all iterations together."""
    history, at = evidence.iterations, evidence.at
    layers = _gradients(history)
    if len(layers) < 2:
        return
    (first, low), (last, high) = layers[0], layers[-1]
    with np.errstate(all="ignore"):
        # Added up: towards the end, where nothing is left to learn, all of them may be small.
        ratio = float(low.sum() / high.sum())
    if not isfinite(ratio) or ratio >= at["vanish"]:
        return
    text = (
        f"over all iterations the gradients of {first.name} have {number(ratio)} of the size of {last.name}'s: "
        "the first layer hardly learns"
    )
    hint = (
        "relu instead of sigmoid, weights that keep the size (he_normal, orthogonal), a skip connection, or a "
        "normalisation"
    )
    yield Seen(Place(f"{first.name}.grad", history.made), {"ratio": ratio, "threshold": at["vanish"]}, text, [hint])
