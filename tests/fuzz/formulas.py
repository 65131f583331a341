"""Formulas made by a grammar: most are well-formed, and many mean something."""

from __future__ import annotations

import random

from gradstep.engine.graph.calls import called
from gradstep.engine.ops.composite import COMPOSITES
from gradstep.engine.ops.op import REGISTRY

OPERATIONS = (*REGISTRY, *COMPOSITES)
#: What stands where a number or an option may.
WRITTEN = (
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-0.0",
    "0.5",
    "1e-3",
    "1e308",
    "1e-320",
    "1e999",
    "10**10**10",
    "1/0",
    "0/0",
    "inf",
    "-inf",
    "nan",
    "007",
    "0x10",
    "0b1",
    "1_000",
    "1j",
    "9" * 20,
    "9" * 400,
    "0x" + "f" * 5000,
    "True",
    "None",
    "'x'",
    "b'x'",
    "f'{x}'",
    "...",
    "()",
    "(0,)",
    "(1, 2)",
    "[0, 1]",
    "(-1,)",
    "(2, 0)",
    "(1,) * 3",
    "((1, 2), 3)",
    "(True, 2)",
    "(1e9,)",
    "2**70",
    "64",
    "1000000",
    "9223372036854775807",
    "-9223372036854775808",
    "{}",
    "{1}",
    "lambda: 1",
    "(y := 1)",
    "[i for i in x]",
    "x if x else x",
    "*x",
)
_PLAIN = ("0", "1", "2", "0.5", "1e-3", "3", "-1", "inf", "1e-320", "1e300")
_SIGNS = ("+", "-", "*", "/", "**", "@", "@", "//", "%", "&", "<<", "<", "==", "and", ",", ".", "")
_INDICES = (
    "0",
    "-1",
    ":",
    "1:",
    "::2",
    "::-1",
    "::0",
    "None",
    "...",
    "0, 0",
    ":, 1",
    "5:2",
    "x > 0",
    "[0, 1]",
    "0.5",
    "2**70",
    ":" + "9" * 30,
    ", ".join(["None"] * 70),
    ", ".join([":"] * 70),
    "True",
    "'a'",
    "-9223372036854775809",
    "()",
)


def formula(random: random.Random, names: list[str], depth: int = 0) -> str:
    """A formula over some names."""
    pick = random.random() if depth else 0.3 + 0.7 * random.random()  # a name alone is no line
    if depth > 4 or pick < 0.25:
        if random.random() < 0.8:
            return random.choice(names)
        return random.choice(WRITTEN if random.random() < 0.1 else _PLAIN)
    if pick < 0.65:
        return _call(random, names, depth)
    inner = formula(random, names, depth + 1)
    if pick < 0.85:
        sign = random.choice(_SIGNS if random.random() < 0.03 else _SIGNS[:7])
        return f"{inner} {sign} {formula(random, names, depth + 1)}"
    if pick < 0.9:
        return f"{inner}[{random.choice(_INDICES if random.random() < 0.3 else _INDICES[:6])}]"
    if pick < 0.94:
        return (
            f"{inner}.T"
            if random.random() < 0.95
            else f"{inner}.{random.choice(('shape', 'grad', '__class__', 'sum()'))}"
        )
    if random.random() < 0.95:
        return random.choice((f"({inner})", f"-{inner}", f"+{inner}"))
    return random.choice((f"({inner}", f"{inner})", f"~{inner}", f"not {inner}"))


def _call(random: random.Random, names: list[str], depth: int) -> str:
    """A call, with as many arguments as it has, or about."""
    name = random.choice(OPERATIONS)
    what = called(name)
    assert what is not None, "it is one of them"
    slots = list(what.slots)
    if what.variadic:
        slots = ["x"] * random.choice((1, 2, 3, 3, 70))
    arguments = [
        formula(random, names, depth + 1)
        for _ in slots[: random.choice((len(slots), len(slots) - what.optional, 9, 9, 9, 1))]
    ]
    if name == "where" and arguments and random.random() < 0.8:
        arguments[0] += f" {random.choice(('>', '<', '==', '!='))} 0"
    for option in what.options():
        if random.random() < 0.25:
            arguments.append(f"{option}={random.choice(WRITTEN if random.random() < 0.3 else _PLAIN)}")
    if random.random() < 0.02:
        arguments.append(random.choice((f"{random.choice(names)}=1", "**x", "*x", "axis=0", "axis=0")))
    return f"{name}({', '.join(arguments)})"
