"""What reads elements by numbers that are data, and adds to them."""

from __future__ import annotations

import math

import numpy as np
import torch

from gradstep.torch.formulas.table import Unwritten, Writer, listed, operation, outputs, shape_of
from gradstep.torch.seen import Called, Ref


@operation("embedding")
def _embedding(call: Called, write: Writer) -> str:
    table, ids = call.args[:2]
    padding = call.option("padding_idx", -1)
    if call.option("scale_grad_by_freq", False):
        raise Unwritten("gradients that are divided by how often a row is read")
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


@operation("scatter_add", "index_add", "scatter", "_unsafe_index")
def _scattered(call: Called, write: Writer) -> str:
    name = call.name.partition(".")[0].rstrip("_")
    if name not in ("scatter_add", "index_add") or not all(isinstance(a, Ref) for a in (call.args[0], *call.args[2:4])):
        raise Unwritten(f"there is no formula for this {name}")
    x, axis, ids, values = call.args[:4]
    return f"{name}({write(x)}, {write(ids)}, {write(values)}, axis={int(axis)})"


@operation("index_put", "_index_put_impl")
def _index_put(call: Called, write: Writer) -> str:
    """The elements that an index picks become others, or these are added: by their places, counted in C order."""
    x, by, values = call.args[:3]
    shape = shape_of(x)
    where = tuple(slice(None) if one is None else one.seen.data().cpu() for one in by)
    picked = torch.arange(math.prod(shape)).reshape(shape)[where]
    adds = bool(call.option("accumulate", False))
    if not adds and len(set(picked.reshape(-1).tolist())) < picked.numel():
        raise Unwritten("several numbers for one place, of which one stays")
    flat, ids = f"reshape({write(x)}, ({math.prod(shape)},))", write.constant(picked.reshape(-1), "places")
    new = f"reshape(expand({write(values)}, {listed(picked.shape)}), ({picked.numel()},))"
    if shape_of(values) == () and not adds:  # it may be written as a number
        there = torch.zeros(math.prod(shape), dtype=torch.bool)
        there[picked.reshape(-1)] = True
        return f"where({write.constant(there.reshape(shape), 'written')}, {write(values)}, {write(x)})"
    return f"reshape({'scatter_add' if adds else 'scatter'}({flat}, {ids}, {new}, axis=0), {listed(shape)})"


@operation("_embedding_bag", "_embedding_bag_forward_only")
def _embedding_bag(call: Called, write: Writer) -> list[str | None]:
    table, ids, offsets = call.args[:3]
    mode = ("sum", "mean", "max")[int(call.option("mode", 0))]
    weights, padding = call.option("per_sample_weights"), int(call.option("padding_idx", -1))
    options = [f"mode={mode!r}", *(["include_last_offset=True"] if call.option("include_last_offset") else [])]
    options += [f"padding_idx={padding}"] if padding >= 0 else []
    given = [table, ids, offsets, *([weights] if weights is not None else [])]
    return [f"embedding_bag({', '.join([*map(write, given), *options])})", None, None, None]


@operation("diagonal", "diagonal_copy")
def _diagonal(call: Called, write: Writer) -> str:
    offset, axes = int(call.option("offset", 0)), len(shape_of(call.args[0]))
    first, second = (int(call.option(name, k)) % axes for k, name in enumerate(("dim1", "dim2")))
    return f"diagonal({write(call.args[0])}, offset={offset}, axis1={first}, axis2={second})"


@operation("diag_embed")
def _diag_embed(call: Called, write: Writer) -> str:
    axes = len(shape_of(call.args[0])) + 1
    first, second = (int(call.option(name, k)) % axes for name, k in (("dim1", -2), ("dim2", -1)))
    return f"diag_embed({write(call.args[0])}, offset={int(call.option('offset', 0))}, axis1={first}, axis2={second})"


@operation("scatter_reduce")
def _scatter_reduce(call: Called, write: Writer) -> str:
    x, axis, ids, values, how = call.args[:5]
    return (
        f"scatter_reduce({write(x)}, {write(ids)}, {write(values)}, axis={int(axis)}, reduce={how!r}, "
        f"include_self={bool(call.option('include_self', True))})"
    )


@operation("as_strided")
def _as_strided(call: Called, write: Writer) -> str:
    """A view by steps through memory: where each of its numbers stands in what it is of."""
    whole, made = call.args[0].seen.tensor, outputs(call)[0]
    count = whole.untyped_storage().nbytes() // max(whole.element_size(), 1)
    stored = torch.full((count,), -1, dtype=torch.long)
    stored.as_strided(whole.shape, whole.stride(), whole.storage_offset()).copy_(
        torch.arange(whole.numel()).reshape(whole.shape)
    )
    offset = call.option("storage_offset")
    places = stored.as_strided(made, call.args[2], whole.storage_offset() if offset is None else offset)
    if bool((places < 0).any()):
        raise Unwritten("a view of more than its whole")
    return f"reshape(take({write(call.args[0])}, {write.constant(places.reshape(-1), 'places')}), {listed(made)})"


@operation("masked_select")
def _masked_select(call: Called, write: Writer) -> str:
    shape = np.broadcast_shapes(shape_of(call.args[0]), shape_of(call.args[1]))
    picked = call.args[1].seen.data().cpu().expand(shape).reshape(-1).nonzero().reshape(-1)
    whole = f"expand({write(call.args[0])}, {listed(shape)})"
    return f"reshape(take({whole}, {write.constant(picked, 'places')}), {listed(picked.shape)})"


@operation("index_fill")
def _index_fill(call: Called, write: Writer) -> str:
    """Written as a choice: which places are filled is data."""
    shape, axis = shape_of(call.args[0]), int(call.args[1])
    filled = torch.zeros(shape, dtype=torch.bool).index_fill_(axis, call.args[2].seen.data().cpu(), True)
    return f"where({write.constant(filled, 'filled')}, {write(call.args[3])}, {write(call.args[0])})"
