"""Elements that are chosen by numbers: parts along an axis, and single ones."""

from __future__ import annotations

from math import prod

from gradstep.engine.errors import OpError
from gradstep.engine.ops.composite import Given, Part, Plan, composite
from gradstep.engine.ops.families.indexing import Embedding
from gradstep.engine.ops.families.shape import Reshape, Transpose
from gradstep.engine.ops.shapes import normal_axes, shape_text


@composite(index="ids")
def index_select(x: Given, ids: Given, *, axis: int = 0) -> Plan:
    """The parts of x along an axis whose numbers `ids` has, from 0 on, as rows of a table."""
    if len(ids.shape) > 1:
        raise OpError(f"index_select: ids are a row of numbers, but they are {shape_text(ids.shape)}")
    if not x.shape:
        raise OpError("index_select: a single number has no axis to choose along")
    (at,) = normal_axes("index_select", axis, len(x.shape))
    order = (at, *(k for k in range(len(x.shape)) if k != at))
    rest = tuple(x.shape[k] for k in order[1:])
    table = Part("table", (Reshape((x.shape[at], prod(rest))), [(Transpose(order), [x])]))
    chosen: Plan = (Embedding(), [table, ids])
    rows: Plan = (Reshape((prod(ids.shape), *rest)), [chosen])
    return (Transpose(tuple(order.index(k) for k in range(len(order)))), [rows])


@composite(index="ids")
def take(x: Given, ids: Given) -> Plan:
    """The elements of x at places counted in C order from 0 on."""
    table = Part("table", (Reshape((prod(x.shape), 1)), [x]))
    return (Reshape(ids.shape), [(Embedding(), [table, ids])])
