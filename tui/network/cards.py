"""The whole network: a card a layer with its values and gradients as images, the parameters between
them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradstep.engine.debugger import norm, shut
from gradstep.engine.graph import Layer
from gradstep.engine.notation import Digits, number
from gradstep.engine.run import Phase
from gradstep.tui.network.edges import Sheet, curve
from gradstep.tui.network.far import Far
from gradstep.tui.network.heat import (
    Fit,
    Kind,
    Tile,
    arranged,
    channel_size,
    cursor,
    fit,
    known,
    numbers,
    outline,
    position_of,
    sample_shape,
)
from gradstep.tui.network.stage import Spot, extent, receptive, shut_gates
from gradstep.tui.paint import PENDING, clip
from gradstep.tui.theme import sign_role

#: Up to so many columns of cards, the loss's with them.
_CARDS = 9
#: A layer of up to this many elements is a list of rows with bars.
_ROWS = 20
#: The least cells across, by how tight it is, and down that a card is worth drawing in.
_LEAST, _LOW = (11, 11, 9, 8), 5
#: Room between cards: for words about parameters, and without any.
_WORDS, _BARE = 15, 5
#: Lines for connections that pass over a layer.
_LANES = 3


class Skip(NamedTuple):
    """A connection that passes over layers: from card to card (by number), through (node, slot)."""

    source: int
    target: int
    use: tuple[int, int]


class Placed(NamedTuple):
    """Where a card stands, and the room for its images."""

    x: int
    y: int
    width: int
    height: int
    beside: bool


class Cards(Far):
    """A card a layer."""

    #: How much gives way to the images: words and bars from 1 on, from 2 on the rows of all but outputs,
    #: and with 3 these too.
    tight = 0

    @property
    def fits(self) -> bool:
        # What formulas make on their way is left out where it is little beside the rest: an attention
        # head is made of nothing else.
        if self.brief and sum(map(self._left_out, self.graph.values)) * 4 > len(self.layers):
            return False
        return len(self.columns) <= _CARDS and bool(self._placed)

    @cached_property
    def _skips(self) -> list[Skip]:
        """Connections over layers, the shortest first."""
        column = {k: c for c, mine in enumerate(self.columns) for k in mine}
        found = [s for s in self._connected() if column[s.target] - column[s.source] > 1]
        return sorted(found, key=lambda s: column[s.target] - column[s.source])

    @cached_property
    def _edges(self) -> list[tuple[int, int]]:
        """Connections from one column to the next: source, target."""
        column = {k: c for c, mine in enumerate(self.columns) for k in mine}
        found = []
        for source, target, _ in self._connected():
            if column[target] - column[source] == 1:
                found.append((source, target))
        return found

    def _connected(self) -> Iterator[Skip]:
        """All connections between layers."""
        for target, layer in enumerate(self.layers):
            nodes = list({layer.node, self.graph.values[layer.output].node} - {-1})
            for node in nodes:
                for slot, value in enumerate(self.graph.nodes[node].inputs):
                    source = self.number_of.get(value)
                    if self._left_out(self.graph.values[value]):
                        nodes.append(self.graph.values[value].node)
                    elif source is not None and source != target:
                        yield Skip(source, target, (node, slot))

    # Where cards stand

    def _form(self, layer: Layer) -> str:
        if layer.output == self.graph.loss.id:
            return "loss"
        shape = sample_shape(self.recording, layer.output)
        few = len(shape) <= 1 and int(np.prod(shape)) <= _ROWS
        output = {self.graph.nodes[n].output for n, _ in self.graph.uses[layer.output]} == {self.graph.loss.id}
        return "rows" if few and (self.tight < 2 or (output and self.tight < 3)) else "image"

    def _fixed(self, layer: Layer) -> int:
        """The width of a card that is no image."""
        if self._form(layer) == "loss":
            return 12 if self.tight else 14
        return (20 if self.tight else 24) if self.gets_gradient(layer.output) else 15

    @cached_property
    def _placed(self) -> dict[int, Placed]:
        """Where each card stands; none where there is no room for all."""
        width, height = self.canvas.width, self.canvas.height
        top = 1 + min(len(self._skips), _LANES)
        words, bare = (11, 4) if self.tight else (_WORDS, _BARE)
        gaps = [words if any(self.parameters(self.layers[k]) for k in mine) else bare for mine in self.columns[1:]]
        forms = [[self._form(self.layers[k]) for k in mine] for mine in self.columns]
        images = ["image" in form for form in forms]
        fixed = [
            max((self._fixed(self.layers[k]) for k, f in zip(mine, form, strict=True) if f != "image"), default=0)
            for mine, form in zip(self.columns, forms, strict=True)
        ]
        free = width - 2 - sum(gaps) - sum(f for f, im in zip(fixed, images, strict=True) if not im)
        share = free // max(sum(images), 1)
        if (share < _LEAST[self.tight] and any(images)) or free < 0:
            return {}
        sizes = {}
        for column, mine in enumerate(self.columns):
            high = (height - top) // len(mine)
            if high < _LOW - (len(mine) > 1 and not images[column]):
                return {}
            for k in mine:
                sizes[k] = self._size(self.layers[k], max(share, fixed[column]), high)
        wide = [max(sizes[k][0] for k in mine) for mine in self.columns]
        rest = width - sum(wide) - sum(gaps)
        if rest < 0:
            return {}
        gaps = [g + min(rest // (len(self.columns) + 1), 12) for g in gaps]
        found: dict[int, Placed] = {}
        x = max((width - sum(wide) - sum(gaps)) // 2, 0)
        for column, mine in enumerate(self.columns):
            used = sum(sizes[k][1] for k in mine)
            between = min((height - top - used) // (len(mine) + 1), 3)
            y = top + (height - top - used - between * (len(mine) - 1)) // 2
            for k in mine:
                w, h, beside = sizes[k]
                found[k] = Placed(x + (wide[column] - w) // 2, y, w, h, beside)
                y += h + between
            x += wide[column] + (gaps[column] if column < len(gaps) else 0)
        return found

    def _size(self, layer: Layer, width: int, height: int) -> tuple[int, int, bool]:
        """Width and height of a card, and whether its images stand beside each other."""
        form = self._form(layer)
        if form == "loss":
            return self._fixed(layer), min(4 + bool(self.plan.targets), height), False
        if form == "rows":
            size = int(np.prod(sample_shape(self.recording, layer.output)))
            return self._fixed(layer), min(size + 3, height), False
        shape = arranged(sample_shape(self.recording, layer.output)).shape
        # In the title a name and a word, where there is room.
        long = len(self.name(layer.output))
        name = min(long, 4) + 4 if self.tight >= 2 else long + len(self.title(layer)) + 8
        least = _LEAST[self.tight] if self.tight else 17
        most = min(width - 2, 56)
        if not self.gets_gradient(layer.output):
            how = self._fit(shape, most, height - 2)
            return max(how.width + 2, name), how.height + 2, False
        below, beside = self._fit(shape, most, (height - 3) // 2), self._fit(shape, (most - 1) // 2, height - 3)
        if (beside.shrink, -beside.wide) < (below.shrink, -below.wide):
            return max(2 * beside.width + 3, name, least), beside.height + 3, True
        return max(below.width + 2, name, least), 2 * below.height + 3, False

    def _fit(self, shape: tuple[int, ...], width: int, height: int) -> Fit:
        return fit((shape[0], shape[1]), max(width, 1), max(height, 1), self.palette.glyphs)

    # Painting

    def paint(self) -> None:
        self._connections()
        for k, layer in enumerate(self.layers):
            placed = self._placed[k]
            self.spots.append(Spot(placed.x, placed.y, placed.width, placed.height, layer.output))
            self._frame(layer, placed, k == self.current)
            {"loss": self._loss, "rows": self._rows, "image": self._images}[self._form(layer)](layer, placed)
        self.foot = self.scale_words

    def _frame(self, layer: Layer, placed: Placed, looked_at: bool) -> None:
        canvas, palette = self.canvas, self.palette
        now = self.is_now(layer)
        reached = self.begun(self.shown(layer, Kind.DATA), Kind.DATA)
        role = "current" if now or (looked_at and self.focus is not None) else "frame" if reached else "line"
        canvas.box(placed.x, placed.y, placed.width, placed.height, palette.style(role, bold=now), heavy=now)
        name = self.name(self.shown(layer, Kind.DATA))
        mark = "◇ " if looked_at and self.view.selection is not None else ""
        style = palette.inverse(self.frame.phase.value) if now else palette.style("text", bold=True)
        x = canvas.put(placed.x + 2, placed.y, f" {clip(mark + name, placed.width - 4)} "[: placed.width - 2], style)
        value = self.graph.values[layer.output]
        word = extent(sample_shape(self.recording, value.id)) if self._form(layer) != "loss" else ""
        role = "dim"
        words = [word, self.title(layer)]
        if self.complete(layer.output, Kind.DATA) and shut(self.recording, layer.output) is not None:
            count, size = shut_gates(self, layer)
            role, words = ("alarm" if count else "dim"), [f"{count:,} of {size:,} shut", f"{count:,}/{size:,} shut"]
        for text in words:
            if text and text != name and x + len(text) + 3 <= placed.x + placed.width:
                canvas.put(placed.x + placed.width - len(text) - 3, placed.y, f" {text} ", palette.style(role))
                break
        heading = self.title(layer)
        if heading and placed.y > 1 and heading not in (word, name) and layer.output != self.graph.loss.id:
            canvas.put(
                placed.x + (placed.width - len(heading)) // 2,
                placed.y - 1,
                clip(heading, placed.width),
                palette.style("dim"),
            )

    def _images(self, layer: Layer, placed: Placed) -> None:
        x, y, width, height, beside = placed
        gradient = self.gets_gradient(layer.output)
        if not gradient:
            self._image(layer, Kind.DATA, x + 1, y + 1, width - 2, height - 2)
            self._edge(placed, y + height - 1, self._norm(layer, Kind.DATA), "")
        elif beside:
            half = (width - 3) // 2
            for kind, at in ((Kind.DATA, x + 1), (Kind.GRAD, x + 2 + half)):
                self._image(layer, kind, at, y + 1, half, height - 3)
                word = "value" if kind is Kind.DATA else "∂"
                self.canvas.put(at, y + height - 2, word, self.palette.style("dim"))
            self._edge(placed, y + height - 1, self._norm(layer, Kind.DATA, ""), self._norm(layer, Kind.GRAD, ""))
        else:
            half = (height - 3) // 2
            self._image(layer, Kind.DATA, x + 1, y + 1, width - 2, half)
            line = y + 1 + half
            now = self.is_now(layer) and self.frame.phase is Phase.BACKWARD
            style = self.palette.style(
                "current" if now else "frame" if self._gradient_begun(layer) else "line", bold=now
            )
            self.canvas.put(
                x,
                line,
                ("┣" + "━" * (width - 2) + "┫") if self.is_now(layer) else ("├" + "─" * (width - 2) + "┤"),
                style,
            )
            name = self.gradient_name(self.shown(layer, Kind.GRAD))
            ink = self.palette.style("text" if self._gradient_begun(layer) else "placeholder", bold=now)
            name = name if len(name) + 6 <= width else f"∂{self.name(self.shown(layer, Kind.GRAD))}"
            self.canvas.put(x + 2, line, clip(f" {name} ", width - 4), ink)
            self._image(layer, Kind.GRAD, x + 1, line + 1, width - 2, half)
            self._edge(placed, y + height - 1, self._norm(layer, Kind.DATA), self._norm(layer, Kind.GRAD))

    def _gradient_begun(self, layer: Layer) -> bool:
        value = self.shown(layer, Kind.GRAD)
        return value >= 0 and self.begun(value, Kind.GRAD)

    def _norm(self, layer: Layer, kind: Kind, before: str | None = None) -> str:
        value = self.shown(layer, kind)
        text = self.norm_text(value, kind)
        name = self.board.whole(value) if kind is Kind.DATA else "∂"
        return f"{f'‖{name}‖ ' if before is None else before}{text}" if text else ""

    def _edge(self, placed: Placed, y: int, left: str, right: str) -> None:
        """Norms on the lower edge of a card."""
        style = self.palette.style("dim")
        if left and len(left) + 4 <= placed.width:
            self.canvas.put(placed.x + 1, y, f" {left} ", style)
        if right and len(left) + len(right) + 6 <= placed.width:
            self.canvas.put(placed.x + placed.width - len(right) - 3, y, f" {right} ", self.palette.style("text"))

    def _image(self, layer: Layer, kind: Kind, x: int, y: int, width: int, height: int) -> None:
        """One image, in the middle of width × height cells."""
        value = self.shown(layer, kind)
        made, x, y = self.image(value, kind, x, y, width, height, across=True, down=True)
        self._seen(value, made, x, y, kind)
        focus = self.focus
        if focus is not None and focus.value in (layer.output, layer.pre):
            cursor(self.canvas, made, position_of(self.frame, value, focus.flat), x, y)

    def _seen(self, value: int, made: Tile, x: int, y: int, kind: Kind) -> None:
        """An outline around what the looked-at element sees of this value."""
        if kind is Kind.DATA and self.focus is not None:
            seen = receptive(self.frame, self.focus, value)
            if seen is not None:
                outline(self.canvas, made, seen, x, y, channel_size(self.recording, value))

    def _rows(self, layer: Layer, placed: Placed) -> None:
        """A few numbers: a line each, with a bar."""
        canvas, palette, frame = self.canvas, self.palette, self.frame
        value, slope = self.shown(layer, Kind.DATA), self.shown(layer, Kind.GRAD)
        data = numbers(self.recording, value, Kind.DATA, frame.sample)
        grad = numbers(self.recording, slope, Kind.GRAD, frame.sample) if slope >= 0 else None
        has, got = known(frame, value, Kind.DATA), known(frame, slope, Kind.GRAD) if slope >= 0 else 0
        finite = abs(data[np.isfinite(data)])
        peak = float(finite.max()) if finite.size else 0.0
        inner = placed.height - 2
        here = position_of(frame, value, self.focus.flat) if self.focus and self.focus.value in (value, slope) else -1
        y = placed.y + 1
        if slope >= 0 and inner > data.size:
            heading = self.gradient_name(slope)
            heading = heading if len(heading) <= placed.width - 4 else "∂"
            canvas.put(placed.x + placed.width - 2 - len(heading), y, heading, palette.style("dim"))
            y += 1
        drawn = min(placed.y + placed.height - 1 - y, data.size)
        first = min(max(here - drawn // 2, 0), data.size - drawn)
        for k in range(first, first + drawn):
            mine = k == here
            canvas.put(placed.x + 1, y, f"{k:>2}", palette.style("current" if mine else "dim", bold=mine))
            shown = float(data[k]) if (k < has if isinstance(has, int) else has[k]) else None
            if shown is not None and peak and np.isfinite(shown) and placed.width >= 24:
                bar = "█" * max(round(abs(shown) / peak * 4), 1 if shown else 0)
                canvas.put(placed.x + 4, y, bar, palette.style("dim" if shown > 0 else "negative"))
            canvas.value(
                placed.x + placed.width - (16 if grad is not None else 8), y, shown, 6, self.view.network_digits
            )
            if grad is not None:
                arrived = float(grad[k]) if (k < got if isinstance(got, int) else got[k]) else None
                style = palette.style(sign_role(arrived), bold=mine)
                canvas.value(placed.x + placed.width - 9, y, arrived, 7, self.view.network_digits, True, style)
            if mine:
                canvas.tint(placed.x + 1, y, placed.width - 2)
            y += 1
        rest = data.size - drawn
        more = f"{rest} more" if rest else ""
        self._edge(placed, placed.y + placed.height - 1, more, self._norm(layer, Kind.GRAD) if grad is not None else "")

    def _loss(self, layer: Layer, placed: Placed) -> None:
        canvas, palette = self.canvas, self.palette
        loss = self.frame.loss
        text = PENDING if loss is None else number(loss, Digits.MATH)
        now = self.is_now(layer) and self.frame.phase is Phase.LOSS
        style = (
            palette.inverse("current") if now else palette.style("placeholder" if loss is None else "text", bold=True)
        )
        canvas.put(placed.x + 2, placed.y + 1, text, style)
        for line, target in enumerate(self.plan.targets[:1], placed.y + 2):
            shown = numbers(self.recording, target, Kind.DATA, self.frame.sample)
            name = self.board.whole(target)
            if shown.size == 1:
                words = f"{name} {number(float(shown[0]), Digits.FULL)}"
            elif np.count_nonzero(shown) == 1 and shown.max() == 1:
                words = f"{name}: class {int(shown.argmax())}"
            else:
                words = f"{name} {extent(sample_shape(self.recording, target))}"
            canvas.put(placed.x + 2, line, clip(words, placed.width - 3), palette.style("dim"))
        if self.frame.sample is None:
            canvas.put(
                placed.x + 2,
                placed.y + placed.height - 2,
                clip(f"{self.recording.samples.count} samples", placed.width - 3),
                palette.style("dim"),
            )

    # Between cards

    def _connections(self) -> None:
        sheet = Sheet(wiping=2)
        heads = []
        for source, target in self._edges:
            a, b = self._placed[source], self._placed[target]
            rank, role = self._state(source, target)
            ya, yb = a.y + a.height // 2, b.y + b.height // 2
            backward = self.frame.phase in (Phase.BACKWARD, Phase.UPDATE)
            style = self.palette.style(role, strength=0.6 if not rank else 1.0, bold=rank == 2)
            sheet.add(curve(a.x + a.width + 1, ya, b.x - 1, yb, rank == 2, False), rank, style)
            if rank and backward:
                heads.append((a.x + a.width, ya, "◂", style))
            elif rank:
                heads.append((b.x - 1, yb, "▸", style))
        sheet.put(self.canvas)
        for x, y, head, style in heads:
            self.canvas.put(x, y, head, style)
        for k, layer in enumerate(self.layers):
            self._words(layer, self._placed[k], self._room(k))
        for lane, skip in enumerate(self._skips[:_LANES]):
            self._skip(skip, max(min(len(self._skips), _LANES) - lane, 0))
        if len(self._skips) > _LANES:
            text = f"and {len(self._skips) - _LANES} more skips"
            self.canvas.put(self.canvas.width - len(text) - 1, 0, text, self.palette.style("dim"))

    def _room(self, k: int) -> int:
        """The cells between a card and those of the column before."""
        column = next(c for c, mine in enumerate(self.columns) if k in mine)
        if not column:
            return 0
        return self._placed[k].x - max(self._placed[j].x + self._placed[j].width for j in self.columns[column - 1])

    def _state(self, source: int, target: int) -> tuple[int, str]:
        """Whether something has passed between two layers (1) or does so now (2), and its role."""
        frame, a, b = self.frame, self.layers[source], self.layers[target]
        sweep = frame.sweep
        if frame.phase in (Phase.BACKWARD, Phase.UPDATE):
            value = self.shown(a, Kind.GRAD)
            if sweep is not None and frame.phase is Phase.BACKWARD and sweep.value == a.output:
                return 2, "current"
            if sweep is not None and sweep.value in self.parameters(b):
                return 2, "current"
            done = value >= 0 and self.begun(a.output, Kind.GRAD)
            return (1, "dim") if done else (0, "placeholder")
        entered = b.pre if b.pre >= 0 else b.output
        if sweep is not None and sweep.value == entered:
            return 2, "current"
        return (1, "dim") if self.begun(entered, Kind.DATA) else (0, "placeholder")

    def _words(self, layer: Layer, placed: Placed, room: int) -> None:
        """The parameters that enter a layer, before its card: names, norms and how many."""
        mine = self.parameters(layer)
        if not mine or room < 9:
            return
        canvas, palette = self.canvas, self.palette
        middle = placed.y + placed.height // 2
        x, width = placed.x - room + 1, room - 2
        first = mine[0]
        sweep = self.frame.sweep
        now = sweep is not None and sweep.value in mine
        about = sweep.value if now and sweep is not None else first
        value = self.graph.values[about]
        name = self.board.whole(about)
        dim = palette.style("dim")
        head = palette.inverse(self.frame.phase.value) if now else palette.style("text", bold=True)
        y = max(middle - 4, 1)
        end = canvas.put(x, y, clip(name, width), head)
        room = width - len(name) - 3
        size = next(t for d in (3, 2, 1) if len(t := number(norm(self.recording, about, False), d)) <= room or d == 1)
        shape, words = extent(value.shape), f"‖{name}‖ {size}"
        if len(name) + 1 + len(shape) <= width:
            canvas.put(end + 1, y, shape, dim)
        else:  # the shape takes the line of the norm
            words = shape
        canvas.put(x, y + 1, clip(words, width), dim)
        grown = self.frame.written(Phase.BACKWARD, about) == value.size
        text = number(norm(self.recording, about, True), Digits.NETWORK) if grown else PENDING
        end = canvas.put(x, y + 2, "‖∂‖ ", dim)
        canvas.put(end, y + 2, clip(text, width - 4), palette.style("text" if grown else "placeholder"))
        total = sum(self.graph.values[v].size for v in mine)
        count = f"{total:,}" if len(f"{total:,}") <= width else f"{total / 1e6:.1f} M"
        canvas.put(x, middle + 1, count.ljust(min(width, 11)), dim)
        canvas.put(x, middle + 2, "parameters" if width >= 10 else "params", dim)

    def _skip(self, skip: Skip, y: int) -> None:
        """A connection over layers: up, along a line of its own, and down."""
        a, b = self._placed[skip.source], self._placed[skip.target]
        rank, role = self._state(skip.source, skip.target)
        ink = self.palette.style(role, bold=rank == 2)
        heavy = rank == 2
        h, v, left, right = "━┃┏┓" if heavy else "─│╭╮"
        x0, x1 = a.x + a.width * 3 // 5, b.x + b.width * 2 // 5
        self.canvas.put(x0, y, left + h * max(x1 - x0 - 1, 0) + right, ink)
        for x, card in ((x0, a), (x1, b)):
            for row in range(y + 1, card.y):
                self.canvas.put(x, row, v, ink)
        backward = self.frame.phase in (Phase.BACKWARD, Phase.UPDATE)
        flow = self.recording.trace.flow.get(skip.use)
        text = " skip "
        if backward and rank and flow is not None:
            text = f" skip ‖∂‖ {number(float(np.linalg.norm(flow)), Digits.NETWORK)} "
        if rank:
            x, card = (x0, a) if backward else (x1, b)
            if card.y - 1 > y:
                self.canvas.put(x, card.y - 1, "▾", ink)
        if x1 - x0 > len(text) + 2:
            self.canvas.put(
                (x0 + x1 - len(text)) // 2, y, text, self.palette.style("text" if heavy else "dim", bold=heavy)
            )
