"""Looking from afar: the layers of a network in their order, and walking between them."""

from __future__ import annotations

from functools import cached_property

from gradstep.engine.debugger import Frame, Kind
from gradstep.engine.graph import Element, Layer
from gradstep.engine.run import Phase
from gradstep.tui.folding import NOTHING, Closed, group_of, shown_as
from gradstep.tui.network.looking import looked_at
from gradstep.tui.network.plan import afar
from gradstep.tui.network.stage import Stage
from gradstep.tui.paint import Canvas
from gradstep.tui.view import View


class Far(Stage):
    """What cards, strips and lines have in common: layers in their order, and walking between them. What is
    inside of modules or formulas that are `closed` is left out (see `folding`)."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View, closed: Closed = NOTHING) -> None:
        super().__init__(canvas, frame, view)
        self.closed = closed
        self.layers, self.columns, self.column_of, self.number_of = afar(frame.recording, closed)

    def name(self, value: int) -> str:
        """A value's name, or that of the module, or of the formula, that it is shown as."""
        group = None if value < 0 else group_of(self.recording, value, self.closed)
        return super().name(value) if group is None or value == self.graph.loss.id else shown_as(self.recording, group)

    @cached_property
    def current(self) -> int:
        """The layer that is looked at."""
        found = looked_at(self.frame, self.view)
        return 0 if found is None else self._showing(found.value)

    def _showing(self, value: int) -> int:
        """The layer that shows a value; of a parameter, which none does, the first that it feeds."""
        ways = [value]
        for way in ways:
            if way in self.number_of:
                return self.number_of[way]
            ways += (
                output for node, _ in self.graph.uses[way] if (output := self.graph.nodes[node].output) not in ways
            )
        return 0

    def neighbour(self, direction: str) -> Element:
        column = self.column_of[self.current]
        mine = self.columns[column]
        row = mine.index(self.current)
        if direction in ("up", "down"):
            chosen = mine[min(max(row + (1 if direction == "down" else -1), 0), len(mine) - 1)]
        else:
            beside = self.columns[min(max(column + (1 if direction == "right" else -1), 0), len(self.columns) - 1)]
            chosen = beside[min(row, len(beside) - 1)]
        return self.outstanding(self.layers[chosen].output)

    def named_norm(self, layer: Layer, kind: Kind) -> str:
        """‖·‖ of what is shown of a layer, with its name; nothing until it is there."""
        value = self.shown(layer, kind)
        text = self.norm_text(value, kind)
        return f"‖{self.board.whole(value) if kind is Kind.DATA else '∂'}‖ {text}" if text else ""

    def is_now(self, layer: Layer) -> bool:
        """Whether the current step writes one of the layer's arrays."""
        sweep = self.frame.sweep
        return sweep is not None and sweep.phase is not Phase.UPDATE and sweep.value in (layer.output, layer.pre)
