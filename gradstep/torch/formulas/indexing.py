"""What reads elements by numbers that are data, and adds to them."""

from __future__ import annotations

import math

import torch

from gradstep.torch.formulas.table import Unwritten, Writer, listed, operation, outputs, shape_of
from gradstep.torch.seen import Called, Ref


@operation("embedding")
def _embedding(call: Called, write: Writer) -> str:
    table, ids = call.args[:2]
    padding = call.option("padding_idx", -1)
    more = f", padding_idx={padding}" if padding >= 0 else ""
    return f"embedding({write(table)}, {write(ids)}{more})"


@operation("gather")
def _gather(call: Called, write: Writer) -> str:
    return f"gather({write(call.args[0])}, {write(call.args[2])}, axis={int(call.args[1])})"


@operation("index_select")
def _index_select(call: Called, write: Writer) -> str:
    return f"index_select({write(call.args[0])}, {write(call.args[2])}, axis={int(call.args[1])})"


@operation("index")
def _index(call: Called, write: Writer) -> str:
    """Whatever is picked, counted in C order: found by picking from an array of places."""
    shape = shape_of(call.args[0])
    places = torch.arange(math.prod(shape)).reshape(shape)
    by = [None if one is None else one.seen.data().cpu() for one in call.args[1]]
    where = tuple(slice(None) if one is None else one for one in by)
    picked = places[where]
    if tuple(picked.shape) != outputs(call)[0]:
        raise Unwritten("an index between others that are not there")
    name = write.constant(picked.reshape(-1), "places")
    return f"reshape(take({write(call.args[0])}, {name}), {listed(picked.shape)})"


@operation("scatter_add", "index_add", "scatter", "index_put", "_unsafe_index")
def _scattered(call: Called, write: Writer) -> str:
    name = call.name.partition(".")[0].rstrip("_")
    if name not in ("scatter_add", "index_add") or not all(isinstance(a, Ref) for a in (call.args[0], *call.args[2:4])):
        raise Unwritten(name)
    x, axis, ids, values = call.args[:4]
    return f"{name}({write(x)}, {write(ids)}, {write(values)}, axis={int(axis)})"
