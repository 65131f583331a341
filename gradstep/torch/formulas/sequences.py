"""Recurrent layers that PyTorch computes as one."""

from __future__ import annotations

from gradstep.torch.formulas.table import Unwritten, Writer, listed, operation, shape_of
from gradstep.torch.seen import Called

#: What PyTorch calls an LSTM where it names kinds of recurrent layers by numbers.
_LSTM = 2


@operation("mkldnn_rnn_layer")
def _mkldnn_layer(call: Called, write: Writer) -> list[str | None]:
    """One layer in one direction, forward or backward in time; its outputs, and the last of both states."""
    x, *weights, h, c = call.args[:7]
    if call.option("mode") != _LSTM:
        raise Unwritten("a recurrent layer that is no LSTM")
    samples, width = shape_of(x)[1], int(call.option("hidden_size"))
    shape, biases = listed((1, samples, width)), call.option("has_biases")
    states = [f"{name}=reshape({write(one)}, {shape})" for name, one in (("h0", h), ("c0", c))]
    given = ", ".join([*map(write, weights if biases else weights[:2]), *states])
    there, back = ("flip({}, axis=(0,))",) * 2 if call.option("reverse") else ("{}", "{}")
    whole = f"lstm({there.format(write(x))}, {given}{'' if biases else ', bias=False'})"
    last = [f"reshape({whole}[{k}], {listed(shape_of_output(call, k))})" for k in (1, 2)]
    return [back.format(f"{whole}[0]"), *last, None]


def shape_of_output(call: Called, place: int) -> tuple[int, ...]:
    """The shape of one of a call's outputs."""
    found = call.outputs[place]
    if found is None:
        raise Unwritten("an output that is not there")
    return found.shape
