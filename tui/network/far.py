"""Looking from afar: the layers of a network in their order, and walking between them."""

from __future__ import annotations

from functools import cached_property

from gradstep.engine.debugger import Frame, Kind
from gradstep.engine.graph import Element, Layer
from gradstep.engine.run import Phase
from gradstep.tui.network.folding import path
from gradstep.tui.network.plan import afar
from gradstep.tui.network.stage import Stage
from gradstep.tui.paint import Canvas
from gradstep.tui.view import View


class Far(Stage):
    """What cards, strips and lines have in common: layers in their order, and walking between them. `fold` leaves
    out what formulas make on their way, or what is inside of modules (see `folding`)."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View, fold: int = 0) -> None:
        super().__init__(canvas, frame, view)
        self.fold = fold
        self.layers, self.columns, self.column_of, self.number_of = afar(frame.recording, fold)

    def name(self, value: int) -> str:
        """A value's name, or the module that it is shown as."""
        if self.fold < 2 or value < 0 or self.recording.graph.values[value].node < 0:
            return super().name(value)
        return path(self.recording, value, self.fold) if value != self.recording.graph.loss.id else super().name(value)

    @cached_property
    def current(self) -> int:
        """The layer that is looked at."""
        return self.number_of.get(self.here.output, 0)

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
