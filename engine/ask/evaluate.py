"""What an expression means: one walk through its tree makes a function of the scope, which is called as often as there
are moments, or slices of steps, to look at.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask import past
from gradstep.engine.ask.joining import Bad, all_of, any_of, applied, chained, joined, judged, paired
from gradstep.engine.ask.language import ARITHMETIC, COMPARISONS, FUNCTIONS
from gradstep.engine.ask.scope import Part, Reference, Scope, missing
from gradstep.engine.errors import CommandError, nearest, shortened
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.graph.parsing import dotted, spelled
from gradstep.engine.graph.typed import ARRAYS

#: What a part of an expression is in a scope.
Code = Callable[[Any], Part]


class Meaning(NamedTuple):
    """What a tree means in the scopes of one kind over one network: its value as a function of the scope; what it
    names, if it is nothing but a name; and all that it names."""

    code: Code
    reference: Reference | None
    references: tuple[Reference, ...]


class Expression:
    """A tree that is read once for each network in which it is asked, and then only called."""

    def __init__(self, text: str, tree: ast.expr) -> None:
        self._text, self._tree = text, tree
        self._read: tuple[type[Scope], Blackboard, Meaning] | None = None

    def meaning(self, scope: Scope) -> Meaning:
        """What it means there. Raises CommandError where a name or a type is wrong."""
        before, board = self._read, scope.recording.board
        if before is None or before[1] is not board or before[0] is not type(scope):
            reading = Reading(self._text, scope)
            found = reading.of(self._tree)
            code, reference = reading.read(found), found if isinstance(found, Reference) else None
            before = self._read = type(scope), board, Meaning(code, reference, tuple(reading.references))
        return before[2]

    def __call__(self, scope: Scope) -> Part:
        """Its value in a scope. Raises CommandError where a name or a type is wrong."""
        code = self.meaning(scope).code
        with np.errstate(all="ignore"):
            return code(scope)


class Reading:
    """One walk through a tree. A sub-expression is a Code, or still a Reference that may get an index or a `.grad`.

    No Code holds on to the scope that it was read in: it is asked about many iterations, and they are large.
    """

    def __init__(self, text: str, scope: Scope) -> None:
        self.text, self.scope, self.recording = text, type(scope), scope.recording
        self.references: list[Reference] = []
        self.bad: Bad = partial(_bad, text)

    def of(self, node: ast.expr) -> Code | Reference:
        handler = getattr(self, f"_{type(node).__name__.lower()}", None)
        if handler is None:
            raise self.bad(f"'{ast.unparse(node)[:40]}' is nothing that an expression can have")
        found: Code | Reference = handler(node)
        return found

    def part(self, node: ast.expr) -> Code:
        """A part as it is, whatever it is."""
        return self.read(self.of(node))

    def read(self, found: Code | Reference) -> Code:
        """What was found; of a name its numbers, and when they are known."""
        if not isinstance(found, Reference):
            return found
        self.references.append(found)
        reference, ready = found, found.ready(self.recording)
        return lambda scope: Part(reference.read(scope.recording), scope.steps >= ready)

    def number(self, node: ast.expr) -> Code:
        """A part that is a number, or numbers."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            raise self.bad(f"'{ast.unparse(node)}' is a text and can only be compared with == and !=")
        return self.part(node)

    def truth(self, node: ast.expr) -> Code:
        """A part that is true or false, once at each step."""
        inner, bad = self.number(node), self.bad
        return lambda scope: judged(inner(scope), node, bad)

    def pair(self, left: ast.expr, right: ast.expr) -> Callable[[Scope], tuple[Part, Part]]:
        """Two parts that go together: whole arrays, or numbers of each step with such and with single ones."""
        one, other, bad = self.number(left), self.number(right), self.bad
        return lambda scope: paired(one(scope), other(scope), left, right, bad)

    # Names

    def _is_field(self, name: str) -> bool:
        return name in self.scope.fields and name not in self.recording.graph.by_name

    def _name(self, node: ast.Name) -> Code | Reference:
        name, graph = node.id, self.recording.graph
        if self._is_field(name):
            return self.scope.field(name)
        kind = self.scope.kind(name, None, self.recording)
        if kind is not None:
            return kind
        if name == "previous" and name not in graph.by_name:
            return self._earlier(ast.Name("loss"))
        constant = spelled(node)
        if constant is not None and name not in graph.by_name:
            return self._constant(constant)
        value, flat = self.recording.board.lookup(name, name)
        if flat is None:
            return Reference(value)
        return Reference(value, at=tuple(int(i) for i in np.unravel_index(flat, value.shape)))

    def _attribute(self, node: ast.Attribute) -> Reference:
        whole, board = dotted(node), self.recording.board
        if whole is not None and (whole in board.graph.by_name or whole in board.modules.outputs):
            return Reference(board.lookup(whole, whole)[0])
        inner = self.of(node.value)
        if isinstance(inner, Reference) and node.attr == "T":
            return inner._replace(transposed=not inner.transposed)
        if not isinstance(inner, Reference) or inner.kind != "data" or node.attr not in ARRAYS:
            after = "after the point comes grad, next, averaged, T or a function such as max()"
            raise self.bad(f"{after}, not '{node.attr}'{nearest(node.attr, (*ARRAYS, *FUNCTIONS))}")
        why = missing(self.recording, inner.value, node.attr)
        if why:
            raise self.bad(why)
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

    def _constant(self, node: ast.Constant) -> Code:
        if not isinstance(node.value, bool | int | float | str):
            raise self.bad(f"'{ast.unparse(node)}' is nothing that an expression can have")
        # NumPy has no integers of any size.
        large = type(node.value) is int and abs(node.value) > 2**53
        part = Part(float(node.value) if large else node.value)
        return lambda scope: part

    # Arithmetic and truth

    def _unaryop(self, node: ast.UnaryOp) -> Code:
        if isinstance(node.op, ast.Not):
            return _not(self.truth(node.operand))
        inner, act = self.number(node.operand), ARITHMETIC.get(type(node.op))
        if act is None:
            raise self.bad("~ is written 'not'")
        return lambda scope: _with(inner(scope), lambda value: act(np.asarray(value, dtype=float)))

    def _binop(self, node: ast.BinOp) -> Code:
        act = ARITHMETIC.get(type(node.op))
        if act is None:
            raise self.bad("there are + − * / ** % @; conditions are joined with 'and' and 'or'")
        pair, whole, bad = self.pair(node.left, node.right), isinstance(node.op, ast.MatMult), self.bad

        def code(scope: Scope) -> Part:
            left, right = pair(scope)
            if whole and left.stepwise:
                raise bad("@ multiplies whole arrays; numbers of steps are multiplied with *")
            try:
                return joined(act, left, right)
            except ValueError:
                shapes = f"{np.shape(left.value)} and {np.shape(right.value)}"
                raise bad(f"shapes {shapes} do not fit in '{ast.unparse(node)}'") from None

        return code

    def _boolop(self, node: ast.BoolOp) -> Code:
        parts, join = [self.truth(value) for value in node.values], all_of if isinstance(node.op, ast.And) else any_of
        return lambda scope: join([part(scope) for part in parts])

    def _compare(self, node: ast.Compare) -> Code:
        sides, bad = [node.left, *node.comparators], self.bad
        parts = [
            self._text(op, left, right) or self._compared(op, left, right)
            for op, left, right in zip(node.ops, sides, sides[1:], strict=False)
        ]
        if len(parts) == 1:
            return parts[0]
        return lambda scope: chained([part(scope) for part in parts], node, bad)

    def _compared(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Code:
        act = COMPARISONS.get(type(op))
        if act is None:
            raise self.bad("there are == != < <= > >=")
        pair, bad = self.pair(left, right), self.bad

        def code(scope: Scope) -> Part:
            a, b = pair(scope)
            try:
                return joined(act, a, b)
            except ValueError:
                raise bad(f"shapes {np.shape(a.value)} and {np.shape(b.value)} cannot be compared") from None

        return code

    def _text(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Code | None:
        """`op == relu`, `name == "h*"`: a text field and what it is to be."""
        for field, text in ((left, right), (right, left)):
            if isinstance(field, ast.Name) and field.id in self.scope.texts and self._is_field(field.id):
                if not isinstance(op, ast.Eq | ast.NotEq):
                    raise self.bad(f"'{field.id}' is a text and can only be compared with == and !=")
                word = text.value if isinstance(text, ast.Constant) else ast.unparse(text)
                found = self.scope.matching(field.id, str(word), self.recording)
                return found if isinstance(op, ast.Eq) else _not(found)
        return None

    def _call(self, node: ast.Call) -> Code:
        if node.keywords:
            raise self.bad("arguments have no names here")
        if isinstance(node.func, ast.Attribute) and node.func.attr in FUNCTIONS and not node.args:
            return self._apply(node.func.attr, node.func.value)
        if not isinstance(node.func, ast.Name):
            raise self.bad(f"'{ast.unparse(node.func)}' cannot be called{nearest(ast.unparse(node.func), FUNCTIONS)}")
        if node.func.id == "previous" and len(node.args) == 1:
            return self._earlier(node.args[0])
        if node.func.id in past.OVER and len(node.args) == 2:
            return self._over(node.func.id, *node.args)
        kind = self.scope.kind(node.func.id, node, self.recording)
        if kind is not None:
            return kind
        if node.func.id not in FUNCTIONS:
            raise self.bad(f"unknown function '{node.func.id}'{nearest(node.func.id, FUNCTIONS)}")
        if len(node.args) != 1:
            raise self.bad(f"{node.func.id}(x) takes one argument")
        return self._apply(node.func.id, node.args[0])

    def _earlier(self, argument: ast.expr) -> Code:
        written = self._written(argument)
        return lambda scope: past.earlier(scope.recording, written)

    def _over(self, name: str, argument: ast.expr, count: ast.expr) -> Code:
        """`median(EXPR, 20)`: over so many iterations before."""
        number, written = past.count_of(count), self._written(argument)
        if number is None:
            raise self.bad(f"{name}(x, N): N is how many iterations before, a whole number from 1 to {past.LONGEST:,}")
        return lambda scope: past.over(scope.recording, name, number, written)

    def _written(self, argument: ast.expr) -> past.Written:
        return past.Written(self.text, ast.dump(argument), Expression(self.text, argument))

    def _apply(self, name: str, argument: ast.expr) -> Code:
        inner, bad = self.number(argument), self.bad
        return lambda scope: applied(name, inner(scope), argument, bad)


def _bad(text: str, message: str) -> CommandError:
    return CommandError(f"'{shortened(text)}': {message}")


def _not(inner: Code) -> Code:
    return lambda scope: _with(inner(scope), np.logical_not)


def _with(part: Part, act: Callable[[Any], Any]) -> Part:
    return part._replace(value=act(part.value))
