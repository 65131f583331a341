"""Losses of scores and probabilities against the class that is right."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import isfinite, isinf, nan, prod

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Elements, Grid, Shape, picked
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.composite import Given, Part, Plan, composite
from gradstep.engine.ops.families.softmax import LogSoftmax
from gradstep.engine.ops.links import Links
from gradstep.engine.ops.loss import MeanPairLoss
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.shapes import shape_text, whole_numbers
from gradstep.engine.ops.windows import steps


class Hinge(MeanPairLoss):
    """mean max(0, 1 − t·y), targets −1 and 1."""

    name = "hinge"
    notation = "mean max(0, 1 − {1} × {0})"
    term = "max(0, 1 − {1} × {0})/n"
    slopes = ("−{1} / n if 1 − {1} × {0} > 0, else 0", "−{0} / n if 1 − {1} × {0} > 0, else 0")
    kink = "where the margin is exactly 1 the slope is taken as 0"
    edge = "a NaN is no shut gate: the slope there is that of a margin below 1"
    gated = True
    alike = False
    label = "hinge loss"

    def terms(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.maximum(1 - xs[0] * xs[1], 0))

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        return Cause.ZERO_TIMES_INFINITE if 0 in xs and any(map(isinf, xs)) else None

    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        return np.where(1 - xs[0] * xs[1] <= 0, xs[0].dtype.type(0), -xs[1 - slot])


#: What torch.nn.functional.binary_cross_entropy holds logarithms and the divisor of its slope to; that is a
#: single-precision 1e-12 for doubles too.
_LEAST_LOG, _LEAST_DIVISOR = -100, float(np.float32(1e-12))


class Bce(MeanPairLoss):
    """Binary cross-entropy of probabilities: mean −(t ln y + (1 − t) ln(1 − y)).

    As in PyTorch no logarithm is below −100, so that at y = 0 with t = 1 the loss is 100 and not ∞; and the slope in y
    is (y − t) / (y (1 − y)), that divisor not below 1e-12. The slope in t is held to nothing.
    """

    name = "bce"
    notation = "mean −({1} ln {0} + (1 − {1}) ln(1 − {0}))"
    term = "−({1} ln {0} + (1 − {1}) ln(1 − {0}))/n"
    slopes = ("({0} − {1}) / ({0} (1 − {0})) / n", "(ln(1 − {0}) − ln {0}) / n")
    edge = "logarithms are held at −100, and the divisor {0} (1 − {0}) of the slope at 1e-12"
    holds_back = True
    label = "binary cross-entropy"

    def terms(self, xs: Sequence[Array]) -> Array:
        y, t = xs
        least = y.dtype.type(_LEAST_LOG)
        return np.asarray((t - 1) * np.maximum(np.log1p(-y), least) - t * np.maximum(np.log(y), least))

    def written_term(self, xs: Sequence[Array]) -> str:
        with np.errstate(all="ignore"):
            held = min(np.log(xs[0]).min(initial=0), np.log1p(-xs[0]).min(initial=0)) < _LEAST_LOG
        return re.sub(r"(ln(?: \{0\}|\(.*?\)))", r"max(−100, \1)", self.term) if held else self.term

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        y = xs[0].reshape(-1)[at if xs[0].size > 1 else 0]
        if slot or (1 - y) * y >= _LEAST_DIVISOR:
            return self.slopes[slot]
        return "({0} − {1}) / 1e-12 / n"

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        y, t = xs
        if y in (0, 1):  # its logarithm is held in the loss, but not in the slope of t
            return Cause.LOG_OF_ZERO if isfinite(t) else None
        return Cause.LOG_OF_NEGATIVE if y < 0 or y > 1 else None

    def held_back(self, slot: int, xs: Sequence[float]) -> bool:
        return slot == 0 and (1 - xs[0]) * xs[0] < _LEAST_DIVISOR

    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        y, t = xs
        if slot == 0:
            return np.asarray((y - t) / np.maximum((1 - y) * y, y.dtype.type(_LEAST_DIVISOR)))
        return np.asarray(np.log1p(-y) - np.log(y))


class BceWithLogits(MeanPairLoss):
    """Binary cross-entropy of logits z, with σ inside: mean (1 − t)·z − min(z, 0) + ln(1 + exp(−|z|)),
    the form that neither overflows nor loses its digits."""

    name = "bce_with_logits"
    slots = ("z", "t")
    notation = "mean (1 − {1}) × {0} − min({0}, 0) + ln(1 + exp(−|{0}|))"
    term = "((1 − {1}) × {0} − min({0}, 0) + ln(1 + exp(−|{0}|)))/n"
    slopes = ("(σ({0}) − {1}) / n", "−{0} / n")
    edge = "an infinite {0} beside a {1} that fits is 0 · ∞ or ∞ − ∞: the loss is NaN"
    alike = False
    label = "binary cross-entropy of logits"

    def terms(self, xs: Sequence[Array]) -> Array:
        z, t = xs
        return np.asarray((1 - t) * z - np.minimum(z, 0) + np.log1p(np.exp(-np.abs(z))))

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        z, t = xs
        if not isinf(z):
            return None
        return Cause.ZERO_TIMES_INFINITE if t == 1 else Cause.INFINITE_MINUS_INFINITE if z < 0 else None

    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        z, t = xs
        return -z if slot else np.asarray(1 / (1 + np.exp(-z)) - t)


@lru_cache(maxsize=64)
def _counted(count: int) -> Array:
    return np.arange(count)


_CLASSES = "class numbers, along the last axis of the scores,"


def _check_target(name: str, of: str, scores: Shape, t: Shape) -> None:
    """Raises OpError unless t is one-hot or class numbers for `scores`, the input `of` the operation `name`."""
    if not scores:
        raise OpError(f"{name}: {of} must have a last axis of classes, but it is a single number")
    if t not in (scores, scores[:-1]) and not (len(scores) == 1 and t == (1,)):
        raise OpError(
            f"{name}: {of} is {shape_text(scores)}, so t is one-hot {shape_text(scores)} or class numbers "
            f"{shape_text(scores[:-1])}, but it is {shape_text(t)}"
        )


class Nll(Op):
    """Negative log-likelihood: mean over rows of −Σ t · logp over the last axis.

    t is one-hot (or any distribution), in logp's shape, or the number of the right class, without
    the last axis. Class numbers pick; a distribution multiplies, so that a share of 0 of a −∞ is 0 · ∞ and no number,
    as in PyTorch. The mean over no rows is none either.
    """

    name = "nll"
    slots = ("logp", "t")
    notation = "−(1/n) Σ {1} × {0}"
    term = "−{1} × {0}/n"
    slopes = ("−{1} / n, n rows; for class numbers −1 / n at the right class, else 0", "−{0} / n")
    edge = "a one-hot 0 beside −∞ is 0 · ∞: the loss is NaN; class numbers only pick"
    reduces = True
    gated = True
    label = "negative log-likelihood"

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        _check_target("nll", "logp", *map(tuple, shapes))
        return ()

    def check(self, slot: int, x: Array, shapes: Sequence[Shape]) -> None:
        logp, t = shapes
        if slot == 1 and (tuple(t) != tuple(logp) or tuple(t) == (1,)):
            whole_numbers(_CLASSES, x, logp[-1])

    @staticmethod
    def _shares(xs: Sequence[Array]) -> bool:
        """Whether t is a distribution."""
        return bool(xs[1].shape == xs[0].shape and xs[1].shape != (1,))

    def _weights(self, xs: Sequence[Array]) -> Array:
        """t as weights in logp's shape."""
        logp, t = xs
        if self._shares(xs):
            return t
        classes = logp.shape[-1]
        whole = whole_numbers(_CLASSES, t.reshape(logp.shape[:-1]), classes)
        return np.asarray(np.arange(classes) == whole[..., None], dtype=logp.dtype)

    # Rows and class numbers, as nearly always, need no weights, which would be mostly 0: of each row one
    # number is picked. On a small network weights cost as much as a matrix product.

    @staticmethod
    def _picked(xs: Sequence[Array], check: bool = False) -> tuple[Array, Array] | None:
        """Which of logp's numbers are picked where it has rows and t their class numbers."""
        logp, t = xs
        if logp.ndim != 2 or t.ndim != 1:
            return None
        whole = t.astype(np.intp)
        if check and whole.size:
            # As unsigned numbers what is below 0 is large, so one maximum tells of both ends.
            most = np.maximum.reduce(whole.view(np.uintp))
            if most >= logp.shape[1] or np.logical_or.reduce(whole != t):
                whole = whole_numbers(_CLASSES, t, logp.shape[1])
        return _counted(len(whole)), whole

    def forward(self, xs: Sequence[Array]) -> Array:
        picked = self._picked(xs, check=True)
        found = xs[0][picked] if picked else self._weighted(xs, self._weights(xs), xs[0])
        total, rows = np.add.reduce(found, axis=None), prod(xs[0].shape[:-1])
        return np.asarray(-total / rows if rows else nan, dtype=xs[0].dtype)

    def _weighted(self, xs: Sequence[Array], weights: Array, logp: Array) -> Array:
        """Some of the `weights` × logp; what no class number picks is 0, whatever it is."""
        return weights * logp if self._shares(xs) else np.where(weights == 0, logp.dtype.type(0), logp)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        scale = g * g.dtype.type(-1 / self.divisor([xs[0].shape]))
        if slot == 0:
            picked = self._picked(xs)
            if picked is None or not isfinite(scale):  # 0 · ∞ is no number
                return np.asarray(self._weights(xs) * scale)
            flow = np.zeros(xs[0].shape, xs[0].dtype)
            flow[picked] = scale
            return flow
        return np.asarray(xs[0] * scale) if xs[1].shape == xs[0].shape else np.zeros_like(xs[1])

    def divisor(self, shapes: Sequence[Shape]) -> int:
        return max(prod(shapes[0][:-1]), 1)

    def looks_up(self, shapes: Sequence[Shape]) -> bool:
        return tuple(shapes[1]) != tuple(shapes[0]) or tuple(shapes[1]) == (1,)

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        if slot == 1:
            return self.slopes[1]
        if not self.looks_up([x.shape for x in xs]):
            return "−{1} / n"
        return "−1 / n" if self._weights(xs).reshape(-1)[at] else "0"

    def summands(self, at: int, xs: Sequence[Array]) -> tuple[Elements, Callable[[int, int], Array]]:
        weights, logp, rows = self._weights(xs).reshape(-1), xs[0].reshape(-1), self.divisor([xs[0].shape])

        def read(start: int, stop: int) -> Array:
            with np.errstate(all="ignore"):
                return np.asarray(-self._weighted(xs, weights[start:stop], logp[start:stop]) / rows, dtype=logp.dtype)

        return Grid(0, xs[0].shape, steps(xs[0].shape)), read

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        shape = xs[slot].shape
        return Links(slot, Grid(0, shape, steps(shape)), self._slopes(slot, xs, 0))

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        return Links(slot, picked(0), self._slopes(slot, xs, at))

    def _slopes(self, slot: int, xs: Sequence[Array], offset: int) -> Callable[[int, int], Array]:
        def local(start: int, stop: int) -> Array:
            found = self.vjp(slot, np.ones((), dtype=xs[0].dtype), xs[0], xs)
            return found.reshape(-1)[offset + start : offset + stop]

        return local


@composite()
def cross_entropy(logits: Given, t: Given) -> Plan:
    """−Σ t · log softmax(logits), the mean over rows; t one-hot (0 beside −∞ is 0 · ∞) or class numbers."""
    _check_target("cross_entropy", "logits", logits.shape, t.shape)
    return (Nll(), [Part("logp", (LogSoftmax(-1), [logits])), t])
