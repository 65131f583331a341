"""What is done to gradients before an optimiser gets them: they are gathered, and clipped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.training.rule import Line

#: The gradients that were not zeroed are kept beside what an optimiser keeps.
LEFT = "left"


def gathered(first: bool, batches: int) -> tuple[Line, ...]:
    """The gradients of so many iterations together, each with its share: those of one batch as large as all of them.
    The `first` begins anew."""
    says = f"the share of this batch: the update takes the mean of {batches}"
    if first:
        return (Line("g", "{grad} / {accumulate}", lambda n: n["grad"] / n["accumulate"], says),)
    says += ", and what the batches before it gave is added"
    return (Line("g", "{left} + {grad} / {accumulate}", lambda n: n["left"] + n["grad"] / n["accumulate"], says),)


def left_over(first: bool) -> tuple[Line, ...]:
    """The gradient and all before it, as where nobody zeroes them."""
    if first:
        return ()
    says = "the gradients were not zeroed: what is left of the iterations before is added"
    return (Line("g", "{grad} + {left}", lambda n: n["grad"] + n["left"], says),)


def clipped(value: float | None, norm: float | None, kind: float) -> tuple[Line, ...]:
    """Each gradient to ±`value`, then all together to the `norm`, as torch.nn.utils.clip_grad_value_ and
    clip_grad_norm_."""
    found: list[Line] = []
    if value is not None:
        says = "clipped by value: no further from 0 than that"
        found.append(Line("g", "clip({g}, ±{clip_value})", _by_value, says))
    if norm is not None:
        says = _NORMS.get(kind, f"clipped by norm: all gradients together, by their norm of order {kind:g}, no longer")
        found.append(Line("g", "{g} · min(1, {clip_norm}/{norm})", _by_norm, f"{says} than that"))
    return tuple(found)


_NORMS: Mapping[float, str] = {
    2.0: "clipped by norm: all gradients together are no longer",
    1.0: "clipped by norm: the sizes of all gradients together are no larger",
    inf: "clipped by norm: all are shortened alike, until the largest is no larger",
}


def _by_value(n: Mapping[str, Any]) -> Array:
    return np.asarray(np.clip(n["g"], -n["clip_value"], n["clip_value"]))


def _by_norm(n: Mapping[str, Any]) -> Any:
    """torch.nn.utils.clip_grad_norm_ adds 1e-6 as well. NaN stays NaN."""
    with np.errstate(all="ignore"):
        return n["g"] * float(np.minimum(1.0, n["clip_norm"] / (n["norm"] + 1e-6)))


# The norm of all gradients together ---------------------------------------------------------------


def joined(gradients: Iterable[Array], kind: float) -> float:
    """The norm of order `kind` of all gradients together, each array without axes of its own."""
    part, whole = _PARTS.get(kind, (lambda g: np.sum(np.abs(g) ** kind), lambda parts: np.sum(parts) ** (1 / kind)))
    return float(whole([float(part(g)) for g in gradients] or [0.0]))


_PARTS: Mapping[float, tuple[Callable[[Array], Any], Callable[[list[float]], Any]]] = {
    2.0: (lambda g: np.dot(g, g), lambda parts: np.sqrt(sum(parts))),
    inf: (lambda g: np.max(np.abs(g), initial=0.0), np.max),
}
