"""The types of values: which of them are narrower than that of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from gradstep.engine.errors import OpError
from gradstep.engine.graph.graph import Role, Value
from gradstep.engine.ops.narrow import narrow, of_kind
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.precision import EPS, joint

_ORDER = list(EPS)


def kind_of(op: Op, inputs: Sequence[Value], own: str) -> str:
    """The type of what an operation makes, empty where it is the graph's `own`. Raises OpError where a weighted sum
    mixes types, as PyTorch does, and for a cast to what the graph cannot hold."""
    to = op.rounds_to
    if to:
        if _ORDER.index(to) > _ORDER.index(own):
            raise OpError(f'cast: the file computes in {own}, which holds no {to}; write dtype = "{to}" at its top')
        return "" if to == own else to
    if op.contracts:
        _check_alike(op, inputs, own)
    return joint_kind(inputs, own)


def joint_kind(inputs: Sequence[Value], own: str) -> str:
    """The type of what is computed from values, empty where it is the graph's `own`: of several the widest. Numbers of
    a formula do not count, and those without axes only where there is no other: as torch.result_type."""
    values = [value for value in inputs if value.role is not Role.LITERAL]
    if not any(value.kind for value in values):
        return ""
    found = joint(value.kind or own for value in [v for v in values if v.shape] or values)
    return "" if found == own else found


def _check_alike(op: Op, values: Sequence[Value], own: str) -> None:
    given = [value for value in values if value.role is not Role.LITERAL]
    for first, other in pairwise(given):
        if other.kind != first.kind:
            narrow, wide = (first, other) if first.kind else (other, first)
            raise OpError(
                f"{op.name}: {first.name} is of {first.kind or own} and {other.name} of {other.kind or own}; cast one "
                f'of them, as in cast({wide.name}, "{narrow.kind}")'
            )


def rounding(op: Op, made: str, inputs: Sequence[Value]) -> Op:
    """The operation as it is for inputs of these types, where it makes numbers of a type."""
    taken = [value.kind for value in inputs]
    return of_kind(op, taken[0]) if op.rounds_to else narrow(op, made, taken)
