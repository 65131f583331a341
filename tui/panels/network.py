"""The network: units in columns, edges between them, and what moves along them at this step."""

from __future__ import annotations

from math import sqrt

import numpy as np
from rich.style import Style
from textual.events import Click
from textual.message import Message

from gradstep.engine.chain import Element
from gradstep.engine.frame import Frame, Link
from gradstep.engine.notation import number
from gradstep.engine.timeline import Phase
from gradstep.tui.network.boxes import Boxes, title
from gradstep.tui.network.diagram import Diagram, Edge, diagram
from gradstep.tui.network.edges import Sheet, curve
from gradstep.tui.network.layout import Bus, Placed, Wire, place
from gradstep.tui.paint import PENDING, Canvas, clip
from gradstep.tui.panels.base import Panel, framed
from gradstep.tui.theme import sign_role
from gradstep.tui.view import Layout, View

#: How strongly an edge shows: not reached, done, on the way of the gradient, moving now.
_FAINT, _DONE, _TRAIL, _LIVE = range(4)


class Network(Panel):
    """The picture of screen and time: where the step happens."""

    key = "2"
    title = "Network"

    class Select(Message):
        """A box was clicked."""

        def __init__(self, element: Element) -> None:
            super().__init__()
            self.element = element

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas = Canvas(width, height, view.palette)
        margin = _margin(view)
        if margin:
            framed(canvas, "network", view, focused)
        inner = Canvas(max(width - 2 * margin, 1), max(height - 2 * margin, 1), view.palette)
        if diagram(frame.recording, frame.sample).drawable:
            _Picture(inner, frame, view).paint()
        else:
            _layers(inner, frame)
        canvas.paste(inner, margin, margin)
        return canvas

    def on_click(self, event: Click) -> None:
        if self.scene is None:
            return
        frame, view = self.scene.frame, self.scene.view
        plan = diagram(frame.recording, frame.sample)
        if not plan.drawable:
            return
        margin = _margin(view)
        placed = place(plan, self.size.width - 2 * margin, self.size.height - 2 * margin, _focus(plan, frame, view))
        unit = placed.at(event.x - margin, event.y - margin)
        if unit is not None:
            self.post_message(self.Select(plan.units[unit].element))


def _margin(view: View) -> int:
    """Narrow terminals spare the frame."""
    return 0 if view.layout in (Layout.NARROW, Layout.TINY) else 1


def neighbour(frame: Frame, start: Element | None, direction: str) -> Element:
    """The element of the unit beside the one that `start` belongs to."""
    plan = diagram(frame.recording, frame.sample)
    return plan.units[plan.neighbour(plan.home(start), direction)].element


def _focus(plan: Diagram, frame: Frame, view: View) -> int:
    for element in (view.selection, frame.element):
        home = plan.home(element)
        if home is not None:
            return home
    return 0


class _Picture:
    """One painting of the network."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View) -> None:
        self.canvas, self.frame, self.view, self.palette = canvas, frame, view, view.palette
        self.plan = diagram(frame.recording, frame.sample)
        self.backward = frame.phase in (Phase.BACKWARD, Phase.UPDATE)
        self.live, self.trail = self._moving(frame.live), self._moving(frame.trail)

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
        focus = _focus(self.plan, self.frame, self.view)
        placed = place(self.plan, self.canvas.width, self.canvas.height, focus)
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


def _layers(canvas: Canvas, frame: Frame) -> None:
    """A network too large for boxes: a line for each layer."""
    palette, recording = canvas.palette, frame.recording
    plan = diagram(recording, frame.sample)
    canvas.put(1, 0, clip(f"{plan.size:,} units, a line for each layer", canvas.width - 2), palette.style("dim"))
    here = frame.recording.board.layer_of.get(frame.element.value) if frame.element else None
    current = next((k for k, layer in enumerate(plan.layers) if here and layer.output == here.output), 0)
    rows = max(canvas.height - 2, 1)
    first = min(max(current - rows // 2, 0), max(len(plan.layers) - rows, 0))
    canvas.put(1, 1, f"  {'layer':<12}{'shape':<14}{'‖value‖':>12}{'‖∂‖':>12}", palette.style("dim"))
    for y, layer in enumerate(plan.layers[first : first + rows], 2):
        value = recording.graph.values[layer.output]
        now = first + y - 2 == current and here is not None
        if now:
            canvas.put(1, y, "▸", palette.style("current", bold=True))
        ink = palette.style("current" if now else "text", bold=now)
        canvas.put(3, y, clip(recording.board.whole(layer.output), 11), ink)
        canvas.put(15, y, "×".join(map(str, value.shape)) or "1", palette.style("dim"))
        done = value.node < 0 or max(frame.written(p, value.id) for p in (Phase.FORWARD, Phase.LOSS)) == value.size
        grad = recording.trace.grad[value.id] if frame.written(Phase.BACKWARD, value.id) == value.size else None
        for x, array in ((29, recording.trace.data[value.id] if done else None), (41, grad)):
            if x == 41 and not recording.graph.gets_gradient(value):
                continue
            text = PENDING if array is None else number(float(np.linalg.norm(array)))
            canvas.put(x + 12 - len(text), y, text, palette.style("text" if array is not None else "placeholder"))
