"""Backward passes that are part of a forward pass, as where a loss has the gradient of something in it."""

from __future__ import annotations

from gradstep.torch.formulas.table import Writer, number, operation, simple
from gradstep.torch.seen import Called

simple({
    "tanh_backward": "{0} * (1 - {1} ** 2)",
    "sigmoid_backward": "{0} * {1} * (1 - {1})",
    "silu_backward": "{0} * sigmoid({1}) * (1 + {1} * (1 - sigmoid({1})))",
})  # fmt: skip


@operation("threshold_backward")
def _threshold(call: Called, write: Writer) -> str:
    return f"where({write(call.args[1])} > {number(call.args[2])}, {write(call.args[0])}, 0)"


@operation("_softmax_backward_data")
def _softmax(call: Called, write: Writer) -> str:
    up, y, axis = write(call.args[0]), write(call.args[1]), int(call.args[2])
    return f"{y} * ({up} - sum({up} * {y}, axis={axis}, keepdims=True))"


@operation("_log_softmax_backward_data")
def _log_softmax(call: Called, write: Writer) -> str:
    up, y, axis = write(call.args[0]), write(call.args[1]), int(call.args[2])
    return f"{up} - exp({y}) * sum({up}, axis={axis}, keepdims=True)"
