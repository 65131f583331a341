"""What an optimiser makes of a gradient.

To add one, add a class to a module of `optimizers`: scenario files may then name it, with its options.
The rules and the defaults of their options are those of PyTorch (torch.optim, 2.13).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.notation import brief
from gradstep.engine.registry import Registry
from gradstep.engine.training.rule import Line, Numbers
from gradstep.engine.training.settings import Option, flag, is_number

#: Every optimiser by the name that scenarios use, loaded when it is first asked for.
OPTIMIZERS: Registry[type[Optimizer]] = Registry("gradstep.engine.training.optimizers", r'    name = "')


class Optimizer(ABC):
    """A rule with its options set. A class gives the `options` with their defaults, what is `kept` from
    one update to the next, and the `lines`."""

    name: ClassVar[str] = ""
    options: ClassVar[Mapping[str, Option]] = {}
    #: Whether its lines need all of a parameter for each number of it, as a matrix.
    whole: ClassVar[bool] = False
    #: Whether it is a rule for matrices only.
    matrices: ClassVar[bool] = False
    #: Whether it is known what it does, and not only what came of it.
    known: ClassVar[bool] = True

    def __init_subclass__(cls, listed: bool = True, **kwargs: Any) -> None:
        if "name" in cls.__dict__:
            cls.options = {**cls.options, "maximize": flag()}
            if listed:
                OPTIMIZERS.add(cls.name, cls)

    def __init__(self, **given: Any) -> None:
        self._rules: dict[Hashable, tuple[Line, ...]] = {}
        self.set: dict[str, Any] = {name: given.get(name, option.default) for name, option in self.options.items()}

    def __getitem__(self, name: str) -> Any:
        return self.set[name]

    def wrong(self) -> tuple[str, str] | None:
        """An option that does not go with the others, and why."""
        return None

    @abstractmethod
    def lines(self, t: int) -> tuple[Line, ...]:
        """The rule at update number `t`, from 1 on; the last line gives the new w. They are the same in all updates
        of a `phase`."""

    def phase(self, t: int) -> Hashable:
        """What tells the updates apart whose lines differ: the first from all others, unless a rule says more."""
        return t == 1

    def rule(self, t: int) -> tuple[Line, ...]:
        """The lines, made once for each phase: upwards where the loss is to be made large."""
        phase = self.phase(t)
        found = self._rules.get(phase)
        if found is None:
            found = self._rules[phase] = (*((_UPWARDS,) if self["maximize"] else ()), *self.lines(t))
        return found

    def constants(self, t: int) -> Numbers:
        """The single numbers that the lines use: the options, and t."""
        return {**self.set, "t": t}

    def kept(self) -> Mapping[str, float]:
        """The symbols that are kept from one update to the next, and what they are before the first."""
        return {}

    def __str__(self) -> str:
        shown = [f"{k} {brief(v, 6)}" for k, v in self.set.items() if is_number(v) and v and k not in ("lr", "eps")]
        shown += [k for k, v in self.set.items() if v is True]
        return f"{self.name}, {', '.join(shown)}" if shown else self.name


_UPWARDS = Line("g", "−{g}", lambda n: -n["g"], "the other way round: the loss is to become large")


def decay(optimizer: Optimizer) -> tuple[Line, ...]:
    """Weight decay as a part of the gradient, where it is asked for."""
    if not optimizer["weight_decay"]:
        return ()
    says = "weight decay adds a share of the number itself, which draws it towards 0"
    return (Line("g", "{g} + {weight_decay}·{w}", lambda n: n["g"] + n["weight_decay"] * n["w"], says),)


def shrink(optimizer: Optimizer) -> tuple[Line, ...]:
    """Weight decay beside the gradient and not through it (Loshchilov and Hutter, ICLR 2019), where it is asked for."""
    if not optimizer["weight_decay"]:
        return ()
    says = "decoupled weight decay: the number shrinks by itself, whatever its gradient"
    return (Line("w", "{w}·(1 − {lr}·{weight_decay})", lambda n: n["w"] * (1 - n["lr"] * n["weight_decay"]), says),)


def descend(
    step: str, moved: Callable[[Numbers], Any], says: str, divisor: Callable[[Numbers], Any] | None = None
) -> Line:
    """w ← w − step; `moved` is the step, as a new array, and `divisor` what in it may be 0 and divides."""

    def compute(n: Numbers) -> Any:
        by = moved(n)
        # In its place: of a large parameter there is one new array and not two. Or `into` that of the old numbers.
        return np.subtract(n["w"], by, out=n.get("into", by if type(by) is np.ndarray and by.ndim else None))

    return Line("w", f"{{w}} − {step}", compute, says, divisor)
