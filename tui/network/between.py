"""What stands between cards: connections, skips over layers, and words about the parameters that enter a layer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from gradstep.engine.debugger import Kind, norm, norm_through
from gradstep.engine.graph import Layer
from gradstep.engine.notation import Digits, number
from gradstep.engine.run import Phase
from gradstep.tui.cells import breadth, clip, fold
from gradstep.tui.network.edges import Sheet, curve
from gradstep.tui.network.far import Far
from gradstep.tui.network.names import extent
from gradstep.tui.network.places import LANES, Place, skips, steps
from gradstep.tui.network.plan import Connection, parameters_into
from gradstep.tui.paint import PENDING

#: How strongly a connection shows: nothing has passed, something has, something does now.
_FAINT, _DONE, _NOW = range(3)


class Between:
    """Paints what is between the cards of a stage."""

    def __init__(self, stage: Far, places: Mapping[int, Place]) -> None:
        self.stage, self.places, self.frame = stage, places, stage.frame
        self.canvas, self.palette = stage.canvas, stage.palette
        self.backward = stage.frame.phase in (Phase.BACKWARD, Phase.UPDATE)

    def paint(self) -> None:
        self._connections()
        for k, layer in enumerate(self.stage.layers):
            self._words(layer, k)
        over = skips(self.stage.recording, self.stage.closed)
        for lane, skip in enumerate(over[:LANES]):
            self._skip(skip, max(min(len(over), LANES) - lane, 0))
        if len(over) > LANES:
            text = f"and {len(over) - LANES} more skips"
            self.canvas.put(self.canvas.width - len(text) - 1, 0, text, self.palette.style("dim"))

    # Connections

    def _connections(self) -> None:
        """Curves from one column of cards to the next, with an arrow where something has passed."""
        sheet, heads = Sheet(wiping=_NOW), []
        for step in steps(self.stage.recording, self.stage.closed):
            a, b = self.places[step.source], self.places[step.target]
            rank, role = self._state(step)
            style = self.palette.style(role, strength=1.0 if rank else 0.7, bold=rank == _NOW)
            sheet.add(curve(a.right + 1, a.middle, b.x - 1, b.middle, rank == _NOW, False), rank, style)
            if rank:
                heads.append((a.right, a.middle, "◂", style) if self.backward else (b.x - 1, b.middle, "▸", style))
        sheet.put(self.canvas)
        for x, y, head, style in heads:
            self.canvas.put(x, y, head, style)

    def _state(self, step: Connection) -> tuple[int, str]:
        """How strongly a connection shows, and in which role."""
        stage, sweep = self.stage, self.frame.sweep
        a, b = stage.layers[step.source], stage.layers[step.target]
        if self.backward:
            if sweep is not None and self.frame.phase is Phase.BACKWARD and sweep.value == a.output:
                return _NOW, "current"
            if sweep is not None and sweep.value in parameters_into(stage.recording, b):
                return _NOW, "current"
            passed = stage.gets_gradient(a.output) and stage.begun(a.output, Kind.GRAD)
        else:
            entered = b.pre if b.pre >= 0 else b.output
            if sweep is not None and sweep.value == entered:
                return _NOW, "current"
            passed = stage.begun(entered, Kind.DATA)
        return (_DONE, "dim") if passed else (_FAINT, "frame")

    def _skip(self, skip: Connection, y: int) -> None:
        """A connection over layers: up, along a line of its own, and down."""
        a, b = self.places[skip.source], self.places[skip.target]
        rank, role = self._state(skip)
        heavy = rank == _NOW
        ink = self.palette.style(role, bold=heavy)
        h, v, left, right = "━┃┏┓" if heavy else "─│╭╮"
        x0, x1 = a.x + a.width * 3 // 5, b.x + b.width * 2 // 5
        self.canvas.put(x0, y, left + h * max(x1 - x0 - 1, 0) + right, ink)
        for x, card in ((x0, a), (x1, b)):
            for row in range(y + 1, card.y):
                self.canvas.put(x, row, v, ink)
        if rank:
            x, card = (x0, a) if self.backward else (x1, b)
            if card.y - 1 > y:
                self.canvas.put(x, card.y - 1, "▾", ink)
        size = norm_through(self.stage.recording, *skip.use) if self.backward and rank else None
        text = " skip " if size is None else f" skip ‖∂‖ {number(size, Digits.NETWORK)} "
        if x1 - x0 > breadth(text) + 2:
            style = self.palette.style("text" if heavy else "dim", bold=heavy)
            self.canvas.put((x0 + x1 - len(text)) // 2, y, text, style)

    # Parameters

    @cached_property
    def _room(self) -> list[int]:
        """Of each card the cells between it and those of the column before."""
        columns, found = self.stage.columns, []
        for k, column in enumerate(self.stage.column_of):
            before = [self.places[j].right for j in columns[column - 1]] if column else [self.places[k].x]
            found.append(self.places[k].x - max(before))
        return found

    def _words(self, layer: Layer, k: int) -> None:
        """The parameters that enter a layer, before its card: names, norms and how many."""
        mine = parameters_into(self.stage.recording, layer)
        if not mine or self._room[k] < 9:
            return
        graph, sweep, place = self.stage.graph, self.frame.sweep, self.places[k]
        x, width = place.x - self._room[k] + 1, self._room[k] - 2
        # Above and below the curves that end here.
        into = (step for step in steps(self.stage.recording, self.stage.closed) if step.target == k)
        ends = [place.middle, *(self.places[step.source].middle for step in into)]
        y, low = max(min(ends) - 4, 1), max(ends)
        now = sweep is not None and sweep.value in mine
        about = sweep.value if now and sweep is not None else mine[0]
        self._parameter(about, now, x, y, width)
        total = sum(graph.values[v].size for v in mine)
        count = f"{total:,}" if len(f"{total:,}") <= width else f"{total / 1e6:.1f} M"
        dim = self.palette.style("dim")
        self.canvas.put(x, low + 1, count.ljust(min(width, 11)), dim)
        self.canvas.put(x, low + 2, "parameters" if width >= 10 else "params", dim)

    def _parameter(self, value: int, now: bool, x: int, y: int, width: int) -> None:
        """One of them in three lines: its name, shape and norm, and the norm of its gradient."""
        recording, palette = self.stage.recording, self.palette
        name, whole, dim = recording.board.whole(value), recording.graph.values[value], palette.style("dim")
        style = palette.inverse(self.frame.phase.value) if now else palette.style("text", bold=True)
        end = self.canvas.put(x, y, fold(name, width), style)
        size = norm(recording, value, False)
        tried = [f"‖{who}‖ {number(size, digits)}" for who in (name, "·") for digits in (3, 2, 1)]
        shape, words = extent(whole.shape), next((one for one in tried if breadth(one) <= width), tried[-1])
        if breadth(name) + 1 + len(shape) <= width:
            self.canvas.put(end + 1, y, shape, dim)
        else:  # the shape takes the line of the norm
            words = shape
        self.canvas.put(x, y + 1, clip(words, width), dim)
        there = self.frame.written(Phase.BACKWARD, value) == whole.size
        text = number(norm(recording, value, True), Digits.NETWORK) if there else PENDING
        end = self.canvas.put(x, y + 2, "‖∂‖ ", dim)
        self.canvas.put(end, y + 2, clip(text, width - 4), palette.style("text" if there else "placeholder"))
