"""A network from afar as cards, one a layer: its values and gradients as images, and the parameters between them."""

from __future__ import annotations

from gradstep.engine.debugger import Frame, Kind, picture
from gradstep.engine.graph import Layer
from gradstep.engine.notation import Digits, number
from gradstep.engine.run import Phase
from gradstep.tui.cells import breadth, clip
from gradstep.tui.folding import NOTHING, Closed
from gradstep.tui.network import places
from gradstep.tui.network.between import Between
from gradstep.tui.network.far import Far
from gradstep.tui.network.images import channel_size
from gradstep.tui.network.marks import cursor, outline
from gradstep.tui.network.names import brief, extent, parted, sized
from gradstep.tui.network.places import Form, Place, Room
from gradstep.tui.network.plan import parameters_into, plan
from gradstep.tui.network.rows import Rows
from gradstep.tui.network.stage import Spot
from gradstep.tui.network.targets import as_given
from gradstep.tui.paint import PENDING, Canvas
from gradstep.tui.view import View


class Cards(Far):
    """A card a layer."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View, tight: int = 0, closed: Closed = NOTHING) -> None:
        super().__init__(canvas, frame, view, closed)
        self.tight, self.targets = tight, plan(frame.recording).targets
        room = Room(canvas.width, canvas.height, canvas.palette.glyphs, tight, closed)
        self.places = places.cards(frame.recording, room)

    @property
    def fits(self) -> bool:
        return bool(self.places)

    def paint(self) -> None:
        Between(self, self.places).paint()
        for k, layer in enumerate(self.layers):
            place = self.places[k]
            self.spots.append(Spot(place.x, place.y, place.width, place.height, layer.output))
            self._frame(layer, k)
            match places.form(self.recording, layer, self.tight):
                case Form.LOSS:
                    self._loss(layer, place)
                case Form.ROWS:
                    more, norm = Rows(self, layer, place).paint()
                    self._edge(place, more, norm)
                case Form.IMAGES:
                    self._images(layer, place)
        self.foot = self.scale_words

    # Frames

    def _frame(self, layer: Layer, k: int) -> None:
        """The outline of a card with its name and a word on it, and above it what the layer does."""
        canvas, palette, now = self.canvas, self.palette, self.is_now(layer)
        place, looked_at = self.places[k], k == self.current
        reached = self.begun(self.shown(layer, Kind.DATA), Kind.DATA)
        role = "current" if now or (looked_at and self.focus is not None) else "frame" if reached else "line"
        canvas.box(place.x, place.y, place.width, place.height, palette.style(role, bold=now), heavy=now)
        name = self.name(self.shown(layer, Kind.DATA))
        mark = "◇ " if looked_at and self.view.selection is not None else ""
        style = palette.inverse(self.frame.phase.value) if now else palette.style("text", bold=True)
        text = f" {mark}{parted(name, place.width - 4 - breadth(mark))} "  # beside the corners
        x = canvas.put(place.x + (2 if breadth(text) + 3 <= place.width else 1), place.y, text, style)
        size = (
            sized(self.recording, layer.output, self.samples.shape(layer.output))
            if layer.output != self.graph.loss.id
            else ""
        )
        words, role = self._words(layer, size)
        for text in words:
            if text and text != name and x + breadth(text) + 3 <= place.right:
                canvas.put(place.right - breadth(text) - 3, place.y, f" {text} ", palette.style(role))
                break
        heading = self.title(layer)
        if heading and place.y > 1 and heading not in (size, name) and layer.output != self.graph.loss.id:
            room = place.width + self._beside(k)
            if breadth(heading) > room:
                heading = brief(self.recording, layer.output)
            heading = clip(heading, room)
            canvas.put(place.x + (place.width - breadth(heading)) // 2, place.y - 1, heading, palette.style("dim"))

    def _beside(self, k: int) -> int:
        """How much wider than its card what stands above it may be: where there are no words beside the card."""
        column, place = self.column_of[k], self.places[k]
        beside = [mine for mine in (self.columns[column : column + 2]) if mine != self.columns[0]]
        if any(parameters_into(self.recording, self.layers[j]) for mine in beside for j in mine):
            return 0
        before = [place.x - self.places[j].right for j in (self.columns[column - 1] if column else ())]
        after = [self.places[j].x - place.right for mine in self.columns[column + 1 : column + 2] for j in mine]
        return max(min([*before, *after], default=0) // 2 * 2 - 1, 0)

    def _words(self, layer: Layer, size: str) -> tuple[list[str], str]:
        """What may be said of a layer on its frame, the first that has room; and how."""
        gates = self.shut_gates(layer)
        if gates is None:
            return [size, self.title(layer)], "dim"
        shut, of, stale = gates
        return [f"{shut:,} of {of:,} shut{stale}", f"{shut:,}/{of:,} shut{stale}"], "alarm" if shut else "dim"

    def _edge(self, place: Place, left: str, right: str) -> None:
        """Norms on the lower edge of a card."""
        y = place.y + place.height - 1
        if left and breadth(left) + 4 <= place.width:
            self.canvas.put(place.x + 1, y, f" {left} ", self.palette.style("dim"))
        if right and breadth(left) + breadth(right) + 6 <= place.width:
            self.canvas.put(place.right - breadth(right) - 3, y, f" {right} ", self.palette.style("text"))

    # Images

    def _images(self, layer: Layer, place: Place) -> None:
        """The values of a layer, and beside or below them its gradient."""
        x, y, width, height, beside = place
        if not self.gets_gradient(layer.output):
            self._image(layer, Kind.DATA, x + 1, y + 1, width - 2, height - 2)
            self._edge(place, self.named_norm(layer, Kind.DATA), "")
        elif beside:
            half = (width - 3) // 2
            for kind, at, word in ((Kind.DATA, x + 1, "value"), (Kind.GRAD, x + 2 + half, "∂")):
                self._image(layer, kind, at, y + 1, half, height - 3)
                self.canvas.put(at, y + height - 2, word, self.palette.style("dim"))
            left, right = (self.norm_text(self.shown(layer, kind), kind) for kind in Kind)
            self._edge(place, left, right)
        else:
            half = (height - 3) // 2
            self._image(layer, Kind.DATA, x + 1, y + 1, width - 2, half)
            self._middle(layer, place, y + 1 + half)
            self._image(layer, Kind.GRAD, x + 1, y + 2 + half, width - 2, half)
            self._edge(place, self.named_norm(layer, Kind.DATA), self.named_norm(layer, Kind.GRAD))

    def _middle(self, layer: Layer, place: Place, y: int) -> None:
        """The line between the two images of a card, with the gradient's name."""
        palette, width, now = self.palette, place.width, self.is_now(layer)
        value = self.shown(layer, Kind.GRAD)
        begun, coming = self.begun(value, Kind.GRAD), now and self.frame.phase is Phase.BACKWARD
        style = palette.style("current" if coming else "frame" if begun else "line", bold=coming)
        line = "┣" + "━" * (width - 2) + "┫" if now else "├" + "─" * (width - 2) + "┤"
        self.canvas.put(place.x, y, line, style)
        name = self.gradient_name(value)
        name = name if breadth(name) + 6 <= width else f"∂{parted(self.name(value), width - 7)}"
        ink = palette.style("text" if begun else "placeholder", bold=coming)
        self.canvas.put(place.x + 2, y, clip(f" {name} ", width - 4), ink)

    def _image(self, layer: Layer, kind: Kind, x: int, y: int, width: int, height: int) -> None:
        """One image, in the middle of width × height cells, with the element that is looked at, or what it sees."""
        value = self.shown(layer, kind)
        made, x, y = self.image(value, kind, x, y, width, height, across=True, down=True)
        if self.focus is None:
            return
        seen = self.seen(self.focus, value) if kind is Kind.DATA else None
        if seen is not None:
            outline(self.canvas, made, seen, x, y, channel_size(self.samples.shape(value)))
        if self.focus.value in (layer.output, layer.pre):
            cursor(self.canvas, made, self.samples.position(value, self.focus.flat), x, y)

    # The loss

    def _loss(self, layer: Layer, place: Place) -> None:
        canvas, palette, loss = self.canvas, self.palette, self.frame.loss
        text = PENDING if loss is None else number(loss, Digits.MATH)
        style = palette.style("placeholder" if loss is None else "text", bold=True)
        if self.is_now(layer) and self.frame.phase is Phase.LOSS:
            style = palette.inverse("current")
        canvas.put(place.x + 2, place.y + 1, text, style)
        if self.targets:
            words = clip(self._target(self.targets[0], place.width - 3), place.width - 3)
            canvas.put(place.x + 2, place.y + 2, words, palette.style("dim"))
        if self.frame.sample is None:
            words = clip(f"{self.samples.count} samples", place.width - 3)
            canvas.put(place.x + 2, place.y + place.height - 2, words, palette.style("dim"))

    def _target(self, value: int, room: int) -> str:
        """What the loss compares with: a number, a class, or how many numbers."""
        shown, name = picture(self.recording, value, Kind.DATA, self.frame.sample), self.board.whole(value)
        if shown.size == 1:
            return f"{name} {as_given(self.recording, value, shown.at(0))}"
        if shown.chosen is None:
            return f"{name} {extent(shown.shape)}"
        words = f"class {shown.chosen}"
        return f"{name} {words}" if breadth(name) + 1 + breadth(words) <= room else words
