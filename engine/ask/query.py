"""Expressions over a run: `abs(W1.grad).max()`, `grad == 0 and op == relu`, read as data, never run.

The same expressions are printed, watched and used as conditions. What can be known at a moment is
part of every result: a number that is not written yet is unknown, and what is made of it is unknown
too. Truth follows Kleene's three values (Introduction to Metamathematics, 1952, §64): false and
unknown is false, true or unknown is true, and where the whole is unknown, it does not hold.
"""

from __future__ import annotations

import ast
import operator
import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.errors import CommandError, nearest
from gradstep.engine.graph.board import Blackboard
from gradstep.engine.graph.graph import Value
from gradstep.engine.index import Shape, ravel
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase

MAX_LENGTH = 10_000
MAX_DEPTH = 100


class Part(NamedTuple):
    """A number, a truth value or a text (or an array of them), and whether, or where, it is known.
    A `stepwise` one has an entry for each step (or term) of the scope."""

    value: Any
    known: Any = True
    stepwise: bool = False

    @property
    def holds(self) -> Any:
        """Where it is known and true."""
        if self.known is True and np.asarray(self.value).dtype.kind == "b":
            return self.value
        return np.logical_and(self.value, self.known)


class Reference(NamedTuple):
    """Some numbers of a run by name: the `data`, `grad` or `next` of a value, at an index."""

    value: Value
    kind: str = "data"
    at: tuple[int | slice, ...] = ()
    transposed: bool = False

    def read(self, recording: Recording) -> Any:
        """The numbers, whether or not they are written yet."""
        if self.kind == "next":
            array = recording.updated(self.value.id)
        else:
            found = (recording.trace.grad if self.kind == "grad" else recording.trace.data)[self.value.id]
            assert found is not None, "a gradient that is never written is refused when the name is read"
            array = found
        array = array[self.at] if self.at else array
        return array.T if self.transposed else array

    def ready(self, recording: Recording) -> int:
        """The step that writes the last of them; 0 for what is given."""
        if self.kind == "data" and self.value.node < 0:
            return 0
        time = recording.timeline
        last = _last(self.at, self.value.shape)
        step = time.step_of(time.phase_of(self.value.id, self.kind), self.value.id, last)
        # The gradient of the loss with respect to itself is 1, and known once there is a loss.
        return step if step is not None else time.step_of(Phase.LOSS, self.value.id, last) or 0


def _last(index: tuple[int | slice, ...], shape: Shape) -> int:
    """The last flat element that an index takes from an array of `shape`."""
    found = []
    for axis, extent in enumerate(shape):
        here = index[axis] if axis < len(index) else slice(None)
        taken = range(extent)[here]
        found.append(taken if isinstance(taken, int) else max(taken, default=0))
    return ravel(tuple(found), shape)


class Scope(ABC):
    """Where an expression is evaluated: at a moment, or at all steps of a slice of a sweep."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    @property
    @abstractmethod
    def steps(self) -> Any:
        """The step number, or those of the slice."""

    def field(self, name: str) -> Part | None:
        """A field of the step, or None where there is none of that name."""
        return None

    def kind(self, name: str, call: ast.Call | None) -> Part | None:
        """A kind of step, or None where there is none of that name."""
        return None

    def matches(self, field: str, text: str) -> Part | None:
        """Whether a text field is `text`; None where `field` is no text field."""
        return None

    def read(self, reference: Reference) -> Part:
        """Named numbers."""
        return Part(reference.read(self.recording), np.asarray(self.steps) >= reference.ready(self.recording))


class Moment(Scope):
    """One moment: after `step` steps."""

    def __init__(self, recording: Recording, step: int) -> None:
        super().__init__(recording)
        self._step = step

    @property
    def steps(self) -> int:
        return self._step


_ARITHMETIC: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.Mod: np.mod,
    ast.MatMult: operator.matmul,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_COMPARISONS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
#: Element by element; and to a single number, over all elements.
_ELEMENTWISE: Mapping[str, Callable[..., Any]] = {
    "abs": np.abs, "sign": np.sign, "sqrt": np.sqrt, "exp": np.exp, "log": np.log,
    "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite,
}  # fmt: skip
_REDUCING: Mapping[str, Callable[..., Any]] = {
    "max": np.max, "min": np.min, "sum": np.sum, "mean": np.mean, "std": np.std, "norm": np.linalg.norm,
    "any": np.any, "all": np.all,
}  # fmt: skip
FUNCTIONS = (*_ELEMENTWISE, *_REDUCING)


class Query:
    """An expression that has been read. Raises CommandError where it cannot be."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.tree = _parse(self.text)

    def __call__(self, scope: Scope) -> Part:
        """Its value in a scope. Raises CommandError where a name or a type is wrong."""
        with np.errstate(all="ignore"):
            part = _Evaluation(self.text, scope).of(self.tree)
        if isinstance(part, Reference):
            return scope.read(part)
        return part

    def reference(self, scope: Scope) -> Reference | None:
        """What it names, if it is nothing but a name."""
        found = _Evaluation(self.text, scope).of(self.tree)
        return found if isinstance(found, Reference) else None

    def words(self) -> set[str]:
        """All names in it."""
        return {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}


def _parse(text: str) -> ast.expr:
    if not text:
        raise CommandError("an expression is needed, as in h.grad[1] or abs(W1.grad).max()")
    if len(text) > MAX_LENGTH:
        raise CommandError(f"the expression is {len(text):,} characters long; at most {MAX_LENGTH:,} are read")
    plain = text.translate(_PLAIN)
    plain = re.sub(r"∂\w+/∂([^\W\d]\w*)", r"\1.grad", plain)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(plain, mode="eval").body
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        raise CommandError(f"cannot read '{text}'; conditions are written like grad == 0 and op == relu") from None
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise CommandError(f"the expression is nested too deeply; at most {MAX_DEPTH} levels are read")
        level = [c for node in level for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr)]
    return tree


_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉−×·", "0123456789-**")


class _Evaluation:
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
        return CommandError(f"'{self.text}': {message}")

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
        if not part.stepwise and np.size(part.value) > 1:
            raise self.bad(
                f"'{written}' has {np.size(part.value):,} truth values; say any({written}) or all({written})"
            )
        return part

    # Names

    def _name(self, node: ast.Name) -> Part | Reference:
        for look in (self.scope.field(node.id), self.scope.kind(node.id, None)):
            if look is not None:
                return look
        if node.id == "loss":
            return Reference(self.scope.recording.graph.loss)
        if node.id == "previous" and node.id not in self.scope.recording.graph.by_name:
            return self._earlier(ast.Name("loss"))
        value, flat = self.board.lookup(node.id, node.id)
        if flat is None:
            return Reference(value)
        return Reference(value, at=tuple(int(i) for i in np.unravel_index(flat, value.shape)))

    def _attribute(self, node: ast.Attribute) -> Part | Reference:
        inner = self.of(node.value)
        if isinstance(inner, Reference) and node.attr == "T":
            return inner._replace(transposed=True)
        if not isinstance(inner, Reference) or inner.kind != "data" or node.attr not in ("grad", "next", "data"):
            hint = nearest(node.attr, ("grad", "next", *FUNCTIONS))
            raise self.bad(f"after the point comes grad, next, T or a function such as max(), not '{node.attr}'{hint}")
        value = inner.value
        if node.attr == "grad" and self.scope.recording.trace.grad[value.id] is None:
            raise self.bad(f"'{value.name}' has no gradient")
        if node.attr == "next" and value not in self.scope.recording.graph.parameters:
            raise self.bad(f"only parameters are updated, and '{value.name}' is none")
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
        if any(end is not None and type(end) is not int for end in found) or (len(found) == 3 and found[2] == 0):
            raise self.bad("an index is whole numbers, as in h[0] or W1[:, 1]")
        place: int | slice = slice(*found) if len(found) == 3 else found[0]
        return place

    def _constant(self, node: ast.Constant) -> Part:
        if isinstance(node.value, bool | int | float | str):
            return Part(node.value)
        raise self.bad(f"'{ast.unparse(node)}' is nothing that an expression can have")

    # Arithmetic and truth

    def _unaryop(self, node: ast.UnaryOp) -> Part:
        if isinstance(node.op, ast.Not):
            part = self.truth(node.operand)
            return part._replace(value=np.logical_not(part.value))
        part = self.number(node.operand)
        act = _ARITHMETIC.get(type(node.op))
        if act is None:
            raise self.bad("~ is written 'not'")
        return part._replace(value=act(np.asarray(part.value, dtype=float)))

    def _binop(self, node: ast.BinOp) -> Part:
        act = _ARITHMETIC.get(type(node.op))
        if act is None:
            raise self.bad("there are + − * / ** % @; conditions are joined with 'and' and 'or'")
        left, right = self.number(node.left), self.number(node.right)
        try:
            value = act(np.asarray(left.value, dtype=float), np.asarray(right.value, dtype=float))
        except ValueError:
            shapes = f"{np.shape(left.value)} and {np.shape(right.value)}"
            raise self.bad(f"shapes {shapes} do not fit in '{ast.unparse(node)}'") from None
        return Part(value, np.logical_and(left.known, right.known), left.stepwise or right.stepwise)

    def _boolop(self, node: ast.BoolOp) -> Part:
        parts = [self.truth(value) for value in node.values]
        result = parts[0]
        for part in parts[1:]:
            both = np.logical_and(result.known, part.known)
            stepwise = result.stepwise or part.stepwise or np.ndim(both) > 0
            if isinstance(node.op, ast.And):
                false = [np.logical_and(p.known, np.logical_not(p.value)) for p in (result, part)]
                result = Part(np.logical_and(result.holds, part.holds), both | false[0] | false[1], stepwise)
            else:
                result = Part(result.holds | part.holds, both | result.holds | part.holds, stepwise)
        return result

    def _compare(self, node: ast.Compare) -> Part:
        sides = [node.left, *node.comparators]
        result: Part | None = None
        for op, left, right in zip(node.ops, sides, sides[1:], strict=False):
            one = self._text(op, left, right) or self._compared(op, left, right)
            if result is None:
                result = one
            else:
                known, stepwise = np.logical_and(result.known, one.known), result.stepwise or one.stepwise
                result = Part(np.logical_and(result.holds, one.holds), known, stepwise)
        assert result is not None, "a comparison has two sides"
        return result

    def _compared(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Part:
        act = _COMPARISONS.get(type(op))
        if act is None:
            raise self.bad("there are == != < <= > >=")
        a, b = self.number(left), self.number(right)
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
        kind = self.scope.kind(node.func.id, node)
        if kind is not None:
            return kind
        if node.func.id not in FUNCTIONS:
            raise self.bad(f"unknown function '{node.func.id}'{nearest(node.func.id, FUNCTIONS)}")
        if len(node.args) != 1:
            raise self.bad(f"{node.func.id}(x) takes one argument")
        return self._apply(node.func.id, self.number(node.args[0]), node.args[0])

    def _earlier(self, argument: ast.expr) -> Part:
        """What an expression was at the end of the iteration before; unknown in the first. `previous` alone
        is the loss of it."""
        earlier = self.scope.recording.earlier
        if earlier is None:
            # Read all the same, so that a mistake in it is said.
            end = Moment(self.scope.recording, self.scope.recording.timeline.total)
            return self._at(end, argument)._replace(known=False)
        before = earlier()
        return self._at(Moment(before, before.timeline.total), argument)._replace(known=True)

    def _at(self, moment: Moment, argument: ast.expr) -> Part:
        part = _Evaluation(self.text, moment).part(argument)
        if np.asarray(part.value).dtype.kind in "US":
            raise self.bad("previous(…) is about numbers")
        return part

    def _apply(self, name: str, part: Part, argument: ast.expr) -> Part:
        if name in _ELEMENTWISE:
            return part._replace(value=_ELEMENTWISE[name](np.asarray(part.value)))
        if part.stepwise:
            raise self.bad(f"'{ast.unparse(argument)}' is one number at each step; {name} is for a whole array")
        array = np.asarray(part.value)
        if array.size == 0 and name in ("max", "min", "mean", "std"):
            raise self.bad(f"'{ast.unparse(argument)}' is empty")
        if name == "norm":
            array = array.reshape(-1)
        return Part(_REDUCING[name](array), part.known)
