"""The value of an expression in a scope: one walk through its tree.

Truth follows Kleene's three values (Introduction to Metamathematics, 1952, §64): false and unknown is false, true or
unknown is true, and where the whole is unknown, it does not hold.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from gradstep.engine.ask import past
from gradstep.engine.ask.language import ARITHMETIC, COMPARISONS, ELEMENTWISE, FUNCTIONS, REDUCING
from gradstep.engine.ask.scope import Part, Reference, Scope
from gradstep.engine.errors import CommandError, nearest, shortened
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.graph.parsing import spelled


class Evaluation:
    """One walk through a tree. A sub-expression is a Part, or still a Reference that may get an
    index or a `.grad`."""

    def __init__(self, text: str, scope: Scope) -> None:
        self.text, self.scope = text, scope

    @property
    def board(self) -> Blackboard:
        return self.scope.recording.board

    def of(self, node: ast.expr) -> Part | Reference:
        handler = getattr(self, f"_{type(node).__name__.lower()}", None)
        if handler is None:
            raise self.bad(f"'{ast.unparse(node)[:40]}' is nothing that an expression can have")
        found: Part | Reference = handler(node)
        return found

    def bad(self, message: str) -> CommandError:
        return CommandError(f"'{shortened(self.text)}': {message}")

    def part(self, node: ast.expr) -> Part:
        found = self.of(node)
        return self.scope.read(found) if isinstance(found, Reference) else found

    def number(self, node: ast.expr) -> Part:
        """A part that is one number at each step."""
        part = self.part(node)
        array = np.asarray(part.value)
        if array.dtype.kind in "US":
            raise self.bad(f"'{ast.unparse(node)}' is a text and can only be compared with == and !=")
        return part

    def truth(self, node: ast.expr) -> Part:
        part = self.number(node)
        written = ast.unparse(node)
        if np.asarray(part.value).dtype.kind != "b":
            raise self.bad(f"'{written}' is a number; compare it, as in {written} == 0")
        if not part.single:
            count = f"{np.size(part.value):,}"
            raise self.bad(f"'{written}' has {count} truth values; say any({written}) or all({written})")
        return part.one

    def pair(self, left: ast.expr, right: ast.expr) -> tuple[Part, Part]:
        """Two parts that go together: whole arrays, or numbers of each step with such and with single ones."""
        a, b = self.number(left), self.number(right)
        if a.stepwise == b.stepwise:
            return a, b
        whole, node, other = (a, left, right) if b.stepwise else (b, right, left)
        if not whole.single:
            written, field = ast.unparse(node), ast.unparse(other)
            raise self.bad(
                f"'{written}' has {np.size(whole.value):,} numbers, and '{field}' is one at each step; "
                f"name one of them, or say max({written})"
            )
        return a.one, b.one

    # Names

    def _name(self, node: ast.Name) -> Part | Reference:
        for look in (self.scope.field(node.id), self.scope.kind(node.id, None)):
            if look is not None:
                return look
        if node.id == "previous" and node.id not in self.scope.recording.graph.by_name:
            return self._earlier(ast.Name("loss"))
        constant = spelled(node)
        if constant is not None and node.id not in self.scope.recording.graph.by_name:
            return self._constant(constant)
        value, flat = self.board.lookup(node.id, node.id)
        if flat is None:
            return Reference(value)
        return Reference(value, at=tuple(int(i) for i in np.unravel_index(flat, value.shape)))

    def _attribute(self, node: ast.Attribute) -> Part | Reference:
        inner = self.of(node.value)
        if isinstance(inner, Reference) and node.attr == "T":
            return inner._replace(transposed=not inner.transposed)
        if not isinstance(inner, Reference) or inner.kind != "data" or node.attr not in ("grad", "next", "data"):
            hint = nearest(node.attr, ("grad", "next", *FUNCTIONS))
            raise self.bad(f"after the point comes grad, next, T or a function such as max(), not '{node.attr}'{hint}")
        value = inner.value
        if node.attr == "grad" and self.scope.recording.trace.grad[value.id] is None:
            why = ": it is frozen (requires_grad = false)" if value.frozen else ""
            raise self.bad(f"'{value.name}' has no gradient{why}")
        if node.attr == "next" and value not in self.scope.recording.graph.parameters:
            what = "frozen (requires_grad = false)" if value.frozen else "none"
            raise self.bad(f"only parameters are updated, and '{value.name}' is {what}")
        return inner._replace(kind=node.attr)

    def _subscript(self, node: ast.Subscript) -> Reference:
        inner = self.of(node.value)
        if not isinstance(inner, Reference) or inner.at or inner.transposed:
            raise self.bad(f"'{ast.unparse(node.value)}' has no index")
        index: list[int | slice] = []
        shape = inner.value.shape
        for part in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
            index.append(self._place(part))
        if len(index) > len(shape):
            raise self.bad(f"'{inner.value.name}' has shape {shape}, so at most {len(shape)} indices")
        for axis, (here, extent) in enumerate(zip(index, shape, strict=False)):
            if isinstance(here, int):
                if not -extent <= here < extent:
                    name = inner.value.name
                    raise self.bad(f"index {here} is out of range; axis {axis} of '{name}' has {extent}")
                index[axis] = here % extent
        return inner._replace(at=tuple(index))

    def _place(self, node: ast.expr) -> int | slice:
        ends = (node.lower, node.upper, node.step) if isinstance(node, ast.Slice) else (node,)
        try:
            found: list[Any] = [None if end is None else ast.literal_eval(end) for end in ends]
        except (ValueError, TypeError, RecursionError):
            found = [0.5]
        wrong = any(end is not None and type(end) is not int for end in found)
        if wrong or found == [None] or (len(found) == 3 and found[2] == 0):
            raise self.bad("an index is whole numbers, as in h[0] or W1[:, 1]")
        place: int | slice = slice(*found) if len(found) == 3 else found[0]
        return place

    def _constant(self, node: ast.Constant) -> Part:
        if isinstance(node.value, bool | int | float | str):
            # NumPy has no integers of any size.
            large = type(node.value) is int and abs(node.value) > 2**53
            return Part(float(node.value) if large else node.value)
        raise self.bad(f"'{ast.unparse(node)}' is nothing that an expression can have")

    # Arithmetic and truth

    def _unaryop(self, node: ast.UnaryOp) -> Part:
        if isinstance(node.op, ast.Not):
            part = self.truth(node.operand)
            return part._replace(value=np.logical_not(part.value))
        part = self.number(node.operand)
        act = ARITHMETIC.get(type(node.op))
        if act is None:
            raise self.bad("~ is written 'not'")
        return part._replace(value=act(np.asarray(part.value, dtype=float)))

    def _binop(self, node: ast.BinOp) -> Part:
        act = ARITHMETIC.get(type(node.op))
        if act is None:
            raise self.bad("there are + − * / ** % @; conditions are joined with 'and' and 'or'")
        left, right = self.pair(node.left, node.right)
        if left.stepwise and isinstance(node.op, ast.MatMult):
            raise self.bad("@ multiplies whole arrays; numbers of steps are multiplied with *")
        try:
            value = act(np.asarray(left.value, dtype=float), np.asarray(right.value, dtype=float))
        except ValueError:
            shapes = f"{np.shape(left.value)} and {np.shape(right.value)}"
            raise self.bad(f"shapes {shapes} do not fit in '{ast.unparse(node)}'") from None
        return Part(value, np.logical_and(left.known, right.known), left.stepwise or right.stepwise)

    def _boolop(self, node: ast.BoolOp) -> Part:
        parts = [self.truth(value) for value in node.values]
        return _all(parts) if isinstance(node.op, ast.And) else _any(parts)

    def _compare(self, node: ast.Compare) -> Part:
        sides = [node.left, *node.comparators]
        parts = [
            self._text(op, left, right) or self._compared(op, left, right)
            for op, left, right in zip(node.ops, sides, sides[1:], strict=False)
        ]
        if len(parts) == 1:
            return parts[0]
        if all(part.single for part in parts):
            return _all([part.one for part in parts])
        if any(part.stepwise for part in parts):
            raise self.bad(f"in '{ast.unparse(node)}' there are whole arrays beside numbers of steps")
        try:
            value = np.logical_and.reduce(np.broadcast_arrays(*(part.value for part in parts)))
        except ValueError:
            shapes = " and ".join(str(np.shape(part.value)) for part in parts)
            raise self.bad(f"shapes {shapes} do not fit in '{ast.unparse(node)}'") from None
        return Part(value, reduce(np.logical_and, (part.known for part in parts)))

    def _compared(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Part:
        act = COMPARISONS.get(type(op))
        if act is None:
            raise self.bad("there are == != < <= > >=")
        a, b = self.pair(left, right)
        try:
            value = act(np.asarray(a.value, dtype=float), np.asarray(b.value, dtype=float))
        except ValueError:
            raise self.bad(f"shapes {np.shape(a.value)} and {np.shape(b.value)} cannot be compared") from None
        return Part(value, np.logical_and(a.known, b.known), a.stepwise or b.stepwise)

    def _text(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Part | None:
        """`op == relu`, `name == "h*"`: a text field and what it is to be."""
        for field, text in ((left, right), (right, left)):
            if isinstance(field, ast.Name) and self.scope.matches(field.id, "") is not None:
                if not isinstance(op, ast.Eq | ast.NotEq):
                    raise self.bad(f"'{field.id}' is a text and can only be compared with == and !=")
                word = text.value if isinstance(text, ast.Constant) else ast.unparse(text)
                found = self.scope.matches(field.id, str(word))
                assert found is not None, "it is a text field"
                return found._replace(value=np.logical_not(found.value)) if isinstance(op, ast.NotEq) else found
        return None

    def _call(self, node: ast.Call) -> Part:
        if node.keywords:
            raise self.bad("arguments have no names here")
        if isinstance(node.func, ast.Attribute) and node.func.attr in FUNCTIONS and not node.args:
            return self._apply(node.func.attr, self.number(node.func.value), node.func.value)
        if not isinstance(node.func, ast.Name):
            raise self.bad(f"'{ast.unparse(node.func)}' cannot be called{nearest(ast.unparse(node.func), FUNCTIONS)}")
        if node.func.id == "previous" and len(node.args) == 1:
            return self._earlier(node.args[0])
        if node.func.id in past.OVER and len(node.args) == 2:
            return self._over(node.func.id, *node.args)
        kind = self.scope.kind(node.func.id, node)
        if kind is not None:
            return kind
        if node.func.id not in FUNCTIONS:
            raise self.bad(f"unknown function '{node.func.id}'{nearest(node.func.id, FUNCTIONS)}")
        if len(node.args) != 1:
            raise self.bad(f"{node.func.id}(x) takes one argument")
        return self._apply(node.func.id, self.number(node.args[0]), node.args[0])

    def _earlier(self, argument: ast.expr) -> Part:
        return past.earlier(self.scope.recording, self._written(argument))

    def _over(self, name: str, argument: ast.expr, count: ast.expr) -> Part:
        """`median(EXPR, 20)`: over so many iterations before."""
        number = past.count_of(count)
        if number is None:
            raise self.bad(f"{name}(x, N): N is how many iterations before, a whole number from 1 to {past.LONGEST:,}")
        return past.over(self.scope.recording, name, number, self._written(argument))

    def _written(self, argument: ast.expr) -> past.Written:
        return past.Written(self.text, ast.dump(argument), lambda moment: Evaluation(self.text, moment).part(argument))

    def _apply(self, name: str, part: Part, argument: ast.expr) -> Part:
        if name in ELEMENTWISE:
            array = np.asarray(part.value)
            return part._replace(value=ELEMENTWISE[name](array.astype(float) if array.dtype.kind == "b" else array))
        if part.stepwise:
            raise self.bad(f"'{ast.unparse(argument)}' is one number at each step; {name} is for a whole array")
        array = np.asarray(part.value)
        if array.size == 0 and name in ("max", "min", "mean", "std"):
            raise self.bad(f"'{ast.unparse(argument)}' is empty")
        if name == "norm":
            array = array.reshape(-1)
        return Part(REDUCING[name](array), part.known)


def _all(parts: Sequence[Part]) -> Part:
    """Whether all hold: false where one is false, even where others are unknown."""
    result = parts[0]
    for part in parts[1:]:
        both = np.logical_and(result.known, part.known)
        false = [np.logical_and(p.known, np.logical_not(p.value)) for p in (result, part)]
        holds = np.logical_and(result.holds, part.holds)
        result = Part(holds, both | false[0] | false[1], _at_steps(result, part, both))
    return result


def _any(parts: Sequence[Part]) -> Part:
    """Whether one holds: true where one is true, even where others are unknown."""
    result = parts[0]
    for part in parts[1:]:
        both, holds = np.logical_and(result.known, part.known), result.holds | part.holds
        result = Part(holds, both | holds, _at_steps(result, part, both))
    return result


def _at_steps(a: Part, b: Part, known: Any) -> bool:
    """Whether what is made of two parts is another one at each step."""
    return a.stepwise or b.stepwise or np.ndim(known) > 0
