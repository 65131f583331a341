"""The types of values: which of them are others than that of the graph, whole numbers and truths among them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from gradstep.engine.errors import OpError
from gradstep.engine.graph.graph import Role, Value
from gradstep.engine.ops.narrow import narrow, of_kind
from gradstep.engine.ops.op import BOUNDED, COUNTED, KEPT, RECKONED, Op, type_giving
from gradstep.engine.ops.precision import EPS
from gradstep.engine.ops.promotion import is_whole, result

_ORDER = list(EPS)
#: What PyTorch refuses of truths, and what is meant instead.
_NO_TRUTHS = {
    "negative": "a truth has no sign; its opposite is written x == 0",
    "subtract": "truths are not subtracted; where just one of two holds is written a != b",
    **dict.fromkeys(
        ("floor_divide", "trunc_divide", "remainder", "fmod"), "truths have no quotient; cast one of them to int64"
    ),
}


def kind_of(op: Op, inputs: Sequence[Value], own: str, given: str | None = None, mixes: bool = False) -> str:
    """The type of what an operation makes, empty where it is the graph's `own`; of numbers that are not whole a `given`
    one. Raises OpError where a weighted sum has several types, as in PyTorch, unless it `mixes` them; where truths are
    subtracted; and for a cast to what the graph cannot hold."""
    to = op.rounds_to
    if to:
        if not is_whole(to) and _ORDER.index(to) > _ORDER.index(own):
            raise OpError(f'cast: the file computes in {own}, which holds no {to}; write dtype = "{to}" at its top')
        return "" if to == own else to
    if given is not None and all(inputs[slot].role is Role.LITERAL for slot in type_giving(op, len(inputs))):
        return given  # numbers of a plan are of any type
    found = _natural(op, inputs, own, given is None and not mixes)
    if found == "bool" and op.name in _NO_TRUTHS:
        raise OpError(f"{op.name}: {_NO_TRUTHS[op.name]}")
    return found if given is None or is_whole(found) else given


def _natural(op: Op, inputs: Sequence[Value], own: str, alone: bool) -> str:
    """The type that follows from those of the inputs. What is not `alone` but a part of a composite computes on its way
    in the graph's own type, of which its inputs need not be (`Expansion` looks at what the call is given)."""
    if is_whole(op.of_whole):
        return op.of_whole
    if op.contracts and alone:
        check_alike(op, inputs, own)
    if not any(value.kind for value in inputs):
        return ""
    found = joint_kind([inputs[slot] for slot in type_giving(op, len(inputs))], own)
    if not is_whole(found):
        return found
    if op.of_whole == BOUNDED:
        return result([found], (), ["int64"])
    return found if op.of_whole in (KEPT, RECKONED) else "int64" if op.of_whole == COUNTED else ""


def joint_kind(inputs: Sequence[Value], own: str) -> str:
    """The type of what is computed from values, empty where it is the graph's `own`: as torch.result_type has it for
    arrays, for those without axes, and for numbers that stand in a formula."""
    kinds: tuple[list[str], list[str], list[str]] = [], [], []
    for value in inputs:
        kinds[2 if value.role is Role.LITERAL else 0 if value.shape else 1].append(value.kind or own)
    found = result(*kinds)
    return "" if found == own else found


def check_alike(op: Op, inputs: Sequence[Value], own: str) -> None:
    """Raises OpError where what takes part in a weighted sum is of several types, as PyTorch does."""
    given = [value for value in inputs if value.role is not Role.LITERAL and not is_whole(value.kind)]
    for first, other in pairwise(given):
        if other.kind != first.kind:
            narrow, wide = (first, other) if first.kind else (other, first)
            raise OpError(
                f"{op.name}: {first.name} is of {first.kind or own} and {other.name} of {other.kind or own}; cast one "
                f'of them, as in cast({wide.name}, "{narrow.kind}")'
            )


def rounding(op: Op, made: str, inputs: Sequence[Value]) -> Op:
    """The operation as it is for inputs of these types, where it makes numbers of a type."""
    taken = [value.narrow for value in inputs]
    if is_whole(made) and op.of_whole not in (RECKONED, COUNTED) and not any(value.differentiable for value in inputs):
        made = ""  # it makes none that the type does not hold, and there is no gradient that it could pass on
    return of_kind(op, taken[0]) if op.rounds_to else narrow(op, made, taken)
