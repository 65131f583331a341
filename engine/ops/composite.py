"""Operations that are written in formulas as one and expand into several, so that they can be stepped.

A composite is a function, in the module of its family, from inputs and options to a plan: an operation with what
it is applied to, nested. Inputs are the positional arguments (None where left out), options the keyword-only ones.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from gradstep.engine.errors import OpError
from gradstep.engine.index import Shape
from gradstep.engine.notation import shown
from gradstep.engine.ops.op import Op, signature
from gradstep.engine.ops.op import type_giving as slots_giving
from gradstep.engine.registry import Registry


@dataclass(frozen=True)
class Given:
    """An input of a composite: its name, and its shape."""

    slot: str
    shape: Shape


@dataclass(frozen=True)
class Part:
    """A plan with a word for what it computes, by which it is called instead of its operation's name."""

    word: str
    plan: Plan


@dataclass(frozen=True)
class Kept:
    """What an input of a composite will be in the next iteration of a training, as running statistics are."""

    given: Given
    plan: Plan


@dataclass(frozen=True)
class After:
    """A plan before which others are made, in their order: one time step after the other, or what is kept."""

    before: Sequence[Plan | Kept]
    plan: Plan


#: An operation applied to plans, one with a word for it, an input, or a number. What stands in it more than once, as
#: the same object, is made once.
Plan = tuple[Op, "Sequence[Plan]"] | Part | After | Given | float


@dataclass(frozen=True)
class Several:
    """The results of a composite that has more than one, each a plan of its own: no node has two outputs."""

    plans: Sequence[Plan]


def within(plan: Plan, slot: str, other: Plan) -> Plan:
    """A plan with another one in the place of an input: a composite of what is computed."""
    if isinstance(plan, Given):
        return other if plan.slot == slot else plan
    if isinstance(plan, Part):
        return Part(plan.word, within(plan.plan, slot, other))
    if isinstance(plan, float):
        return plan
    assert isinstance(plan, tuple), "nothing goes before what others are made of"
    op, parts = plan
    return op, [within(part, slot, other) for part in parts]


def type_giving(plan: Plan) -> frozenset[str]:
    """The inputs that say of which type the result of a plan is, see `Op.typed_by`; where these are numbers only, which
    are of any type, those of the other inputs."""
    seen: dict[int, frozenset[str]] = {}

    def of(one: Plan) -> frozenset[str]:
        if isinstance(one, Given):
            return frozenset((one.slot,))
        if isinstance(one, float):
            return frozenset()
        if id(one) not in seen:
            if isinstance(one, Part | After):
                seen[id(one)] = of(one.plan)
            else:
                op, parts = one
                said = frozenset[str]().union(*(of(parts[slot]) for slot in slots_giving(op, len(parts))))
                seen[id(one)] = said or said.union(*map(of, parts))
        return seen[id(one)]

    return of(plan)


#: What an option may be, by the annotation of its parameter.
_KINDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "int": (lambda x: type(x) is int, "a whole number"),
    "float": (lambda x: type(x) in (int, float), "a number"),
    "bool": (lambda x: type(x) is bool, "True or False"),
    "str": (lambda x: type(x) is str, "a text in quotes"),
    "tuple[int, ...]": (lambda x: type(x) is tuple and all(type(v) is int for v in x), "several in brackets"),
    "tuple[tuple[int, ...], ...]": (
        lambda x: type(x) is tuple and all(type(v) is tuple and all(type(n) is int for n in v) for v in x),
        "pairs of several in brackets",
    ),
    "tuple[float, ...]": (
        lambda x: type(x) is tuple and all(type(v) in (int, float) for v in x),
        "several numbers in brackets",
    ),
    "None": (lambda x: x is None, "None"),
}


class Composite:
    """A composite, called as an operation is. It is `variadic` where its function takes any number of inputs, `*x`.
    Those of its keyword-only parameters that are inputs are only given by name: the `named` ones. Where PyTorch has a
    `kernel` for it, of numbers of a narrow type only the result is rounded, else each part, as there."""

    def __init__(self, plan: Callable[..., Plan | Several], words: Mapping[str, str], kernel: bool = False) -> None:
        self.plan, self.name, self.kernel, self.words = plan, plan.__name__, kernel, words

    @cached_property
    def _parameters(self) -> Sequence[inspect.Parameter]:
        return list(inspect.signature(self.plan).parameters.values())

    @cached_property
    def variadic(self) -> bool:
        """Whether it takes any number of inputs."""
        return any(p.kind is p.VAR_POSITIONAL for p in self._parameters)

    @cached_property
    def axis_second(self) -> bool:
        """Whether its axis may stand behind its first input, where PyTorch has it: of those that take numbers."""
        return "ids" in self.slots and "axis" in self.options()

    @cached_property
    def slots(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return (*(p.name for p in self._parameters if p.kind is not p.KEYWORD_ONLY), *self.named)

    @cached_property
    def named(self) -> tuple[str, ...]:
        """The inputs that are only given by name."""
        return tuple(p.name for p in self._parameters if p.kind is p.KEYWORD_ONLY and _is_input(p))

    @cached_property
    def optional(self) -> int:
        """How many of the last inputs may be left out."""
        return sum(p.default is None for p in self._parameters if p.kind is not p.KEYWORD_ONLY or _is_input(p))

    def __call__(self, **options: Any) -> Callable[..., Plan | Several]:
        """With its options set: a function of the inputs. Raises OpError for an option that is not what its parameter
        says."""
        for parameter in self._parameters:
            if parameter.name not in options:
                continue
            value, kinds = options[parameter.name], str(parameter.annotation).split(" | ")
            if not any(_KINDS[kind][0](value) for kind in kinds):
                what = " or ".join(_KINDS[kind][1] for kind in kinds)
                raise OpError(f"{self.name}: {parameter.name} is {what}, not {shown(value)}")
            if type(value) is int and "int" not in kinds:
                options[parameter.name] = float(value)  # as in eps=1: in a plan a number is a float
        return partial(self.plan, **options)

    def planned(self, made: Callable[..., Plan | Several], given: Mapping[str, Given]) -> Plan | Several:
        """The plan for inputs by name; of any number of them in the order in which they are there."""
        if not self.variadic:
            return made(**given)
        named = {slot: one for slot, one in given.items() if slot in self.named}
        return made(*(one for slot, one in given.items() if slot not in named), **named)

    def in_use(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The options that are others when a network is used and not trained: where there are running statistics it
        takes these."""
        if "running_mean" not in inputs:
            return {}
        return {option: False for option in ("training", "use_input_stats") if option in self.options()}

    def options(self) -> dict[str, Any]:
        """The options with their defaults."""
        return {p.name: p.default for p in self._parameters if p.kind is p.KEYWORD_ONLY and not _is_input(p)}

    def signature(self) -> str:
        """How it is called, as in `layer_norm(x, [gain], [bias], eps=1e-05)`."""
        return signature(self.name, self.slots, self.optional, self.options())

    @property
    def summary(self) -> str:
        """What it is, in one line."""
        return (self.plan.__doc__ or "").splitlines()[0]


def _is_input(parameter: inspect.Parameter) -> bool:
    return str(parameter.annotation).startswith("Given")


#: Every composite by the name that formulas use, loaded when it is first asked for.
COMPOSITES: Registry[Composite] = Registry("gradstep.engine.ops.families", r"@composite\(.*\)\ndef ")


def composite(kernel: bool = False, **words: str) -> Callable[[Callable[..., Plan | Several]], Composite]:
    """Makes a function a composite that formulas know by its name, which PyTorch has a `kernel` for or not. `words` are
    others for its inputs and options."""

    def made(plan: Callable[..., Plan | Several]) -> Composite:
        found = Composite(plan, words, kernel)
        COMPOSITES.add(found.name, found)
        return found

    return made
