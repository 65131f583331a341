"""Losses by margins between the scores of classes, and losses with a weight for each element."""

from __future__ import annotations

from math import prod

from gradstep.engine.errors import OpError
from gradstep.engine.ops.composite import Given, Part, Plan, composite, within
from gradstep.engine.ops.families.arithmetic import Add, Divide, Multiply, Negative, Power, Subtract
from gradstep.engine.ops.families.choice import Clip, Where
from gradstep.engine.ops.families.comparison import GreaterEqual
from gradstep.engine.ops.families.composed_losses import reduced
from gradstep.engine.ops.families.cross_entropy import cross_entropy as plain
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.ops.families.rearranging import Expand
from gradstep.engine.ops.families.reduction import Mean, Sum
from gradstep.engine.ops.families.regression_losses import Huber, Mae, Mse
from gradstep.engine.ops.families.scattering import Scatter, ScatterReduce
from gradstep.engine.ops.families.shape import Reshape
from gradstep.engine.ops.families.sorting import RunningMin
from gradstep.engine.ops.families.taking import Gather, IndexSelect
from gradstep.engine.ops.loss import PairLoss, check_reduction
from gradstep.engine.ops.op import REGISTRY
from gradstep.engine.ops.shapes import check_numbers, shape_text


def _weighted(
    name: str, op: PairLoss, each: PairLoss, y: Given, weight: Given | None, t: Given, reduction: str
) -> Plan:
    """A loss, or with weights Σ weight × loss / Σ weight, as PyTorch has it."""
    check_reduction(name, reduction)
    if weight is None:
        return (op, [y, t])
    if weight.shape != y.shape:
        raise OpError(f"{name}: weight {shape_text(weight.shape)} must have the shape of y, {shape_text(y.shape)}")
    terms: Plan = Part("terms", (Multiply(), [(each, [y, t]), weight]))
    if reduction == "none":
        return terms
    return (Sum(), [terms]) if reduction == "sum" else (Divide(), [(Sum(), [terms]), (Sum(), [weight])])


@composite()
def mse_loss(y: Given, t: Given, weight: Given | None = None, *, reduction: str = "mean") -> Plan:
    """mean (y − t)², `mse`; with weights Σ weight (y − t)² / Σ weight."""
    return _weighted("mse_loss", Mse(reduction), Mse("none"), y, weight, t, reduction)


@composite()
def l1_loss(y: Given, t: Given, weight: Given | None = None, *, reduction: str = "mean") -> Plan:
    """mean |y − t|, `mae`; with weights Σ weight |y − t| / Σ weight."""
    return _weighted("l1_loss", Mae(reduction), Mae("none"), y, weight, t, reduction)


@composite()
def huber_loss(y: Given, t: Given, weight: Given | None = None, *, reduction: str = "mean", delta: float = 1.0) -> Plan:
    """½ d² near the target and δ(|d| − ½ δ) further off, `huber`; with weights their mean."""
    check_reduction("huber_loss", reduction)
    if weight is None:
        return (Huber(reduction, delta), [y, t])
    terms: Plan = Part("terms", (Multiply(), [(Huber("none", delta), [y, t]), weight]))
    return reduced("huber_loss", terms, reduction)


def _rows(name: str, x: Given, t: Given) -> tuple[int, int]:
    """How many rows of how many scores there are. Raises OpError."""
    count, classes = (1, *x.shape)[-2:] if x.shape else (1, 1)
    if len(x.shape) > 2 or prod(t.shape) != count:
        raise OpError(f"{name}: y must be (samples, classes) with a class number for each sample, but y is "
                      f"{shape_text(x.shape)} and t {shape_text(t.shape)}")  # fmt: skip
    return count, classes


@composite(input="y", target="t")
def multi_margin(
    y: Given, t: Given, weight: Given | None = None, *, p: float = 1.0, margin: float = 1.0, reduction: str = "mean"
) -> Plan:
    """Σ max(0, margin − y[t] + y[j])^p / C over the classes j other than t; `weight` has a number for each class."""
    check_numbers("multi_margin", p=p, margin=margin)
    count, classes = _rows("multi_margin", y, t)
    scores: Plan = (Reshape((count, classes)), [y])
    right: Plan = (Reshape((count, 1)), [t])
    apart: Plan = (Add(), [(Subtract(), [float(margin), (Gather(1), [scores, right])]), scores])
    terms: Plan = (Clip(0.0), [apart])
    terms = terms if p == 1 else (Power(), [terms, float(p)])
    if weight is not None:
        each: Plan = (Reshape((count, 1)), [(IndexSelect(0), [weight, (Reshape((count,)), [t])])])
        terms = (Multiply(), [terms, each])
    others: Plan = Part("terms", (Scatter(1), [terms, right, 0.0]))
    rows: Plan = (Divide(), [(Sum(1), [others]), float(classes)])
    return reduced("multi_margin", (Reshape(t.shape if len(y.shape) > 1 else ()), [rows]), reduction)


@composite(input="y", target="t")
def multilabel_margin(y: Given, t: Given, *, reduction: str = "mean") -> Plan:
    """Σ max(0, 1 − (y[j] − y[i])) / C over the classes j that t lists, up to a −1, and those i that it does not."""
    if y.shape != t.shape or len(y.shape) > 2:
        raise OpError(
            f"multilabel_margin: y and t must be (samples, classes), but y is {shape_text(y.shape)} and t "
            f"{shape_text(t.shape)}"
        )
    count, classes = (1, *y.shape)[-2:] if y.shape else (1, 1)
    scores, listed = ((Reshape((count, classes)), [one]) for one in (y, t))
    counts: Plan = (GreaterEqual(), [(RunningMin(1), [listed]), 0.0])
    ids: Plan = (Where(), [counts, listed, 0.0])
    mine: Plan = (ScatterReduce(axis=1, reduce="amax"), [(Expand((count, classes)), [0.0]), ids, counts])
    right: Plan = (Reshape((count, classes, 1)), [(Gather(1), [scores, ids])])
    apart: Plan = (Clip(0.0), [(Add(), [(Subtract(), [1.0, right]), (Reshape((count, 1, classes)), [scores])])])
    others: Plan = (Reshape((count, 1, classes)), [(Subtract(), [1.0, mine])])
    pairs: Plan = (Multiply(), [(Multiply(), [apart, (Reshape((count, classes, 1)), [counts])]), others])
    rows: Plan = (Divide(), [(Sum((1, 2)), [pairs]), float(classes)])
    return reduced("multilabel_margin", (Reshape(y.shape[:-1]), [rows]), reduction)


@composite(input="y", target="t")
def multilabel_soft_margin(y: Given, t: Given, weight: Given | None = None, *, reduction: str = "mean") -> Plan:
    """−(t ln σ(y) + (1 − t) ln(1 − σ(y))), the mean over the classes: each class is so or is not."""
    log = REGISTRY["logsigmoid"]
    yes: Plan = (Multiply(), [t, (log(), [y])])
    no: Plan = (Multiply(), [(Subtract(), [1.0, t]), (log(), [(Negative(), [y])])])
    terms: Plan = (Negative(), [(Add(), [yes, no])])
    if weight is not None:
        terms = (Multiply(), [terms, weight])
    return reduced("multilabel_soft_margin", (Mean(-1), [terms]), reduction)


@composite(input="x", linear_weight="W", linear_bias="b", target="t")
def linear_cross_entropy(
    x: Given,
    W: Given,
    t: Given,
    b: Given | None = None,
    weight: Given | None = None,
    *,
    reduction: str = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Plan:
    """cross_entropy(linear(x, W, b), t); W is (classes, …, width), with further axes of scores between."""
    if len(W.shape) < 2 or not x.shape or x.shape[-1] != W.shape[-1]:
        raise OpError(
            f"linear_cross_entropy: W must be (classes, …, width) and x (…, width), but x is {shape_text(x.shape)} and "
            f"W {shape_text(W.shape)}"
        )
    outs = prod(W.shape[:-1])
    inputs: list[Plan] = [x, W if len(W.shape) == 2 else (Reshape((outs, W.shape[-1])), [W])]
    if b is not None:
        inputs.append(b if len(b.shape) == 1 else (Reshape((outs,)), [b]))
    logits = Given("logits", (*x.shape[:-1], *W.shape[:-1]))
    made: Plan = (Linear(), inputs)
    if len(W.shape) > 2:
        made = (Reshape(logits.shape), [made])
    options = {"ignore_index": ignore_index, "reduction": reduction, "label_smoothing": label_smoothing}
    found = plain(**options)(logits, t, weight)
    assert isinstance(found, tuple), "it is one loss"
    return within(found, "logits", Part("logits", made))
