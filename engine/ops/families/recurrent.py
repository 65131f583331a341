"""Recurrent networks, expanded a time step at a time: layers, directions, and dropout between layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gradstep.engine.errors import OpError
from gradstep.engine.ops.composite import After, Given, Part, Plan, Several, composite
from gradstep.engine.ops.families.dropout import Dropout
from gradstep.engine.ops.families.indexing import Index
from gradstep.engine.ops.families.joining import Concat, Stack
from gradstep.engine.ops.families.recurrent_cells import (
    Cell,
    State,
    Weights,
    activation,
    check,
    gru_step,
    lstm_step,
    plain,
    there,
)
from gradstep.engine.ops.shapes import shape_text


class _Net(NamedTuple):
    """A recurrent network as it is called: the cell, how many gates it has, and its options."""

    name: str
    cell: Cell
    gates: int
    num_layers: int
    bidirectional: bool
    batch_first: bool
    bias: bool
    dropout: float
    seed: int
    proj_size: int = 0

    def results(self, x: Sequence[Given], h0: Given | None, c0: Given | None = None) -> tuple[Plan, Plan, Plan | None]:
        """The output of the last layer at all time steps, and the last states of all layers."""
        if not x:
            raise OpError(f"{self.name}: the input and the weights are missing")
        if self.num_layers < 1:
            raise OpError(f"{self.name}: num_layers is at least 1, not {self.num_layers}")
        given, length, axis = x[0], self._length(x[0]), self._axis(x[0])
        layers = self._weights(x)
        for one in (h0, c0):
            self._check_state(one, given, layers)
        inputs: list[Plan] = [Part("x", (Index((*[(None, None, None)] * axis, t)), [given])) for t in range(length)]
        before: list[Plan] = []
        last: list[State] = []
        for number, directions in enumerate(layers):
            ways = [self._over_time(inputs, self._start(h0, c0, len(last) + k), w) for k, w in enumerate(directions)]
            for w, (made, state) in zip(directions, ways, strict=True):
                before += made[::-1] if w.reverse else made
                last.append(state)
            inputs = [
                plans[0] if len(plans) == 1 else (Concat(-1), plans)
                for plans in zip(*(m for m, _ in ways), strict=True)
            ]
            if self.dropout and number < len(layers) - 1:
                dropped = Part("dropped", (Dropout(self.dropout, self.seed + number), [(Stack(0), inputs)]))
                before.append(dropped)
                inputs = [(Index((t,)), [dropped]) for t in range(length)]
        cells = [state.c for state in last if state.c is not None]
        c = After(before, (Stack(0), cells)) if cells else None
        return After(before, (Stack(axis), inputs)), After(before, (Stack(0), [there(one.h) for one in last])), c

    def _over_time(self, inputs: Sequence[Plan], state: State, w: Weights) -> tuple[list[Plan], State]:
        """h at each time step, and the last state."""
        made = []
        for x in reversed(inputs) if w.reverse else inputs:
            state = self.cell(x, state, w)
            made.append(there(state.h))
        return made[::-1] if w.reverse else made, state

    def _axis(self, x: Given) -> int:
        """That of time."""
        return 1 if self.batch_first and len(x.shape) == 3 else 0

    def _length(self, x: Given) -> int:
        if len(x.shape) not in (2, 3):
            order = "(samples, time, width)" if self.batch_first else "(time, samples, width)"
            raise OpError(f"{self.name}: x must be {order} or (time, width), but it is {shape_text(x.shape)}")
        if not x.shape[self._axis(x)]:
            raise OpError(f"{self.name}: x {shape_text(x.shape)} has no time steps")
        return x.shape[self._axis(x)]

    @staticmethod
    def _start(h0: Given | None, c0: Given | None, number: int) -> State:
        first = Index((number,))
        return State(None if h0 is None else (first, [h0]), None if c0 is None else (first, [c0]))

    def _weights(self, x: Sequence[Given]) -> list[list[Weights]]:
        """Those of each layer and direction. Raises OpError where there are not so many, or their shapes do not fit."""
        ways, each = 2 if self.bidirectional else 1, (4 if self.bias else 2) + bool(self.proj_size)
        wanted = self.num_layers * ways * each
        kinds = ("w_ih", "w_hh", *(("b_ih", "b_hh") if self.bias else ()), *(("w_hr",) if self.proj_size else ()))
        if len(x) - 1 != wanted:
            raise OpError(
                f"{self.name}: {wanted} weights are needed, {', '.join(kinds)} for each of {self.num_layers} layers"
                f"{' and both directions' if self.bidirectional else ''}, but there are {len(x) - 1}"
            )
        width, found, flat = x[0].shape[-1], [], iter(x[1:])
        for layer in range(self.num_layers):
            directions = []
            for way in range(ways):
                named = dict(zip(kinds, [next(flat) for _ in kinds], strict=True))
                prefix = (f"layer{layer + 1}_" if self.num_layers > 1 else "") + ("reverse_" if way else "")
                biases, last = (named.get("b_ih"), named.get("b_hh")), named.get("w_hr")
                w = Weights(named["w_ih"], named["w_hh"], *biases, last, prefix)
                check(self.name, w, width, self.gates, self.proj_size)
                directions.append(w)
            found.append(directions)
            width = ways * directions[0].w_hh.shape[1]
        return found

    def _check_state(self, state: Given | None, x: Given, layers: Sequence[Sequence[Weights]]) -> None:
        if state is None:
            return
        many, wide = sum(map(len, layers)), layers[0][0].w_hh.shape[1]
        if state.slot == "c0":
            wide = layers[0][0].w_ih.shape[0] // self.gates
        samples = () if len(x.shape) == 2 else (x.shape[1 - self._axis(x)],)
        if state.shape != (many, *samples, wide):
            raise OpError(
                f"{self.name}: {state.slot} must have shape {shape_text((many, *samples, wide))}, one state for "
                f"each layer and direction, but it is {shape_text(state.shape)}"
            )


@composite(hx="h0", has_biases="bias")
def lstm(
    *x: Given,
    h0: Given | None = None,
    c0: Given | None = None,
    num_layers: int = 1,
    bias: bool = True,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
    proj_size: int = 0,
    seed: int = 0,
) -> Several:
    """Long short-term memory over time: lstm(x, w_ih, w_hh, b_ih, b_hh), the weights of all layers in PyTorch's order.

    Three results: the output at every time step, and h and c after the last one."""
    net = _Net("lstm", lstm_step, 4, num_layers, bidirectional, batch_first, bias, dropout, seed, proj_size)
    out, h, c = net.results(x, h0, c0)
    return Several([out, h, there(c)])


@composite(hx="h0", has_biases="bias")
def gru(
    *x: Given,
    h0: Given | None = None,
    num_layers: int = 1,
    bias: bool = True,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
    seed: int = 0,
) -> Several:
    """Gated recurrent units over time: gru(x, w_ih, w_hh, b_ih, b_hh), the weights of all layers in PyTorch's order.

    Two results: the output at every time step, and h after the last one."""
    net = _Net("gru", gru_step, 3, num_layers, bidirectional, batch_first, bias, dropout, seed)
    return Several(net.results(x, h0)[:2])


@composite(hx="h0", has_biases="bias")
def rnn(
    *x: Given,
    h0: Given | None = None,
    num_layers: int = 1,
    nonlinearity: str = "tanh",
    bias: bool = True,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
    seed: int = 0,
) -> Several:
    """h ← tanh(w_ih x + b_ih + w_hh h + b_hh) over time: rnn(x, w_ih, w_hh, b_ih, b_hh), all layers in PyTorch's order.

    Two results: the output at every time step, and h after the last one."""
    cell = plain(activation("rnn", nonlinearity))
    net = _Net("rnn", cell, 1, num_layers, bidirectional, batch_first, bias, dropout, seed)
    return Several(net.results(x, h0)[:2])
