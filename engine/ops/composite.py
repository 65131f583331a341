"""Operations that are written in formulas as one and expand into several, so that they can be stepped.

A composite is a function from its inputs and options to a plan: an operation with what it is applied
to, nested. Inputs are the positional arguments (None where left out), options the keyword-only ones.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradstep.engine.errors import OpError
from gradstep.engine.index import Shape
from gradstep.engine.ops.families.arithmetic import Add, Divide, Multiply
from gradstep.engine.ops.families.linear import Matmul
from gradstep.engine.ops.families.loss import Nll
from gradstep.engine.ops.families.shape import CausalMask, Reshape, Transpose
from gradstep.engine.ops.families.softmax import LogSoftmax, Normalize, RmsNormalize, Softmax
from gradstep.engine.ops.op import Op, shape_text


@dataclass(frozen=True)
class Given:
    """An input of a composite: which one, and its shape."""

    slot: int
    shape: Shape


#: An operation applied to plans, an input, or a number.
Plan = tuple[Op, "Sequence[Plan]"] | Given | float


def layer_norm(x: Given, gain: Given | None = None, bias: Given | None = None, *, eps: float = 1e-5) -> Plan:
    """(x − μ) / √(σ² + ε) over the last axis, then × gain + bias (Ba et al., 2016)."""
    return _scaled((Normalize(-1, eps), [x]), gain, bias)


def rms_norm(x: Given, gain: Given | None = None, *, eps: float = 1e-5) -> Plan:
    """x / √(mean x² + ε) over the last axis, then × gain (Zhang and Sennrich, 2019)."""
    return _scaled((RmsNormalize(-1, eps), [x]), gain, None)


def batch_norm(x: Given, gain: Given | None = None, bias: Given | None = None, *, eps: float = 1e-5) -> Plan:
    """Each channel (axis 1) with the mean and variance of the batch, as in training (Ioffe and Szegedy, 2015)."""
    if len(x.shape) < 2:
        raise OpError(f"batch_norm: x must be (samples, channels, …), but it is {shape_text(x.shape)}")
    axes = (0, *range(2, len(x.shape)))
    plan: Plan = (Normalize(axes, eps), [x])
    for op, part in ((Multiply(), gain), (Add(), bias)):
        if part is not None:
            if part.shape != x.shape[1:2]:
                raise OpError(f"batch_norm: gain and bias must have shape ({x.shape[1]},), one number a channel")
            wide: Plan = part
            if len(x.shape) > 2:
                wide = (Reshape((x.shape[1], *(1 for _ in x.shape[2:]))), [part])
            plan = (op, [plan, wide])
    return plan


def _scaled(plan: Plan, gain: Given | None, bias: Given | None) -> Plan:
    if gain is not None:
        plan = (Multiply(), [plan, gain])
    return plan if bias is None else (Add(), [plan, bias])


def attention(q: Given, k: Given, v: Given, *, causal: bool = False) -> Plan:
    """softmax(q kᵀ / √d) v (Vaswani et al., 2017); q (…, n, d), k (…, m, d), v (…, m, e)."""
    if type(causal) is not bool:
        raise OpError(f"attention: causal is True or False, not {causal!r}")
    for name, part in (("q", q), ("k", k), ("v", v)):
        if len(part.shape) < 2:
            raise OpError(f"attention: {name} must be (…, positions, width), but it is {shape_text(part.shape)}")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise OpError(
            f"attention: q {shape_text(q.shape)} and k {shape_text(k.shape)} must have the same width, "
            f"k and v {shape_text(v.shape)} the same number of positions"
        )
    order = (*range(len(k.shape) - 2), len(k.shape) - 1, len(k.shape) - 2)
    scores: Plan = (Divide(), [(Matmul(), [q, (Transpose(order), [k])]), float(q.shape[-1]) ** 0.5])
    if causal:
        scores = (CausalMask(), [scores])
    return (Matmul(), [(Softmax(-1), [scores]), v])


def cross_entropy(logits: Given, t: Given) -> Plan:
    """−Σ t · log softmax(logits), the mean over rows; t one-hot or class numbers."""
    return (Nll(), [(LogSoftmax(-1), [logits]), t])


#: Every composite by the name that formulas use.
COMPOSITES: Mapping[str, Callable[..., Plan]] = {
    f.__name__: f for f in (layer_norm, rms_norm, batch_norm, attention, cross_entropy)
}


def inputs(composite: Callable[..., Plan]) -> tuple[tuple[str, ...], int]:
    """The names of the inputs, and how many of the last may be left out."""
    found = [p for p in inspect.signature(composite).parameters.values() if p.kind is not p.KEYWORD_ONLY]
    return tuple(p.name for p in found), sum(p.default is None for p in found)


def options(composite: Callable[..., Plan]) -> dict[str, Any]:
    """The options with their defaults."""
    return {p.name: p.default for p in inspect.signature(composite).parameters.values() if p.kind is p.KEYWORD_ONLY}


def signature(name: str) -> str:
    """How the composite is called, as in `layer_norm(x, [gain], [bias], eps=1e-05)`."""
    slots, optional = inputs(COMPOSITES[name])
    shown = [f"[{s}]" if k >= len(slots) - optional else s for k, s in enumerate(slots)]
    return f"{name}({', '.join([*shown, *(f'{k}={v!r}' for k, v in options(COMPOSITES[name]).items())])})"
