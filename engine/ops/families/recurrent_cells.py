"""Cells of recurrent networks: one time step of the plain one, of an LSTM and of a GRU.

Weights stand in PyTorch's order: w_ih, w_hh, where there are biases b_ih and b_hh, and where a state is projected w_hr.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gradstep.engine.errors import OpError
from gradstep.engine.ops.composite import Given, Part, Plan, Several, composite
from gradstep.engine.ops.families.activation import Relu, Sigmoid, Tanh
from gradstep.engine.ops.families.arithmetic import Add, Multiply, Subtract
from gradstep.engine.ops.families.indexing import Index
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.shapes import shape_text


class Weights(NamedTuple):
    """Those of one layer in one direction; `prefix` is what the words of its parts begin with."""

    w_ih: Given
    w_hh: Given
    b_ih: Given | None
    b_hh: Given | None
    w_hr: Given | None = None
    prefix: str = ""

    @property
    def reverse(self) -> bool:
        """Whether time runs backwards."""
        return self.prefix.endswith("reverse_")


class State(NamedTuple):
    """What goes from one time step to the next: h, and an LSTM's c. None is all zeros."""

    h: Plan | None = None
    c: Plan | None = None


#: What makes the next state of an input, a state and weights.
Cell = Callable[[Plan, State, Weights], State]


def there(plan: Plan | None) -> Plan:
    """Part of a state that a cell has made."""
    assert plan is not None, "a cell makes a state"
    return plan


def _from_input(x: Plan, w: Weights) -> Plan:
    return Part(f"{w.prefix}from_x", (Linear(), [x, w.w_ih] if w.b_ih is None else [x, w.w_ih, w.b_ih]))


def _from_state(h: Plan | None, w: Weights) -> Plan | None:
    """What comes of the state before; of zeros only the bias."""
    if h is None:
        return w.b_hh
    return Part(f"{w.prefix}from_h", (Linear(), [h, w.w_hh] if w.b_hh is None else [h, w.w_hh, w.b_hh]))


def _sum(a: Plan, b: Plan | None) -> Plan:
    return a if b is None else (Add(), [a, b])


def _gate(gates: Plan, number: int, hidden: int) -> Plan:
    """One of the gates that lie one behind the other on the last axis."""
    return (Index((..., (number * hidden, (number + 1) * hidden, None))), [gates])


def plain(activation: Op) -> Cell:
    def cell(x: Plan, state: State, w: Weights) -> State:
        sums = Part(f"{w.prefix}sums", _sum(_from_input(x, w), _from_state(state.h, w)))
        return State(Part(f"{w.prefix}h", (activation, [sums])))

    return cell


def lstm_step(x: Plan, state: State, w: Weights) -> State:
    """Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000)."""
    hidden = w.w_ih.shape[0] // 4
    gates = Part(f"{w.prefix}gates", _sum(_from_input(x, w), _from_state(state.h, w)))
    i, f, g, o = (
        Part(f"{w.prefix}{word}", (op, [_gate(gates, k, hidden)]))
        for k, (word, op) in enumerate(
            (("input", Sigmoid()), ("forget", Sigmoid()), ("candidate", Tanh()), ("output", Sigmoid()))
        )
    )
    c: Plan = (Multiply(), [i, g])
    if state.c is not None:
        kept = Part(f"{w.prefix}kept", (Multiply(), [f, state.c]))
        c = (Add(), [kept, Part(f"{w.prefix}added", c)])
    c = Part(f"{w.prefix}c", c)
    h: Plan = (Multiply(), [o, (Tanh(), [c])])
    return State(Part(f"{w.prefix}h", h if w.w_hr is None else (Linear(), [h, w.w_hr])), c)


def gru_step(x: Plan, state: State, w: Weights) -> State:
    """Cho et al. (2014), the reset gate behind the product with w_hh, as PyTorch has it."""
    hidden = w.w_ih.shape[0] // 3
    mine, before = _from_input(x, w), _from_state(state.h, w)

    def joint(number: int) -> Plan:
        return _sum(_gate(mine, number, hidden), None if before is None else _gate(before, number, hidden))

    reset = Part(f"{w.prefix}reset", (Sigmoid(), [joint(0)]))
    update = Part(f"{w.prefix}update", (Sigmoid(), [joint(1)]))
    recalled: Plan | None = None if before is None else (Multiply(), [reset, _gate(before, 2, hidden)])
    new = Part(f"{w.prefix}new", (Tanh(), [_sum(_gate(mine, 2, hidden), recalled)]))
    far: Plan = (Subtract(), [0.0 if state.h is None else state.h, new])
    return State(Part(f"{w.prefix}h", (Add(), [new, (Multiply(), [update, far])])))


def check(name: str, w: Weights, width: int, gates: int, proj_size: int = 0) -> None:
    """Raises OpError where weights do not suit inputs of a width."""
    if len(w.w_ih.shape) != 2 or len(w.w_hh.shape) != 2 or w.w_ih.shape[0] % gates:
        raise OpError(
            f"{name}: w_ih must be ({gates} · hidden, width) and w_hh ({gates} · hidden, hidden), but they are "
            f"{shape_text(w.w_ih.shape)} and {shape_text(w.w_hh.shape)}"
        )
    rows = w.w_ih.shape[0]
    hidden = proj_size or rows // gates
    expected = {"w_ih": (rows, width), "w_hh": (rows, hidden), "b_ih": (rows,), "b_hh": (rows,)}
    expected["w_hr"] = (proj_size, rows // gates)
    for kind, shape in expected.items():
        found: Given | None = getattr(w, kind)
        if found is not None and found.shape != shape:
            raise OpError(
                f"{name}: {kind} must have shape {shape_text(shape)}, for inputs of width {width} and {rows // gates} "
                f"units, but it is {shape_text(found.shape)}"
            )


def activation(name: str, nonlinearity: str) -> Op:
    if nonlinearity not in ("tanh", "relu"):
        raise OpError(f"{name}: nonlinearity is 'tanh' or 'relu', not {nonlinearity!r}")
    return Tanh() if nonlinearity == "tanh" else Relu()


def _one_step(name: str, cell: Cell, gates: int, x: Given, h: Given, c: Given | None, w: Weights) -> State:
    check(name, w, x.shape[-1] if x.shape else 0, gates)
    shape = (*x.shape[:-1], w.w_hh.shape[1])
    for one in (h, c):
        if one is not None and one.shape != shape:
            raise OpError(
                f"{name}: {one.slot} must have shape {shape_text(shape)}, as x is {shape_text(x.shape)}, but it is "
                f"{shape_text(one.shape)}"
            )
    return cell(x, State(h, c), w)


@composite()
def lstm_cell(
    x: Given, h: Given, c: Given, w_ih: Given, w_hh: Given, b_ih: Given | None = None, b_hh: Given | None = None
) -> Several:
    """One time step of an LSTM: two results, the next h and c."""
    state = _one_step("lstm_cell", lstm_step, 4, x, h, c, Weights(w_ih, w_hh, b_ih, b_hh))
    return Several([there(state.h), there(state.c)])


@composite()
def gru_cell(
    x: Given, h: Given, w_ih: Given, w_hh: Given, b_ih: Given | None = None, b_hh: Given | None = None
) -> Plan:
    """One time step of a GRU: the next h."""
    state = _one_step("gru_cell", gru_step, 3, x, h, None, Weights(w_ih, w_hh, b_ih, b_hh))
    return there(state.h)


@composite()
def rnn_cell(
    x: Given,
    h: Given,
    w_ih: Given,
    w_hh: Given,
    b_ih: Given | None = None,
    b_hh: Given | None = None,
    *,
    nonlinearity: str = "tanh",
) -> Plan:
    """One time step of the plain recurrent network: the next h."""
    cell = plain(activation("rnn_cell", nonlinearity))
    state = _one_step("rnn_cell", cell, 1, x, h, None, Weights(w_ih, w_hh, b_ih, b_hh))
    return there(state.h)
