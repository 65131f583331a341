"""Random networks whose gradients are right, and the same with one operation that passes back a wrong one.

`python tests/engine/planted.py 250 5000` prints how many of 250 right networks, numbered from 5000 on, are said to have
a wrong gradient, in either precision, and how many planted mistakes are found.
"""

from __future__ import annotations

import copy
import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gradstep.engine.ask.differences.verifying import every
from gradstep.engine.files import loads
from gradstep.engine.graph.graph import Graph
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.scenario import Scenario

Array = npt.NDArray[Any]

#: What is done to what an operation passes back; `largest` is the largest number in it.
KINDS: Mapping[str, Callable[[Array], Array]] = {
    "twice": lambda g: g * 2,
    "× 1.1": lambda g: g * 1.1,
    "× 1.01": lambda g: g * 1.01,
    "× 1.001": lambda g: g * 1.001,
    "× 1.0001": lambda g: g * 1.0001,
    "× 1.00001": lambda g: g * 1.00001,
    "sign": lambda g: -g,
    "missing": lambda g: g * 0,
    "the other way round": lambda g: g.reshape(-1)[::-1].reshape(g.shape),
    "+ 1e-3 of the largest": lambda g: g + abs(g).max(initial=0) * g.dtype.type(1e-3),
    "+ 1e-5 of the largest": lambda g: g + abs(g).max(initial=0) * g.dtype.type(1e-5),
    "one of them twice": lambda g: g * (1 + (np.arange(g.size) == g.size // 2).reshape(g.shape)),
    "one of them × 1.01": lambda g: g * (1 + 0.01 * (np.arange(g.size) == g.size // 2).reshape(g.shape)),
}

_ACTIVATIONS = (
    "relu", "tanh", "sigmoid", "gelu", "softplus", "leaky_relu", "elu", "silu", "layer_norm", "rms_norm", "softmax",
    "log_softmax", "sin", "exp", "abs",
)  # fmt: skip


def scenario(seed: int, dtype: str) -> Scenario:
    """A random network: some layers, with numbers of any scale, and a loss."""
    rng = np.random.default_rng(seed)
    rows, width = int(rng.integers(1, 5)), int(rng.integers(1, 6))
    scale = 10.0 ** rng.choice([-6, -3, -1, 0, 0, 0, 0, 0.5, 1, 2])
    leaves, lines = [f"x = {_numbers(rng, (rows, width), scale)}"], []
    last = "x"
    for k in range(int(rng.integers(1, 6))):
        out = int(rng.integers(1, 6))
        size = 10.0 ** rng.choice([-3, -1, 0, 0, 0, 0, 1]) / np.sqrt(width)
        leaves.append(f"W{k} = {_numbers(rng, (out, width), size)}")
        leaves.append(f"b{k} = {_numbers(rng, (out,), size * rng.choice([0, 0.1, 1]))}")
        lines.append(f'z{k} = "linear({last}, W{k}, b{k})"')
        name = str(rng.choice(_ACTIVATIONS))
        if name == "exp":  # of what does not overflow
            lines.append(f'h{k} = "exp(tanh(z{k}) * {rng.choice([1, 3, 20])})"')
        else:
            lines.append(f'h{k} = "{name}(z{k})"')
        last, width = f"h{k}", out
        if rng.random() < 0.2:  # a path beside
            lines.append(f's{k} = "{last} * {rng.choice([0.5, 3, 1e3])} + sigmoid(z{k})"')
            last = f"s{k}"
    lines.append(f'L = "{_loss(rng, last, rows, width, leaves)}"')
    text = "\n".join(["format = 1", f'dtype = "{dtype}"', "[parameters]", *leaves, "[graph]", *lines])
    return loads(text)


def _loss(rng: np.random.Generator, last: str, rows: int, width: int, leaves: list[str]) -> str:
    kind = rng.choice(["mse", "sum", "bce", "ce", "product", "shifted", "masked", "mae"])
    if kind in ("mse", "mae", "bce"):
        numbers = rng.integers(0, 2, (rows, width)).astype(float) if kind == "bce" else rng.normal(size=(rows, width))
        leaves.append(f"t = {numbers.tolist()}")
        name = "bce_with_logits" if kind == "bce" else kind
        return f"{name}({last}, t)"
    if kind == "ce":
        leaves.append(f"t = {np.eye(width)[rng.integers(0, width, rows)].tolist()}")
        return f"cross_entropy({last} * {rng.choice([1, 10, 40])}, t)"
    if kind == "product":
        return f"sum(tanh({last}) ** 5)"
    if kind == "shifted":
        return f"sum({last} * 0.1) + {rng.choice([1, 1e4, 1e8])}"
    if kind == "masked":
        return f"sum(softmax({last} - {rng.choice([10, 1e4, 1e9])})[0, 0]) + mean({last} ** 2)"
    return f"sum({last} ** 2)"


def _numbers(rng: np.random.Generator, shape: tuple[int, ...], scale: float) -> list[Any]:
    found: list[Any] = (rng.normal(size=shape) * scale).tolist()
    return found


def planted(right: Scenario, kind: str, seed: int) -> Recording:
    """A run in which one operation passes back something wrong through one of its inputs."""
    rng = np.random.default_rng(seed)
    graph = right.graph
    uses = [(p.node.id, slot) for p in graph.pullbacks for slot, *_ in p.slots]
    at, slot = uses[int(rng.integers(len(uses)))]
    nodes = [n._replace(op=wrongly(n.op, slot, KINDS[kind])) if n.id == at else n for n in graph.nodes]
    other = Graph(graph.values, nodes, graph.loss.name, graph.dtype)
    return record(dataclasses.replace(right, graph=other))


def effect(seed: int, kind: str) -> float:
    """How much is wrong in a double-precision run of such a scenario, at most, in units of what differences can tell:
    of the share 3e-6 of a gradient; and of what a step of 1e-2, or as far as the nearest kink, leaves where the loss is
    rounded to 13 digits, and the largest number on its way to 16."""
    right = record(scenario(seed, "float64"))
    wrong = planted(right.scenario, kind, seed)
    inputs = [right.trace.data[n.inputs[0]] for n in right.graph.nodes if n.op.kink]
    step = min([1e-2, *(float(abs(a[a != 0]).min(initial=1)) for a in inputs)])
    digits = max(1e-13 * abs(right.trace.loss), 1e-16 * max(float(abs(a).max()) for a in right.trace.data))
    most = 0.0
    for value in right.graph.values:
        one, other = right.trace.grad[value.id], wrong.trace.grad[value.id]
        if one is not None and other is not None:
            noise = digits / step / np.maximum(1, abs(right.trace.data[value.id]))
            told = np.maximum(3e-6 * np.maximum(abs(one), abs(other)), noise)
            most = max(most, float((abs(one - other) / told).max()))
    return most


def wrongly(op: Any, at: int, wrong: Callable[[Array], Array]) -> Any:
    """An operation that passes back something wrong through one of its inputs."""
    kind = type(op)

    def vjp(self: Any, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        found = kind.vjp(self, slot, g, y, xs)
        return np.asarray(wrong(found), dtype=found.dtype) if slot == at else found

    made = copy.copy(op)
    object.__setattr__(made, "__class__", type(kind.__name__, (kind,), {"vjp": vjp}))
    return made


def main() -> None:
    """Prints both rates."""
    count, first = int(sys.argv[1]), int(sys.argv[2])
    for dtype in ("float64", "float32"):
        alarms, seen, found, below = 0, 0, 0, 0
        for seed in range(first, first + count):
            alarms += bool(every(record(scenario(seed, dtype))).failed)
            kind = list(KINDS)[seed % len(KINDS)]
            if effect(seed, kind) <= 1:
                below += 1
                continue
            seen += 1
            found += bool(every(planted(scenario(seed, dtype), kind, seed)).failed)
        print(f"{dtype}: {alarms} false alarms in {count} networks; {found} of {seen} mistakes found, {below} below")


if __name__ == "__main__":
    main()
