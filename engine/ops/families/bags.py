"""Bags of rows of a table: each row of the result is made of several rows that are looked up."""

from __future__ import annotations

from math import inf, prod

from gradstep.engine.errors import OpError
from gradstep.engine.ops.composite import Given, Part, Plan, composite
from gradstep.engine.ops.families.arithmetic import Divide, Multiply, Subtract
from gradstep.engine.ops.families.choice import Maximum, Where
from gradstep.engine.ops.families.comparison import Greater, LessEqual, NotEqual
from gradstep.engine.ops.families.cumulative import CumSum
from gradstep.engine.ops.families.indexing import Embedding
from gradstep.engine.ops.families.rearranging import Expand
from gradstep.engine.ops.families.reduction import Sum
from gradstep.engine.ops.families.scattering import IndexAdd, IndexReduce
from gradstep.engine.ops.families.shape import Reshape
from gradstep.engine.ops.families.splitting import part
from gradstep.engine.ops.shapes import shape_text


@composite(kernel=True, weight="table", input="ids")
def embedding_bag(
    table: Given,
    ids: Given,
    offsets: Given | None = None,
    per_sample_weights: Given | None = None,
    *,
    mode: str = "mean",
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Plan:
    """Rows of a table, each bag of them added up, averaged, or the largest of them taken: mode 'sum', 'mean', 'max'.

    A bag is a row of ids; or, where ids are one row, what there is from each of the `offsets` on."""
    _check(table, ids, offsets, per_sample_weights, mode)
    count, width = prod(ids.shape), table.shape[1]
    if padding_idx is not None:
        padding_idx %= max(table.shape[0], 1)
    flat: Plan = (Reshape((count,)), [ids])
    rows: Plan = (Embedding(padding_idx), [table, flat])
    counts: Plan = (Expand((count,)), [1.0]) if padding_idx is None else (NotEqual(), [flat, float(padding_idx)])
    bags, bag = _bags(ids, offsets, include_last_offset)
    column: Plan = (Reshape((count, 1)), [counts])
    if mode == "max":
        kept: Plan = (Where(), [column, rows, -inf])
        empty: Plan = (Expand((bags, width)), [-inf])
        most: Plan = Part("largest", (IndexReduce(axis=0, reduce="amax"), [empty, bag, kept]))
        return (Where(), [(Greater(), [most, -inf]), most, 0.0])
    if per_sample_weights is not None:
        rows = (Multiply(), [rows, (Reshape((count, 1)), [per_sample_weights])])
    if padding_idx is not None:
        rows = (Multiply(), [rows, column])
    total: Plan = Part("total", (IndexAdd(0), [(Expand((bags, width)), [0.0]), bag, rows]))
    if mode == "sum":
        return total
    each: Plan = (IndexAdd(0), [(Expand((bags,)), [0.0]), bag, counts])
    return (Divide(), [total, (Reshape((bags, 1)), [(Maximum(), [each, 1.0])])])


def _check(table: Given, ids: Given, offsets: Given | None, weights: Given | None, mode: str) -> None:
    """Raises OpError where these do not go together."""
    if mode not in ("sum", "mean", "max"):
        raise OpError(f"embedding_bag: mode is 'sum', 'mean' or 'max', not {mode!r}")
    if len(table.shape) != 2 or len(ids.shape) != (2 if offsets is None else 1):
        raise OpError(
            f"embedding_bag: table must be (rows, width) and ids (bags, ids), or a row with offsets, but they are "
            f"{shape_text(table.shape)} and {shape_text(ids.shape)}"
        )
    if weights is not None and (mode != "sum" or weights.shape != ids.shape):
        raise OpError("embedding_bag: per_sample_weights go with mode='sum', and have the shape of ids")


def _bags(ids: Given, offsets: Given | None, include_last: bool) -> tuple[int, Plan]:
    """How many bags there are, and in which each id is."""
    count = prod(ids.shape)
    if offsets is None:
        ends: Plan = (CumSum(0), [(Expand((ids.shape[0],)), [1.0])])
        wide: Plan = (Reshape((count,)), [(Expand(ids.shape), [(Reshape((ids.shape[0], 1)), [ends])])])
        return ids.shape[0], (Subtract(), [wide, 1.0])
    if len(offsets.shape) != 1:
        raise OpError(f"embedding_bag: offsets are a row of numbers, but they are {shape_text(offsets.shape)}")
    bags = offsets.shape[0] - include_last
    starts: Plan = part(offsets, 0, 0, bags)
    places: Plan = (Subtract(), [(CumSum(0), [(Expand((count,)), [1.0])]), 1.0])
    begun: Plan = (LessEqual(), [(Reshape((bags, 1)), [starts]), (Reshape((1, count)), [places])])
    return bags, Part("bag", (Subtract(), [(Sum(0), [begun]), 1.0]))
