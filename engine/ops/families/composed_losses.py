"""Losses that are formulas of other operations, element by element or row by row, and then reduced."""

from __future__ import annotations

import math

from gradstep.engine.errors import OpError
from gradstep.engine.ops.composite import Given, Part, Plan, composite
from gradstep.engine.ops.families.activation import Softplus
from gradstep.engine.ops.families.arithmetic import Add, Divide, Multiply, Negative, Power, Subtract
from gradstep.engine.ops.families.casting import Detach
from gradstep.engine.ops.families.choice import Clip, Maximum, Minimum, Where
from gradstep.engine.ops.families.comparison import Equal, Greater
from gradstep.engine.ops.families.rearranging import Expand
from gradstep.engine.ops.families.reduction import Mean, Sum
from gradstep.engine.ops.families.statistics import Norm
from gradstep.engine.ops.loss import REDUCTIONS, check_reduction
from gradstep.engine.ops.op import REGISTRY
from gradstep.engine.ops.shapes import broadcast, check_numbers, normal_axes, shape_text


def reduced(name: str, term: Plan, reduction: str) -> Plan:
    """The terms of a loss as one number, or as they are. Raises OpError."""
    check_reduction(name, reduction)
    if reduction == "none":
        return term
    return (Mean() if reduction == "mean" else Sum(), [Part("terms", term)])


def _alike(name: str, *given: Given) -> None:
    """Raises OpError unless the inputs have one shape: broadcasting them against each other is the classic mistake."""
    if len({one.shape for one in given}) > 1:
        said = ", ".join(f"{one.slot} is {shape_text(one.shape)}" for one in given)
        raise OpError(f"{name}: {said}; they are compared one by one and must have the same shape")


def _at_least(plan: Plan, least: float) -> Plan:
    """max(plan, least) with slope 1 where both are equal, as torch.clamp_min has it."""
    return (Clip(least), [plan])


def _signed(x: Given, t: Given) -> tuple[Plan, Plan]:
    """Whether t is 1, and whether it is −1."""
    return (Equal(), [t, 1.0]), (Equal(), [t, -1.0])


@composite()
def kl_div(y: Given, t: Given, *, reduction: str = "mean", log_target: bool = False) -> Plan:
    """t × (ln t − y) with log-probabilities y, Kullback–Leibler.

    With log_target t is a logarithm too; "batchmean" is the sum over samples, divided by their number."""
    _alike("kl_div", y, t)
    check_reduction("kl_div", reduction, (*REDUCTIONS[:2], "batchmean", "none"))
    if log_target:
        term: Plan = (Multiply(), [(REGISTRY["exp"](), [t]), (Subtract(), [t, y])])
    else:
        term = (Subtract(), [(REGISTRY["xlogy"](), [t, t]), (Multiply(), [t, y])])
    if reduction == "batchmean":
        return (Divide(), [(Sum(), [Part("terms", term)]), float(y.shape[0] if y.shape else 1)])
    return reduced("kl_div", term, reduction)


@composite()
def gaussian_nll(
    y: Given, t: Given, var: Given, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Plan:
    """½ (ln v + (y − t)² / v) with the variance v, at least eps; with `full` + ½ ln 2π.

    The gradient of a variance below eps is that at eps, as in PyTorch, which clamps it without telling autograd."""
    check_numbers("gaussian_nll", eps=eps)
    for other in (t, var):
        if broadcast([y.shape, other.shape], "gaussian_nll") != y.shape:
            raise OpError(
                f"gaussian_nll: {other.slot} {shape_text(other.shape)} must broadcast to the shape of y, "
                f"{shape_text(y.shape)}"
            )
    raised: Plan = (Detach(), [(Subtract(), [_at_least(var, eps), var])])
    least = Part("variance", (Add(), [var, raised]))
    squared: Plan = (Divide(), [(Power(), [(Subtract(), [y, t]), 2.0]), least])
    term: Plan = (Multiply(), [(Add(), [(REGISTRY["log"](), [least]), squared]), 0.5])
    return reduced("gaussian_nll", (Add(), [term, 0.5 * math.log(2 * math.pi)]) if full else term, reduction)


@composite()
def poisson_nll(
    y: Given, t: Given, *, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean"
) -> Plan:
    """exp(y) − t × y, y the logarithm of a rate; without log_input y − t × ln(y + eps).

    With `full` Stirling's term t ln t − t + ½ ln(2π t) is added where t is above 1."""
    _alike("poisson_nll", y, t)
    check_numbers("poisson_nll", eps=eps)
    log = REGISTRY["log"]
    if log_input:
        term: Plan = (Subtract(), [(REGISTRY["exp"](), [y]), (Multiply(), [t, y])])
    else:
        term = (Subtract(), [y, (Multiply(), [t, (log(), [(Add(), [y, eps])])])])
    if full:
        half: Plan = (Multiply(), [(log(), [(Multiply(), [t, 2 * math.pi])]), 0.5])
        stirling: Plan = (Add(), [(Subtract(), [(Multiply(), [t, (log(), [t])]), t]), half])
        term = (Add(), [term, (Where(), [(Greater(), [t, 1.0]), stirling, 0.0])])
    return reduced("poisson_nll", term, reduction)


@composite()
def soft_margin(y: Given, t: Given, *, reduction: str = "mean") -> Plan:
    """ln(1 + exp(−t × y)), targets −1 and 1."""
    _alike("soft_margin", y, t)
    return reduced("soft_margin", (Softplus(), [(Negative(), [(Multiply(), [t, y])])]), reduction)


@composite()
def hinge_embedding(y: Given, t: Given, *, margin: float = 1.0, reduction: str = "mean") -> Plan:
    """y where t is 1, max(0, margin − y) where t is −1: y is a distance."""
    _alike("hinge_embedding", y, t)
    check_numbers("hinge_embedding", margin=margin)
    near, far = _signed(y, t)
    apart = (Where(), [near, 0.0, _at_least((Subtract(), [float(margin), y]), 0.0)])
    return reduced("hinge_embedding", (Add(), [apart, (Where(), [far, 0.0, y])]), reduction)


@composite(x1="input1", x2="input2")
def margin_ranking(input1: Given, input2: Given, t: Given, *, margin: float = 0.0, reduction: str = "mean") -> Plan:
    """max(0, margin − t × (input1 − input2)), t 1 or −1: which of two is to rank higher."""
    check_numbers("margin_ranking", margin=margin)
    _alike("margin_ranking", input1, input2, t)
    gap = (Multiply(), [(Negative(), [t]), (Subtract(), [input1, input2])])
    return reduced("margin_ranking", _at_least((Add(), [gap, float(margin)]), 0.0), reduction)


@composite()
def cosine_similarity(x1: Given, x2: Given, *, axis: int = 1, eps: float = 1e-8) -> Plan:
    """Σ x1 × x2 / (‖x1‖ × ‖x2‖) along an axis, each norm at least eps."""
    check_numbers("cosine_similarity", eps=eps)
    joint = broadcast([x1.shape, x2.shape], "cosine_similarity")
    at = next(iter(normal_axes("cosine_similarity", axis, len(joint))), 0)
    # Along the axis they are compared on one number is as many equal ones, as in PyTorch.
    wide: list[Plan] = [x if x.shape == joint else (Expand(joint), [x]) for x in (x1, x2)]
    return _cosine(*wide, axis=at - len(joint), eps=eps)


def _cosine(x1: Plan, x2: Plan, *, axis: int, eps: float) -> Plan:
    lengths: list[Plan] = [(Maximum(), [(Norm(axis=axis), [x]), eps]) for x in (x1, x2)]
    return (Divide(), [Part("products", (Sum(axis), [(Multiply(), [x1, x2])])), (Multiply(), lengths)])


@composite()
def cosine_embedding(input1: Given, input2: Given, t: Given, *, margin: float = 0.0, reduction: str = "mean") -> Plan:
    """1 − cos where t is 1, max(0, cos − margin) where t is −1, cos along the last axis."""
    _alike("cosine_embedding", input1, input2)
    check_numbers("cosine_embedding", margin=margin)
    if len(input1.shape) not in (1, 2) or t.shape != input1.shape[:-1]:
        raise OpError(
            f"cosine_embedding: input1 is {shape_text(input1.shape)}, so t must be {shape_text(input1.shape[:-1])}, "
            f"one number a row, but it is {shape_text(t.shape)}"
        )
    cosine = Part("cosine", _squared_cosine(input1, input2))
    near, far = _signed(input1, t)
    apart: Plan = _at_least((Subtract(), [cosine, float(margin)]), 0.0)
    term: Plan = (Add(), [(Where(), [near, (Subtract(), [1.0, cosine]), 0.0]), (Where(), [far, apart, 0.0])])
    return reduced("cosine_embedding", term, reduction)


def _squared_cosine(a: Given, b: Given) -> Plan:
    """Σ a b / √((Σ a² + ε) (Σ b² + ε)) along the last axis, as torch.nn.functional.cosine_embedding_loss has it."""
    squares: list[Plan] = [(Add(), [(Sum(-1), [(Power(), [x, 2.0])]), 1e-12]) for x in (a, b)]
    return (Divide(), [(Sum(-1), [(Multiply(), [a, b])]), (REGISTRY["sqrt"](), [(Multiply(), squares)])])


def _distance(a: Given, b: Given, p: float, eps: float, keepdims: bool = False) -> Plan:
    return (Norm(-1, keepdims, p), [(Add(), [(Subtract(), [a, b]), eps])])


@composite()
def pairwise_distance(x1: Given, x2: Given, *, p: float = 2.0, eps: float = 1e-6, keepdims: bool = False) -> Plan:
    """‖x1 − x2 + eps‖ along the last axis."""
    check_numbers("pairwise_distance", eps=eps)
    broadcast([x1.shape, x2.shape], "pairwise_distance")
    return _distance(x1, x2, p, eps, keepdims)


@composite()
def triplet_margin(
    anchor: Given,
    positive: Given,
    negative: Given,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Plan:
    """max(0, ‖anchor − positive‖ − ‖anchor − negative‖ + margin) along the last axis.

    With `swap` the negative's distance to the nearer of both counts (Balntas et al., BMVC 2016)."""
    check_numbers("triplet_margin", margin=margin, eps=eps)
    _alike("triplet_margin", anchor, positive, negative)
    near = Part("near", _distance(anchor, positive, p, eps))
    far: Plan = _distance(anchor, negative, p, eps)
    if swap:
        far = (Minimum(), [far, _distance(positive, negative, p, eps)])
    gap: Plan = (Add(), [(Subtract(), [near, Part("far", far)]), float(margin)])
    return reduced("triplet_margin", _at_least(gap, 0.0), reduction)
