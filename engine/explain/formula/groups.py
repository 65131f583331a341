"""The equation of an element that is made of a group of others: of what is normalised together, or under a window."""

from __future__ import annotations

from gradstep.engine.explain.formula.equation import WRITTEN_OUT, Parts, divided, fill, number_at
from gradstep.engine.explain.formula.running import Member, indexed, running
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.index import Grid
from gradstep.engine.run.recording import Recording


def group(recording: Recording, node: Node, flat: int) -> tuple[str, Parts]:
    """p₁ = exp(z₁) / Σᵢ exp(z[i]), m = max(x₁, x₂): the right side, and with numbers where it is written out."""
    board, (x,), value = recording.board, recording.trace.inputs(node), node.inputs[0]
    grid = recording.trace.row(node, 0, flat).grid
    assert isinstance(grid, Grid), "a group lies along axes"
    template = divided(node, node.op.valued(node.op.each, x.dtype), [x.shape], flat)
    if "{0}" not in template and grid.size <= WRITTEN_OUT and _together(template):
        return _written_out(recording, value, grid, template)
    found = running(board, [Member(value, grid)])
    if found is None:
        return node.op.written([board.whole(value)], x.dtype), ()
    own = indexed(board, Element(value, flat)) if "{0}" in template else ""
    return template.format(own, each=found.names[0], over=found.over) + found.ranges, ()


#: What stands between elements that are added up or multiplied, by the sign for all of them, and what none make.
_JOINED = {"Σ": (" + ", "0"), "Π": (" × ", "1")}


def _together(template: str) -> bool:
    """Whether a template is a sum, a product or a function of the elements one by one."""
    function = template.partition("{over}")[0]
    return function in _JOINED or function in ("max", "min")


def _written_out(recording: Recording, value: int, grid: Grid, template: str) -> tuple[str, Parts]:
    """max(x₁, x₂), or x₁/4 + x₂/4; of one number itself, of none 0 or 1."""
    flats = grid.take(0, grid.size).tolist()
    function, _, each = template.partition("{over} ")
    names = [recording.board.element(value, at) for at in flats]
    values = [number_at(recording, value, at) for at in flats]
    places = [each.replace("{each}", f"{{{k}}}") for k in range(len(flats))]
    if function in _JOINED:
        between, none = _JOINED[function]
        text = between.join(places) or none
    else:
        text = f"{function}({', '.join(places)})" if len(flats) > 1 else places[0]
    return text.format(*names), fill(text, values)
