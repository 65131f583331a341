"""The tables of rules, and what a rule writes its formula with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import torch

from gradstep.torch.seen import Called, Ref


class Unwritten(Exception):
    """An operation that has no formula, and why."""


class Writer(Protocol):
    """Writes tensors and numbers into a formula; `instead` of what was seen something else, by its number."""

    instead: dict[int, str]

    def __call__(self, argument: Any) -> str:
        """A tensor's name, or a number. Raises Unwritten for what is neither."""

    def constant(self, tensor: torch.Tensor, name: str) -> str:
        """The name of numbers that are made up for a formula."""


Formula = str | Sequence[str | None] | None
Rule = Callable[[Called, Writer], Formula]

#: By the name of an operation beneath (without aten:: and a closing _), and of a function that the user calls.
OPERATIONS: dict[str, Rule] = {}
FUNCTIONS: dict[str, Rule] = {}


def operation(*names: str) -> Callable[[Rule], Rule]:
    """Puts a rule into the table of operations."""

    def put(rule: Rule) -> Rule:
        OPERATIONS.update(dict.fromkeys(names, rule))
        return rule

    return put


def function(*names: str) -> Callable[[Rule], Rule]:
    """Puts a rule into the table of functions."""

    def put(rule: Rule) -> Rule:
        FUNCTIONS.update(dict.fromkeys(names, rule))
        return rule

    return put


def simple(templates: dict[str, str]) -> None:
    """Puts operations into the table that are written with their first inputs in the places {0}, {1} …"""
    for name, template in templates.items():
        OPERATIONS[name] = _simple(template)


def _simple(template: str) -> Rule:
    places = sum(f"{{{k}}}" in template for k in range(4))

    def rule(call: Called, write: Writer) -> str:
        return template.format(*(write(argument) for argument in call.args[:places]))

    return rule


def shape_of(argument: Any) -> tuple[int, ...]:
    """The shape of a tensor among arguments. Raises Unwritten where it is none."""
    if not isinstance(argument, Ref):
        raise Unwritten(f"{argument!r} is no tensor")
    return argument.seen.shape


def outputs(call: Called) -> list[tuple[int, ...]]:
    """The shapes of a call's outputs."""
    return [() if one is None else one.shape for one in call.outputs]


def listed(numbers: Iterable[int]) -> str:
    """Whole numbers as a tuple."""
    found = [str(int(n)) for n in numbers]
    return f"({', '.join(found)}{',' if len(found) == 1 else ''})"


def number(value: Any) -> str:
    """A number as it is written in a formula. Raises Unwritten for anything else."""
    if isinstance(value, bool):
        return "1.0" if value else "0.0"
    if isinstance(value, int):
        return repr(value)
    if isinstance(value, float):
        return "nan" if math.isnan(value) else repr(value)
    raise Unwritten(f"{value!r} is no number")


def axis_of(axis: Any, axes: int) -> str:
    """Axes as an option: None, or a tuple of them from 0 on."""
    if axis is None or axis == []:
        return "None"
    return listed(a % max(axes, 1) for a in ([axis] if isinstance(axis, int) else axis))


def same(numbers: Sequence[int], what: str) -> int:
    """The one number that all are. Raises Unwritten where they differ."""
    if len(set(numbers)) != 1:
        raise Unwritten(f"{what} that differ: {list(numbers)}")
    return int(numbers[0])
