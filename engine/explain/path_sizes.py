"""How strong the strongest path is, from the loss backwards and for whole arrays at a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as boxes
from math import inf, prod

import numpy as np

from gradstep.engine.explain.path_sums import Backward, rows, seen_through
from gradstep.engine.graph.graph import Node
from gradstep.engine.index import PIECE, Array, Indices, Shape
from gradstep.engine.ops.affine import Affine
from gradstep.engine.ops.links import Links
from gradstep.engine.ops.moving import Masked, Move
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.trace import Trace

# The size of a product is one complex number, exponent + i·mantissa with 0.5 ≤ mantissa < 1, because
# NumPy orders complex numbers as needed here: by their real parts, equal ones by their imaginary parts.
# Multiplying keeps that order up to ties, so the largest product is made of the largest of what follows.

#: The exponents that a factor of 0 and one that is not finite count as. All exponents of a path of
#: 8,000 hops together do not make up for one 0, nor that many zeros for one NaN; and sums of that
#: many are still exact.
_ZERO, _NONFINITE = -(2.0**26), 2.0**40
#: The size of the product of no factors.
ONE = 1 + 0.5j
#: From where no path leads to the loss.
_NO_PATH = complex(-inf, 0)


def size(local: Array) -> Array:
    """The sizes of factors, complex128 of their shape."""
    absolute = np.abs(local).astype(np.float64)
    mantissa, exponent = np.frexp(absolute)
    odd, zero = ~np.isfinite(absolute), absolute == 0
    exponent = np.where(odd, _NONFINITE, np.where(zero, _ZERO, exponent))
    return np.asarray(exponent + 1j * np.where(odd | zero, 0.5, mantissa))


def times(a: Array, b: Array) -> Array:
    """The sizes of products."""
    mantissa = a.imag * b.imag
    low = mantissa < 0.5
    return np.asarray((a.real + b.real - low) + 1j * (mantissa * (1 + low)))


@remembered
def sizes(recording: Recording) -> Backward:
    """The size of the strongest path from each element."""
    trace = recording.trace
    one = np.full(trace.graph.loss.shape, ONE)
    return Backward(trace, {trace.graph.loss.id: one}, _pull_sizes, np.maximum)


def _pull_sizes(trace: Trace, node: Node, slot: int, out: Array) -> Array:
    op, y, xs = node.op, trace.output(node), trace.inputs(node)
    if isinstance(op, Move):
        moved = np.array(op.vjp(slot, out, y, xs))
        moved[moved.imag == 0] = _NO_PATH
        return moved
    if isinstance(op, Masked):
        return times(size(op.slopes_at(y.shape, y.dtype)), out)
    found = np.full(xs[slot].shape, _NO_PATH)
    if isinstance(op, Affine):
        _through_box(op, slot, y, xs, out, found)
    else:
        for at, source, local in _in_pieces(rows(trace, node, slot)):
            np.maximum.at(found.reshape(-1), source, times(size(local), out.take(at)))
    return found


def _in_pieces(rows: Iterator[tuple[int, Links]]) -> Iterator[tuple[Indices, Indices, Array]]:
    """Links as arrays, many rows together: the output, the input, the local derivative."""
    ats, sources, locals_, several = [], [], [], 0
    for at, links in rows:
        n = links.grid.size
        ats.append(np.full(n, at))
        sources.append(links.grid.take(0, n))
        locals_.append(links.local(0, n))
        several += n
        if several >= PIECE:
            yield np.concatenate(ats), np.concatenate(sources), np.concatenate(locals_)
            ats, sources, locals_, several = [], [], [], 0
    if several:
        yield np.concatenate(ats), np.concatenate(sources), np.concatenate(locals_)


def _through_box(op: Affine, slot: int, y: Array, xs: list[Array], out: Array, found: Array) -> None:
    """Raises `found` to the largest, over the points that see each element, of local × out."""
    extent, operands, seen = op.space(slot, [x.shape for x in xs]).compact()
    mine = operands[slot]
    outs, ys = seen_through(out, extent, seen), seen_through(y, extent, seen)
    read = [seen_through(x, extent, s) for x, s in zip(xs, operands, strict=False)]
    into = seen_through(found, extent, mine)
    taken = tuple(a for a, s in enumerate(mine) if not s)
    scale = op.scale(prod(extent) // max(y.size, 1)) if isinstance(op, Reduce) else 1.0
    for block in _blocks(extent):
        with np.errstate(all="ignore"):
            local = np.asarray(op.local(slot, ys[block], [x[block] for x in read]), dtype=y.dtype)
            local = local if scale == 1.0 else local * scale
            best = times(size(local), outs[block]).max(axis=taken, keepdims=True)
        here = tuple(slice(0, 1) if a in taken else s for a, s in enumerate(block))
        into[here] = np.maximum(into[here], best)


def _blocks(extent: Shape) -> Iterator[tuple[slice, ...]]:
    """A box cut into blocks of at most `PIECE` points, each as long as possible on the last axes."""
    room, lengths = PIECE, []
    for n in reversed(extent):
        lengths.append(max(min(n, room), 1))
        room //= lengths[-1]
    cuts = (
        [slice(at, min(at + length, n)) for at in range(0, n, length)]
        for n, length in zip(extent, reversed(lengths), strict=True)
    )
    return boxes(*cuts)
