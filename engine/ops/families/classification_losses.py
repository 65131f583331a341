"""Losses of a score or a probability that something is so, against whether it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isfinite, isinf
from typing import ClassVar

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.elementwise import chosen
from gradstep.engine.ops.logarithms import softplus
from gradstep.engine.ops.loss import MeanPairLoss
from gradstep.engine.ops.single import log1p


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
        return chosen(np.asarray(1 - xs[0] * xs[1] <= 0), 0, -xs[1 - slot], xs[0].dtype)


#: What torch.nn.functional.binary_cross_entropy holds logarithms and the divisor of its slope to; that is a
#: single-precision 1e-12 for doubles too.
_LEAST_LOG, _LEAST_DIVISOR = -100, float(np.float32(1e-12))


class Bce(MeanPairLoss):
    """Binary cross-entropy of probabilities: mean −(t ln y + (1 − t) ln(1 − y)).

    As in PyTorch no logarithm is below −100, so that at y = 0 with t = 1 the loss is 100 and not ∞; and the slope in y
    is (y − t) / (y (1 − y)), that divisor not below 1e-12. The slope in t is held to nothing.
    """

    name = "bce"
    slots = ("y", "t", "weight")
    optional = 1
    weights = ("{2} × ",)
    notation = "mean −{2} × ({1} ln {0} + (1 − {1}) ln(1 − {0}))"
    term = "−{2} × ({1} ln {0} + (1 − {1}) ln(1 − {0}))/n"
    slopes = (
        "{2} × ({0} − {1}) / ({0} (1 − {0})) / n",
        "{2} × (ln(1 − {0}) − ln {0}) / n",
        "−({1} ln {0} + (1 − {1}) ln(1 − {0})) / n",
    )
    edge = "logarithms are held at −100, and the divisor {0} (1 − {0}) of the slope at 1e-12"
    holds_back = True
    label = "binary cross-entropy"

    def terms(self, xs: Sequence[Array]) -> Array:
        y, t, *weights = xs
        least = y.dtype.type(_LEAST_LOG)
        found = (t - 1) * np.maximum(log1p(-y), least) - t * np.maximum(np.log(y), least)
        return np.asarray(found * weights[0] if weights else found)

    @staticmethod
    def _holding(text: str, y: Array) -> str:
        """A notation with its logarithms held, where those of some y are."""
        with np.errstate(all="ignore"):
            held = min(np.log(y).min(initial=0), log1p(-y).min(initial=0)) < _LEAST_LOG
        return re.sub(r"(ln(?: \{0\}|\(.*?\)))", r"max(−100, \1)", text) if held else text

    def written_term(self, xs: Sequence[Array]) -> str:
        return self._holding(super().written_term(xs), xs[0])

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        text = super().written_slope(slot, at, xs)
        if slot == 2:
            return self._holding(text, xs[0])
        y = xs[0].reshape(-1)[at if xs[0].size > 1 else 0]
        return text if slot or (1 - y) * y >= _LEAST_DIVISOR else text.replace("({0} (1 − {0}))", "1e-12")

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        y, t = xs[:2]
        if y in (0, 1):  # its logarithm is held in the loss, but not in the slope of t
            return Cause.LOG_OF_ZERO if isfinite(t) else None
        return Cause.LOG_OF_NEGATIVE if y < 0 or y > 1 else None

    def held_back(self, slot: int, xs: Sequence[float]) -> bool:
        return slot == 0 and (1 - xs[0]) * xs[0] < _LEAST_DIVISOR

    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        y, t, *weights = xs
        if slot == 2:
            return self.terms(xs[:2])
        held = np.maximum((1 - y) * y, y.dtype.type(_LEAST_DIVISOR))
        found = log1p(-y) - np.log(y) if slot else (y - t) / held
        return np.asarray(found * weights[0] if weights else found)


class BceWithLogits(MeanPairLoss):
    """Binary cross-entropy of logits z, with σ inside: mean (1 − t)·z − min(z, 0) + ln(1 + exp(−|z|)),
    the form that neither overflows nor loses its digits. What is to be 1 counts `pos_weight` times."""

    name = "bce_with_logits"
    slots = ("z", "t", "weight", "pos_weight")
    optional = 2
    neutral: ClassVar[Mapping[str, float]] = {"weight": 1.0}
    weights = ("{2} × ", "(1 + ({3} − 1) × {1}) × ")
    notation = "mean {2} × ((1 − {1}) × {0} + (1 + ({3} − 1) × {1}) × (ln(1 + exp(−|{0}|)) − min({0}, 0)))"
    term = "{2} × ((1 − {1}) × {0} + (1 + ({3} − 1) × {1}) × (ln(1 + exp(−|{0}|)) − min({0}, 0)))/n"
    slopes = (
        "{2} × (1 − {1} − (1 + ({3} − 1) × {1}) × (1 − σ({0}))) / n",
        "{2} × (({3} − 1) × (ln(1 + exp(−|{0}|)) − min({0}, 0)) − {0}) / n",
        "((1 − {1}) × {0} + (1 + ({3} − 1) × {1}) × (ln(1 + exp(−|{0}|)) − min({0}, 0))) / n",
        "{2} × {1} × (ln(1 + exp(−|{0}|)) − min({0}, 0)) / n",
    )
    edge = "an infinite {0} beside a {1} that fits is 0 · ∞ or ∞ − ∞: the loss is NaN"
    label = "binary cross-entropy of logits"
    alike = False

    @staticmethod
    def _more(xs: Sequence[Array]) -> Array | float:
        """What the logarithm is multiplied by for the sake of `pos_weight`."""
        return 1 + (xs[3] - 1) * xs[1] if len(xs) == 4 else 1

    @staticmethod
    def _softplus(z: Array) -> Array:
        """ln(1 + exp(−z)), so that it does not overflow."""
        return softplus(np.asarray(np.negative(z)))

    def terms(self, xs: Sequence[Array]) -> Array:
        z, t, *weights = xs
        found = (1 - t) * z + self._more(xs) * self._softplus(z)
        return np.asarray(found * weights[0] if weights else found)

    def without(self, text: str, inputs: int) -> str:
        if inputs < 4:  # σ − t is what is left of the slope, and −z
            text = text.replace("1 − {1} − (1 + ({3} − 1) × {1}) × (1 − σ({0}))", "σ({0}) − {1}")
            text = text.replace("(({3} − 1) × (ln(1 + exp(−|{0}|)) − min({0}, 0)) − {0})", "−{0}")
        return super().without(text, inputs).replace("{2} × −{0}", "−{2} × {0}")

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        z, t = xs[:2]
        if not isinf(z):
            return None
        return Cause.ZERO_TIMES_INFINITE if t == 1 else Cause.INFINITE_MINUS_INFINITE if z < 0 else None

    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        z, t, *weights = xs
        if slot == 2:
            return self.terms(xs[:2]) if len(xs) == 3 else np.asarray(self.terms([z, t, np.ones_like(z), xs[3]]))
        if slot == 3:
            return np.asarray(weights[0] * t * self._softplus(z))
        if slot == 1:
            found = -z if len(xs) < 4 else (xs[3] - 1) * self._softplus(z) - z
        else:
            shut = 1 / (1 + np.exp(-z))
            found = shut - t if len(xs) < 4 else 1 - t - self._more(xs) * (1 - shut)
        return np.asarray(found * weights[0] if weights else found)
