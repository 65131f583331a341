"""From the nodes of a model to lines of formulas, each tried as it is made."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradstep.engine.errors import CommandError, GradstepError, shortened
from gradstep.engine.graph import Formulas, GraphBuilder, Role
from gradstep.onnx.attributes import attributes_of
from gradstep.onnx.folding import SIZES, folded
from gradstep.onnx.formulas import TABLE, Called, Unwritable
from gradstep.onnx.functions import called
from gradstep.onnx.inner import INNER
from gradstep.onnx.kinds import KINDS, kind_of_result
from gradstep.onnx.naming import path_of
from gradstep.onnx.reading import STANDARD
from gradstep.onnx.values import FLOATS, Array, Value, coarser, constant


@dataclass(frozen=True)
class Line:
    """A line: the names that stand for its results, its formula, the node that it is of, and for a part that the node
    needs on its way what that is."""

    names: tuple[str, ...]
    text: str
    node: Any
    word: str = ""


class Misfit(CommandError):
    """Shapes, types or options that do not fit together, which other sizes of inputs may mend."""


class Network:
    """A network in the making. Names in its formulas stand for others, v12 for what is computed or given; `leaves` has
    what each of those that are given is. By `seed` is drawn what is dropped, None where nothing may be. Where it is
    `wide`, what is given is computed with in float64, however many digits it has."""

    def __init__(self, dtype: str, opset: int, seed: int | None = None, wide: bool = False) -> None:
        self.dtype, self.opset, self._seed, self._wide = dtype, opset, seed, wide
        self.builder = GraphBuilder(np.dtype("float64" if wide else dtype))
        self.values: dict[str, Value] = {}
        self.leaves: dict[str, Value] = {}
        self.lines: list[Line] = []
        self.folded: Counter[str] = Counter()
        #: How often each value is used.
        self.uses: Counter[str] = Counter()
        #: A node with its parameters among its inputs: of those inside of others.
        self.own: Callable[[Any], Any] = lambda node: node
        self._formulas = Formulas(self.builder)
        self._node: Any = None
        self._count = 0

    # What is given ---------------------------------------------------------------------------------

    def leaf(self, value: Value, role: Role, gradient: bool) -> Value:
        """Gives a value a place in formulas."""
        value.word = self._next()
        self.builder.leaf(value.word, value.shape, role, gradient)
        self.leaves[value.word] = value
        return value

    def next_seed(self) -> int | None:
        """What numbers are drawn by, another one each time; None where nothing may be drawn."""
        if self._seed is not None:
            self._seed += 1
        return self._seed

    def _next(self) -> str:
        self._count += 1
        return f"v{self._count}"

    def word(self, value: Value) -> str:
        """A value in a formula: what is constant is given when it is first named, or is a number in the formula. What
        is given in fewer digits than the network computes in is computed with as many."""
        if not value.word:
            if value.numbers is None or value.kind not in KINDS.values():
                raise Unwritable("text, complex numbers, or eight bits and less")
            if not value.shape or (value.shape == (1,) and self._beside_arrays(value)):
                return _literal(value.numbers())
            if not value.wish:
                path = path_of(self._node)
                value.wish = f"{path}.constant" if path else "constant"
            self.leaf(value, Role.INPUT, False)
        rounded = value.word in self.leaves and value.kind in FLOATS and not self._wide
        if rounded and coarser(value.kind, self.dtype) != self.dtype:
            return f"cast({value.word}, '{value.kind}')"
        return value.word

    def _beside_arrays(self, value: Value) -> bool:
        """Whether one number may be written for an array of one: what it meets, element by element, has axes."""
        others = [self.values[name] for name in self._node.input if name and self.values[name] is not value]
        return self._node.op_type in ("Add", "Sub", "Mul", "Div", "Pow") and all(one.shape for one in others)

    def is_data(self, value: Value) -> bool:
        """Whether a value stands, or will stand, under [inputs]."""
        word = value.word
        if not word:
            return bool(value.shape) and value.numbers is not None
        if word not in self.leaves or self.builder.names[word].id in self.builder.keeps:
            return False
        return self.builder.names[word].role is Role.INPUT

    # Nodes -----------------------------------------------------------------------------------------

    def add(self, node: Any) -> None:
        """A node, as a line, or as numbers where nothing of it is computed. Raises CommandError with what is wrong and
        where."""
        where = f"node '{called(node)}' ({shortened(node.op_type, 40)})"
        try:
            self.put(node)
        except Unwritable as error:
            raise CommandError(f"{where}: {error}") from None
        except GradstepError as error:
            names = {value.word: name for name, value in reversed(self.values.items()) if "\0" not in name}
            wishes = {value.word: value.wish for value in self.leaves.values() if value.wish}
            said = re.sub(r"\bv\d+\b", lambda found: {**names, **wishes}.get(found[0], found[0]), str(error))
            raise Misfit(f"{where}: {shortened(said, 400)}") from None

    def put(self, node: Any, fold: bool = True) -> None:
        """The same; without `fold` what depends on no input is a line, too. Raises Unwritable and GradstepError."""
        self._node = node
        inputs = [self._given(name) for name in node.input]
        self._check_results(node)
        if node.domain not in STANDARD:
            raise Unwritable(f"operators of '{shortened(node.domain, 40)}' are not known, only those of ONNX itself")
        if node.op_type in INNER:
            INNER[node.op_type](self, node, inputs)
            return
        if node.op_type == "CastLike" and len(inputs) == 2 and inputs[1] is not None:
            node, inputs = _cast(node, inputs[1].kind), inputs[:1]
        attributes = attributes_of(node, self.opset)
        if node.op_type in ("Shape", "Size") and fold:
            self._note(node, [_of_shape(node.op_type, attributes, self._needed(inputs))], inputs, attributes, True)
        elif node.op_type == "Constant" or (fold and all(one is None or one.constant for one in inputs)):
            self._fold(node, attributes, inputs)
        else:
            self._compute(node, attributes, inputs)

    def _given(self, name: str) -> Value | None:
        if name and name not in self.values:
            raise Unwritable(f"it uses '{shortened(name, 60)}', which nothing before it makes")
        if name and self.values[name].trained:
            raise Unwritable(f"it uses the parameter '{shortened(name, 60)}' inside of a branch")
        return self.values[name] if name else None

    def given(self, name: str, said: str) -> Value:
        """A value by its name; `said` is how it is called in messages."""
        found = self._given(name)
        if found is None:
            raise Unwritable(f"'{shortened(said, 60)}' is left out")
        return found

    def _check_results(self, node: Any) -> None:
        names = [name for name in node.output if name]
        if not names:
            raise Unwritable("it makes nothing")
        for number, name in enumerate(names):
            if name in self.values or name in names[:number]:
                raise Unwritable(f"'{shortened(name, 60)}' is made twice")

    def _needed(self, inputs: Sequence[Value | None]) -> Value:
        if not inputs or inputs[0] is None:
            raise Unwritable("an input that is left out")
        return inputs[0]

    def _fold(self, node: Any, attributes: Mapping[str, Any], inputs: Sequence[Value | None]) -> None:
        if node.op_type not in SIZES and node.op_type in TABLE:
            self._compute(node, attributes, inputs)
            return
        given = [None if one is None or one.numbers is None else one.numbers() for one in inputs]
        self._note(node, folded(node, attributes, given, self.opset), inputs, attributes, True)

    def _note(
        self,
        node: Any,
        arrays: Sequence[Array],
        inputs: Sequence[Value | None],
        attributes: Mapping[str, Any],
        counted: bool,
    ) -> None:
        """Keeps results that are numbers."""
        self.folded[node.op_type] += counted
        for k, (name, array) in enumerate(zip([o for o in node.output if o], arrays, strict=True)):
            kind = kind_of_result(node.op_type, attributes, inputs, k) if array.dtype == np.float32 else ""
            self.values[name] = constant(array, kind if kind in FLOATS else "")

    def _compute(self, node: Any, attributes: Mapping[str, Any], inputs: Sequence[Value | None]) -> None:
        if node.op_type not in TABLE:
            raise Unwritable(f"there is no formula for {node.op_type}")
        wanted = [bool(name) and self.uses[name] > 0 for name in node.output]
        while len(wanted) > 1 and not wanted[-1]:
            wanted.pop()
        try:
            made = TABLE[node.op_type](Called(attributes, inputs, self, wanted, self.opset))
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            said = " ".join(str(error).split())[:120]
            raise Unwritable(f"its inputs and attributes do not fit the operator ({said})") from None
        texts = made if isinstance(made, list) else [made]
        outputs = [*node.output][: len(wanted)]
        if len(texts) == 1 and len(outputs) > 1:
            texts = self.several(texts[0], "", len(outputs))
        elif isinstance(made, list) and len(made) == 1:
            texts = [f"{made[0]}[0]"]
        numbers = self._known(node, attributes, inputs)
        for k, (name, text) in enumerate(zip(outputs, texts, strict=False)):
            if name and (wanted[k] or k == 0):
                kind = kind_of_result(node.op_type, attributes, inputs, k)
                self.values[name] = self._result(text, kind, None if numbers is None else numbers(k))

    def _result(self, text: str, kind: str, numbers: Callable[[], Array] | None) -> Value:
        """A line, or another name for what there is."""
        there = self.builder.names.get(text)
        if there is None:
            there = self._line((self._next(),), text, "")
        return Value(kind, there.shape, text if text in self.builder.names else there.name, numbers)

    def _line(self, names: tuple[str, ...], text: str, word: str) -> Any:
        found = self._formulas.add(", ".join(names), text)
        self.lines.append(Line(names, text, self._node, word))
        return found

    def several(self, text: str, word: str, count: int) -> list[str]:
        """The results of a call, which gets a line."""
        names = tuple(self._next() for _ in range(count))
        self._line(names, text, word)
        return list(names)

    def _known(
        self, node: Any, attributes: Mapping[str, Any], inputs: Sequence[Value | None]
    ) -> Callable[[int], Callable[[], Array]] | None:
        """What the results are, where that is known from the numbers of inputs that are data; computed when asked."""
        if node.op_type not in SIZES or any(one is not None and one.numbers is None for one in inputs):
            return None
        found = list[Array]()

        def results() -> list[Array]:
            if not found:
                given = [None if one is None or one.numbers is None else one.numbers() for one in inputs]
                found.extend(folded(node, attributes, given, self.opset))
            return found

        return lambda k: lambda: results()[k]


def _literal(array: Array) -> str:
    number = array.reshape(-1)[0]
    if array.dtype.kind in "iub":
        text = str(int(number))
    else:
        wide = float(str(number))  # the shortest text that it is, as float32 has it
        text = {"inf": "inf", "-inf": "-inf", "nan": "nan"}.get(repr(wide), repr(wide))
    return f"({text})" if text.startswith("-") else text


def _cast(node: Any, kind: str) -> Any:
    """The same as a Cast to a type: of the other input no number is needed."""
    from onnx import helper

    number = next((number for number, name in KINDS.items() if name == kind), None)
    if number is None:
        raise Unwritable(f"a cast to {shortened(kind, 40)}")
    made = helper.make_node("Cast", [node.input[0]], [*node.output], name=node.name, to=number)
    made.metadata_props.extend(node.metadata_props)
    return made


def _of_shape(op: str, attributes: Mapping[str, Any], of: Value) -> Array:
    part = of.shape[attributes.get("start", 0) : attributes.get("end", len(of.shape))]
    return np.array(part if op == "Shape" else int(np.prod(of.shape, dtype=object)), np.int64)
