"""The uses of an element: through each of them some terms of its gradient come, and how these are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from gradstep.engine.explain.formula.equation import WRITTEN_OUT, divided
from gradstep.engine.explain.formula.running import Member, running
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.index import Elements, Grid
from gradstep.engine.ops.affine import Affine
from gradstep.engine.ops.windows import steps
from gradstep.engine.run.reading import gradient_segments
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.staleness import marked, stales
from gradstep.engine.run.terms import Segment

#: So many terms are written one by one where no letters say which they are.
_LISTED = 24


class Term(NamedTuple):
    """A term of a gradient: the element that it comes through, how the local derivative is written, and both
    factors."""

    target: Element
    local: str
    upstream: float
    value: float


@dataclass(frozen=True)
class Use:
    """The terms that come to `element` through one operand of one node. `again` where ∂y/∂x does not say which term is
    meant: where another one comes through the same element of the node's output, or through the loss, so that ∂L/∂x
    is all of the gradient."""

    recording: Recording
    element: Element
    segment: Segment
    again: bool

    @cached_property
    def node(self) -> Node:
        return self.recording.graph.nodes[self.segment.node]

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """All terms one by one, where they are few."""
        return tuple(self._term(k) for k in range(self.segment.count))

    def _term(self, k: int) -> Term:
        target = self.segment.target(k)
        upstream, local, _ = self.segment.read(k, k + 1)
        assert upstream is not None, "a gradient's terms are products"
        assert local is not None, "a gradient's terms are products"
        stale = stales(self.recording.trace, self.segment, True)
        return Term(
            target,
            self._local(k, target),
            marked(float(upstream[0]), stale.upstream),
            marked(float(local[0]), stale.local),
        )

    def _local(self, k: int, target: Element) -> str:
        board, segment = self.recording.board, self.segment
        if segment.factor is not None:
            return board.element(segment.factor_value, int(segment.factor.take(k, k + 1)[0]))
        if self.again:
            names = [board.element(v, int(at.take(k, k + 1)[0])) for v, at in self._operands]
            return _bracketed(slope(self.recording, self.node, segment.slot, self.element.flat).format(*names))
        return f"∂{board.element(*target)}/∂{board.element(*self.element)}"

    @property
    def _operands(self) -> list[tuple[int, Elements]]:
        return operands(self.recording, self.node, self.segment.slot, self.element.flat)

    @property
    def text(self) -> str:
        """The terms as a sum: written out, or with letters that run."""
        if self.segment.count <= WRITTEN_OUT:
            return self._written_out
        if not isinstance(self.segment.via, Grid) and self._looks_up:
            return self._looked_up
        board, segment = self.recording.board, self.segment
        members: list[tuple[int, Elements]] = [(segment.via_value, segment.via)]
        if segment.factor is not None:
            members.append((segment.factor_value, segment.factor))
        elif self.again:
            members += self._operands
        grids = [Member(value, grid) for value, grid in members if isinstance(grid, Grid)]
        found = running(board, grids) if len(grids) == len(members) else None
        if found is None and segment.count <= _LISTED:
            return self._written_out
        if found is None:
            whole = board.whole(segment.via_value)
            return f"Σ ∂{board.loss}/∂{whole} × ∂{whole}/∂{board.element(*self.element)}, {segment.count:,} terms"
        via, *others = found.names
        if segment.factor is not None:
            local = others[0]
        elif self.again:
            local = _bracketed(slope(self.recording, self.node, segment.slot, self.element.flat).format(*others))
        else:
            local = f"∂{via}/∂{board.element(*self.element)}"
        return f"Σ{found.over} {self._upstream(via)}{local}{found.ranges}"

    @property
    def _written_out(self) -> str:
        return " + ".join(self._upstream(self.recording.board.element(*t.target)) + t.local for t in self.terms)

    def _upstream(self, via: str) -> str:
        """The factor ∂L/∂y; nothing for the loss itself, of which it is 1."""
        recording = self.recording
        if self.segment.via_value == recording.graph.loss.id:
            return ""
        return f"∂{recording.board.loss}/∂{via}·"

    @property
    def _looks_up(self) -> bool:
        graph = self.recording.graph
        return self.node.op.looks_up([graph.values[v].shape for v in self.node.inputs])

    @property
    def _looked_up(self) -> str:
        """The sum over all places at which a row of a table is read."""
        board, graph = self.recording.board, self.recording.graph
        ids, width = graph.values[self.node.inputs[1]], graph.values[self.element.value].shape[1]
        row, column = divmod(self.element.flat, width)
        along = steps(ids.shape)
        places = Member(self.segment.via_value, Grid(column, ids.shape, tuple(width * step for step in along)))
        found = running(board, [places, Member(ids.id, Grid(0, ids.shape, along))])
        assert found is not None, "all axes run as a whole"
        return f"Σ{found.over} ∂{board.loss}/∂{found.names[0]} (where {found.names[1]} = {row})"


def uses(recording: Recording, element: Element) -> list[Use]:
    """All uses of an element, in the order in which its gradient adds them up."""
    segments = gradient_segments(recording.trace, recording.graph.values[element.value], element.flat)
    found = [segment for segment in segments if segment.count]
    loss = recording.graph.loss.id
    return [Use(recording, element, s, s.via_value == loss or _again(s, found)) for s in found]


def _again(segment: Segment, beside: Sequence[Segment]) -> bool:
    """Whether two terms come through the same element of the same node."""
    via = segment.via
    if isinstance(via, Grid) and any(n > 1 and not stride for n, stride in zip(via.shape, via.strides, strict=True)):
        return True
    same = (other for other in beside if other is not segment and other.node == segment.node)
    return any(other.via.base == via.base for other in same)


def operands(recording: Recording, node: Node, slot: int, flat: int) -> list[tuple[int, Elements]]:
    """The elements of each operand that meet in the terms through which xs[slot][flat] feeds the output of a node."""
    shapes = [recording.graph.values[v].shape for v in node.inputs]
    if isinstance(node.op, Affine):
        return list(zip(node.inputs, node.op.meeting(slot, flat, shapes), strict=False))
    size = recording.graph.values[node.inputs[slot]].size
    same = (flat if recording.graph.values[v].size == size else 0 for v in node.inputs)
    return [(v, Grid(at, (), ())) for v, at in zip(node.inputs, same, strict=True)]


def slope(recording: Recording, node: Node, slot: int, flat: int) -> str:
    """How the local derivative for an element is written, with places for the operands' names."""
    xs = recording.trace.inputs(node)
    return divided(node, node.op.written_slope(slot, flat, xs), [x.shape for x in xs])


def _bracketed(text: str) -> str:
    return f"({text})" if " " in text else text
