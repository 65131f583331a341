"""The loss that a person writes for a model: which names in it are results, and which are targets, to be drawn."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.errors import CommandError, GradstepError
from gradstep.onnx.values import Array

#: A name in a formula, or a text, in which there are none.
_WORD = re.compile(r"'[^']*'|\"[^\"]*\"|(?<![\w.])[^\W\d]\w*(?:\.\w+)*")
#: What is no name though it looks like one.
_KEPT = frozenset(("True", "False", "None", "true", "false", "none", "inf", "nan"))


class Target(NamedTuple):
    """Numbers for a name that nothing else says: how they are drawn, in words, and how."""

    how: str
    draw: Callable[[np.random.Generator, tuple[int, ...]], Array]


def _classes(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A class for each sample; of three axes the last counts classes, as of language models, else the second does."""
    axis = {0: 0, 1: 0, 3: 2}.get(len(shape), 1)
    rest = shape[:axis] + shape[axis + 1 :]
    return rng.integers(0, max(shape[axis] if shape else 1, 1), rest)


def _shares(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    found = np.exp(rng.standard_normal(shape))
    return np.asarray(found / found.sum(-1, keepdims=True)) if shape else found


_NORMAL = Target("drawn, standard normal", lambda rng, shape: np.asarray(rng.standard_normal(shape)))
#: By operation, what its targets are; of others they are drawn from a normal distribution.
_TARGETS: Mapping[str, Target] = {
    **dict.fromkeys(
        ("cross_entropy", "nll", "nll_loss", "multi_margin", "multi_margin_loss"), Target("drawn, classes", _classes)
    ),
    **dict.fromkeys(
        ("bce", "bce_with_logits", "binary_cross_entropy", "binary_cross_entropy_with_logits"),
        Target("drawn, 0 or 1", lambda rng, shape: rng.integers(0, 2, shape)),
    ),
    **dict.fromkeys(
        ("hinge", "soft_margin", "soft_margin_loss", "hinge_embedding", "hinge_embedding_loss"),
        Target("drawn, −1 or 1", lambda rng, shape: 2 * rng.integers(0, 2, shape) - 1),
    ),
    "kl_div": Target("drawn, shares", _shares),
    **dict.fromkeys(
        ("poisson_nll", "poisson_nll_loss"), Target("drawn, counts", lambda rng, shape: rng.integers(0, 5, shape))
    ),
}


def with_names(text: str, names: Mapping[str, str]) -> tuple[str, list[str]]:
    """A formula with other names for those that are known, and those in it that are not. Raises CommandError."""
    unknown = list[str]()

    def other(found: re.Match[str]) -> str:
        word, after = found[0], text[found.end() :].lstrip()
        option = after.startswith("=") and not after.startswith("==")
        if word[0] in "'\"" or after.startswith("(") or option:
            return word
        if word in names:
            return names[word]
        if word not in _KEPT and word not in unknown:
            unknown.append(word)
        return word

    return _WORD.sub(other, text), unknown


def target_of(
    text: str, name: str, shape_of: Callable[[str], tuple[int, ...]], otherwise: str
) -> tuple[Target, tuple[int, ...]]:
    """How numbers for a name in a formula are drawn, and the shape of what they are compared with: the first input of
    the call that it stands in. Raises CommandError."""
    try:
        calls = [node for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Call)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        calls = []
    for call in calls:
        at = [k for k, argument in enumerate(call.args) if _is(argument, name)]
        at += [1 for keyword in call.keywords if _is(keyword.value, name)]
        if at and call.args and not _is(call.args[0], name):
            of = call.func.id if isinstance(call.func, ast.Name) else ""
            target = _TARGETS.get(of, _NORMAL) if at[0] == 1 else _NORMAL
            return target, _shape(shape_of, ast.unparse(call.args[0]))
    return _NORMAL, _shape(shape_of, otherwise)


def _is(node: Any, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _shape(shape_of: Callable[[str], tuple[int, ...]], text: str) -> tuple[int, ...]:
    try:
        return shape_of(text)
    except GradstepError as error:
        raise CommandError(f"--loss: {error}") from None
