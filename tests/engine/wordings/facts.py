"""The numbers that sentences are held against: read from the arrays of a recording, or computed again with NumPy."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import numpy as np

from gradstep.engine.debugger.frame import Frame
from gradstep.engine.errors import CommandError
from gradstep.engine.explain.hops import Hop
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node, Role
from gradstep.engine.ops.choosing import Chosen
from gradstep.engine.ops.narrow import wide
from gradstep.engine.ops.precision import EPS
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.run.passes import run
from gradstep.engine.run.timeline import Phase

Array = np.ndarray[Any, Any]
#: Operations one input of which is no number like the others: conditions, rows of a table, classes.
_NUMBERED = ("where", "embedding", "nll")


class Facts:
    """A step, and what is so at it. `ways` and `hop` say only from where to where a gradient comes, as the step has it;
    all numbers are computed here."""

    def __init__(self, frame: Frame) -> None:
        self.frame, self.recording = frame, frame.recording
        self.graph, self.trace = frame.recording.graph, frame.recording.trace

    # What is meant by a name ---------------------------------------------------------------------

    def element(self, name: str) -> Element | None:
        """The element that is called so; None where none is."""
        try:
            target = self.recording.board.resolve(name)
        except CommandError:
            return None
        if target.kind != "data":
            return None
        if target.flat is None and target.value.size == 1:
            return Element(target.value.id, 0)
        return None if target.flat is None else Element(target.value.id, target.flat)

    def value(self, name: str) -> float:
        """The number of an element, or a number itself."""
        if re.fullmatch(r"−?\d+(?:\.\d+)?(?:e-?\d+)?", name):
            return float(name.replace("−", "-"))
        found = self.element(name)
        assert found is not None, f"nothing is called {name}"
        return self.number(found)

    def grad(self, name: str) -> float:
        found = self.element(name.partition("/∂")[2])
        assert found is not None, f"nothing is called {name}"
        return self.gradient(found)

    def known(self, name: str) -> list[float] | None:
        """The numbers that a name may mean at this step; None where it is not known as one."""
        if name.startswith("∂"):
            if not name.startswith(f"∂{self.recording.board.loss}/"):
                return None
            found = self.element(name.partition("/∂")[2])
            return None if found is None or self.trace.grad[found.value] is None else [self.gradient(found)]
        found = self.element(name)
        if found is None:
            return None
        new = self.graph.values[found.value].role is Role.PARAMETER and self.frame.phase is Phase.UPDATE
        return [self.number(found), *([float(self.recording.updated(*found)[0])] if new else [])]

    def number(self, element: Element) -> float:
        return float(self.trace.data[element.value].reshape(-1)[element.flat])

    def gradient(self, element: Element) -> float:
        if element.value == self.graph.loss.id:
            return 1.0
        grad = self.trace.grad[element.value]
        return 0.0 if grad is None else float(grad.reshape(-1)[element.flat])

    # The step ------------------------------------------------------------------------------------

    @cached_property
    def here(self) -> Element:
        assert self.frame.element is not None, "it is a step"
        return self.frame.element

    @cached_property
    def result(self) -> float:
        """What the step writes."""
        if self.frame.phase is Phase.BACKWARD:
            return self.gradient(self.here)
        if self.frame.phase is Phase.UPDATE:
            return float(self.recording.updated(*self.here)[0])
        return self.number(self.here)

    @cached_property
    def node(self) -> Node:
        """The node that computes the step's value."""
        return self.graph.nodes[self.graph.values[self.here.value].node]

    @property
    def kind(self) -> str:
        """The type of the step's number, where it is narrower than the graph's."""
        return self.graph.values[self.here.value].kind

    @property
    def share(self) -> float:
        """How far rounding may move it."""
        return EPS[self.kind] if self.kind else 1e-5

    @cached_property
    def hop(self) -> Hop:
        assert self.frame.sum.count == 1, "one way"
        return self.frame.sum.hops[0]

    # Slopes, by differences ----------------------------------------------------------------------

    def slope(self, node: Node, slot: int, source: int, target: int) -> float:
        """∂y/∂x of one use, by a central difference in long doubles; where it is agreed upon, what was agreed."""
        if node.op.agreed:
            return {"detach": 0.0, "cast": 1.0}.get(node.op.name, getattr(node.op, "scale", 0.0)) * (source == target)
        xs = [np.array(x, dtype=np.longdouble) for x in self.trace.inputs(node)]
        x = xs[slot].reshape(-1)
        at, step = x[source], np.longdouble(1e-7) * max(abs(x[source]), np.longdouble(1))
        found = []
        with np.errstate(all="ignore"):
            for moved in (at + step, at - step):
                x[source] = moved
                found.append(np.longdouble(wide(node.op).forward(xs).reshape(-1)[target]))
        with np.errstate(all="ignore"):
            return float((found[0] - found[1]) / (2 * step))

    def slope_of(self, hop: Hop) -> float:
        return self.slope(self.graph.nodes[hop.node], hop.slot, hop.source.flat, hop.target.flat)

    @cached_property
    def local(self) -> float:
        """The slope of the one use that the gradient came through."""
        return self.slope_of(self.hop)

    @cached_property
    def parts(self) -> list[float]:
        """Upstream × slope of every way, by differences."""
        return [self.gradient(hop.target) * self.slope_of(hop) for hop in self.frame.sum.hops]

    def fed(self, node: Node, slot: int, flat: int) -> int:
        """How many outputs of a node depend on an element of an input at all, whatever the numbers are: how many
        change when it is moved, beside other numbers."""
        if isinstance(node.op, Chosen) and slot == 0:  # which ones it is chosen for depends on the numbers
            x, y = self.trace.inputs(node)[0], self.trace.output(node)
            moved = [x.copy(), *self.trace.inputs(node)[1:]]
            moved[0].reshape(-1)[flat] = np.nextafter(x.item(flat), np.inf)
            return int((node.op.forward(moved) != y).sum())
        changed = np.zeros(self.graph.values[node.output].size, bool)
        rng = np.random.default_rng(0)
        for low, high, by in ((0.2, 0.8, 0.1), (0.5, 1.5, 9.0), (-1.5, -0.5, 0.2), (0.5, 1.5, -9.0)):
            xs = []
            for x, value in zip(self.trace.inputs(node), node.inputs, strict=True):
                numbered = node.op.name in _NUMBERED or "ids" in node.op.slots
                fixed = not self.graph.values[value].differentiable and numbered
                xs.append(np.array(x, dtype=float) if fixed else rng.uniform(low, high, x.shape))
            with np.errstate(all="ignore"):
                before = np.array(wide(node.op).forward(xs)).reshape(-1)
                xs[slot].reshape(-1)[flat] += by
                after = np.array(wide(node.op).forward(xs)).reshape(-1)
                same = np.isclose(after, before, rtol=1e-9, atol=1e-9, equal_nan=True)
            changed |= ~same
        return int(changed.sum())

    def uses(self, element: Element) -> tuple[int, int, bool]:
        """How many products a gradient adds up: at least, at most; and whether both are known. What a mask or a
        written number leaves without effect may be counted or not."""
        least = most = 0
        sure = True
        for number, slot in self.graph.uses[element.value]:
            node = self.graph.nodes[number]
            count = self.fed(node, slot, element.flat)
            given = any(self.graph.values[v].role is Role.LITERAL for v in node.inputs)
            open_ = given or node.op.gated or count == 0 or node.op.name in ("power", "where")
            if isinstance(node.op, Reduce):  # what is broadcast in a loss enters it several times
                open_ = open_ or len({self.graph.values[v].shape for v in node.inputs}) > 1
            least, most, sure = least + count, most + count, sure and not open_
        return least, most, sure

    def loss_with(self, element: Element, by: float) -> float:
        """The loss if a leaf's number were another one."""
        leaves = dict(self.recording.scenario.leaves)
        moved = np.array(self.trace.data[element.value])
        moved.reshape(-1)[element.flat] += by
        for parameter in self.graph.parameters:
            leaves[parameter.id] = self.trace.data[parameter.id]
        for value in self.graph.values:
            if value.role is Role.INPUT:
                leaves[value.id] = self.trace.data[value.id]
        leaves[element.value] = moved
        return run(self.graph, leaves, backward=False).loss
