"""Updates of an array as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.ops.precision import rounded
from gradstep.engine.training.optimizer import Optimizer, descend, shrink
from gradstep.engine.training.rule import Line, Numbers
from gradstep.engine.training.settings import Option, at_least_0, below_1, flag, is_number, one_of, rate


class Muon(Optimizer):
    """The velocity of a matrix, made nearly orthogonal: all directions in which it has a part go equally far (Jordan et
    al., 2024). What is no matrix belongs into a group with another rule."""

    name = "muon"
    whole = matrices = True
    options: ClassVar = {
        "lr": rate(1e-3),
        "weight_decay": at_least_0(0.1),
        "momentum": below_1(0.95),
        "nesterov": flag(True),
        "ns_coefficients": Option(
            (3.4445, -4.7750, 2.0315),
            "three numbers",
            lambda x: isinstance(x, list | tuple) and len(x) == 3 and all(map(is_number, x)),
        ),
        "eps": at_least_0(1e-7),
        "ns_steps": Option(5, "a whole number from 0 to 99", lambda x: type(x) is int and 0 <= x < 100),
        "adjust_lr_fn": one_of("original", "match_rms_adamw"),
    }

    def kept(self) -> Mapping[str, float]:
        return {"m": 0.0}

    def lines(self, t: int) -> tuple[Line, ...]:
        velocity = Line(
            "m",
            "{momentum}·{m} + (1 − {momentum})·{g}",
            lambda n: n["momentum"] * n["m"] + (1 - n["momentum"]) * n["g"],
            "a moving average of the gradient",
        )
        ahead = Line(
            "g",
            "{momentum}·{m} + (1 − {momentum})·{g}",
            lambda n: n["momentum"] * n["m"] + (1 - n["momentum"]) * n["g"],
            "Nesterov looks ahead: the average as the same gradient would move it once more",
        )
        symbol = "g" if self["nesterov"] else "m"
        straight = Line(
            "o",
            f"orthogonal({{{symbol}}})",
            lambda n: _orthogonal(n[symbol], self["ns_coefficients"], self["ns_steps"], n["eps"]),
            "all of the matrix at once: its singular values are brought to about 1, in bfloat16, by the Newton–Schulz "
            "iteration",
            whole=True,
        )
        return (
            velocity,
            *((ahead,) if self["nesterov"] else ()),
            straight,
            *shrink(self),
            self._ratio(),
            descend("{lr}·{r}·{o}", lambda n: n["lr"] * n["r"] * n["o"], "against it, by the rate for such a matrix"),
        )

    def _ratio(self) -> Line:
        if self["adjust_lr_fn"] == "match_rms_adamw":
            says = "so that an update is about as large as one of AdamW"
            return Line("r", "0.2·√max(rows, columns)", lambda n: 0.2 * max(n["w"].shape) ** 0.5, says, whole=True)
        says = "a matrix with more rows than columns goes further"
        return Line("r", "√max(1, rows/columns)", lambda n: max(1, _tall(n)) ** 0.5, says, whole=True)


def _tall(n: Numbers) -> float:
    rows, columns = n["w"].shape
    return float(rows / columns) if columns else 1.0


def _orthogonal(of: Array, coefficients: Sequence[float], steps: int, eps: float) -> Any:
    """torch.optim._muon._zeropower_via_newtonschulz: in bfloat16, each product computed in float32 and rounded."""
    a, b, c = (np.float32(one) for one in coefficients)
    x = _half(of)
    tall = x.shape[0] > x.shape[1]
    x = np.ascontiguousarray(x.T) if tall else x
    size = _half(np.sqrt(np.sum(x * x, dtype=np.float32)))
    x = _half(x / np.maximum(size, _half(np.asarray(eps))))
    for _ in range(steps):
        gram = _half(x @ x.T)
        update = _half(b * gram + c * (gram @ gram))
        x = _half(a * x + update @ x)
    return (x.T if tall else x).astype(of.dtype)


def _half(x: Any) -> Array:
    return rounded(np.asarray(x, dtype=np.float32), "bfloat16")


class Adafactor(Optimizer):
    """Adam's measure of a matrix, made of one number a row and one a column, and steps in proportion to the weights
    (Shazeer and Stern, ICML 2018)."""

    name = "adafactor"
    whole = True
    options: ClassVar = {
        "lr": rate(1e-2),
        "beta2_decay": Option(-0.8, "a number up to 0", lambda x: is_number(x) and x <= 0),
        "eps": Option(
            None,
            "two numbers from 0 on",
            lambda x: isinstance(x, list | tuple) and len(x) == 2 and all(is_number(e) and e >= 0 for e in x),
        ),
        "d": Option(1.0, "a number from 1 on", lambda x: is_number(x) and x >= 1),
        "weight_decay": at_least_0(0.0),
    }

    def kept(self) -> Mapping[str, float]:
        return {"R": 0.0, "C": 0.0}

    def constants(self, t: int) -> Numbers:
        return {**super().constants(t), "share": float(t) ** self["beta2_decay"], "eps2": self._eps[1]}

    @property
    def _eps(self) -> Sequence[float | None]:
        return self["eps"] or (None, 1e-3)

    def _least(self, n: Numbers) -> float:
        """ε₁: by default the distance from 1 to the next number."""
        given = self._eps[0]
        return float(np.finfo(np.asarray(n["g"]).dtype).eps) if given is None else float(given)

    def _size(self, n: Numbers) -> Any:
        """The usual size of the gradient, squared."""
        least = self._least(n)
        found = n["R"] * n["C"] / np.maximum(_over(n["R"], -2), least) if np.ndim(n["g"]) > 1 else n["R"]
        return np.maximum(found, least * least)

    def lines(self, t: int) -> tuple[Line, ...]:
        return (
            Line(
                "a",
                "max({eps2}, √mean({w}²))·min({lr}, 1/√{t})",
                lambda n: max(n["eps2"], _rms(n["w"])) * min(n["lr"], 1 / n["t"] ** 0.5),
                "the rate: in proportion to the usual size of this array's numbers",
                whole=True,
            ),
            *shrink(self),
            _squares("R", -1, "a moving average of the gradient's square over its row; without rows of its own"),
            _squares("C", -2, "the same over its column"),
            Line(
                "u",
                "{g} / √({R}·{C} / mean of {R})",
                lambda n: n["g"] / np.sqrt(self._size(n)),
                "the gradient, measured by its row's and its column's usual size; without rows by its own",
                self._size,
                whole=True,
            ),
            Line(
                "u",
                "{u} / max(1, √mean({u}²)/{d})",
                lambda n: n["u"] / max(1.0, _rms(n["u"]) / n["d"]),
                "not longer than d all together, for one number on average",
                whole=True,
            ),
            descend("{a}·{u}", lambda n: n["a"] * n["u"], "against it"),
        )


def _squares(kept: str, axis: int, says: str) -> Line:
    """The moving average of the gradient's square, over the rows (−1) or over the columns (−2)."""
    return Line(
        kept,
        f"{{{kept}}} + {{share}}·(mean of {{g}}² − {{{kept}}})",
        lambda n: n[kept] + n["share"] * (_over(n["g"] * n["g"], axis) - n[kept]),
        says,
        whole=True,
    )


def _rms(x: Any) -> float:
    """The root of the mean square; NaN of an empty array does no harm."""
    return float(np.sqrt(np.sum(np.square(x)) / max(np.size(x), 1)))


def _over(x: Any, axis: int) -> Any:
    """The mean over the last axis (−1, a row) or the one before it (−2, a column), at each of its places; of what has
    no rows the numbers themselves."""
    if np.ndim(x) < 2:
        return x
    return np.broadcast_to(np.mean(x, axis=axis, keepdims=True), np.shape(x))
