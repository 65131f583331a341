"""Products: upstream × local = product as cards, a chain of factors, and all paths that meet."""

from __future__ import annotations

from gradstep.engine.debugger import Card, Frame
from gradstep.engine.explain import Chain, relation
from gradstep.engine.notation import number
from gradstep.tui.arithmetic.middle import fold_name, row, without_places
from gradstep.tui.arithmetic.slots import Slots
from gradstep.tui.cells import breadth, fold
from gradstep.tui.theme import sign_role

#: Cells between cards, and the column at which a chain begins.
_GAP, _CHAIN = 5, 9


def paint_cards(slots: Slots, cards: tuple[Card, ...], signed: bool) -> None:
    """Three cards with their signs between them; of a number that was set, what it was and what it is."""
    width = min((slots.canvas.width - 2 * _GAP) // 3, 22)
    signs: tuple[str, ...] = ("→", "")[-len(cards) :]
    if len(cards) == 3:
        signs = "×", relation([card.value for card in cards[:2]], cards[2].value, slots.digits), ""
    x = 0
    for card, sign in zip(cards, signs, strict=True):
        _card(slots, x, width, card, card is cards[-1], signed)
        slots.canvas.put(x + width + _GAP // 2, slots.y + 2, sign, slots.palette.style("text", bold=True))
        x += width + _GAP
    slots.y += 5


def _card(slots: Slots, x: int, width: int, card: Card, last: bool, signed: bool) -> None:
    canvas, palette, y = slots.canvas, slots.palette, slots.y
    canvas.box(x, y, width, 4, palette.style("current" if last else "frame"), heavy=last)
    canvas.put(x + 2, y, f" {card.role} ", palette.style("current" if last else "dim", bold=last))
    name = card.name if breadth(card.name) <= width - 2 else fold_name(without_places(card.name), width - 2)
    canvas.put(x + max((width - breadth(name)) // 2, 1), y + 1, name)
    shown = number(card.value, slots.digits, signed)
    style = palette.style(sign_role(card.value) if signed else "text", bold=True)
    canvas.put(x + max((width - len(shown)) // 2, 1), y + 2, shown, style)
    note = fold(card.note, min(width + 2, canvas.width - x))
    canvas.put(x + max((width - breadth(note)) // 2, 0), y + 4, note, slots.dim)


def paint_chain(slots: Slots, chain: Chain, width: int | None = None) -> None:
    """Factors and their numbers in two aligned lines, the last one bold; where there is no room for all, those of the
    middle are left out, and never the product. `width` is how many cells it may take, if not all."""
    if slots.left < 2:
        return
    numbers = [number(factor, slots.digits, True) for factor in chain.factors]
    equals = f" {relation(chain.factors, chain.product, slots.digits)} "
    room = (width or slots.canvas.width) - _CHAIN - len(equals) - len(number(chain.product, slots.digits, True))
    names: tuple[str, ...] = chain.names
    widths = [max(breadth(name), len(value)) for name, value in zip(names, numbers, strict=True)]
    if len(row(widths, room, 3)) < len(names) or None in row(widths, room, 3):
        names = tuple(map(without_places, names))
        widths = [max(breadth(name), len(value)) for name, value in zip(names, numbers, strict=True)]
    if row(widths, room, 3)[0] is None:  # names give way to numbers
        most = max((room - 7) // 2, *map(len, numbers))
        widths = [min(width, most) for width in widths]
    slots.label("chain")
    x = _CHAIN
    for place, k in enumerate(row(widths, room, 3)):
        x = _both(slots, x, " × ") if place else x
        if k is None:
            x = _both(slots, x, "…")
            continue
        last = k == len(widths) - 1
        slots.canvas.put(x, slots.y, fold_name(names[k], widths[k]), slots.palette.style("text", bold=last))
        style = slots.palette.style(sign_role(chain.factors[k]), bold=last)
        slots.canvas.put(x + widths[k] - len(numbers[k]), slots.y + 1, numbers[k], style)
        x += widths[k]
    slots.y += 1
    slots.signed(slots.put(x, equals), chain.product, bold=True)
    slots.y += 1


def _both(slots: Slots, x: int, text: str) -> int:
    """The same in both lines of a chain; the column after it."""
    slots.canvas.put(x, slots.y, text, slots.dim)
    return slots.canvas.put(x, slots.y + 1, text, slots.dim)


def paint_paths(slots: Slots, frame: Frame) -> None:
    """Where a few paths meet: each of them from the loss, and how much of them cancels."""
    paths, pull = frame.origin.paths, frame.origin.pull
    if not paths or slots.left < len(paths) + 1:
        return
    slots.gap(10)
    slots.label("each path, from the loss")
    slots.y += 1
    for path in paths:
        _path(slots, path)
    if pull is not None and slots.left > 0:
        slots.gap(14)
        x = slots.signed(slots.put(2, "up "), pull.up)
        x = slots.signed(slots.put(x, "  against  down "), pull.down)
        slots.put(x, f": {pull.cancelled * 100:.0f} % cancels")


def _path(slots: Slots, path: Chain) -> None:
    """A line: names where there is room for them, and always the numbers, those of the middle left out if they must
    be."""
    x, names, digits = 2, " × ".join(path.names), slots.digits
    numbers = [number(factor, digits, True) for factor in path.factors]
    equals = f" {relation(path.factors, path.product, digits)} "
    room = slots.canvas.width - x - len(equals) - len(number(path.product, digits, True))
    if breadth(names) + 3 + sum(map(len, numbers)) + 3 * (len(numbers) - 1) <= room:
        x = slots.put(slots.canvas.put(x, slots.y, names, slots.palette.style()), " = ")
    for place, k in enumerate(row([*map(len, numbers)], room, 3)):
        x = slots.put(x, " × " if place else "")
        x = slots.put(x, "…") if k is None else slots.signed(x, path.factors[k])
    x = slots.put(x, equals)
    slots.signed(x, path.product, bold=True)
    slots.y += 1
