"""Where the cards of a network stand: a column a depth, each card as large as its images need, or not at all where
there is no room for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cached_property
from math import prod
from types import MappingProxyType
from typing import NamedTuple

from gradstep.engine.graph import Layer
from gradstep.engine.run import Recording
from gradstep.tui.cells import breadth
from gradstep.tui.folding import Closed, foldable
from gradstep.tui.kept import kept_of_network
from gradstep.tui.network.images import arranged
from gradstep.tui.network.names import title
from gradstep.tui.network.plan import Connection, afar, connections, many_on_the_way, parameters_into, plan
from gradstep.tui.network.targets import SHARE, logarithms
from gradstep.tui.network.tile import Fit, fit

#: Lines for connections that pass over a layer.
LANES = 3
#: Up to so many columns of cards, the loss's with them.
_CARDS = 9
#: A layer of up to this many elements is a list of rows with bars.
_ROWS = 20
#: The least cells across, by how tight it is, and down that a card is worth drawing in.
_LEAST, _LOW = (11, 11, 9, 8), 5
#: Room between cards: for words about parameters, and without any.
_WORDS, _BARE = 15, 5


class Form(Enum):
    """What a card shows."""

    LOSS = "loss"
    ROWS = "rows"
    IMAGES = "images"


class Room(NamedTuple):
    """The cells there are, and how to use them: `glyphs` for terminals without colours. The tighter, the more gives
    way to the images: words and bars from 1 on, from 2 on the rows of all but outputs, and with 3 these too. What is
    in modules or formulas that are `closed` is left out."""

    width: int
    height: int
    glyphs: bool
    tight: int
    closed: Closed


class Place(NamedTuple):
    """Where a card stands, and whether its images are `beside` each other."""

    x: int
    y: int
    width: int
    height: int
    beside: bool

    @property
    def middle(self) -> int:
        """The line in the middle of it."""
        return self.y + self.height // 2

    @property
    def right(self) -> int:
        """The column after it."""
        return self.x + self.width


class Size(NamedTuple):
    """The cells that a card takes, and whether its images are `beside` each other."""

    width: int
    height: int
    beside: bool = False


@kept_of_network
def cards(recording: Recording, room: Room) -> Mapping[int, Place]:
    """The place of each layer's card, by the layer's number from afar; none where there is no room for all."""
    if room.closed and not foldable(recording) and many_on_the_way(recording):
        return MappingProxyType({})
    found = _Cards(recording, room)
    return MappingProxyType(found.placed() if len(found.columns) <= _CARDS else {})


@kept_of_network
def skips(recording: Recording, closed: Closed) -> tuple[Connection, ...]:
    """Connections over layers, the shortest first."""
    column = afar(recording, closed).column_of
    found = [c for c in connections(recording, closed) if column[c.target] - column[c.source] > 1]
    return tuple(sorted(found, key=lambda c: column[c.target] - column[c.source]))


@kept_of_network
def steps(recording: Recording, closed: Closed) -> tuple[Connection, ...]:
    """Connections from one column to the next."""
    column = afar(recording, closed).column_of
    return tuple(c for c in connections(recording, closed) if column[c.target] - column[c.source] == 1)


def form(recording: Recording, layer: Layer, tight: int) -> Form:
    """What the card of a layer shows: a few numbers as rows, more as images."""
    graph = recording.graph
    if layer.output == graph.loss.id:
        return Form.LOSS
    shape = recording.samples.shape(layer.output)
    few = len(shape) <= 1 and prod(shape) <= _ROWS
    output = {graph.nodes[n].output for n, _ in graph.uses[layer.output]} == {graph.loss.id}
    return Form.ROWS if few and (tight < 2 or (output and tight < 3)) else Form.IMAGES


class _Cards:
    """The cards of a network in one room, in the making."""

    def __init__(self, recording: Recording, room: Room) -> None:
        self.recording, self.room = recording, room
        self.layers, self.columns, _, _ = afar(recording, room.closed)

    @property
    def _top(self) -> int:
        """The first line of cards; connections that skip some are above."""
        return 1 + min(len(skips(self.recording, self.room.closed)), LANES)

    @cached_property
    def _gaps(self) -> list[int]:
        """The least cells before each column but the first."""
        words, bare = (11, 4) if self.room.tight else (_WORDS, _BARE)
        told = [any(parameters_into(self.recording, self.layers[k]) for k in mine) for mine in self.columns[1:]]
        return [words if some else bare for some in told]

    def placed(self) -> dict[int, Place]:
        """The place of each card; none where there is no room for all."""
        sizes = self._sizes()
        if not sizes:
            return {}
        wide = [max(sizes[k].width for k in mine) for mine in self.columns]
        if self.room.width < sum(wide) + sum(self._gaps):
            return {}
        sizes = self._named(sizes, self.room.width - sum(wide) - sum(self._gaps))
        wide = [max(sizes[k].width for k in mine) for mine in self.columns]
        rest = self.room.width - sum(wide) - sum(self._gaps)
        gaps = [gap + min(rest // (len(self.columns) + 1), 12) for gap in self._gaps]
        found: dict[int, Place] = {}
        x = max((self.room.width - sum(wide) - sum(gaps)) // 2, 0)
        for mine, across, gap in zip(self.columns, wide, [*gaps, 0], strict=True):
            room = self.room.height - self._top - sum(sizes[k].height for k in mine)
            between = min(room // (len(mine) + 1), 3)
            y = self._top + (room - between * (len(mine) - 1)) // 2
            for k in mine:
                width, height, beside = sizes[k]
                found[k] = Place(x + (across - width) // 2, y, width, height, beside)
                y += height + between
            x += across + gap
        return found

    def _named(self, sizes: dict[int, Size], rest: int) -> dict[int, Size]:
        """The sizes, wider where that makes names whole, with so many cells to share."""
        whole = {k: max(breadth(self._name(k)) + 5, breadth(title(self.recording, self.layers[k]))) for k in sizes}
        across = [max(sizes[k].width for k in mine) for mine in self.columns]
        wanted = [max(max(whole[k] for k in mine) - wide, 0) for mine, wide in zip(self.columns, across, strict=True)]
        if sum(wanted) > rest:
            return sizes
        return {k: size._replace(width=max(size.width, whole[k])) for k, size in sizes.items()}

    def _name(self, k: int) -> str:
        return self.recording.board.whole(self.layers[k].output)

    def _sizes(self) -> dict[int, Size]:
        """The size of each card; none where some would be too small. Columns of images share what the others leave."""
        forms = [[form(self.recording, self.layers[k], self.room.tight) for k in mine] for mine in self.columns]
        images = [Form.IMAGES in mine for mine in forms]
        fixed = [self._plain(mine) for mine in self.columns]
        taken = sum(width for width, some in zip(fixed, images, strict=True) if not some)
        free = self.room.width - 2 - sum(self._gaps) - taken
        share = free // max(sum(images), 1)
        if (share < _LEAST[self.room.tight] and any(images)) or free < 0:
            return {}
        found = {}
        for mine, some, width in zip(self.columns, images, fixed, strict=True):
            high = (self.room.height - self._top) // len(mine)
            if high < _LOW - (len(mine) > 1 and not some):
                return {}
            for k in mine:
                found[k] = self._size(self.layers[k], max(share, width), high)
        return found

    def _plain(self, mine: tuple[int, ...]) -> int:
        """The width of the cards of a column that are no images."""
        layers = (self.layers[k] for k in mine)
        plain = [la for la in layers if form(self.recording, la, self.room.tight) is not Form.IMAGES]
        return max(map(self._fixed, plain), default=0)

    def _fixed(self, layer: Layer) -> int:
        """The width of a card that is no image."""
        if form(self.recording, layer, self.room.tight) is Form.LOSS:
            return 12 if self.room.tight else 14
        if logarithms(self.recording, layer.output):
            return 20 + SHARE
        return (20 if self.room.tight else 24) if self._gets_gradient(layer) else 15

    def _gets_gradient(self, layer: Layer) -> bool:
        return self.recording.graph.gets_gradient(self.recording.graph.values[layer.output])

    def _size(self, layer: Layer, width: int, height: int) -> Size:
        """The cells that a card takes of width × height."""
        shape = self.recording.samples.shape(layer.output)
        match form(self.recording, layer, self.room.tight):
            case Form.LOSS:
                return Size(self._fixed(layer), min(4 + bool(plan(self.recording).targets), height))
            case Form.ROWS:
                return Size(self._fixed(layer), min(prod(shape) + 3, height))
        # In the title a name and a word, where there is room.
        long = len(self.recording.board.whole(layer.output))
        name = min(long + 4, max(width, 8)) if self.room.tight >= 2 else long + len(title(self.recording, layer)) + 8
        image, most = arranged(shape).shape, min(width - 2, 56)
        if not self._gets_gradient(layer):
            how = self._fit(image, most, height - 2)
            return Size(max(how.width + 2, name), how.height + 2)
        least = _LEAST[self.room.tight] if self.room.tight else 17
        below, beside = self._fit(image, most, (height - 3) // 2), self._fit(image, (most - 1) // 2, height - 3)
        if (beside.shrink, -beside.wide) < (below.shrink, -below.wide):
            return Size(max(2 * beside.width + 3, name, least), beside.height + 3, True)
        return Size(max(below.width + 2, name, least), 2 * below.height + 3)

    def _fit(self, shape: tuple[int, ...], width: int, height: int) -> Fit:
        return fit(shape, max(width, 1), max(height, 1), self.room.glyphs)
