"""Where the numbers in one input say which elements of another are read: table[ids₁,0], and p[i,t[i]] for all i."""

from __future__ import annotations

from gradstep.engine.explain.formula.equation import WRITTEN_OUT, Num, Parts, divided
from gradstep.engine.explain.formula.running import Member, running
from gradstep.engine.graph.graph import Node
from gradstep.engine.index import Grid, unravel
from gradstep.engine.ops.windows import steps
from gradstep.engine.run.recording import Recording


def looked_up(recording: Recording, node: Node, flat: int) -> tuple[str, Parts]:
    """The right side for the output[flat] of a node that looks up, and the same with numbers put in."""
    return (_scores if node.op.reduces else _row)(recording, node, flat)


def _row(recording: Recording, node: Node, flat: int) -> tuple[str, Parts]:
    """One number of a row of a table."""
    board, (table, ids) = recording.board, node.inputs
    place, column = divmod(flat, recording.graph.values[table].shape[1])
    number = recording.trace.data[node.output].item(flat)
    return f"{board.whole(table)}[{board.element(ids, place)},{column}]", (Num(number, False),)


def _scores(recording: Recording, node: Node, flat: int) -> tuple[str, Parts]:
    """Of each row of scores the one that its class number picks, added up."""
    board, (scores, classes), xs = recording.board, node.inputs, recording.trace.inputs(node)
    *rows, _ = xs[0].shape
    count = xs[1].size
    template = divided(node, node.op.term.replace("{1} × ", ""), [x.shape for x in xs])
    names, numbers = [], list[str | Num]()
    for row in range(count if count <= WRITTEN_OUT else 0):
        index = [*map(str, unravel(row, tuple(rows))), board.element(classes, row)]
        names.append(f"{board.whole(scores)}[{','.join(index)}]")
        value = xs[0].reshape(-1, xs[0].shape[-1])[row, int(xs[1].reshape(-1)[row])]
        before, after = template.split("{0}")
        numbers += [f" {before} " if row else before, Num(float(value), False, value < 0), after]
    if names:
        text = " ".join(f"{'− ' if k else '−'}{template[1:].format(name)}" for k, name in enumerate(names))
        return text, tuple(part for part in numbers if part != "")
    found = running(board, [Member(classes, Grid(0, tuple(rows), steps(tuple(rows))))])
    if found is None or not count:
        return node.op.written([board.whole(v) for v in node.inputs], xs[0].dtype), ()
    letters = found.names[0][found.names[0].index("[") + 1 : -1]
    name = f"{board.whole(scores)}[{letters},{found.names[0]}]"
    return f"−Σ{found.over} {template[1:].format(name)}", ()
