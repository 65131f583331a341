"""[graph]: one formula a line, and which name is the loss."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence

from gradstep.engine.errors import ExpressionError, GraphError, nearest
from gradstep.engine.files.draft import Bad, Draft, Table
from gradstep.engine.files.tables.leaves import table_of
from gradstep.engine.files.tables.names import names_of, normal, results
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.formulas import Formulas
from gradstep.engine.graph.graph import Graph
from gradstep.engine.graph.parsing import dotted, parse
from gradstep.engine.notation import amount
from gradstep.engine.run.memory import budget, needs

#: Characters of all formulas together.
MAX_LENGTH = 1 << 19


def add_lines(draft: Draft, builder: GraphBuilder, about: str = "") -> str | None:
    """Adds all lines to a graph; the name of the last one, None where there is none. Problems are `about`."""
    table = draft.table("graph")
    lines = table.said
    if not lines:
        if isinstance(draft.top.said.get("graph", {}), dict):
            draft.missing("[graph] is missing: it says how the loss is computed")
        return None
    formulas = Formulas(builder)
    later, length, last = Counter(name for key in lines for name in results(key)), 0, ""
    for key, text in lines.items():
        last = results(key)[-1]
        length += len(text) if isinstance(text, str) else 0
        if length > MAX_LENGTH:
            draft.bad(["graph", key], f"the formulas have more than {MAX_LENGTH:,} characters up to here", key=True)
            draft.stop_if_bad()
        try:
            _add_line(table, key, names_of(table, key, builder.names), formulas, later, about)
        except Bad:
            draft.broken.update(results(key))
        later.subtract(results(key))
    return last


def _add_line(
    table: Table, key: str, names: Sequence[str], formulas: Formulas, later: Mapping[str, int], about: str
) -> None:
    """Adds one line; `later` are the names of this line and of those below it. Raises Bad."""
    draft, text = table.draft, table.said[key]
    if not isinstance(text, str):
        raise table.bad(key, f"'{key}' must be a formula in quotes, as in {key} = \"relu(z)\"")
    try:
        tree = parse(text)
        used = [*_names(tree, (formulas.builder.names, later, draft.broken))]
        for word, node in used:
            if later.get(word) and word not in formulas.builder.names:
                why = "uses itself" if word in names else f"uses '{word}', which is computed further down"
                raise ExpressionError(f"'{key}' {why}; a name may be used only below its own line", node.col_offset)
        if any(word in draft.broken for word, _ in used):
            raise Bad
        formulas.add_tree(", ".join(names), tree)
    except ExpressionError as error:
        raise draft.bad([*table.path, key], f"{about}{error}", column=error.column) from None


def _names(tree: ast.expr, known: Sequence[Container[str]]) -> Iterator[tuple[str, ast.expr]]:
    """The names in a formula that one of several knows, and where they stand; what is called is none, and what is
    before a dot of one neither."""
    inside = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):  # from the outside in
        if isinstance(node, ast.Name | ast.Attribute):
            word = dotted(node)
            if id(node) not in inside and word is not None and any(word in some for some in known):
                yield word, node
                inside.add(id(node))
            if id(node) in inside and isinstance(node, ast.Attribute):
                inside.add(id(node.value))


def build(draft: Draft, builder: GraphBuilder, last: str | None, samples: int = 0) -> Graph | None:
    """The graph of all that was added, with the loss that the file names, else the `last` line. None where that
    cannot be, or takes too much memory beside the `samples` elements that batches are drawn from; then a problem says
    why."""
    loss = draft.top.said.get("loss", last)
    if loss is None:
        return None
    if not isinstance(loss, str):
        draft.bad(["loss"], "loss must be the name of a value of [graph], in quotes")
        return None
    name = normal(loss)
    if name in draft.broken:
        return None
    if name not in builder.names:
        draft.bad(["loss"], f"unknown name '{loss}'{nearest(loss, draft.table('graph').said)}")
        return None
    if draft.problems and draft.broken:
        # Where a name is broken, numbers of steps and shapes further down are not to be trusted now.
        return None
    try:
        graph = builder.build(name)
    except GraphError as error:
        draft.bad(["loss"] if "loss" in draft.top else ["graph", _key(draft, name)], str(error))
        return None
    return None if _too_large(draft, graph, samples) else graph


def place_of(draft: Draft, name: str, column: int) -> tuple[int, int]:
    """Where character number `column` of the formula of a line is written, by the name, or the names, of its values."""
    return draft.where(["graph", _key(draft, name)], column)


def _key(draft: Draft, line: str) -> str:
    """The key of a line, as the file writes it, or of the line in which that is one of the names."""
    keys = draft.table("graph").said
    return next(key for key in keys if line in (normal(key), *results(key), ", ".join(results(key))))


def _too_large(draft: Draft, graph: Graph, samples: int) -> bool:
    """Whether a run needs more memory than there is; nothing is taken before that is known. `samples` are elements of
    the data from which batches are drawn, beyond the batch."""
    need, most = needs(graph), budget()
    total = need.total + samples * graph.dtype.itemsize
    if most is None or total <= most:
        return False
    at = need.largest
    path = ["graph", _key(draft, graph.nodes[at.node].line)] if at.node >= 0 else [table_of(at), at.name]
    draft.bad(
        path,
        f"this needs {amount(total)} of memory ({amount(need.values)} for values, {amount(need.gradients)} for "
        f"gradients), and there are {amount(max(most, 0))}; '{at.name}' alone has {at.size:,} elements. Make it "
        "smaller, take a smaller batch or float32, or allow more with --max-memory MIB",
    )
    return True
