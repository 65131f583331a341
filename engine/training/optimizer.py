"""What an optimiser makes of a gradient: each rule as the lines that one writes on a blackboard.

A rule is written once, as lines. The vectorised update of an array, the derivation of one number on the
screen and what is kept for the next iteration are all read off these lines, so they cannot disagree.
To add an optimiser, add a class: scenario files may then name it, with its options.

The rules and the defaults of their options are those of PyTorch (torch.optim, 2.13).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

#: The numbers of an update by their symbols: `w`, `g` and what is kept are arrays of one shape (what is
#: kept: a single number before the first update), options and the learning rate `lr` are single numbers.
#: Each line adds one, or takes the place of one.
Numbers = dict[str, Any]


class Line:
    """One line of a rule, symbol ← written: {g} stands for the number of that symbol. `compute` gives it,
    for whole arrays and single elements alike; `says` is the line in words."""

    def __init__(self, symbol: str, written: str, compute: Callable[[Numbers], Any], says: str) -> None:
        self.symbol, self.written, self.compute, self.says = symbol, written, compute, says

    @cached_property
    def pieces(self) -> tuple[tuple[str, str], ...]:
        """The text before each symbol, and the symbol; the last is empty."""
        parts = re.split(r"\{([^}]+)\}", self.written)
        return tuple(zip(parts[::2], [*parts[1::2], ""], strict=True))


class Option:
    """A setting of an optimiser: its default, what it has to be, and a test of that."""

    def __init__(self, default: Any, what: str, fits: Callable[[Any], bool]) -> None:
        self.default, self.what, self.fits = default, what, fits


def is_number(x: object) -> bool:
    """Whether it is a finite number, and no truth value."""
    return type(x) in (int, float) and abs(x) < float("inf")  # type: ignore[arg-type]


def at_least_0(default: float | None) -> Option:
    return Option(default, "a number from 0 on", lambda x: is_number(x) and x >= 0)


def below_1(default: float) -> Option:
    return Option(default, "a number from 0 to below 1", lambda x: is_number(x) and 0 <= x < 1)


def flag(default: bool = False) -> Option:
    return Option(default, "true or false", lambda x: isinstance(x, bool))


def rate(default: float) -> Option:
    # A negative one climbs, which one may want to see.
    return Option(default, "a finite number", is_number)


def _betas(first: float, second: float) -> Option:
    return Option(
        (first, second),
        "two numbers from 0 to below 1",
        lambda x: isinstance(x, list | tuple) and len(x) == 2 and all(is_number(b) and 0 <= b < 1 for b in x),
    )


OPTIMIZERS: dict[str, type[Optimizer]] = {}
#: How symbols are written where they are not written as they are.
SIGNS: Mapping[str, str] = {
    "lr": "η", "momentum": "μ", "dampening": "τ", "weight_decay": "λ", "beta1": "β₁", "beta2": "β₂", "alpha": "α",
    "eps": "ε", "lr_decay": "δ", "norm": "‖g‖", "left": "left over",
}  # fmt: skip


class Optimizer(ABC):
    """A rule with its options set. A class gives the `options` with their defaults, what is `kept` from
    one update to the next, and the `lines`."""

    name: ClassVar[str] = ""
    options: ClassVar[Mapping[str, Option]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "name" in cls.__dict__:
            OPTIMIZERS[cls.name] = cls

    def __init__(self, **given: Any) -> None:
        self._rules: dict[bool, tuple[Line, ...]] = {}
        self.set: dict[str, Any] = {name: given.get(name, option.default) for name, option in self.options.items()}

    def __getitem__(self, name: str) -> Any:
        return self.set[name]

    def wrong(self) -> tuple[str, str] | None:
        """An option that does not go with the others, and why."""
        return None

    @abstractmethod
    def lines(self, t: int) -> tuple[Line, ...]:
        """The rule at update number `t`, from 1 on; the last line gives the new w. Only the first may
        differ from the others."""

    def rule(self, t: int) -> tuple[Line, ...]:
        """The same, made once."""
        found = self._rules.get(t == 1)
        if found is None:
            found = self._rules[t == 1] = self.lines(t)
        return found

    def constants(self, t: int) -> Numbers:
        """The single numbers that the lines use: the options, and t."""
        return {**self.set, "t": t}

    def kept(self) -> Mapping[str, float]:
        """The symbols that are kept from one update to the next, and what they are before the first."""
        return {}

    def __str__(self) -> str:
        shown = [f"{k} {v:g}" for k, v in self.set.items() if is_number(v) and v and k not in ("lr", "eps")]
        shown += [k for k, v in self.set.items() if v is True]
        return f"{self.name}, {', '.join(shown)}" if shown else self.name


def _decay(optimizer: Optimizer) -> tuple[Line, ...]:
    """Weight decay as a part of the gradient, where it is asked for."""
    if not optimizer["weight_decay"]:
        return ()
    says = "weight decay adds a share of the number itself, which draws it towards 0"
    return (Line("g", "{g} + {weight_decay}·{w}", lambda n: n["g"] + n["weight_decay"] * n["w"], says),)


def _descend(step: str, moved: Callable[[Numbers], Any], says: str) -> Line:
    """w ← w − step; `moved` is the step, as a new array."""

    def compute(n: Numbers) -> Any:
        by = moved(n)
        # In its place: of a large parameter there is one new array and not two.
        return np.subtract(n["w"], by, out=by if type(by) is np.ndarray and by.ndim else None)

    return Line("w", f"{{w}} − {step}", compute, says)


# Gradient descent ---------------------------------------------------------------------------------


class _Descent(Optimizer):
    """w ← w − η·g: gradient descent (Robbins and Monro, 1951). With momentum a velocity takes the place of
    the gradient (Polyak, 1964; Nesterov, 1983, in the form of Sutskever et al., ICML 2013)."""

    def wrong(self) -> tuple[str, str] | None:
        if self["nesterov"] and (not self["momentum"] or self["dampening"]):
            return "nesterov", "nesterov needs a momentum and no dampening, as in momentum = 0.9"
        return None

    def kept(self) -> Mapping[str, float]:
        return {"v": 0.0} if self["momentum"] else {}

    def lines(self, t: int) -> tuple[Line, ...]:
        if not self["momentum"]:
            says = "against the gradient, as far as the learning rate says"
            return (*_decay(self), _descend("{lr}·{g}", lambda n: n["lr"] * n["g"], says))
        found = (*_decay(self), self._velocity(t))
        if self["nesterov"]:
            says = "Nesterov looks ahead: the gradient, and where the velocity leads next"
            return (
                *found,
                Line("g", "{g} + {momentum}·{v}", lambda n: n["g"] + n["momentum"] * n["v"], says),
                _descend("{lr}·{g}", lambda n: n["lr"] * n["g"], "against both, as far as the learning rate says"),
            )
        says = "against the velocity, as far as the learning rate says"
        return (*found, _descend("{lr}·{v}", lambda n: n["lr"] * n["v"], says))

    def _velocity(self, t: int) -> Line:
        if t == 1:
            return Line("v", "{g}", lambda n: n["g"], "the first velocity is the gradient itself")
        if self["dampening"]:
            return Line(
                "v",
                "{momentum}·{v} + (1 − {dampening})·{g}",
                lambda n: n["momentum"] * n["v"] + (1 - n["dampening"]) * n["g"],
                "the velocity keeps a share of itself and takes the dampened gradient",
            )
        return Line(
            "v",
            "{momentum}·{v} + {g}",
            lambda n: n["momentum"] * n["v"] + n["g"],
            "the velocity keeps a share of itself and takes the gradient",
        )


class Sgd(_Descent):
    name = "sgd"
    options: ClassVar = {
        "lr": rate(0.1),  # what the update phase of a file without [training] previews; PyTorch has 0.001
        "momentum": at_least_0(0.0),
        "dampening": at_least_0(0.0),
        "weight_decay": at_least_0(0.0),
        "nesterov": flag(),
    }


class Momentum(_Descent):
    name = "momentum"
    options: ClassVar = {**Sgd.options, "momentum": at_least_0(0.9)}


# Moments ------------------------------------------------------------------------------------------


class _Moments(Optimizer):
    """Moving averages of the gradient and of its square, corrected for beginning at 0, give each number a
    step size of its own (Kingma and Ba, ICLR 2015)."""

    @abstractmethod
    def decay(self) -> tuple[Line, ...]:
        """Weight decay."""

    def kept(self) -> Mapping[str, float]:
        return {"m": 0.0, "v": 0.0} | ({"u": 0.0} if self["amsgrad"] else {})

    def constants(self, t: int) -> Numbers:
        beta1, beta2 = self["betas"]
        return {**super().constants(t), "beta1": beta1, "beta2": beta2}

    def lines(self, t: int) -> tuple[Line, ...]:
        second = "u" if self["amsgrad"] else "v"
        largest = Line(
            "u",
            "max({u}, {v})",
            lambda n: np.maximum(n["u"], n["v"]),
            "AMSGrad keeps the largest second moment so far (Reddi et al., ICLR 2018)",
        )
        return (
            *self.decay(),
            Line(
                "m",
                "{beta1}·{m} + (1 − {beta1})·{g}",
                lambda n: n["beta1"] * n["m"] + (1 - n["beta1"]) * n["g"],
                "the first moment: a moving average of the gradient",
            ),
            Line(
                "v",
                "{beta2}·{v} + (1 − {beta2})·{g}²",
                lambda n: n["beta2"] * n["v"] + (1 - n["beta2"]) * (n["g"] * n["g"]),
                "the second moment: a moving average of its square",
            ),
            *([largest] if self["amsgrad"] else []),
            Line(
                "m′",
                "{m} / (1 − {beta1}^{t})",
                lambda n: n["m"] / (1 - n["beta1"] ** n["t"]),
                "bias correction: the average began at 0, so at first it is too small",
            ),
            Line(
                "v′",
                f"{{{second}}} / (1 − {{beta2}}^{{t}})",
                lambda n: n[second] / (1 - n["beta2"] ** n["t"]),
                "the same for the second moment",
            ),
            _descend(
                "{lr}·{m′} / (√{v′} + {eps})",
                lambda n: n["lr"] * n["m′"] / (np.sqrt(n["v′"]) + n["eps"]),
                "measured by the usual size of its gradients, so about η far whatever that size is",
            ),
        )


class Adam(_Moments):
    name = "adam"
    options: ClassVar = {
        "lr": rate(1e-3),
        "betas": _betas(0.9, 0.999),
        "eps": at_least_0(1e-8),
        "weight_decay": at_least_0(0.0),
        "amsgrad": flag(),
    }

    def decay(self) -> tuple[Line, ...]:
        return _decay(self)


class AdamW(_Moments):
    """Weight decay beside the gradient and not through it (Loshchilov and Hutter, ICLR 2019)."""

    name = "adamw"
    options: ClassVar = {**Adam.options, "weight_decay": at_least_0(1e-2)}

    def decay(self) -> tuple[Line, ...]:
        if not self["weight_decay"]:
            return ()
        says = "decoupled weight decay: the number shrinks by itself, whatever its gradient"
        return (Line("w", "{w}·(1 − {lr}·{weight_decay})", lambda n: n["w"] * (1 - n["lr"] * n["weight_decay"]), says),)


# Sizes --------------------------------------------------------------------------------------------


class RmsProp(Optimizer):
    """The gradient measured by a moving average of its size (Hinton, Coursera, 2012, lecture 6e)."""

    name = "rmsprop"
    options: ClassVar = {
        "lr": rate(1e-2),
        "alpha": below_1(0.99),
        "eps": at_least_0(1e-8),
        "weight_decay": at_least_0(0.0),
        "momentum": at_least_0(0.0),
        "centered": flag(),
    }

    def kept(self) -> Mapping[str, float]:
        found = {"v": 0.0} | ({"a": 0.0} if self["centered"] else {})
        return found | ({"b": 0.0} if self["momentum"] else {})

    def lines(self, t: int) -> tuple[Line, ...]:
        average = Line(
            "a",
            "{alpha}·{a} + (1 − {alpha})·{g}",
            lambda n: n["alpha"] * n["a"] + (1 - n["alpha"]) * n["g"],
            "a moving average of the gradient, which is taken off its size",
        )
        found = (
            *_decay(self),
            Line(
                "v",
                "{alpha}·{v} + (1 − {alpha})·{g}²",
                lambda n: n["alpha"] * n["v"] + (1 - n["alpha"]) * (n["g"] * n["g"]),
                "a moving average of the gradient's square",
            ),
            *([average] if self["centered"] else []),
        )

        def size(n: Numbers) -> Any:
            square = n["v"] - n["a"] * n["a"] if self["centered"] else n["v"]
            return np.sqrt(square) + n["eps"]

        measured = "{g} / (√({v} − {a}²) + {eps})" if self["centered"] else "{g} / (√{v} + {eps})"
        if not self["momentum"]:
            says = "the gradient, measured by its usual size"
            return (*found, _descend(f"{{lr}}·{measured}", lambda n: n["lr"] * n["g"] / size(n), says))
        return (
            *found,
            Line(
                "b",
                f"{{momentum}}·{{b}} + {measured}",
                lambda n: n["momentum"] * n["b"] + n["g"] / size(n),
                "a velocity of gradients, each measured by their usual size",
            ),
            _descend("{lr}·{b}", lambda n: n["lr"] * n["b"], "against that velocity, as far as the learning rate says"),
        )


class Adagrad(Optimizer):
    """The gradient measured by all gradients so far (Duchi et al., JMLR 12, 2011)."""

    name = "adagrad"
    options: ClassVar = {
        "lr": rate(1e-2),
        "lr_decay": at_least_0(0.0),
        "weight_decay": at_least_0(0.0),
        "initial_accumulator_value": at_least_0(0.0),
        "eps": at_least_0(1e-10),
    }

    def kept(self) -> Mapping[str, float]:
        return {"s": self["initial_accumulator_value"]}

    def lines(self, t: int) -> tuple[Line, ...]:
        rate = "{lr} / (1 + ({t} − 1)·{lr_decay})·" if self["lr_decay"] else "{lr}·"
        return (
            *_decay(self),
            Line(
                "s",
                "{s} + {g}²",
                lambda n: n["s"] + n["g"] * n["g"],
                "the squares of all gradients so far: it only grows, and the steps shrink",
            ),
            _descend(
                rate + "{g} / (√{s} + {eps})",
                lambda n: n["lr"] / (1 + (n["t"] - 1) * n["lr_decay"]) * n["g"] / (np.sqrt(n["s"]) + n["eps"]),
                "the gradient, measured by all that came before",
            ),
        )
