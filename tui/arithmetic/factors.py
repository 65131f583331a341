"""Products: upstream × local = product as cards, a chain of factors, and all paths that meet."""

from __future__ import annotations

from gradstep.engine.debugger import Card, Frame
from gradstep.engine.explain import Chain, relation
from gradstep.engine.notation import number
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
    canvas.put(x + max((width - breadth(card.name)) // 2, 1), y + 1, fold(card.name, width - 2))
    shown = number(card.value, slots.digits, signed)
    style = palette.style(sign_role(card.value) if signed else "text", bold=True)
    canvas.put(x + max((width - len(shown)) // 2, 1), y + 2, shown, style)
    note = fold(card.note, min(width + 2, canvas.width - x))
    canvas.put(x + max((width - breadth(note)) // 2, 0), y + 4, note, slots.dim)


def paint_chain(slots: Slots, chain: Chain) -> None:
    """Factors and their numbers in two aligned lines, the last one bold."""
    if slots.left < 2:
        return
    numbers = [number(factor, slots.digits, True) for factor in chain.factors]
    widths = [max(breadth(name), len(value)) for name, value in zip(chain.names, numbers, strict=True)]
    product = number(chain.product, slots.digits, True)
    first = 0
    # Room for 'chain', the factors with ' × ' between them, and the product; else the first go.
    while (
        first < len(widths) - 2
        and _CHAIN + sum(w + 3 for w in widths[first:]) + len(product) + (4 if first else 0) > slots.canvas.width
    ):
        first += 1
    slots.label("chain")
    x = _CHAIN
    if first:
        _both(slots, x, "… ×")
        x += 4
    for k in range(first, len(widths)):
        last = k == len(widths) - 1
        slots.canvas.put(x, slots.y, chain.names[k], slots.palette.style("text", bold=last))
        style = slots.palette.style(sign_role(chain.factors[k]), bold=last)
        slots.canvas.put(x + widths[k] - len(numbers[k]), slots.y + 1, numbers[k], style)
        if not last:
            _both(slots, x + widths[k], " × ")
        x += widths[k] + 3
    slots.y += 1
    x = slots.put(x - 2, f"{relation(chain.factors, chain.product, slots.digits)} ")
    slots.signed(x, chain.product, bold=True)
    slots.y += 1


def _both(slots: Slots, x: int, text: str) -> None:
    """The same in both lines of a chain."""
    slots.canvas.put(x, slots.y, text, slots.dim)
    slots.canvas.put(x, slots.y + 1, text, slots.dim)


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
    x, names = 2, " × ".join(path.names)
    numbers = sum(len(number(factor, slots.digits, True)) + 3 for factor in path.factors) + 10
    if breadth(names) + numbers + 4 <= slots.canvas.width:
        x = slots.put(slots.canvas.put(x, slots.y, names, slots.palette.style()), " = ")
    for k, factor in enumerate(path.factors):
        x = slots.signed(slots.put(x, " × " if k else ""), factor)
    x = slots.put(x, f" {relation(path.factors, path.product, slots.digits)} ")
    slots.signed(x, path.product, bold=True)
    slots.y += 1
