"""Scenarios written down in few words, and the data they are trained on, drawn from seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from gradstep.engine.index import Array


def scenario(
    graph: str,
    parameters: str,
    training: Mapping[str, Any] | None = None,
    *,
    dtype: str = "float64",
    batch: str = "x t",
    seed: int = 1,
    **inputs: object,
) -> str:
    """A scenario's text. `graph` is its lines, `parameters` as in `W1 8x4 he_normal, b1 8 zeros` (drawn from one seed
    after the other); inputs are arrays, or what stands in a TOML table."""
    lines = ["format = 1", f'dtype = "{dtype}"']
    if batch:
        lines.append(f"batch = {json.dumps(batch.split())}")
    lines += ["[inputs]", *(f"{name} = {_value(value)}" for name, value in inputs.items())]
    lines += ["[parameters]", *(_parameter(one, seed + at) for at, one in enumerate(_split(parameters)))]
    lines.append("[graph]")
    for line in filter(None, map(str.strip, graph.splitlines())):
        name, formula = line.split(" = ", 1)
        lines.append(f'{name} = "{formula}"')
    if training:
        lines += ["[training]", *(f"{key} = {json.dumps(value)}" for key, value in training.items())]
    return "\n".join(lines) + "\n"


def _split(parameters: str) -> list[str]:
    return [one.strip() for one in parameters.replace("\n", ",").split(",") if one.strip()]


def _parameter(one: str, seed: int) -> str:
    """`W1 8x4 he_normal`, `W 3 normal(0;0.1)`, or `W1 = [[…]]` as it is."""
    if " = " in one:
        return one.replace(";", ",")
    name, shape, init = one.split(" ", 2)
    sizes = ", ".join(filter(None, shape.split("x"))) if shape != "()" else ""
    return f'{name} = {{ shape = [{sizes}], init = "{init.replace(";", ",")}", seed = {seed} }}'


def _value(value: object) -> str:
    if isinstance(value, str):
        return value
    text = json.dumps(np.round(np.asarray(value, dtype=np.float64), 5).tolist())
    return text.replace("NaN", "nan").replace("Infinity", "inf")


def dataset(name: str, part: str, split: str = "all") -> str:
    """A data set that ships."""
    return f'{{ dataset = "{name}", part = "{part}", split = "{split}" }}'


def mlp(
    *sizes: int, hidden: str = "relu", output: str = "", init: str = "he_normal", last: str = "xavier_normal"
) -> tuple[str, str]:
    """The graph's lines and the parameters of a net as Keras' Sequential makes them, from x to y. `output` is the
    last activation."""
    lines, parameters, before = [], [], "x"
    count = len(sizes) - 1
    for k, (inside, out) in enumerate(pairwise(sizes), 1):
        parameters += [f"W{k} {out}x{inside} {init if k < count else last}", f"b{k} {out} zeros"]
        lines.append(f"z{k} = {before} @ W{k}.T + b{k}")
        name, activation = (f"h{k}", hidden) if k < count else ("y", output)
        lines.append(f"{name} = {activation}(z{k})" if activation else f"{name} = 1 * z{k}")
        if not activation:
            lines[-2:] = [f"{name} = {before} @ W{k}.T + b{k}"]
        before = name
    return "\n".join(lines), ", ".join(parameters)


def net(
    sizes: tuple[int, ...],
    loss: str,
    training: Mapping[str, Any],
    *,
    x: object,
    t: object,
    dtype: str = "float64",
    seed: int = 1,
    **options: str,
) -> str:
    """A scenario of `mlp`: `loss` is the formula of L."""
    lines, parameters = mlp(*sizes, **options)
    return scenario(f"{lines}\nL = {loss}", parameters, training, dtype=dtype, seed=seed, x=x, t=t)


# Data ---------------------------------------------------------------------------------------------


def blobs(count: int, classes: int, features: int, seed: int, spread: float = 0.5) -> tuple[Array, Array]:
    """Clouds of points around centres, and their class numbers, in random order."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 1.5, (classes, features))
    labels = rng.permutation(np.arange(count) % classes)
    return centres[labels] + spread * rng.normal(size=(count, features)), labels.astype(float)


def plane(count: int, features: int, seed: int, noise: float = 0.1, outputs: int = 1) -> tuple[Array, Array]:
    """Targets that are linear in the inputs, with noise: x (count, features), t (count, outputs)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, features))
    return x, x @ rng.normal(size=(features, outputs)) + rng.normal() + noise * rng.normal(size=(count, outputs))


def wave(count: int, seed: int, noise: float = 0.05, turns: float = 1.0) -> tuple[Array, Array]:
    """A sine over −1…1: x (count, 1), t (count, 1)."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (count, 1))
    return x, np.sin(np.pi * turns * x) + noise * rng.normal(size=(count, 1))


def halves(count: int, features: int, seed: int) -> tuple[Array, Array]:
    """Two classes on either side of a plane through the middle: t (count, 1) of 0 and 1."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, features))
    side = x @ rng.normal(size=(features, 1))
    return x, (side > np.median(side)).astype(float)


def one_hot(labels: Array, classes: int) -> Array:
    return np.eye(classes)[labels.astype(int)]


XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR_T = np.array([[0.0], [1.0], [1.0], [0.0]])
