"""Scenarios that are TOML without a fault, and say something odd: any value under any key, in any way of writing it."""

from __future__ import annotations

import json
import math
import random
import tomllib
from typing import Any

from formulas import formula

from gradstep.engine.training.optimizer import OPTIMIZERS
from gradstep.engine.training.options import OPTIONS
from gradstep.engine.training.schedules import SCHEDULES

TOO_LARGE: list[Any] = [2**63, 10**30, 10**400, -(10**400)]
NUMBERS: list[Any] = [
    *(0, 1, -1, 2, 3, 5, 64, 65, 1000, 2**31, 2**32, 10**12, 10**18, 2**63 - 1, -(2**63)),
    *(
        0.0,
        -0.0,
        0.5,
        0.999,
        1.0,
        1.5,
        -1.5,
        1e-3,
        1e-320,
        5e-324,
        1e-160,
        1e155,
        1e308,
        -1e308,
        math.inf,
        -math.inf,
        math.nan,
    ),
]
TEXTS = [
    *(
        "",
        "x",
        "L",
        "W1",
        "w",
        "loss",
        "grad",
        "value",
        "@3 L",
        "@99999999 L",
        "@0",
        "50%",
        "-1",
        "9" * 400,
        "start",
        "end",
        "é",
        "变",
        "\u202e",
    ),
    *(
        "dead",
        "flip on *",
        "vanish(0)",
        "vanish(1e400)",
        "grad == 0 and op == relu",
        "L > 1/0",
        "abs(w).max()",
        "previous(L)",
    ),
    *(
        "h.grad[9]",
        "h[*]",
        "x" * 5000,
        "sgd",
        "adam",
        "step",
        "cosine",
        "normal(0, 1e400)",
        "uniform(1, 0)",
        "he_normal",
        "orthogonal",
    ),
    *(
        "float32",
        "../a.npy",
        "/dev/zero",
        "a.npy",
        "x" * 300,
        "iris",
        "digits",
        "train",
        "inputs",
        "labels",
        "images",
        "one_hot",
    ),
    *(
        "crosses(L, 0)",
        "changed(w)",
        "w ** 1e9",
        "[[[",
        "a\0b",
        "\x1b[2J",
        "{}",
        "print L",
        "L do print w",
        "#",
        "'",
        '"',
    ),
]
INITS = [
    "zeros",
    "ones",
    "constant",
    "normal",
    "uniform",
    "he_normal",
    "xavier_uniform",
    "orthogonal",
    "normal(0, 0.1)",
    "normal(nan, inf)",
]
KEYS = [
    "x",
    "w",
    "W1",
    "h",
    "loss",
    "grad",
    "é",
    "a b",
    "",
    "lr",
    "steps",
    "value",
    "of",
    "at",
    "text",
    "format",
    "optimizer",
    "e#1",
    "x:exp",
]
OPTION_NAMES = [
    *OPTIONS,
    "optimizer",
    "schedule",
    *(o for one in OPTIMIZERS.values() for o in one.options),
    "gamma",
    "step_size",
    "t_max",
    "eta_min",
]


def value(random: random.Random, depth: int = 0) -> Any:
    """Anything that TOML has."""
    match random.randrange(9 if depth < 3 else 5):
        case 0 | 1:
            return random.choice(NUMBERS if random.random() < 0.97 else TOO_LARGE)
        case 2:
            return random.choice(TEXTS)
        case 3:
            return random.choice((True, False))
        case 4:
            return random.choice(("date", "time"))
        case 5:
            return {random.choice(KEYS): value(random, depth + 1) for _ in range(random.randrange(3))}
        case 6:
            return _leaf(random)
        case 7:
            return _array(random, [random.choice((0, 1, 2, 3)) for _ in range(random.choice((1, 1, 2, 3, 70)))])
    return [value(random, depth + 1) for _ in range(random.randrange(4))]


def _leaf(random: random.Random) -> dict[str, Any]:
    """An array of a seed, of a data set, in a file."""
    match random.randrange(5):
        case 0:
            found: dict[str, Any] = {"file": random.choice(TEXTS)}
        case 1:
            found = {
                "dataset": random.choice(("iris", "digits", "xor", "spiral")),
                "part": random.choice(("inputs", "labels", "one_hot")),
            }
        case _:
            shape = [random.choice((0, 1, 2, 3, 3, 4, 2**40, -1)) for _ in range(random.choice((0, 1, 2, 2, 3, 65)))]
            found = {"shape": shape, "init": random.choice(INITS), "seed": random.choice((0, 1, 2**63 - 1, -1))}
    for _ in range(random.choice((0, 0, 1, 2))):
        found[random.choice([*found, "value", "mean", "std", "low", "high", "key", "split"])] = value(random, 2)
    return found


def _array(random: random.Random, shape: list[int]) -> Any:
    if not shape:
        return random.choice(NUMBERS) if random.random() < 0.05 else round(random.uniform(-2, 2), 2)
    return [_array(random, shape[1:]) for _ in range(shape[0])] if len(shape) < 10 else [_array(random, shape[1:])]


def network(random: random.Random) -> dict[str, Any]:
    """A scenario of its own: some leaves, some lines, some tables."""
    said: dict[str, Any] = {"format": 1}
    names = random.sample(["x", "t", "w", "b", "V", "k", "ids"], random.randrange(1, 6))
    rows = random.choice((1, 2, 3, 4))
    for name in names:
        table = "inputs" if name in "xtids" else "parameters"
        square = random.random() < 0.5
        shape = (
            [3, 3] if square else random.choice(([], [3], [rows, 3], [1, 3], [rows, 1], [2, 1, 4, 4], [0, 3], [rows]))
        )
        leaf = _array(random, shape) if random.random() < 0.93 else _leaf(random)
        said.setdefault(table, {})[name] = leaf
    lines = said["graph"] = {}
    for number in range(random.randrange(1, 6)):
        lines[f"h{number}"] = formula(random, [*names, *lines])
    lines["L"] = random.choice(("sum({})", "mean({})", "{}", "mean(({}) * ({}))", "mse({}, {})")).replace(
        "{}", random.choice([*names, *lines])
    )
    if random.random() < 0.6:
        said["training"] = _training(random)
    if random.random() < 0.2:
        said["against"] = _training(random)
        said["against"].pop("steps", None)
    inputs = [name for name in names if name in "xtids"]
    if random.random() < 0.4 and inputs:
        said["batch"] = random.sample(inputs, random.randrange(len(inputs) + 1))
    if random.random() < 0.4:
        said["debug"] = {
            "breakpoints": [random.choice(TEXTS) for _ in range(random.randrange(3))],
            "watch": [random.choice([*TEXTS, *names, *lines]) for _ in range(random.randrange(3))],
        }
    if random.random() < 0.3:
        said["expect"] = [
            {
                "of": random.choice(("w", "w.grad", "L", "b.next", "h0[0]")),
                "value": _array(random, [random.randrange(3)]),
            }
        ]
    return said


def _training(random: random.Random) -> dict[str, Any]:
    """Options of one optimiser and one schedule, with numbers that mostly fit."""
    optimizer, schedule = random.choice(list(OPTIMIZERS)), random.choice(list(SCHEDULES))
    options = {**OPTIONS, **OPTIMIZERS[optimizer].options, **SCHEDULES[schedule].options}
    found: dict[str, Any] = {"optimizer": optimizer, "steps": random.choice((1, 2, 3, 5, 10**8, 10**9))}
    if random.random() < 0.5:
        found["schedule"] = schedule
        if schedule == "step":
            found["step_size"] = random.choice((1, 2, 10**12))
    for name in random.sample(list(options), random.randrange(4)):
        fitting = [
            v
            for v in (*NUMBERS, True, False, [0.9, 0.999], [0.0, 0.5], [{"schedule": "step", "step_size": 2}])
            if options[name].fits(v)
        ]
        if (
            name not in ("steps", "schedule", "batch_size", "validation", "shuffle", "validate")
            or random.random() < 0.3
        ):
            found[name] = random.choice(fitting) if random.random() < 0.9 and fitting else value(random, 2)
    return found


def changed(random: random.Random, said: dict[str, Any]) -> dict[str, Any]:
    """The same with something else under a key, a key more or one less."""
    holder: Any = said
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = random.choice(keys) if keys else None
        inner = holder[key] if key is not None else None
        if not isinstance(inner, dict | list) or not inner or random.random() < 0.15:
            break
        holder = inner
    if key is None or random.random() < 0.1:
        if isinstance(holder, dict):
            holder[random.choice((*KEYS, *OPTION_NAMES))] = value(random)
        else:
            holder.append(value(random))
    elif random.random() < 0.15:
        del holder[key]
    elif isinstance(inner, str) and random.random() < 0.6:
        holder[key] = formula(random, ["x", "t", "w", "W1", "b1", "h", "L"])
    else:
        holder[key] = value(random)
    return said


def document(random: random.Random, sources: list[str]) -> str:
    """A scenario as text."""
    said = network(random) if random.random() < 0.6 else tomllib.loads(random.choice(sources))
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        said = changed(random, said)
    return written(random, said)


def written(random: random.Random, said: dict[str, Any]) -> str:
    """Tables as headers, inline, or by keys with dots, in any order."""
    top, tables = [], []
    for key, inner in said.items():
        if isinstance(inner, dict) and random.random() < 0.85:
            tables.append(f"[{_key(key)}]\n" + "".join(f"{_key(k)} = {_value(random, v)}\n" for k, v in inner.items()))
        elif (
            isinstance(inner, list) and inner and all(isinstance(one, dict) for one in inner) and random.random() < 0.9
        ):
            tables += [
                f"[[{_key(key)}]]\n" + "".join(f"{_key(k)} = {_value(random, v)}\n" for k, v in one.items())
                for one in inner
            ]
        elif isinstance(inner, dict) and inner and random.random() < 0.5:
            top += [f"{_key(key)} . {_key(k)} = {_value(random, v)}\n" for k, v in inner.items()]
        else:
            top.append(f"{_key(key)} = {_value(random, inner)}\n")
    if random.random() < 0.1:
        random.shuffle(tables)
    return "".join([*top, *tables])


def _key(key: str) -> str:
    return key if key.replace("_", "a").isalnum() and key.isascii() else json.dumps(key, ensure_ascii=False)


def _value(random: random.Random, said: Any) -> str:
    match said:
        case bool():
            return str(said).lower()
        case "date" | "time":
            return random.choice(("1979-05-27", "07:32:00", "1979-05-27T07:32:00Z"))
        case str():
            return json.dumps(said, ensure_ascii=random.random() < 0.5).replace("\x7f", "\\u007f")
        case float():
            return repr(said)
        case list():
            return f"[{', '.join(_value(random, one) for one in said)}]"
        case dict():
            return f"{{ {', '.join(f'{_key(k)} = {_value(random, v)}' for k, v in said.items())} }}"
    return str(said)
