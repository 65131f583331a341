"""Reads a rule as it is printed, and computes it: names are looked up, letters run, ∂y/∂x is asked of the operation.

Written from the conventions of the printed text alone: `z[0,1]` is NumPy's element, `z₁₁` the blackboard's; under Σᵢ a
letter runs over the whole axis on which it stands alone, unless it is said from where to where.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import product as boxes

import numpy as np
import torch
from graphs import Array

from gradstep.engine.graph.graph import Node, Role, Value
from gradstep.engine.run.recording import Recording

SUBSCRIPTS = dict(zip("ᵢⱼₖₗₘₙₚᵣₛₜᵤᵥ", "ijklmnprstuv", strict=True))
FUNCTIONS: dict[str, Callable[..., float]] = {
    "exp": lambda x: math.exp(x) if x < 700 else math.inf,
    "ln": lambda x: math.log(x) if x > 0 else -math.inf if x == 0 else math.nan,
    "sin": math.sin, "cos": math.cos, "tanh": math.tanh, "tan": math.tan, "asin": math.asin, "acos": math.acos,
    "atan": math.atan, "atan2": math.atan2, "sinh": math.sinh, "cosh": math.cosh, "asinh": math.asinh,
    "acosh": math.acosh, "atanh": math.atanh, "erf": math.erf, "trunc": math.trunc,
    "log₂": math.log2, "log₁₀": math.log10, "isnan": math.isnan,
    "round": lambda x, decimals=0.0: round(x, int(decimals)),
    "σ": lambda x: 1 / (1 + math.exp(-x)) if x > -700 else 0.0,
    "Φ": lambda x: 0.5 * math.erfc(-x / math.sqrt(2)),
    "φ": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    "sign": lambda x: (x > 0) - (x < 0),
    "max": max, "min": min, "detach": lambda x: x,
    "clip": lambda x, low, high: min(max(x, low), high),
    "where": lambda c, a, b: a if c else b,
    "huber": lambda d, delta: 0.5 * d * d if abs(d) <= delta else delta * (abs(d) - delta / 2),
}  # fmt: skip
OVER: dict[str, Callable[[list[float]], float]] = {
    "Σ": sum,
    "Π": math.prod,
    "mean": lambda xs: sum(xs) / len(xs),
    "var": lambda xs: float(np.var(xs)),
    "max": max,
    "min": min,
}
TESTS: dict[str, Callable[[float, float], bool]] = {
    ">": lambda a, b: a > b, "≥": lambda a, b: a >= b, "<": lambda a, b: a < b,
    "≤": lambda a, b: a <= b, "=": lambda a, b: a == b, "≠": lambda a, b: a != b,
}  # fmt: skip
Box = dict[str, int]
Made = Callable[[Box], float]


def _raised(base: Made, exponent: Made) -> Made:
    return lambda box: float(base(box) ** exponent(box))


def _as(x: Made, kind: torch.dtype) -> Made:
    return lambda box: float(torch.tensor(x(box), dtype=torch.float64).to(kind).item())


class Names:
    """What is called how on the blackboard of a recording."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        graph, board = recording.graph, recording.board
        self.whole = {board.whole(v.id): v for v in graph.values if v.role is not Role.LITERAL}
        self.short: dict[str, tuple[Value, int]] = {}
        for value in graph.values:
            if value.role is not Role.LITERAL:
                for flat in range(min(value.size, 4096)):
                    name = board.element(value.id, flat)
                    if "[" not in name:
                        self.short[name] = (value, flat)
        longest = sorted({*self.whole, *self.short}, key=len, reverse=True)
        self.any = re.compile(rf"({'|'.join(map(re.escape, longest))})(?![^\W²]|[:(])")


class Rule:
    """A right side, read: `value({})` computes it."""

    def __init__(self, names: Names, text: str) -> None:
        self.names, self.recording, self.text, self.at = names, names.recording, text, 0
        #: The letters that run at this place, with the axes on which each stands alone.
        self.alone: dict[str, set[int]] = {}
        self.value = self._whole()
        self._space()
        assert self.at == len(text), f"'{text[self.at :]}' is left of '{text}'"

    # Characters

    def _space(self) -> None:
        while self.text[self.at : self.at + 1] == " ":
            self.at += 1

    def _is(self, *texts: str) -> str:
        """The first of some texts that stands here, which is then behind; else nothing."""
        self._space()
        for text in texts:
            if self.text.startswith(text, self.at):
                self.at += len(text)
                return text
        return ""

    def _need(self, text: str) -> None:
        assert self._is(text), f"'{text}' is missing before '{self.text[self.at :]}' in '{self.text}'"

    # Sums and products

    def _whole(self) -> Made:
        """A formula, or a comparison, which is 1 or 0."""
        start = self.at
        self._sum()
        compares = self._is(*TESTS)
        self.at = start
        return self._condition() if compares else self._choice()

    def _choice(self) -> Made:
        """`a if x > 0, b if x = 0, else c`."""
        cases: list[tuple[Made, Made]] = []
        value = self._sum()
        while self._is("if "):
            cases.append((self._condition(), value))
            self._need(",")
            if self._is("else "):
                value = self._sum()
                break
            value = self._sum()
        if not cases:
            return value
        last = value
        return lambda box: next((case(box) for holds, case in cases if holds(box)), last(box))

    def _condition(self) -> Made:
        parts, signs = [self._sum()], []
        while sign := self._is(*TESTS):
            signs.append(sign)
            parts.append(self._sum())
        if not signs:
            return parts[0]
        return lambda box: float(all(TESTS[s](parts[k](box), parts[k + 1](box)) for k, s in enumerate(signs)))

    def _sum(self) -> Made:
        terms: list[tuple[int, Made]] = [(-1 if self._is("−") else 1, self._product())]
        while sign := self._is("+", "−"):
            terms.append((1 if sign == "+" else -1, self._product()))
        return lambda box: sum(sign * term(box) for sign, term in terms)

    def _product(self) -> Made:
        factors: list[tuple[bool, Made]] = [(False, self._power())]
        while True:
            if self._is("×", "·"):
                factors.append((False, self._power()))
            elif self._is("/"):
                factors.append((True, self._power()))
            elif self._begins():
                factors.append((False, self._power()))
            else:
                break

        def value(box: Box) -> float:
            found = 1.0
            for over, factor in factors:
                x = factor(box)
                if over:
                    found = found / x if x else math.copysign(math.inf, found) if found else math.nan
                else:
                    found *= x
            return found

        return value

    def _begins(self) -> bool:
        """Whether a factor stands here without a sign, as in 2 (y − t) and t ln y."""
        self._space()
        rest = self.text[self.at :]
        if re.match(r"\((?:\w(?:, \w)* = \d+…|where )|if |else ", rest):
            return False
        return bool(re.match(r"[\w(√∂½]", rest))

    def _power(self) -> Made:
        base = self._atom()
        while True:
            if self._is("²"):
                base = _raised(base, lambda box: 2)
            elif self._is("^"):
                base = _raised(base, self._atom())
            elif kind := re.match(r"as (b?float\d+)", self.text[self.at :]):
                self.at += kind.end()
                base = _as(base, getattr(torch, kind[1]))
            else:
                return base

    # What a factor is

    def _atom(self) -> Made:
        self._space()
        rest = self.text[self.at :]
        if self._is("("):
            value = self._whole()
            self._need(")")
            return value
        for left, right, whole in (("⌊", "⌋", math.floor), ("⌈", "⌉", math.ceil)):
            if self._is(left):
                value = self._sum()
                self._need(right)
                return lambda box, whole=whole: float(whole(value(box)))  # type: ignore[misc]
        if self._is("|"):
            value = self._sum()
            self._need("|")
            return lambda box: abs(value(box))
        if self._is("½"):
            if self._begins() and not self.text[self.at :].startswith("if"):
                value = self._power()
                return lambda box: value(box) / 2
            return lambda box: 0.5
        if self._is("√"):
            value = self._atom()
            return lambda box: math.sqrt(value(box)) if value(box) >= 0 else math.nan
        if self._is("−"):
            value = self._power()
            return lambda box: -value(box)
        if self._is("π"):
            return lambda box: math.pi
        if self._is("∞"):
            return lambda box: math.inf
        if over := re.match(rf"(Σ|Π|mean|var|max|min)([{''.join(SUBSCRIPTS)}]+) ", rest):
            self.at += over.end()
            return self._over(over[1], over[2])
        if over := re.match(r"(Σ|Π|mean|var|max|min) (?=[\w(|])", rest):  # of a single number
            self.at += over.end()
            return self._over(over[1], "")
        if rest.startswith("∂"):
            return self._derivative()
        if self._is("place of "):
            return self._place()
        if name := re.match(rf"({'|'.join(sorted(FUNCTIONS, reverse=True))})\(", rest):
            self.at += name.end()
            arguments = [self._sum()]
            while self._is(","):
                arguments.append(self._sum())
            self._need(")")
            return lambda box: float(FUNCTIONS[name[1]](*(a(box) for a in arguments)))
        if rest.startswith("ln "):
            self.at += 3
            value = self._power()
            return lambda box: FUNCTIONS["ln"](value(box))
        element = self._element()
        if element is not None:
            return self._number(element)
        found = re.match(r"\d+(?:\.\d+)?(?:e[-−]?\d+)?", rest)
        assert found, f"what is '{rest}' in '{self.text}'?"
        self.at += found.end()
        return lambda box: float(found[0].replace("−", "-"))

    def _number(self, element: tuple[int, Callable[[Box], int]]) -> Made:
        value, at = element
        return lambda box: float(self.recording.trace.data[value].item(at(box)))

    def _over(self, kind: str, letters: str) -> Made:
        """A sum, or what else is made of all, over letters."""
        running = [SUBSCRIPTS[letter] for letter in letters]
        before, self.alone = self.alone, {letter: set() for letter in running}
        term = self._product() if kind in "ΣΠ" else self._power()
        ranges = {letter: range(next(iter(sizes))) for letter, sizes in self.alone.items() if len(sizes) == 1}
        only: Made | None = None
        if self._is("("):
            if self._is("where "):
                only = self._condition()
            else:
                while True:
                    named = re.match(r"(\w(?:, \w)*) = (\d+)…(\d+)", self.text[self.at :])
                    assert named, self.text[self.at :]
                    self.at += named.end()
                    for letter in named[1].split(", "):
                        assert letter in running, f"'{letter}' does not run in '{self.text}'"
                        ranges[letter] = range(int(named[2]), int(named[3]) + 1)
                    if not self._is(", "):
                        break
            self._need(")")
        for letter in running:
            assert letter in ranges, f"from where to where does {letter} run in '{self.text}'?"
        self.alone = before

        def value(box: Box) -> float:
            inside = [
                {**box, **dict(zip(running, at, strict=True))} for at in boxes(*(ranges[letter] for letter in running))
            ]
            return OVER[kind]([term(b) for b in inside if only is None or only(b)])

        return value

    def _place(self) -> Made:
        """`place of x[1,2] on axis 1`: which along an axis or several, or counted through all."""
        element = self._element()
        assert element is not None, self.text
        value, at = element
        shape = self.recording.graph.values[value].shape
        axes = list(range(len(shape)))
        if said := re.match(r" on ax[ie]s (\d+(?:, \d+)*)", self.text[self.at :]):
            self.at += said.end()
            axes = [int(axis) for axis in said[1].split(", ")]

        def place(box: Box) -> float:
            index = np.unravel_index(at(box), shape) if shape else ()
            inside = tuple(int(index[a]) for a in axes)
            return float(np.ravel_multi_index(inside, tuple(shape[a] for a in axes))) if axes else 0.0

        return place

    def _derivative(self) -> Made:
        """∂L/∂a, or ∂b/∂a of the operation that makes b of a."""
        self._need("∂")
        top = self._element()
        self._need("/")
        self._need("∂")
        bottom = self._element()
        assert top is not None, self.text
        assert bottom is not None, self.text
        trace, graph = self.recording.trace, self.recording.graph
        (value, at), (source, flat) = top, bottom
        if value == graph.loss.id:
            return lambda box: float(trace.gradient(source).item(flat(box)))
        node = graph.nodes[graph.values[value].node]
        return lambda box: partial(self.recording, node, at(box), source, flat(box))

    # Names

    def _element(self) -> tuple[int, Callable[[Box], int]] | None:
        """What a name with its index means: a value, and which of its elements for some letters."""
        self._space()
        found = self.names.any.match(self.text, self.at)
        if found is None:
            return None
        name, self.at = found[1], found.end()
        if name in self.names.whole and self.text[self.at : self.at + 1] == "[":
            self.at += 1
            return self._index(name)
        if name not in self.names.short and self.names.whole[name].size == 1:  # the loss, with axes of length 1
            return self.names.whole[name].id, lambda box: 0
        value, flat = self.names.short[name]
        return value.id, lambda box: flat

    def _index(self, name: str) -> tuple[int, Callable[[Box], int]]:
        value = self.names.whole[name]
        parts: list[Callable[[Box], int]] = []
        for axis, size in enumerate(value.shape):
            if axis:
                self._need(",")
            parts.append(self._coordinate(size))
        self._need("]")
        steps = [math.prod(value.shape[a + 1 :]) for a in range(len(value.shape))]

        def flat(box: Box) -> int:
            index = [part(box) for part in parts]
            assert all(0 <= i < n for i, n in zip(index, value.shape, strict=True)), (name, index, self.text)
            return sum(i * s for i, s in zip(index, steps, strict=True))

        return value.id, flat

    def _coordinate(self, size: int) -> Callable[[Box], int]:
        terms: list[tuple[int, str]] = []
        start, element = self.at, None
        if not re.match(r"[\d−]*[a-z]?[\],+−]", self.text[self.at :]):
            element = self._element()
        if element is not None:
            whole, at = element
            return lambda box: int(self.recording.trace.data[whole].item(at(box)))
        while True:
            found = re.match(r"([+−]?)(\d*)([a-z]?)", self.text[self.at :])
            assert found, self.text[start:]
            assert found[2] or found[3], self.text[start:]
            self.at += found.end()
            terms.append(((-1 if found[1] == "−" else 1) * int(found[2] or 1), found[3]))
            if self.text[self.at] not in "+−":
                break
        if len(terms) == 1 and terms[0][0] == 1 and terms[0][1]:
            self.alone[terms[0][1]].add(size)
        return lambda box: sum(by * (box[letter] if letter else 1) for by, letter in terms)


def partial(recording: Recording, node: Node, at: int, source: int, flat: int) -> float:
    """∂y[at]/∂x[flat] of one operation, by its vjp of a vector that is 1 there."""
    trace = recording.trace
    xs, y = trace.inputs(node), trace.output(node)
    slots = [slot for slot, value in enumerate(node.inputs) if value == source]
    g = np.zeros(y.size, dtype=y.dtype)
    g[at] = 1
    found: list[Array] = []
    with np.errstate(all="ignore"):
        for slot in slots:
            found.append(np.asarray(node.op.vjp(slot, g.reshape(y.shape), y, xs)))
    parts = [float(part.reshape(-1)[flat]) for part in found]
    assert sum(part != 0 for part in parts) <= 1, "which of several is meant"
    return sum(parts)
