"""Cross-entropy of scores of classes: their log-probabilities, and the likelihood of the right ones."""

from __future__ import annotations

from gradstep.engine.errors import OpError
from gradstep.engine.ops.class_numbers import class_axis
from gradstep.engine.ops.composite import Given, Part, Plan, composite
from gradstep.engine.ops.families.arithmetic import Add, Multiply
from gradstep.engine.ops.families.likelihood import Nll
from gradstep.engine.ops.families.shape import Reshape
from gradstep.engine.ops.families.softmax import LogSoftmax
from gradstep.engine.ops.shapes import shape_text


@composite()
def cross_entropy(
    logits: Given,
    t: Given,
    weight: Given | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
    axis: int | None = None,
) -> Plan:
    """−Σ t · log softmax(logits), the mean over rows; t one-hot (0 beside −∞ is 0 · ∞) or class numbers."""
    at = class_axis("cross_entropy", "logits", logits.shape, t.shape, axis)
    logp = Part("logp", (LogSoftmax(at), [logits]))
    if t.shape != logits.shape or t.shape == (1,):
        return (Nll(ignore_index, reduction, label_smoothing, at), [logp, t, *([weight] if weight else [])])
    # Shares are multiplied by the weights of their classes, and smoothed, before they are what logp is multiplied by.
    shares: Plan = t
    if label_smoothing:
        evenly = label_smoothing / logits.shape[at]
        shares = Part("smoothed", (Add(), [(Multiply(), [shares, 1 - label_smoothing]), evenly]))
    if weight is not None:
        if weight.shape != (logits.shape[at],):
            raise OpError(
                f"cross_entropy: weight must have a number for each of the {logits.shape[at]} classes, shape "
                f"({logits.shape[at]},), but it is {shape_text(weight.shape)}"
            )
        wide = (Reshape((-1, *(1 for _ in logits.shape[at + 1 :]))), [weight])
        shares = Part("weighted", (Multiply(), [shares, wide]))
    return (Nll(ignore_index, reduction, 0.0, at), [logp, shares])
