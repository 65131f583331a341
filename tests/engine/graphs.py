"""Builders for the graphs that the engine's tests share."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from gradstep.engine.files import loads
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.formulas import Formulas
from gradstep.engine.graph.graph import Graph, Role, Value
from gradstep.engine.run.passes import run
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.trace import Trace

Array = npt.NDArray[Any]

#: How many examples the longer property tests draw; set GRADSTEP_EXAMPLES for a longer run.
EXAMPLES = int(os.environ.get("GRADSTEP_EXAMPLES", "60"))
#: A longer run draws new examples each time; the ordinary one always the same.
REPEATABLE = "GRADSTEP_EXAMPLES" not in os.environ


@dataclass(frozen=True)
class Network:
    """A graph with the arrays of its leaves, run when first looked at."""

    graph: Graph
    leaves: Mapping[int, Array]

    @cached_property
    def trace(self) -> Trace:
        return run(self.graph, self.leaves)

    def value(self, name: str) -> Value:
        return self.graph.by_name[name]

    def data(self, name: str) -> Array:
        return self.trace.data[self.value(name).id]

    def grad(self, name: str) -> Array:
        found = self.trace.grad[self.value(name).id]
        assert found is not None, f"'{name}' has no gradient"
        return found


class NetworkBuilder:
    """A graph under construction, with its leaves' arrays."""

    def __init__(self, dtype: npt.DTypeLike = np.float64) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.graph = GraphBuilder(self.dtype)
        self.formulas = Formulas(self.graph)
        self.leaves: dict[int, Array] = {}

    def _leaf(self, name: str, array: npt.ArrayLike, role: Role) -> Value:
        with np.errstate(over="ignore"):
            data = np.array(array, dtype=self.dtype, order="C")
        data.flags.writeable = False
        value = self.graph.leaf(name, data.shape, role, role is Role.PARAMETER)
        self.leaves[value.id] = data
        return value

    def input(self, name: str, array: npt.ArrayLike) -> Value:
        return self._leaf(name, array, Role.INPUT)

    def parameter(self, name: str, array: npt.ArrayLike) -> Value:
        return self._leaf(name, array, Role.PARAMETER)

    def line(self, name: str, text: str) -> Value:
        return self.formulas.add(name, text)

    def done(self, loss: str = "L") -> Network:
        return Network(self.graph.build(loss), self.leaves)


def network(
    inputs: Mapping[str, npt.ArrayLike],
    parameters: Mapping[str, npt.ArrayLike],
    lines: Mapping[str, str],
    loss: str = "L",
    dtype: npt.DTypeLike = np.float64,
) -> Network:
    """The network of these leaves and formulas."""
    builder = NetworkBuilder(dtype)
    for name, array in inputs.items():
        builder.input(name, array)
    for name, array in parameters.items():
        builder.parameter(name, array)
    for name, text in lines.items():
        builder.line(name, text)
    return builder.done(loss)


def walkthrough(dtype: npt.DTypeLike = np.float64) -> Network:
    """Two inputs, two ReLU neurons, one sigmoid output: the network most examples are about."""
    return network(
        {"x": [0.5, 0.8], "t": [1.0]},
        {"W1": [[0.4, 0.3], [-0.2, 0.5]], "b1": [0.1, -0.1], "W2": [[0.6, -0.4]], "b2": [0.2]},
        {
            "z1": "W1 @ x + b1",
            "h": "relu(z1)",
            "z2": "W2 @ h + b2",
            "y": "sigmoid(z2)",
            "L": "half_squared_error(y, t)",
        },
        dtype=dtype,
    )


def recorded(net: Network) -> Recording:
    """One iteration of a network."""
    return record(Scenario("", "", "", "", "", "", net.graph, net.leaves))


def at(recording: Recording, name: str, flat: int = 0) -> Element:
    """An element by the name of its value."""
    return Element(recording.graph.by_name[name].id, flat)


@cache
def written(parameters: str, lines: str, dtype: str = "float64") -> Recording:
    """One iteration of a network of parameters and formulas as they are written in a file, `a = …; b = …`."""
    leaves, graph = ("\n".join(p.strip() for p in part.split(";")) for part in (parameters, lines))
    graph = "\n".join('{} = "{}"'.format(*map(str.strip, line.split("=", 1))) for line in graph.splitlines())
    return record(loads(f'format = 1\ndtype = "{dtype}"\n[parameters]\n{leaves}\n[graph]\n{graph}\n'))


# Random networks ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One node: its name, operation, inputs (names, or numbers written out), options, and formula."""

    name: str
    op: str
    inputs: tuple[str | float, ...]
    options: Mapping[str, Any]
    text: str


@dataclass
class Program:
    """A network as data, which any implementation can be given to compute."""

    inputs: dict[str, Array]
    parameters: dict[str, Array]
    lines: list[Line]

    def network(self, dtype: npt.DTypeLike = np.float64) -> Network:
        return network(self.inputs, self.parameters, {n.name: n.text for n in self.lines}, dtype=dtype)

    def __repr__(self) -> str:
        leaves = [f"{k} = {v.tolist()}" for k, v in {**self.inputs, **self.parameters}.items()]
        return "\n".join(["", *leaves, *(f"{n.name} = {n.text}" for n in self.lines)])


#: What each operation does, in plain NumPy; and which numbers it is given, so that neither
#: rounding errors nor a kink can be magnified.
PLAIN: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "negative": lambda x: -x,
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.where(x > 0, x, 0.0),
    "sum": np.sum,
    "mean": np.mean,
    "mse": lambda y, t: np.mean((y - t) ** 2),
    "half_squared_error": lambda y, t: np.sum((y - t) ** 2) / 2,
    "linear": lambda x, W, b=0.0: x @ W.T + b,
}
_TAME: dict[str, Any] = {
    "divide": lambda a, b: np.abs(b).min() > 0.2,
    "power": lambda a, b: b in (0, 1, 2, 3) or (np.min(a) > 0.05 if b % 1 else np.abs(a).min() > 0.2),
    "exp": lambda x: np.abs(x).max() < 4,
    "log": lambda x: np.min(x) > 0.05,
    "tanh": lambda x: np.abs(x).max() < 3,
    "sigmoid": lambda x: np.abs(x).max() < 6,
    "relu": lambda x: np.abs(x).min() > 1e-6,
    "mse": lambda y, t: np.shape(y) == np.shape(t) or 1 in (np.size(y), np.size(t)),
    "half_squared_error": lambda y, t: np.shape(y) == np.shape(t) or 1 in (np.size(y), np.size(t)),
}
_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}
_NUMBERS = (2.0, 0.5, -1.5, 3.0)
_EXPONENTS = (2.0, 3.0, 0.0, 1.0, -1.0, 0.5, -1.5)
_SHAPES = ((3,), (2, 3), (2,), (), (1,), (2, 1), (1, 3))


class _Writer:
    """Writes a program line by line, and knows the numbers it has so far."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        self.program = Program({}, {}, [])
        self.numbers: dict[str, Array] = {}

    def pick(self, options: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(options))

    def leaf(self, shape: tuple[int, ...], parameter: bool) -> str:
        kind = self.program.parameters if parameter else self.program.inputs
        name = f"{'pi'[not parameter]}{len(kind)}"
        # Of both signs, none of them near 0.
        array = np.asarray((0.3 + 1.2 * self.rng.random(shape)) * self.rng.choice([-1.0, 1.0], shape))
        kind[name] = self.numbers[name] = array
        return name

    def value(self) -> str:
        """Some value, a leaf or computed; later ones are as likely as all earlier ones together."""
        known = list(self.numbers)
        return str(known[-1] if self.draw(st.booleans()) else self.pick(known))

    def compute(self, op: str, inputs: Sequence[str | float], limit: float = 30.0, **options: Any) -> bool:
        """Appends a line, unless its numbers would be wild or its shapes do not fit."""
        arrays = [self.numbers[i] if isinstance(i, str) else i for i in inputs]
        try:
            if op != "linear":
                np.broadcast_shapes(*map(np.shape, arrays))
            if op in _TAME and not _TAME[op](*arrays):
                return False
            result = np.asarray(PLAIN[op](*arrays, **options))
        except ValueError:  # shapes
            return False
        if np.abs(result).max() > limit:
            return False
        name = f"v{len(self.program.lines)}"
        self.program.lines.append(Line(name, op, tuple(inputs), options, self.text(op, inputs, options)))
        self.numbers[name] = result
        return True

    def text(self, op: str, inputs: Sequence[str | float], options: Mapping[str, Any]) -> str:
        words = [str(i) for i in inputs]
        if op == "linear" and self.draw(st.booleans()):
            x, W, *b = words
            forms = [f"{x} @ {W}.T"] + ([f"{W} @ {x}"] if self.numbers[x].ndim == 1 else [])
            product = self.pick(forms)
            return " + ".join([product, *b] if not b or self.draw(st.booleans()) else [*b, product])
        if op == "negative" and self.draw(st.booleans()):
            return f"-{words[0]}"
        if op in _SIGNS and self.draw(st.booleans()):
            return f"{words[0]} {_SIGNS[op]} {words[1]}"
        return f"{op}({', '.join([*words, *(f'{k}={v!r}' for k, v in options.items())])})"

    def step(self) -> None:
        """One more line: an operation that can be applied, out of three tries."""
        if not any(self.attempt() for _ in range(3)):
            self.compute("negative", [self.value()])

    def attempt(self) -> bool:
        op = self.pick((*sorted(PLAIN), "linear", "linear", "log", "divide"))
        if op == "linear":
            return self.linear()
        if op == "power":
            return self.compute(op, [self.value(), self.pick(_EXPONENTS)])
        if op in _SIGNS:
            inputs: list[str | float] = [self.value(), self.value()]
            if self.draw(st.integers(0, 3)) == 0:
                inputs[self.draw(st.integers(0, 1))] = self.pick(_NUMBERS)
            return self.compute(op, inputs)
        if op in ("sum", "mean"):
            x = self.value()
            axes = [None, *range(-self.numbers[x].ndim, self.numbers[x].ndim)]
            return self.compute(op, [x], axis=self.pick(axes), keepdims=self.draw(st.booleans()))
        if op in ("mse", "half_squared_error"):
            return self.compute(op, [self.value(), self.value()])
        return self.compute(op, [self.value()])

    def linear(self) -> bool:
        """A weighted sum, with parameters of its own or with those of another one."""
        x = self.value()
        if not self.numbers[x].ndim:
            return False
        width = self.numbers[x].shape[-1]
        shared = [n for n, w in self.program.parameters.items() if w.ndim == 2 and w.shape[1] == width]
        W = self.pick(shared) if shared and self.draw(st.booleans()) else self.leaf((self.pick((3, 1, 2)), width), True)
        inputs = [x, str(W)]
        if self.draw(st.booleans()):
            outs = self.numbers[inputs[1]].shape[0]
            fits = [n for n, b in self.program.parameters.items() if b.shape == (outs,)]
            inputs.append(self.pick(fits) if fits and self.draw(st.booleans()) else self.leaf((outs,), True))
        return self.compute("linear", inputs)

    def finish(self) -> Program:
        """The loss, from some of the values that nothing uses yet; the others stay without effect."""
        used = {i for line in self.program.lines for i in line.inputs}
        ends = [line.name for line in self.program.lines if line.name not in used]
        parts = []
        for end in ends[-self.draw(st.integers(1, 3)) :]:
            self.compute(self.pick(("sum", "mean")), [end], np.inf)
            parts.append(self.program.lines[-1].name)
        for part in parts[1:]:
            self.compute("add", [self.program.lines[-1].name, part], np.inf)
        last = self.program.lines.pop()
        self.program.lines.append(Line("L", last.op, last.inputs, last.options, last.text))
        if self.draw(st.integers(0, 3)) == 0:
            self.program.lines.append(Line("after", "multiply", ("L", 2.0), {}, "L * 2"))
        return self.program


@st.composite
def programs(draw: Any) -> Program:
    """Networks with forks, skips, shared parameters, broadcasts, constants and dead ends."""
    writer = _Writer(draw)
    for number in range(draw(st.integers(2, 5))):
        writer.leaf(writer.pick(_SHAPES), parameter=number == 0 or draw(st.booleans()))
    for _ in range(draw(st.sampled_from((1, 2, 4, 8, 12, 16, 20, 24)))):
        writer.step()
    return writer.finish()
