"""The sheet of a step: rule, numbers, result; then where the numbers come from."""

from __future__ import annotations

from collections.abc import Sequence

from gradstep.engine.debugger import Curve, Frame
from gradstep.engine.explain import Chain, Equation, equation_text
from gradstep.engine.notation import number
from gradstep.engine.run import Phase
from gradstep.tui.arithmetic.factors import paint_cards, paint_chain, paint_paths
from gradstep.tui.arithmetic.lines import Lines
from gradstep.tui.arithmetic.middle import folded, folded_numbers, without_middle
from gradstep.tui.arithmetic.slots import Slots
from gradstep.tui.arithmetic.sums import SumTable
from gradstep.tui.cells import breadth, fold
from gradstep.tui.curve import HIGHEST, LOWEST, NARROWEST, paint_beside, paint_curve
from gradstep.tui.paint import Canvas
from gradstep.tui.tails import tails
from gradstep.tui.theme import sign_role

#: On fewer lines than this what can stand beside something else does.
_LOW = 8


def paint_sheet(canvas: Canvas, frame: Frame, equation: Equation, digits: int) -> None:
    """The whole sheet of a step that has an equation."""
    slots, origin = Slots(canvas, digits), frame.origin
    equals = _equation(slots, frame, equation)
    if len(frame.story.lines) > 1:
        _result(slots, frame, equation, equals)
        slots.gap(8)
        Lines(slots, frame).paint()
    elif frame.sum.count > 1 and slots.left >= 4:
        slots.gap(9)
        SumTable(slots, frame).paint()
        paint_paths(slots, frame)
    else:
        _result(slots, frame, equation, equals)
        if frame.sum.count > 1:
            return
        if origin.curve is not None:
            _curved(slots, origin.curve, origin.chain)
            return
        # Where there is no room for both, the way from the loss says more than cards.
        if origin.cards and slots.left >= 6 + (3 if origin.chain is not None else 0):
            slots.gap(9)
            paint_cards(slots, origin.cards, frame.phase is Phase.BACKWARD)
        if origin.chain is not None:
            slots.gap(11)
            paint_chain(slots, origin.chain)


def _curved(slots: Slots, curve: Curve, chain: Chain | None) -> None:
    """The function that is gone through, where its slope says more than cards: above the chain, or, on few lines,
    beside it."""
    room = slots.left - (2 if chain is not None else 0)
    if room <= LOWEST:
        if chain is not None:
            paint_chain(slots, chain, slots.canvas.width - NARROWEST - 4)
        paint_beside(slots.canvas, curve, slots.digits)
        return
    slots.gap(10)
    bottom = min(slots.y + room - (slots.canvas.height >= 10), slots.y + HIGHEST + 1)
    paint_curve(slots.canvas, curve, 2, slots.y, bottom, slots.digits)
    slots.y = bottom
    slots.gap(10 if bottom + 2 < slots.canvas.height else slots.canvas.height + 1)
    if chain is not None:
        paint_chain(slots, chain)


def _equation(slots: Slots, frame: Frame, equation: Equation) -> int:
    """The rule, and with numbers; the column of their equals sign."""
    canvas = slots.canvas
    slots.label("rule")
    sides = (equation.left, equation.right)
    left, right = tails(sides, lambda both: _fit(both, canvas.width - 12))
    room = canvas.width - 12
    left = fold(left, max(room - breadth(right), room // 3))  # the headline has it whole
    x = canvas.put(9, slots.y, left, slots.palette.style("text"))
    room = canvas.width - x - 3
    slots.put(x, f" {equation.relation} ")
    canvas.put(x + 3, slots.y, folded(right, room))
    slots.y += 1
    numbers = equation.numbers
    if breadth(equation_text(numbers, slots.digits)) > room:  # of a sum the table has them all
        numbers = () if frame.sum.count > 1 else folded_numbers(numbers, room, slots.digits)
    if numbers and not (frame.sum.count > 1 and canvas.height < _LOW):
        slots.label("numbers")
        end = canvas.parts(slots.put(x + 1, "= "), slots.y, numbers, slots.digits)
        beside = frame.origin.curve is not None and canvas.height < _LOW  # there stands the curve
        if frame.origin.cards and end + 21 < canvas.width and not beside:
            slots.put(end + 2, "upstream × local")
        slots.y += 1
    return x + 1


def _fit(sides: Sequence[str], room: int) -> bool:
    """Whether both sides of a rule have room, of the right one perhaps without terms of its middle."""
    left, right = sides
    return without_middle(right, room - breadth(left)) is not None


def _result(slots: Slots, frame: Frame, equation: Equation, x: int) -> None:
    canvas, digits = slots.canvas, slots.digits
    slots.label("result")
    # A line on the way to the new number is something like a gradient.
    signed = frame.phase is Phase.BACKWARD or bool(frame.story.lines and frame.position.term)
    if frame.position.term is not None and not frame.story.lines:
        slots.put(x, f"  {frame.sum.entered:,} of {frame.sum.count:,} terms are in")
        return
    slots.put(x, f"{equation.equals(digits)} ")
    style = slots.palette.style(sign_role(equation.result) if signed else "text", bold=True)
    end = canvas.put(x + 2, slots.y, number(equation.result, digits, signed), style)
    if other := frame.other(digits):
        end = canvas.put(end + 2, slots.y, "Δ", slots.palette.style("update", bold=True))
        end = slots.put(end + 1, other)
    slots.put(end + 3, fold(frame.story.narration.result_note, canvas.width - end - 3))
    slots.y += 1
