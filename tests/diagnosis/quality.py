"""How well a network has learned, whatever its loss: so that a bug is known to do harm, and its twin to learn."""

from __future__ import annotations

import numpy as np

from gradstep.engine.history.history import History
from gradstep.engine.index import Array

#: So many of the last iterations are looked at, where each has a batch of its own.
LAST = 8


def quality(history: History) -> float | None:
    """Between chance or less (0 and below) and perfect (1). `y` is the output and the input `t` what it should be: of
    classes how much more often than the commonest one they are right, of 0 and 1 how well they are ranked, of numbers
    the share of the variance that is explained. None where there is no such pair."""
    names = {value.name: value.id for value in history.start.graph.values if value.name}
    if not {"y", "t"} <= set(names):
        return None
    first = max(history.made - LAST + 1, 1) if history.scenario.training.batch_size else history.made
    data = [history.recording(k).trace.data for k in range(first, history.made + 1)]
    y, t = (np.concatenate([np.atleast_1d(one[names[name]]) for one in data]) for name in ("y", "t"))
    if not np.isfinite(y).all():
        return 0.0
    return float(_quality(y, t))


def _quality(y: Array, t: Array) -> float:
    if y.ndim > 1 and y.shape[-1] > 1 and t.size * y.shape[-1] == y.size:
        return _right(y.argmax(-1).reshape(-1), t.reshape(-1))
    if y.shape == t.shape and y.shape[-1] > 1 and (t.sum(-1) == 1).all():
        return _right(y.argmax(-1).reshape(-1), t.argmax(-1).reshape(-1))
    if y.size == t.size and len(np.unique(t)) == 2:
        return _ranked(y.reshape(-1), t.reshape(-1) == t.max())
    if y.size != t.size:
        return 0.0
    error, spread = ((y.reshape(-1) - t.reshape(-1)) ** 2).mean(), t.var()
    return 1 - error / spread if spread else 0.0


def _right(said: Array, true: Array) -> float:
    commonest = np.unique(true, return_counts=True)[1].max() / true.size
    return (float((said == true).mean()) - commonest) / max(1 - commonest, 1e-9)


def _ranked(y: Array, true: Array) -> float:
    """The area under the curve of the receiver operating characteristic, from −1 to 1: ties count half."""
    higher = np.sign(y[true][:, None] - y[~true][None, :])
    return float(higher.mean()) if higher.size else 0.0
