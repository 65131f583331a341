"""A small network of one operation, as a scenario file has it: to be saved, opened and stepped through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.composite import After, Composite, Given, Part, Plan, Several
from gradstep.engine.ops.op import Op

#: Shapes that are tried, the plainest first.
_SHAPES: tuple[Shape, ...] = (
    (3,),
    (2, 3),
    (2,),
    (4,),
    (),
    (2, 4, 4),
    (3, 4, 4),
    (2, 2, 2, 2),
    (2, 2, 2, 2, 1),
    (4, 2, 2),
)
#: Options with which an operation does something.
_SAID: Mapping[str, Mapping[str, Any]] = {
    "clip": {"min": 0.3},
    "tile": {"reps": (2, 1)},
    "expand": {"to": (2, 3)},
    "repeat_interleave": {"repeats": 2},
    "interpolate": {"scale_factor": 2},
    "pad": {"pad": (1, 2)},
    "affine_grid": {"size": (1, 1, 2, 2)},
}
#: Inputs of composites that are numbers of classes, whatever they are called.
_WHOLE = {("t", "multi_margin"), ("t", "multilabel_margin")}


def _recurrent(gates: int, over_time: bool) -> Mapping[str, Shape]:
    """Two units and inputs of width 2, three time steps or one; weights and biases."""
    state = {} if over_time else {"h": (2,), **({"c": (2,)} if gates == 4 else {})}
    weights: dict[str, Shape] = {
        "w_ih": (2 * gates, 2),
        "w_hh": (2 * gates, 2),
        "b_ih": (2 * gates,),
        "b_hh": (2 * gates,),
    }
    return {"x": (3, 2) if over_time else (2,), **state, **weights}


#: What takes matrices, of which some are to be symmetric, with eigenvalues above 0.
_OF_MATRICES = ("inv", "det", "logabsdet", "slogdet", "logdet", "cholesky", "eigenvectors", "eigh")
_MATRIX = [[2.0, 0.5], [0.5, 1.0]]

#: Inputs of what takes too many for trying.
_INPUTS: Mapping[str, Mapping[str, Shape]] = {
    "grid_sample": {"x": (1, 1, 3, 3), "grid": (1, 1, 2, 2)},
    "affine_grid": {"theta": (1, 2, 3)},
    **{name: {"x": (2, 2)} for name in _OF_MATRICES},
    "solve": {"a": (2, 2), "b": (2, 1)},
    "solve_triangular": {"a": (2, 2), "b": (2, 1)},
    "cholesky_solve": {"b": (2, 1), "a": (2, 2)},
    "ctc_loss": {"log_probs": (4, 1, 3), "targets": (1, 2)},
    "ctc_paths": {"log_probs": (4, 1, 3), "targets": (1, 2), "input_lengths": (1,), "target_lengths": (1,)},
    **{
        f"{name}{'' if over_time else '_cell'}": _recurrent(gates, over_time)
        for name, gates in (("rnn", 1), ("gru", 3), ("lstm", 4))
        for over_time in (True, False)
    },
}
#: Numbers of inputs that are no free ones, by their names.
_GIVEN: Mapping[str, Sequence[Any]] = {"targets": [[1, 2]], "input_lengths": [4], "target_lengths": [2]}


def example(called: type[Op] | Composite) -> Iterator[str]:
    """The lines of a scenario in which an operation is applied to a few numbers. None where no numbers suit."""
    for slots, shapes in _candidates(called):
        numbers = _numbers(called, slots, shapes)
        if numbers is None:
            continue
        leaves = [f"{slot} = {x.tolist()}" for slot, x in zip(slots, numbers, strict=True)]
        yield from ("format = 1", f'title = "{called.name}"', 'loss = "L"')
        if len(leaves) > 1:
            yield from ("[inputs]", *leaves[1:])
        yield from ("[parameters]", leaves[0], "[graph]")
        said = (f"{name}={value}" for name, value in _SAID.get(called.name, {}).items())
        yield f'made = "{called.name}({", ".join([*slots, *said])}){_first(called, shapes)}"'
        yield 'L = "sum(made)"'
        return


def _candidates(called: type[Op] | Composite) -> Iterator[tuple[Sequence[str], Sequence[Shape]]]:
    """What inputs may be tried, by name, and of what shapes."""
    if called.name in _INPUTS:
        yield tuple(_INPUTS[called.name]), tuple(_INPUTS[called.name].values())
        return
    slots = called.slots[: len(called.slots) - called.optional]
    yield from ((slots, shapes) for shapes in product(_SHAPES, repeat=len(slots)))


def _numbers(called: type[Op] | Composite, slots: Sequence[str], shapes: Sequence[Shape]) -> list[Array] | None:
    """Numbers of these shapes that suit an operation, if any do."""
    made: Any = called(**_SAID.get(called.name, {}))
    try:
        if isinstance(made, Op):
            made.shape(shapes)
        elif isinstance(called, Composite):
            _shape(_plan(called, shapes))
    except OpError:
        return None
    low = 1.2 if called.name == "acosh" else 0.2
    found = []
    for slot, shape in enumerate(shapes):
        size = prod(shape)
        x = np.round(low + 0.7 * (np.arange(size) * 5 % max(size, 1)) / max(size, 1) - 0.05 * slot, 3).reshape(shape)
        whole = np.asarray(np.arange(size) % 2, dtype=float).reshape(shape)
        whole_only = slots[slot] == "ids" or (slots[slot], called.name) in _WHOLE
        given = _MATRIX if called.name in _OF_MATRICES else _GIVEN.get(slots[slot])
        for numbers in (np.array(given, float),) if given else (whole,) if whole_only else (x, whole):
            try:
                if isinstance(made, Op):
                    made.check(slot, numbers, shapes)
                found.append(numbers)
                break
            except OpError:
                continue
    return found if len(found) == len(shapes) else None


def _plan(called: Composite, shapes: Sequence[Shape]) -> Plan | Several:
    """What a composite expands into for inputs of these shapes. Raises OpError where they do not fit."""
    slots = called.slots if called.name not in _INPUTS else tuple(_INPUTS[called.name])
    given = [Given(slot, shape) for slot, shape in zip(slots, shapes, strict=False)]
    return called(**_SAID.get(called.name, {}))(*given)


def _first(called: type[Op] | Composite, shapes: Sequence[Shape]) -> str:
    """How the first of several results is taken."""
    return "[0]" if isinstance(called, Composite) and isinstance(_plan(called, shapes), Several) else ""


def _shape(plan: Plan | Several) -> Shape:
    """The shape of what a plan makes, the first of several. Raises OpError where shapes do not fit."""
    if isinstance(plan, Several):
        return _shape(plan.plans[0])
    if isinstance(plan, Given):
        return plan.shape
    if isinstance(plan, float):
        return ()
    if isinstance(plan, Part | After):
        return _shape(plan.plan)
    op, parts = plan
    return op.shape([_shape(part) for part in parts])
