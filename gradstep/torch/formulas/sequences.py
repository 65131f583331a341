"""Recurrent layers and cells that PyTorch computes as one, on a processor and on CUDA devices."""

from __future__ import annotations

from gradstep.torch.formulas.table import Unwritten, Writer, listed, operation, shape_of
from gradstep.torch.seen import Called

#: What PyTorch and cuDNN call recurrent layers where they name them by numbers, as they are written.
_LAYERS = ("rnn", "rnn", "lstm", "gru")
_LSTM = _LAYERS.index("lstm")


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


@operation("_cudnn_rnn")
def _cudnn_layers(call: Called, write: Writer) -> list[str | None]:
    """All layers, in both directions; its outputs, and the last of the states."""
    if call.option("batch_sizes"):
        raise Unwritten("sequences of several lengths, packed into one")
    if call.option("dropout") and call.option("train") and call.option("num_layers") > 1:
        raise Unwritten("dropout between layers: what it drops is not seen")
    mode, weights = int(call.option("mode")), call.option("weight")
    kind = _LAYERS[mode]
    states = [f"{name}={write(call.option(of))}" for name, of in (("h0", "hx"), ("c0", "cx"))[: 1 + (mode == _LSTM)]]
    options = [f"{name}={call.option(name)}" for name in ("num_layers", "batch_first", "bidirectional")]
    if mode == 0:
        options.append("nonlinearity='relu'")
    if projected := int(call.option("proj_size")):
        options.append(f"proj_size={projected}")
    ways = int(call.option("num_layers")) * (1 + bool(call.option("bidirectional")))
    if len(weights) // ways < (5 if projected else 4):
        options.append("bias=False")
    whole = f"{kind}({', '.join([write(call.args[0]), *map(write, weights), *states, *options])})"
    return [f"{whole}[0]", f"{whole}[1]", f"{whole}[2]" if mode == _LSTM else None, None, None]


@operation("_thnn_fused_lstm_cell")
def _fused_lstm_cell(call: Called, write: Writer) -> list[str | None]:
    """What follows the products of a time step: the next h and c."""
    i, f, g, o = _gates(_sum(call, write, ("input_gates", "hidden_gates", "input_bias", "hidden_bias")), call, 4)
    c = f"sigmoid({f}) * {write(call.option('cx'))} + sigmoid({i}) * tanh({g})"
    return [f"sigmoid({o}) * tanh({c})", c, None]


@operation("_thnn_fused_gru_cell")
def _fused_gru_cell(call: Called, write: Writer) -> list[str | None]:
    """What follows the products of a time step: the next h."""
    of_input, of_state = (_sum(call, write, (f"{of}_gates", f"{of}_bias")) for of in ("input", "hidden"))
    (ri, zi, ni), (rh, zh, nh) = (_gates(one, call, 3) for one in (of_input, of_state))
    n = f"tanh({ni} + sigmoid({ri} + {rh}) * {nh})"
    return [f"{n} + sigmoid({zi} + {zh}) * ({write(call.option('hx'))} - {n})", None]


def _sum(call: Called, write: Writer, names: tuple[str, ...]) -> str:
    """The sum of those arguments that are given."""
    return " + ".join(write(one) for name in names if (one := call.option(name)) is not None)


def _gates(whole: str, call: Called, count: int) -> list[str]:
    """Each gate's part of a sum of (samples, gates · width)."""
    width = shape_of(call.args[0])[1] // count
    return [f"({whole})[:, {k * width}:{(k + 1) * width}]" for k in range(count)]
