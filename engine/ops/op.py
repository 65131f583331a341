"""What an operation is.

An operation is one class of a few lines in a module of `families`. The class that it is derived from turns those
lines into everything the debugger asks: the vectorised forward and backward pass, and for any single element what
feeds it (`row`) and whom it feeds (`column`). A registry-driven test holds rows, columns, vjp and finite
differences against each other for every class found here.
"""

from __future__ import annotations

import dataclasses
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Elements, Shape
from gradstep.engine.notation import brief
from gradstep.engine.ops.bound import Bound
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.links import Beyond, Columns, Links
from gradstep.engine.registry import Registry

#: Every operation by the name that formulas use, loaded when it is first asked for.
REGISTRY: Registry[type[Op]] = Registry(
    "gradstep.engine.ops.families", r'(?:    name = |(?:function|jumps|quotient)\(\s*)"'
)


#: What comes of whole numbers and truths, see `Op.of_whole`.
KEPT, BOUNDED, RECKONED, COUNTED = "kept", "bounded", "reckoned", "counted"


@dataclass(frozen=True)
class Op(ABC):
    """An operation y = f(x₀, x₁, …). Its options are the fields of the (frozen) dataclass; one
    without options needs no decorator, and a hundred of them would be felt at the start.

    `slots` name the inputs; the last `optional` of them may be left out, and stands for its `neutral` number where a
    later one is given. `words` are others for inputs and options, as
    PyTorch and NumPy have them, each with what it is here. Options that are not said may be other ones `by_type`, where
    numbers are of a narrower type than the file's. `notation` writes the
    operation with {0}, {1} … for its inputs, `slopes` the local derivative for each slot. Where that has two
    values, `kink` says which is taken, and `edge` what is agreed at NaN and at infinities, and of numbers that
    are held back from them; all of it as PyTorch has it.
    `each` writes an element that is made of a group of an input's: `{each}` is any of the group under letters, `{over}`
    what is said to run over it, as in Σ{over} {each}, and `{0}` the element in the same place.
    `summed` are the slots whose elements, each times its local factor, add up to the output: the
    operations that have a running sum in the forward pass. An operation that `reduces` adds up
    summands that are no such products: a loss; `term` writes one of them. What comes `of_whole` numbers and truths
    alone is `KEPT`, of their type, where they are only moved or chosen; `BOUNDED`, of their type beside numbers of a
    formula; `RECKONED`, of their type, and what that does not hold comes round; `COUNTED`, int64; or of a type that it
    always is; else it is a number of the file's type. Of which type a result is say the slots that it is `typed_by`:
    all of them, or those that others only choose from. A `discrete` operation
    is constant between its jumps, and its result gets no gradient. The gradient of one that is `agreed` is
    what somebody wants it to be, and not the derivative. A cast `rounds_to` a type. A `positive` one is above 0 for all
    finite numbers, and rounded where it is 0. A `gated` one lets through what
    it chooses: where its local derivative is 0 the gate is shut. One that `shuts` lets nothing through there, NaN
    neither, as PyTorch masks it where others multiply; what else comes through than a product, where that is not
    finite, is said `beyond`; a `rectifier` is one whose units die, shut for
    every sample. One that `saturates` is flat far away on both sides. One that `contracts` adds up products of
    an element of slot 0 and one of slot 1. One that `shares` gives each of a group its share by exp, and what is −∞
    none: masks are made for it. One that `centres` takes the mean of a group off, one that `normalises`
    divides a group by its size. One that `weighs` adds up elements times numbers that its options say. A `variadic`
    one takes any number of inputs in the place of its last slot. One that is `joint` is made of all of its inputs at
    once, and written with the names of whole arrays. One with `axis_second` may have its axis behind its
    first input, as PyTorch has it: gather(x, 1, ids). Of an `opaque` one only the numbers are known that another
    program had for it.
    """

    name: ClassVar[str] = ""
    slots: ClassVar[tuple[str, ...]] = ("x",)
    optional: ClassVar[int] = 0
    neutral: ClassVar[Mapping[str, float]] = {}
    words: ClassVar[Mapping[str, str]] = {}
    by_type: ClassVar[Mapping[str, Callable[[str], float]]] = {}
    notation: ClassVar[str] = ""
    slopes: ClassVar[tuple[str, ...]] = ()
    kink: ClassVar[str] = ""
    edge: ClassVar[str] = ""
    holds_back: ClassVar[bool] = False
    summed: ClassVar[tuple[int, ...]] = ()
    reduces: ClassVar[bool] = False
    of_whole: ClassVar[str] = ""
    typed_by: ClassVar[tuple[int, ...]] = ()
    discrete: ClassVar[bool] = False
    agreed: ClassVar[bool] = False
    rounds_to: ClassVar[str] = ""
    positive: ClassVar[bool] = False
    gated: ClassVar[bool] = False
    shuts: ClassVar[bool] = False
    beyond: ClassVar[Beyond | None] = None
    rectifier: ClassVar[bool] = False
    saturates: ClassVar[bool] = False
    contracts: ClassVar[bool] = False
    shares: ClassVar[bool] = False
    centres: ClassVar[bool] = False
    normalises: ClassVar[bool] = False
    variadic: ClassVar[bool] = False
    axis_second: ClassVar[bool] = False
    opaque: ClassVar[bool] = False
    weighs: ClassVar[bool] = False
    joint: ClassVar[bool] = False
    term: ClassVar[str] = ""
    each: ClassVar[str] = ""
    label: ClassVar[str] = ""
    #: What it makes of whole numbers and truths, int64 of int64, where that is not what `forward` makes of them.
    exactly: ClassVar[Callable[[Op, Sequence[Array]], Array] | None] = None
    #: What computes it again and again on the same arrays.
    bound: ClassVar[type[Bound]] = Bound

    def __init_subclass__(cls, listed: bool = True, **kwargs: Any) -> None:
        if listed and "name" in cls.__dict__:
            REGISTRY.add(cls.name, cls)
        # What is computed otherwise than by the operation that it is derived from is not bound as that is.
        owner = next(base for base in cls.__mro__ if "bound" in base.__dict__)
        differs = {"forward", "local"} & cls.__dict__.keys() if "name" in owner.__dict__ else set()
        if owner is not cls and (differs or "vjp" in cls.__dict__):
            cls.bound = Bound

    @classmethod
    def options(cls) -> dict[str, Any]:
        """The options with their defaults."""
        return {field.name: field.default for field in dataclasses.fields(cls)}

    @classmethod
    def signature(cls) -> str:
        """How the operation is called, as in `linear(x, W, [b])`; options with their defaults."""
        return signature(cls.name, cls.slots, cls.optional, cls.options())

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        """What letters of the notation and of slopes stand for: the numbers of options, in a precision."""
        return {}

    def valued(self, text: str, dtype: np.dtype[Any]) -> str:
        """A notation or a slope with the numbers of options in it; what is multiplied by 1 is itself."""
        for letter, value in self.constants(dtype).items():
            if value == 1:
                text = re.sub(rf"\b{letter} (× )?(?=[\w({{|])", "", text)
            text = re.sub(rf"\b{letter}\b", brief(value, 12), text)
        return text

    def template(self, inputs: int, dtype: np.dtype[Any]) -> str:
        """The notation for so many inputs: an optional one that is left out is no summand."""
        template = self.notation
        for missing in range(inputs, len(self.slots)):
            template = template.replace(f" + {{{missing}}}", "")
        return self.valued(template, dtype)

    def written(self, names: Sequence[str], dtype: np.dtype[Any]) -> str:
        """The notation with names in it, and the numbers of options."""
        return self.template(len(names), dtype).format(*names)

    def slope(self, slot: int, inputs: int, dtype: np.dtype[Any]) -> str:
        """How the local derivative for a slot is written for so many inputs; the last is that of all that follow."""
        return self.valued(self.slopes[min(slot, len(self.slopes) - 1)], dtype)

    @abstractmethod
    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """The output's shape. Raises OpError where the inputs' shapes do not fit."""

    @abstractmethod
    def forward(self, xs: Sequence[Array]) -> Array:
        """The output, of the inputs' dtype and of `shape`."""

    @abstractmethod
    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        """gᵀ·∂y/∂x for x = xs[slot]: its gradient, in x's shape, when g is the output's."""

    def workspace(self, shapes: Sequence[Shape], out: Shape) -> int:
        """The elements that the operation or its gradient takes at most besides its inputs and its output, for as
        long as it is computed: by default one array of its output's shape and one of its largest input's."""
        return prod(out) + max((prod(shape) for shape in shapes), default=0)

    @abstractmethod
    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        """The inputs of `slot` that feed y.flat[at], with ∂y[at]/∂x of each."""

    @abstractmethod
    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        """The outputs that x.flat[at], x = xs[slot], feeds, with ∂y/∂x[at] of each."""

    def columns(self, slot: int, start: int, stop: int, y: Array, xs: Sequence[Array]) -> Columns:
        """The columns of the elements `start` to `stop` (flat) of xs[slot], as `column` has them."""
        links = [self.column(slot, at, y, xs) for at in range(start, stop)]
        sizes = [link.grid.size for link in links]
        factor = next((link.factor[0] for link in links if link.factor is not None), None)
        return Columns(
            np.repeat(np.arange(stop - start, dtype=np.intp), sizes),
            np.concatenate([np.empty(0, np.intp), *(link.grid.take(0, link.grid.size) for link in links)]),
            np.concatenate([np.empty(0, y.dtype), *(link.local(0, link.grid.size) for link in links)]),
            factor,
        )

    def check(self, slot: int, x: Array, shapes: Sequence[Shape]) -> None:
        """Raises OpError if an input of these shapes cannot hold the numbers in `x`, as where it holds
        numbers of classes. `x` may have more rows than the input: the samples that batches are drawn from."""
        return

    #: Whether it is another one in each iteration of a training.
    varies: ClassVar[bool] = False

    def in_iteration(self, iteration: int) -> Op:
        """The operation as it is in an iteration, from 1 on."""
        return self

    def in_use(self) -> Op:
        """The operation as it is when a network is used and not trained."""
        return self

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        """Where it is a function of single numbers: what is wrong with it at these, if anything."""
        return None

    def held_back(self, slot: int, xs: Sequence[float]) -> bool:
        """Where it `holds_back` numbers, and is a function of single ones: whether in ∂y/∂x[slot] at these."""
        return False

    def divisor(self, shapes: Sequence[Shape], at: int = 0) -> int:
        """How many terms output `at` is the mean of; 1 where it is no mean. It is the `n` of `notation`."""
        return 1

    def written_term(self, xs: Sequence[Array]) -> str:
        """Where it `reduces`: how one of the terms is written; `n` is the divisor."""
        return self.valued(self.term or "{0}", xs[0].dtype)

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        """How ∂y/∂x[at], x = xs[slot], is written where the output is one number: `{y}`; `n` is the divisor."""
        return self.valued(self.slopes[slot], xs[slot].dtype)

    def looks_up(self, shapes: Sequence[Shape]) -> bool:
        """Whether the numbers in slot 1 say which elements of slot 0 are read."""
        return False

    def summands(self, at: int, xs: Sequence[Array]) -> tuple[Elements, Callable[[int, int], Array]]:
        """Where `reduces`: the elements of slot 0 that enter output `at`, and what each adds."""
        raise OpError(f"{self.name} has no summands")


def type_giving(op: Op, inputs: int) -> Sequence[int]:
    """The slots of an operation, of so many inputs, that say of which type its result is."""
    return op.typed_by or range(inputs)


def signature(name: str, slots: Sequence[str], optional: int, options: Mapping[str, Any]) -> str:
    """How something is called: the last `optional` of its inputs in brackets, its options with their defaults."""
    needed = len(slots) - optional
    shown = [*slots[:needed], *(f"[{slot}]" for slot in slots[needed:]), *(f"{k}={v!r}" for k, v in options.items())]
    return f"{name}({', '.join(shown)})"
