"""How boxes are drawn, from roomy to tight, and how much room they take."""

from __future__ import annotations

from typing import NamedTuple

from gradstep.tui.network.diagram import Diagram, Unit


class Form(NamedTuple):
    """How boxes are drawn. `box` is the width of a computed unit's, `given` of an input's, `loss` of
    the loss's. `label` is the room for an edge's numbers. `frame`: 2 lines of a full box, 1 for
    its upper line only, 0 for a unit in a single line. `stacked` puts gradients under the values."""

    name: str
    box: int
    given: int
    loss: int
    label: int
    frame: int
    spare: int
    plain: int = 5
    stacked: bool = False


#: From roomy to tight; the first that fits is taken. `spare` is how much of a gap an edge with
#: a label needs, `plain` one without.
FORMS = (
    Form("wide", 20, 9, 12, 14, 2, 10),
    Form("mid", 20, 9, 10, 7, 2, 8),
    Form("narrow", 16, 8, 8, 7, 2, 4, plain=4),
    Form("tall", 9, 8, 8, 7, 2, 4, plain=4, stacked=True),
    Form("open", 16, 8, 8, 7, 1, 4, plain=4),
    Form("line", 20, 14, 12, 7, 0, 4, plain=4),
    Form("bare", 20, 14, 12, 0, 0, 2, plain=4),
)


def box_height(diagram: Diagram, form: Form, unit: Unit) -> int:
    """Lines of a unit's box."""
    if form.frame == 0:
        return 1
    if unit.value == diagram.loss:
        return form.frame + 1 + bool(diagram.targets)
    values = (unit.pre, unit.value) if unit.pre >= 0 else (unit.value,)
    graph = diagram.graph
    return form.frame + sum(1 + (form.stacked and graph.gets_gradient(graph.values[v])) for v in values)


def box_width(diagram: Diagram, form: Form, unit: Unit) -> int:
    """Cells of a unit's box."""
    if unit.value == diagram.loss:
        return form.loss
    if diagram.layers[unit.layer].node < 0 and not diagram.graph.values[unit.value].differentiable:
        return form.given
    return form.box


def column_width(diagram: Diagram, form: Form, column: int) -> int:
    """The widest box of a column."""
    return max(box_width(diagram, form, diagram.units[u]) for u in diagram.columns[column])


def gap(diagram: Diagram, form: Form, column: int) -> int:
    """The least room before a column."""
    edges = diagram.edges
    labelled = any(edges.all[e].weight is not None for u in diagram.columns[column] for e in edges.incoming[u])
    return form.label + 2 + form.spare if labelled else form.plain


def _need(diagram: Diagram, form: Form, columns: tuple[int, ...]) -> int:
    return sum(column_width(diagram, form, c) for c in columns) + sum(gap(diagram, form, c) for c in columns[1:]) + 2


def _tall(diagram: Diagram, form: Form) -> int:
    return max(sum(box_height(diagram, form, diagram.units[u]) for u in column) for column in diagram.columns)


def form_for(diagram: Diagram, width: int, height: int) -> tuple[Form, bool]:
    """The largest form in which all fits; else the one that shows most columns, and False."""
    columns = tuple(range(len(diagram.columns)))
    for form in FORMS:
        if _need(diagram, form, columns) <= width and _tall(diagram, form) <= height:
            return form, True
    low = [form for form in FORMS[2:] if _tall(diagram, form) <= height] or [FORMS[-1]]
    return max(low, key=lambda form: len(window(diagram, form, width, 0))), False


def window(diagram: Diagram, form: Form, width: int, focus: int) -> tuple[int, ...]:
    """As many columns around the focus as there is room for."""
    middle = diagram.units[focus].column if 0 <= focus < len(diagram.units) else 0
    first = last = middle
    while True:
        for low, high in ((first, last + 1), (first - 1, last)):
            inside = low >= 0 and high < len(diagram.columns)
            if inside and _need(diagram, form, tuple(range(low, high + 1))) <= width - 4:
                first, last = low, high
                break
        else:
            return tuple(range(first, last + 1))
