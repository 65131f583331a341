"""Where the numbers in one input say which elements of another are read: table[ids₁,0], and p[i,t[i]] for all i."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradstep.engine.explain.formula.equation import WRITTEN_OUT, Num, Parts, divided, number_at
from gradstep.engine.explain.formula.running import Member, running
from gradstep.engine.graph.graph import Node
from gradstep.engine.index import Array, Grid, unravel
from gradstep.engine.notation import brief
from gradstep.engine.ops.loss import Picking, Picks
from gradstep.engine.ops.windows import steps
from gradstep.engine.run.recording import Recording


def looked_up(recording: Recording, node: Node, flat: int) -> tuple[str, Parts]:
    """The right side for the output[flat] of a node that looks up, and the same with numbers put in."""
    return (_scores if node.op.reduces else _row)(recording, node, flat)


def _row(recording: Recording, node: Node, flat: int) -> tuple[str, Parts]:
    """One number of a row of a table."""
    board, (table, ids) = recording.board, node.inputs
    place, column = divmod(flat, recording.graph.values[table].shape[1])
    number = number_at(recording, node.output, flat)._replace(parens=False)
    return f"{board.whole(table)}[{board.element(ids, place)},{column}]", (number,)


def _scores(recording: Recording, node: Node, flat: int) -> tuple[str, Parts]:
    """Of each row of scores the one that its class number picks, added up; of an output for each row that one."""
    assert isinstance(node.op, Picking), "it reduces, and looks up"
    picks, one = node.op.picks(recording.trace.inputs(node)), recording.graph.values[node.output].size > 1
    rows = [row for row in ([flat] if one else range(len(picks.numbers))) if picks.numbers[row] >= 0]
    if not rows:
        return ("0 / 0" if "/" in picks.term else "0"), ()
    text, numbers = _picked(recording, node, picks, rows)
    if picks.each:
        text, numbers = f"{text} − {_every(recording, node, picks, rows if one else []).removeprefix('−')}", ()
    return text, numbers


def _picked(recording: Recording, node: Node, picks: Picks, kept: Sequence[int]) -> tuple[str, Parts]:
    """What the class numbers of some rows pick."""
    board, (scores, classes, *weight), xs = recording.board, node.inputs, recording.trace.inputs(node)
    axis, template = picks.axis, divided(node, picks.term, [x.shape for x in xs])
    shape = (*xs[0].shape[:axis], *xs[0].shape[axis + 1 :])

    def named(index: Sequence[str], of: str) -> str:
        name = f"{board.whole(scores)}[{','.join([*index[:axis], of, *index[axis:]])}]"
        return template.format(name, "", f"{board.whole(weight[0])}[{of}]" if weight else "")

    if len(kept) > WRITTEN_OUT:
        found = running(board, [Member(classes, Grid(0, shape, steps(shape)))])
        if found is None:
            return node.op.written([board.whole(v) for v in node.inputs], xs[0].dtype), ()
        letters = found.names[0][found.names[0].index("[") + 1 : -1].split(",")
        text = f"−Σ{found.over} {named(letters, found.names[0])[1:]}"
        return text + _where(picks, xs[1], found.names[0]), ()
    names, numbers = [], list[str | Num]()
    table = np.moveaxis(xs[0], axis, -1).reshape(-1, xs[0].shape[axis])
    for row in kept:
        names.append(named([*map(str, unravel(row, shape))], board.element(classes, row)))
        value = float(table[row, picks.numbers[row]])
        before, after = template.split("{0}")
        numbers += [f" {before} " if numbers else before, Num(value, False, value < 0), after]
    text = " ".join(f"{'− ' if k else '−'}{name[1:]}" for k, name in enumerate(names))
    return text, () if weight else tuple(part for part in numbers if part != "")


def _every(recording: Recording, node: Node, picks: Picks, only: Sequence[int]) -> str:
    """What all classes add, of all rows that count or of `only` one."""
    board, (scores, classes, *weight), xs = recording.board, node.inputs, recording.trace.inputs(node)
    axis, along, size = picks.axis, steps(xs[0].shape), xs[0].shape[picks.axis]
    rows = (*xs[0].shape[:axis], *xs[0].shape[axis + 1 :])
    strides, start = (*along[:axis], *along[axis + 1 :]), 0
    of = steps(rows)
    if only:
        start = sum(i * step for i, step in zip(unravel(only[0], rows), strides, strict=True))
        rows, strides, of = (), (), ()
    grids = [Grid(start, (*rows, size), (*strides, along[axis])), Grid(only[0] if only else 0, (*rows, size), (*of, 0))]
    grids += [Grid(0, (*rows, size), (*(0 for _ in rows), 1))] * len(weight)
    found = running(board, [Member(v, grid) for v, grid in zip((scores, classes, *weight), grids, strict=True)])
    if found is None:
        return node.op.written([board.whole(v) for v in node.inputs], xs[0].dtype)
    template = divided(node, picks.each, [x.shape for x in xs])
    text = f"−Σ{found.over} {template.format(*found.names, *[''] * (3 - len(found.names)))[1:]}{found.ranges}"
    return text + ("" if only else _where(picks, xs[1], found.names[1]))


def _where(picks: Picks, classes: Array, name: str) -> str:
    """That only rows are meant which count, if there are others."""
    ignored = np.flatnonzero(picks.numbers < 0)
    return f" (where {name} ≠ {brief(classes.item(int(ignored[0])))})" if len(ignored) else ""
