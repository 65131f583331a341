"""Losses."""

from __future__ import annotations

import torch

from gradstep.torch.formulas.layers import _more
from gradstep.torch.formulas.table import Writer, function, number, operation, shape_of
from gradstep.torch.seen import Called, Ref

_REDUCTIONS = ("none", "mean", "sum")


def _reduction(call: Called) -> str:
    return f"reduction={_REDUCTIONS[int(call.option('reduction', 1))]!r}"


@function("cross_entropy")
def _cross_entropy(call: Called, write: Writer) -> str:
    x, t, weight = (call.argument(k, name) for k, name in enumerate(("input", "target", "weight")))
    options = [f"reduction={call.argument(6, 'reduction', 'mean')!r}"]
    if call.argument(4, "ignore_index", -100) != -100:
        options.append(f"ignore_index={call.argument(4, 'ignore_index')}")
    if call.argument(7, "label_smoothing", 0.0):
        options.append(f"label_smoothing={number(call.argument(7, 'label_smoothing'))}")
    if len(shape_of(x)) > 2:
        options.append("axis=1")
    return f"cross_entropy({write(x)}, {write(t)}{_more(write, weight)}, {', '.join(options)})"


@function("ctc_loss")
def _ctc(call: Called, write: Writer) -> str:
    names = ("log_probs", "targets", "input_lengths", "target_lengths")
    given = [call.argument(k, name) for k, name in enumerate(names)]
    written = [write(one) if isinstance(one, Ref) else write.constant(torch.tensor(one), "lengths") for one in given]
    options = [f"blank={int(call.argument(4, 'blank', 0))}", f"reduction={call.argument(5, 'reduction', 'mean')!r}"]
    options.append(f"zero_infinity={bool(call.argument(6, 'zero_infinity', False))}")
    return f"ctc_loss({', '.join(written)}, {', '.join(options)})"


@operation("nll_loss_forward", "nll_loss2d_forward", "nll_loss", "nll_loss_nd")
def _nll(call: Called, write: Writer) -> list[str | None]:
    x, t, weight = call.args[:3]
    options = [_reduction(call)]
    if call.option("ignore_index", -100) != -100:
        options.append(f"ignore_index={call.option('ignore_index')}")
    if len(shape_of(x)) > 2:
        options.append("axis=1")
    return [f"nll({write(x)}, {write(t)}{_more(write, weight)}, {', '.join(options)})", None]


@operation("mse_loss")
def _mse(call: Called, write: Writer) -> str:
    return f"mse({write(call.args[0])}, {write(call.args[1])}, {_reduction(call)})"


@operation("l1_loss")
def _mae(call: Called, write: Writer) -> str:
    return f"mae({write(call.args[0])}, {write(call.args[1])}, {_reduction(call)})"


@operation("smooth_l1_loss")
def _smooth_l1(call: Called, write: Writer) -> str:
    beta = number(call.option("beta", 1.0))
    return f"smooth_l1({write(call.args[0])}, {write(call.args[1])}, {_reduction(call)}, beta={beta})"


@operation("soft_margin_loss")
def _soft_margin(call: Called, write: Writer) -> str:
    return f"soft_margin({write(call.args[0])}, {write(call.args[1])}, {_reduction(call)})"


@operation("multi_margin_loss")
def _multi_margin(call: Called, write: Writer) -> str:
    options = f"p={number(float(call.option('p', 1)))}, margin={number(float(call.option('margin', 1)))}"
    weight = _more(write, call.option("weight"))
    return f"multi_margin({write(call.args[0])}, {write(call.args[1])}{weight}, {options}, {_reduction(call)})"


@operation("multilabel_margin_loss_forward")
def _multilabel_margin(call: Called, write: Writer) -> list[str | None]:
    return [f"multilabel_margin({write(call.args[0])}, {write(call.args[1])}, {_reduction(call)})", None]


@operation("huber_loss")
def _huber(call: Called, write: Writer) -> str:
    delta = number(call.option("delta", 1.0))
    return f"huber({write(call.args[0])}, {write(call.args[1])}, {_reduction(call)}, delta={delta})"


@operation("binary_cross_entropy")
def _bce(call: Called, write: Writer) -> str:
    x, t, weight = call.args[0], call.args[1], call.option("weight")
    return f"bce({write(x)}, {write(t)}{_more(write, weight)}, {_reduction(call)})"


@operation("binary_cross_entropy_with_logits")
def _bce_with_logits(call: Called, write: Writer) -> str:
    x, t, weight, pos = call.args[0], call.args[1], call.option("weight"), call.option("pos_weight")
    return f"bce_with_logits({write(x)}, {write(t)}{_more(write, weight, pos)}, {_reduction(call)})"
