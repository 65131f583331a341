"""Elements that numbers choose."""

from __future__ import annotations

import numpy as np

from gradstep.onnx.formulas.table import TABLE, Called, Made, Unwritable, op


@op("Gather")
def _gather(c: Called) -> Made:
    axis = c.get("axis", 0) % len(c.shape())
    return f"{c[0]}[{', '.join([':'] * axis + [c[1].strip('()')])}]"  # a number may stand in brackets of its own


TABLE["GatherElements"] = lambda c: f"gather({c[0]}, {c[1]}, axis={c.get('axis', 0)})"


@op("ScatterElements", "Scatter")
def _scatter(c: Called) -> Made:
    how, axis = c.get("reduction", "none"), c.get("axis", 0)
    if how == "none":
        return f"scatter({c[0]}, {c[1]}, {c[2]}, axis={axis})"
    ours = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}[how]
    return f"scatter_reduce({c[0]}, {c[1]}, {c[2]}, axis={axis}, reduce='{ours}')"


def _columns(c: Called) -> list[str]:
    """The index of each axis, taken from the last axis of an array of indices."""
    return [f"{c[1]}[..., {k}]" for k in range(c.shape(1)[-1])]


@op("GatherND")
def _gather_nd(c: Called) -> Made:
    if c.get("batch_dims", 0):
        raise Unwritable("GatherND: batch_dims")
    return f"{c[0]}[{', '.join(_columns(c))}]"


@op("ScatterND")
def _scatter_nd(c: Called) -> Made:
    how = c.get("reduction", "none")
    if how not in ("none", "add"):
        raise Unwritable(f"ScatterND: reduction {how}")
    return f"index_put({c[0]}, {c[2]}, {', '.join(_columns(c))}, accumulate={how == 'add'})"


@op("Compress")
def _compress(c: Called) -> Made:
    keep = [k for k, on in enumerate(np.asarray(c.array(1)).reshape(-1)) if on]
    axis = c.get("axis")
    if axis is None:
        return f"reshape({c[0]}, (-1,))[{keep}]"
    return f"{c[0]}[{', '.join([':'] * (axis % len(c.shape())) + [str(keep)])}]"


@op("OneHot")
def _one_hot(c: Called) -> Made:
    depth, axis = int(np.asarray(c.array(1)).item()), c.get("axis", -1)
    count = len(c.shape()) + 1
    axis %= count
    wide = (*c.shape()[:axis], 1, *c.shape()[axis:])
    classes = f"reshape(cumsum(expand(1, ({depth},)), 0) - 1, {tuple(depth if a == axis else 1 for a in range(count))})"
    ids = f"remainder(reshape({c[0]}, {wide}), {depth})"
    return f"where({ids} == {classes}, {c[2]}[1], {c[2]}[0])"
