"""The edges between boxes: how strongly each shows, what travels along it, and its numbers."""

from __future__ import annotations

from functools import cached_property
from math import isfinite, sqrt
from typing import NamedTuple

from rich.style import Style

from gradstep.engine.debugger import Frame, Link
from gradstep.engine.notation import number
from gradstep.engine.run import Phase
from gradstep.tui.network.diagram import Diagram, Edge
from gradstep.tui.network.edges import Sheet, curve
from gradstep.tui.network.layout import Bus, Placed, Wire
from gradstep.tui.paint import Canvas
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View

#: How strongly an edge shows: not reached, done, on the way of the gradient, moving now.
_FAINT, _DONE, _TRAIL, _LIVE = range(4)


class _Piece(NamedTuple):
    """A part of an edge's label: its text, the number that colours it, whether it is the one just computed."""

    text: str
    value: float | None = None
    now: bool = False


class _Drawn(NamedTuple):
    """An edge at this moment: its rank, the number whose sign it shows, its label, and the column where that begins."""

    wire: Wire
    edge: Edge
    rank: int
    value: float
    label: list[_Piece]
    start: int


class Wires:
    """Paints edges at one moment."""

    def __init__(self, canvas: Canvas, diagram: Diagram, placed: Placed, frame: Frame, view: View) -> None:
        self.canvas, self.diagram, self.placed, self.frame, self.view = canvas, diagram, placed, frame, view
        self.palette, self.edges = canvas.palette, diagram.edges.all
        self.backward = frame.phase in (Phase.BACKWARD, Phase.UPDATE)
        self.selected = diagram.home(view.selection)

    @cached_property
    def live(self) -> dict[int, float]:
        """The edges along which something moves at this step, with what does."""
        return self._moving(self.frame.origin.live)

    @cached_property
    def trail(self) -> dict[int, float]:
        """The edges by which the current gradient has come."""
        return self._moving(self.frame.origin.trail)

    def _moving(self, links: tuple[Link, ...]) -> dict[int, float]:
        found: dict[int, float] = {}
        for link in links:
            source, target = self.diagram.home(link.source), self.diagram.home(link.target)
            if source is not None and target is not None:
                edge = self.diagram.edges.between.get((source, target))
                if edge is not None:
                    found[edge] = found.get(edge, 0.0) + link.amount
        return found

    def paint(self) -> None:
        """Curves first, so that no label is crossed out."""
        sheet, drawn = Sheet(wiping=_TRAIL), [self._drawn(wire) for wire in self.placed.wires]
        for wire, edge, rank, value, _, start in drawn:
            arrow = self.backward and rank != _FAINT and edge.flow is not None
            x_end = start - 1 if start < wire.x_end - 1 else wire.x_end - (not self.backward)
            dots = curve(wire.x + arrow, wire.y, x_end, wire.row, rank >= _TRAIL, value < 0)
            sheet.add(dots, rank, self._ink(rank, value))
        sheet.put(self.canvas)
        for bus in self.placed.buses:
            self._bus(bus)
        for one in drawn:
            self._ends(one)

    def _drawn(self, wire: Wire) -> _Drawn:
        edge = self.edges[wire.edge]
        rank, value = self._state(edge)
        # The label ends at the wire's end; without one, so does the curve.
        shown = wire.labelled or rank == _LIVE or edge.target == self.selected
        label = self._label(edge, rank) if shown else []
        length = sum(len(piece.text) for piece in label)
        if wire.x_end - 2 - length <= wire.x:  # it would stand in the box that the edge comes from
            label, length = [], 0
        return _Drawn(wire, edge, rank, value, label, wire.x_end - 2 - length if length else wire.x_end - 1)

    def _state(self, edge: Edge) -> tuple[int, float]:
        """The rank of an edge, and the number whose sign it shows. Along which nothing comes is as faint as what is
        not reached."""
        weight = edge.local if edge.weight is not None else 0.0
        for moving, rank in ((self.live, _LIVE), (self.trail, _TRAIL)):
            if edge.number in moving:
                amount = moving[edge.number]
                own = amount if self.backward or edge.weight is None or rank == _TRAIL else weight
                return (rank if amount else _FAINT), own
        if not self.backward:
            known = self.frame.seen(*self.diagram.units[edge.target].entered, Phase.FORWARD) is not None
            return (_DONE if known else _FAINT), weight
        if edge.flow is not None:
            known = self.frame.seen(*self.diagram.units[edge.source].element, Phase.BACKWARD) is not None
            return (_DONE if known and edge.flow else _FAINT), edge.flow
        if edge.weight is not None:
            grad = self.frame.grad(*edge.weight)
            return (_DONE if grad else _FAINT), grad or 0.0
        return _FAINT, 0.0

    def _ink(self, rank: int, value: float) -> Style:
        if rank == _FAINT:
            return self.palette.style("frame", strength=0.7)
        role = sign_role(value) if value or self.backward else "dim"
        if rank >= _TRAIL:
            return self.palette.style(role, bold=rank == _LIVE)
        edges = self.diagram.edges
        top = edges.largest_flow if self.backward else edges.largest_weight
        size = abs(value) if isfinite(value) else top
        return self.palette.style(role, strength=0.35 + 0.4 * sqrt(min(size / top, 1.0)))

    def _label(self, edge: Edge, rank: int) -> list[_Piece]:
        """An edge's weight, with its gradient or its new number once they are there and have room."""
        if edge.weight is None:
            return []
        frame, digits, wide = self.frame, self.view.network_digits, self.placed.form.label >= 13
        here = frame.element == edge.weight
        grad, new = frame.grad(*edge.weight), frame.new(*edge.weight)
        plain = _Piece(number(edge.local, 2, True).rjust(5), edge.local)
        if new is not None:
            after = [_Piece("→"), _Piece(number(new, digits, True), new, here)]
            return [plain, _Piece(" "), *after] if wide else after
        if grad is None:
            return [plain]
        pieces = [_Piece("∂"), _Piece(number(grad, digits, True).rjust(6), grad, here)]
        if wide:
            return [plain, _Piece(" "), *pieces]
        if rank == _LIVE and not here and frame.phase is Phase.BACKWARD:
            return [_Piece("×"), _Piece(number(edge.local, 2, True), edge.local)]
        return pieces

    def _ends(self, drawn: _Drawn) -> None:
        """The label of an edge, and the arrow in which something arrives."""
        wire, edge, rank, value, label, start = drawn
        ink, moving = self._ink(rank, value), rank >= _TRAIL
        if self.backward and rank != _FAINT and edge.flow is not None:
            self.canvas.put(wire.x, wire.y, "◂", ink)
        if start < wire.x_end - 1:
            x = start
            for piece in label:
                x = self.canvas.put(x, wire.row, piece.text, self._style(piece, moving))
            self.canvas.put(x, wire.row, " ")
        elif self.backward:
            return
        reached = rank != _FAINT and not self.backward
        self.canvas.put(wire.x_end - 1, wire.row, "▸" if reached else "━" if moving else "─", ink)

    def _style(self, piece: _Piece, moving: bool) -> Style:
        if piece.value is None:
            return self.palette.style("dim")
        if piece.now:
            updating = self.frame.phase is Phase.UPDATE
            return self.palette.inverse("current" if updating or not piece.value else sign_role(piece.value))
        return self.palette.style(sign_role(piece.value), bold=moving, strength=1.0 if moving else self.palette.fade)

    def _bus(self, bus: Bus) -> None:
        """A skip: up from its source, over the boxes, down to its target."""
        (rank, value), edge = max(((self._state(self.edges[e]), e) for e in bus.edges), key=lambda found: found[0][0])
        ink = self._ink(rank, value)
        h, v, a, b = "━┃┏┓" if rank >= _TRAIL else "─│╭╮"
        for x in range(bus.x, bus.x_end + 1):
            self.canvas.put(x, bus.y, h, ink)
        for x, corner, down in ((bus.x, a, bus.y_source), (bus.x_end, b, bus.y_target)):
            self.canvas.put(x, bus.y, corner, ink)
            for y in range(bus.y + 1, down):
                self.canvas.put(x, y, v, ink)
        if rank != _FAINT:
            x, down = (bus.x, bus.y_source) if self.backward else (bus.x_end, bus.y_target)
            if down - 1 > bus.y:
                self.canvas.put(x, down - 1, "▾", ink)
        text, style = " skip ", self.palette.style("dim")
        if rank == _LIVE:
            text = f" skip {number(self.live[edge], self.view.network_digits, self.backward)} "
            style = self.palette.style(sign_role(value) if self.backward else "text", bold=True)
        if bus.x_end - bus.x > len(text) + 4:
            self.canvas.put((bus.x + bus.x_end - len(text)) // 2, bus.y, text, style)
