"""Why a condition holds at a step: the numbers that it compares, beside what it compares them with."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.fields import TEXT_FIELDS
from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.ask.language import literal
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment, Part, Scope
from gradstep.engine.ask.steps import Steps
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import brief, number
from gradstep.engine.run.timeline import Position

_SIGNS = {ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "=", ast.NotEq: "≠"}
#: Functions that have a sign of their own.
_BETWEEN = {"abs": "|", "norm": "‖"}


def because(condition: Condition, position: Position) -> str:
    """`|h.grad[0]| = 0.0003 < 0.001`: what a condition that holds at a position compares there. Empty where it compares
    nothing, or says all of it itself, as `grad == 0` does."""
    if condition.query is None:
        return ""
    term = -1 if condition.state else (position.term or 0) - 1
    return " and ".join(_told(condition.query.tree, _scope(condition, position), term))


def _scope(condition: Condition, position: Position) -> Scope:
    """The moment that a state is asked at; else the one step, with its terms where the condition looks at them and
    there are any."""
    if condition.state:
        return Moment.at(condition.recording, position)
    sweep, flat = condition.recording.timeline.locate(position.step)
    at = Steps(condition.recording, sweep, flat, flat + 1, condition.by_term)
    if at.by_term and not len(at.table.owner):
        return Steps(condition.recording, sweep, flat, flat + 1, False)
    return at


def _told(node: ast.expr, at: Scope, term: int) -> Iterator[str]:
    """Of what is joined each part that holds, in words, where it compares numbers."""
    if isinstance(node, ast.BoolOp):
        for value in node.values:
            if _read(Query.of(value)(at), term):
                yield from _told(value, at, term)
    elif isinstance(node, ast.Compare):
        yield from _compared(node, at, term)
    else:
        yield from _kind(node, at)


def _compared(node: ast.Compare, at: Scope, term: int) -> Iterator[str]:
    sides = [node.left, *node.comparators]
    equal = all(isinstance(op, ast.Eq) for op in node.ops) and any(literal(side) is not None for side in sides)
    if equal or any(isinstance(side, ast.Name) and side.id in TEXT_FIELDS for side in sides):
        return
    limits = [side for side in map(literal, sides) if side is not None]
    texts = [_side(side, at, term, limits) for side in sides]
    if all(texts):
        signs = [_SIGNS[type(op)] for op in node.ops]
        yield texts[0] + "".join(f" {sign} {text}" for sign, text in zip(signs, texts[1:], strict=True))


def _side(node: ast.expr, at: Scope, term: int, limits: list[float]) -> str:
    """A side of a comparison with its number; a number as it is written; empty where it is no single number."""
    given = literal(node)
    if given is not None:
        return _whole(given)
    value = _read(Query.of(node)(at), term)
    stale = "?" if _stale(node, at) else ""
    return "" if value is None else f"{_written(node)} = {_apart(float(value), limits)}{stale}"


def _stale(node: ast.expr, at: Scope) -> bool:
    """Whether what a side is made of may be another number by now: what it names, or what the step writes."""
    if not at.recording.trace.stale:
        return False
    here = isinstance(at, Steps) and at.recording.stale(at.sweep.phase.kind, Element(at.sweep.value, at.start))
    return here or Query.of(node).is_stale(at)


def _written(node: ast.expr) -> str:
    """An expression as one writes it on paper."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _BETWEEN and node.args:
        line = _BETWEEN[node.func.id]
        return f"{line}{_written(node.args[0])}{line}"
    return ast.unparse(node)


def _read(part: Part, term: int) -> float | bool | None:
    """The one number (or truth) of a part, at a term where it has one for each; None where it has several, or is not
    known."""
    values, known = np.asarray(part.one.value).reshape(-1), np.asarray(part.known).reshape(-1)
    if (len(values) != 1 and not part.stepwise) or values.dtype.kind not in "fiub":
        return None
    at = term if len(values) > 1 else 0
    found: float | bool | None = values[at].item() if known[at if len(known) > 1 else 0] else None
    return found


def _kind(node: ast.expr, at: Scope) -> Iterator[str]:
    """Of a kind with a threshold, what is below or above it."""
    named = node.func if isinstance(node, ast.Call) else node
    kind = KINDS.get(named.id) if isinstance(named, ast.Name) else None
    if kind is None or kind.measure is None or not isinstance(at, Steps) or not isinstance(named, ast.Name):
        return
    given = [found for a in (node.args if isinstance(node, ast.Call) else ()) if (found := literal(a)) is not None]
    limit = given[0] if given else kind.default or 0.0
    value = float(kind.measure.of(at)[0])
    yield f"{named.id}: {kind.measure.what} {_apart(value, [limit])} {kind.measure.sign} {_whole(limit)}"


def _whole(value: float) -> str:
    """A number with all its digits, as one would type it."""
    return next(
        (brief(value, digits) for digits in range(4, 17) if float(f"{value:.{digits}g}") == value), brief(value, 17)
    )


def _apart(value: float, limits: list[float]) -> str:
    """A number with as many digits as leave it on its side of the limits that it is compared with."""
    if not np.isfinite(value):
        return number(value)
    for digits in range(4, 17):
        rounded = float(f"{value:.{digits}g}")
        if all((rounded > limit) == (value > limit) and (rounded < limit) == (value < limit) for limit in limits):
            return brief(value, digits)
    return brief(value, 17)
