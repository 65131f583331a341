"""Every unit of a small network as a box in its column, edges between them, and what moves along them
at this step."""

from __future__ import annotations

from functools import cached_property
from math import sqrt

import numpy as np
from rich.style import Style

from gradstep.engine.debugger import Frame, Link
from gradstep.engine.graph import Element
from gradstep.engine.notation import number
from gradstep.engine.run import Phase
from gradstep.tui.network.boxes import Boxes, title
from gradstep.tui.network.diagram import Edge
from gradstep.tui.network.edges import Sheet, curve
from gradstep.tui.network.layout import Bus, Placed, Wire, place
from gradstep.tui.network.stage import Stage
from gradstep.tui.paint import Canvas, clip
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View

#: How strongly an edge shows: not reached, done, on the way of the gradient, moving now.
_FAINT, _DONE, _TRAIL, _LIVE = range(4)


class Nodes(Stage):
    """Every unit of a small network as a box."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View) -> None:
        super().__init__(canvas, frame, view)
        self.backward = frame.phase in (Phase.BACKWARD, Phase.UPDATE)

    @cached_property
    def live(self) -> dict[int, float]:
        return self._moving(self.frame.origin.live)

    @cached_property
    def trail(self) -> dict[int, float]:
        return self._moving(self.frame.origin.trail)

    @cached_property
    def placed(self) -> Placed:
        return place(self.plan, self.canvas.width, self.canvas.height, self._focus)

    @property
    def _focus(self) -> int:
        for element in (self.view.selection, self.frame.element):
            home = self.plan.home(element)
            if home is not None:
                return home
        return 0

    def at(self, x: int, y: int) -> Element | None:
        unit = self.placed.at(x, y)
        return None if unit is None else self.plan.units[unit].element

    def neighbour(self, direction: str) -> Element:
        start = self.view.selection or self.frame.element
        return self.plan.units[self.plan.neighbour(self.plan.home(start), direction)].element

    def _moving(self, links: tuple[Link, ...]) -> dict[int, float]:
        """The edges that links run along, with what travels there."""
        found: dict[int, float] = {}
        for link in links:
            source, target = self.plan.home(link.source), self.plan.home(link.target)
            if source is not None and target is not None:
                edge = self.plan.between.get((source, target))
                if edge is not None:
                    found[edge] = found.get(edge, 0.0) + link.amount
        return found

    def paint(self) -> None:
        placed = self.placed
        self._titles(placed)
        sheet = Sheet(wiping=_TRAIL)
        labels = []
        for wire in placed.wires:
            edge = self.plan.edges[wire.edge]
            rank, value = self._state(edge)
            start = self._label_start(edge, wire, rank, placed)
            labels.append((wire, edge, rank, value, start))
            arrow = self.backward and rank != _FAINT and edge.flow is not None
            bare = start >= wire.x_end - 1
            x_end = start - 1 if not bare else wire.x_end - (not self.backward)
            sheet.add(
                curve(wire.x + arrow, wire.y, x_end, wire.row, rank >= _TRAIL, value < 0),
                rank,
                self._ink(rank, value, edge),
            )
        sheet.put(self.canvas)
        for bus in placed.buses:
            self._bus(bus)
        for wire, edge, rank, value, start in labels:
            self._ends(wire, edge, rank, value, start, placed)
        boxes = Boxes(self.canvas, self.plan, placed.form, self.frame, self.view)
        for box in placed.boxes:
            boxes.paint(box)
        dim = self.palette.style("dim")
        for _, x, count in placed.hidden:
            self.canvas.put(x, self.canvas.height - 1, f"⋮ {count} more", dim)
        if placed.first:
            self.canvas.put(0, 0, f"‹ {placed.first}", dim)
        after = len(self.plan.columns) - 1 - placed.last
        if after:
            text = f"{after} ›"
            self.canvas.put(self.canvas.width - len(text), 0, text, dim)

    def _titles(self, placed: Placed) -> None:
        spans = placed.spans
        for k, (column, x, wide) in enumerate(spans):
            middle = x + wide // 2
            left = (spans[k - 1][1] + spans[k - 1][2] + x) // 2 if k else (5 if placed.first else 0)
            right = (
                (x + wide + spans[k + 1][1]) // 2
                if k + 1 < len(spans)
                else self.canvas.width - 4 * (placed.last + 1 < len(self.plan.columns))
            )
            text = title(self.plan, column)
            room = right - left - 1
            if len(text) > room and "·" in text:
                text = text.split("· ")[-1]
            text = clip(text, room)
            at = min(max(middle - len(text) // 2, left), right - len(text))
            self.canvas.put(at, 0, text, self.palette.style("dim"))

    # Edges

    def _state(self, edge: Edge) -> tuple[int, float]:
        """The rank of an edge, and the number whose sign it shows."""
        weight = edge.local if edge.weight is not None else 0.0
        if edge.number in self.live:
            amount = self.live[edge.number]
            return _LIVE, amount if self.backward or edge.weight is None else weight
        if edge.number in self.trail:
            return _TRAIL, self.trail[edge.number]
        source, target = self.plan.units[edge.source], self.plan.units[edge.target]
        if not self.backward:
            entered = target.pre if target.pre >= 0 else target.value
            known = self.frame.seen(entered, target.flat, Phase.FORWARD) is not None
            return (_DONE if known else _FAINT), weight
        if edge.flow is not None:
            known = self.frame.seen(source.value, source.flat, Phase.BACKWARD) is not None
            return (_DONE if known else _FAINT), edge.flow
        if edge.weight is not None:
            grad = self.frame.grad(edge.weight.value, edge.weight.flat)
            return (_FAINT, 0.0) if grad is None else (_DONE, grad)
        return _FAINT, 0.0

    def _ink(self, rank: int, value: float, edge: Edge) -> Style:
        if rank == _FAINT:
            return self.palette.style("placeholder", strength=0.6)
        role = sign_role(value) if value or self.backward else "dim"
        if rank >= _TRAIL:
            return self.palette.style(role, bold=rank == _LIVE)
        top = self.plan.largest_weight if not self.backward else self.plan.largest_flow
        size = abs(value) if np.isfinite(value) else top
        return self.palette.style(role, strength=0.35 + 0.4 * sqrt(min(size / top, 1.0)))

    def _label(self, edge: Edge, rank: int, placed: Placed) -> list[tuple[str, float | None, bool]]:
        """The pieces of an edge's label: text, the number that colours it, whether it is the one
        just computed."""
        if edge.weight is None:
            return []
        frame, weight = self.frame, edge.weight
        here = frame.element == weight
        grad, new = frame.grad(weight.value, weight.flat), frame.new(weight.value, weight.flat)
        digits = self.view.network_digits
        plain = (number(edge.local, 2, True).rjust(5), edge.local, False)
        if new is not None:
            after = [("→", None, False), (number(new, digits, True), new, here)]
            return [plain, (" ", None, False), *after] if placed.form.label >= 13 else after
        if grad is None:
            return [plain]
        pieces = [("∂", None, False), (number(grad, digits, True).rjust(6), grad, here)]
        if placed.form.label >= 13:
            return [plain, (" ", None, False), *pieces]
        if rank == _LIVE and not here and frame.phase is Phase.BACKWARD:
            return [("×", None, False), (number(edge.local, 2, True), edge.local, False)]
        return pieces

    def _label_start(self, edge: Edge, wire: Wire, rank: int, placed: Placed) -> int:
        """Where the label begins; at the wire's end where it has none."""
        shown = wire.labelled or rank == _LIVE or edge.target == self.plan.home(self.view.selection)
        length = sum(len(text) for text, _, _ in self._label(edge, rank, placed)) if shown else 0
        return wire.x_end - 2 - length if length else wire.x_end - 1

    def _ends(self, wire: Wire, edge: Edge, rank: int, value: float, start: int, placed: Placed) -> None:
        ink = self._ink(rank, value, edge)
        moving = rank >= _TRAIL
        if self.backward and rank != _FAINT and edge.flow is not None:
            self.canvas.put(wire.x, wire.y, "◂", ink)
        if start < wire.x_end - 1:
            x = start
            for text, number_shown, now in self._label(edge, rank, placed):
                x = self.canvas.put(x, wire.row, text, self._piece(number_shown, now, moving))
            self.canvas.put(x, wire.row, " ")
        elif self.backward:
            return
        reached = rank != _FAINT and not self.backward
        self.canvas.put(wire.x_end - 1, wire.row, "▸" if reached else "━" if moving else "─", ink)

    def _piece(self, value: float | None, now: bool, moving: bool) -> Style:
        if value is None:
            return self.palette.style("dim")
        if now:
            updating = self.frame.phase is Phase.UPDATE
            return self.palette.inverse("current" if updating or not value else sign_role(value))
        return self.palette.style(sign_role(value), bold=moving, strength=1.0 if moving else self.palette.fade)

    def _bus(self, bus: Bus) -> None:
        """A skip: up from its source, over the boxes, down to its target."""
        states = [(self._state(self.plan.edges[e]), e) for e in bus.edges]
        (rank, value), edge = max(states, key=lambda s: s[0][0])
        ink = self._ink(rank, value, self.plan.edges[edge])
        heavy = rank >= _TRAIL
        h, v, a, b = "━┃┏┓" if heavy else "─│╭╮"
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
        text = " skip "
        if rank == _LIVE:
            text = f" skip {number(self.live[edge], self.view.network_digits, self.backward)} "
        if bus.x_end - bus.x > len(text) + 4:
            style = (
                self.palette.style("dim")
                if rank < _LIVE
                else self.palette.style(sign_role(value) if self.backward else "text", bold=True)
            )
            self.canvas.put((bus.x + bus.x_end - len(text)) // 2, bus.y, text, style)
