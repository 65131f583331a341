"""The arithmetic of the step: rule, numbers, result; then where the numbers come from.

Fixed slots from the top. What does not fit is left out from the bottom, never squeezed.
"""

from __future__ import annotations

from gradstep.engine.debugger import Card, Fold, Frame, Row
from gradstep.engine.explain import Chain, equation_text, relation
from gradstep.engine.notation import number
from gradstep.engine.run import Phase
from gradstep.tui.curve import paint_curve
from gradstep.tui.network.looking import detail
from gradstep.tui.paint import PENDING, Canvas, clip, wrap
from gradstep.tui.panels.base import Panel, framed
from gradstep.tui.theme import MARKS, sign_role
from gradstep.tui.view import View
from gradstep.tui.waterfall import Waterfall

_LEFT = 2
_SLOT = 11


class Math(Panel):
    """rule, numbers, result; three cards, a table with a waterfall, or a curve; the chain."""

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas = Canvas(width, height, view.palette)
        framed(canvas, "math", view, focused)
        frame = detail(frame, view)
        inner = Canvas(max(width - 4, 1), max(height - 2, 1), view.palette)
        if view.explained:
            _explanation(inner, frame)
        elif frame.story.equation is None:
            _legend(inner)
        else:
            _Sheet(inner, frame, view).paint()
        canvas.paste(inner, 2, 1)
        return canvas


def _legend(canvas: Canvas) -> None:
    """Before the first step: the four phases and the colours, a line each."""
    palette = canvas.palette
    says = {
        Phase.FORWARD: "compute every node, from the inputs to the prediction",
        Phase.LOSS: "how wrong is it?",
        Phase.BACKWARD: "upstream × local gradient, from the loss to every weight",
        Phase.UPDATE: "nudge each weight against its gradient",
    }
    for y, (phase, what) in enumerate(says.items()):
        canvas.put(0, y, f"{MARKS[phase]} {phase.value}", palette.style(phase.value))
        canvas.put(13, y, what, palette.style())
    x = canvas.put(0, 4, "+", palette.style("positive", bold=True))
    x = canvas.put(x + 1, 4, "blue, solid: positive", palette.style("positive"))
    x = canvas.put(x + 4, 4, "−", palette.style("negative", bold=True))
    x = canvas.put(x + 1, 4, "orange, broken: negative", palette.style("negative"))
    x = canvas.put(0, 5, PENDING, palette.style("placeholder", bold=True))
    canvas.put(x + 1, 5, "not computed yet", palette.style("dim"))
    x = canvas.put(x + 25, 5, " 0.540 ", palette.inverse("current"))
    canvas.put(x + 1, 5, "just computed", palette.style("dim"))


def _explanation(canvas: Canvas, frame: Frame) -> None:
    """A few sentences with the derivation, in place of the sheet."""
    y = 0
    for paragraph in frame.story.explanation:
        for line in wrap(paragraph, canvas.width):
            canvas.put(0, y, line, canvas.palette.style())
            y += 1
        y += 1 if canvas.height > 12 else 0
    canvas.put(0, canvas.height - 1, "x shows the numbers again", canvas.palette.style("dim"))


class _Sheet:
    """One painting of the slots; `y` is the next free line."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View) -> None:
        self.canvas, self.frame, self.palette = canvas, frame, view.palette
        self.digits = view.math_digits
        self.y = 0
        self._equals = 0

    def paint(self) -> None:
        frame = self.frame
        self._equation()
        if len(frame.story.lines) > 1:
            self._result()
            self._gap(8)
            self._lines()
            return
        if frame.sum.count > 1:
            if self.canvas.height - self.y < 4:
                self._result()
                return
            self._gap(9)
            self._table()
            self._paths()
            return
        self._result()
        if frame.origin.cards and self.canvas.height - self.y >= 6:
            self._gap(9)
            self._cards(frame.origin.cards)
        if frame.origin.chain is not None:
            self._gap(11)
            self._chain(frame.origin.chain)
        if frame.origin.curve is not None and self.canvas.height - self.y >= 5:
            self._gap(8)
            paint_curve(self.canvas, frame.origin.curve, self.y, self.digits)

    def _gap(self, from_height: int) -> None:
        self.y += 1 if self.canvas.height >= from_height else 0

    def _label(self, text: str) -> None:
        self.canvas.put(0, self.y, text, self.palette.style("dim"))

    def _equation(self) -> None:
        equation, canvas, frame = self.frame.story.equation, self.canvas, self.frame
        assert equation is not None
        self._label("rule")
        x = canvas.put(9, self.y, equation.left, self.palette.style("text"))
        room = canvas.width - x - 3
        right = wrap(equation.right, room) or [""]
        canvas.put(x, self.y, f" {equation.relation} ", self.palette.style("dim"))
        canvas.put(x + 3, self.y, clip(" ".join(right), room))
        self.y += 1
        fits = len(equation_text(equation.numbers, self.digits)) <= room
        if equation.numbers and fits and not (frame.sum.count > 1 and canvas.height < 8):
            self._label("numbers")
            canvas.put(x + 1, self.y, "= ", self.palette.style("dim"))
            end = canvas.parts(x + 3, self.y, equation.numbers, self.digits)
            if len(frame.origin.cards) and end + 21 < canvas.width:
                canvas.put(end + 2, self.y, "upstream × local", self.palette.style("dim"))
            self.y += 1
        self._equals = x + 1

    def _result(self) -> None:
        equation, canvas, frame, x = self.frame.story.equation, self.canvas, self.frame, self._equals
        assert equation is not None
        self._label("result")
        dim = self.palette.style("dim")
        # A line on the way to the new number is something like a gradient.
        signed = frame.phase is Phase.BACKWARD or bool(frame.story.lines and frame.position.term)
        if frame.position.term is not None and not frame.story.lines:
            canvas.put(x, self.y, f"  {frame.sum.entered:,} of {frame.sum.count:,} terms are in", dim)
            return
        canvas.put(x, self.y, f"{equation.equals(self.digits)} ", dim)
        role = sign_role(equation.result) if signed else "text"
        shown = number(equation.result, self.digits, signed)
        end = canvas.put(x + 2, self.y, shown, self.palette.style(role, bold=True))
        note = frame.story.narration.result_note
        old = frame.before(frame.phase, *frame.element) if frame.element else None
        if old is not None:
            end = canvas.put(end + 2, self.y, "Δ", self.palette.style("update", bold=True))
            word = "was" if frame.desk.edits else "there"
            end = canvas.put(end + 1, self.y, f"{word} {number(old, self.digits, signed)}", dim)
        canvas.put(end + 3, self.y, clip(note, canvas.width - end - 3), dim)
        self.y += 1

    # An update of several lines ------------------------------------------------------------------

    def _lines(self) -> None:
        """What each line of the rule makes of what, as far as they are done; then why."""
        canvas, frame = self.canvas, self.frame
        done = frame.position.term or len(frame.story.lines)
        shown = [(e.left, e.right, equation_text(e.numbers, self.digits)) for e in frame.story.lines]
        left = max(len(name) for name, _, _ in shown)
        field = max(8, self.digits + 4)
        right = min(max(len(rule) for _, rule, _ in shown), max(canvas.width - left - field - 12, 8))
        wide = left + right + field + 12 + max(len(n) for _, _, n in shown) <= canvas.width
        # Where there is no room for all of them, those up to the current one.
        room = max(canvas.height - self.y, 1)
        first = min(max(done - room, 0), max(len(shown) - room, 0))
        for k, (equation, (name, rule, _)) in enumerate(zip(frame.story.lines, shown, strict=True), 1):
            if k <= first or self.y >= canvas.height:
                continue
            entered, here = k <= done, k == done
            if here:
                canvas.put(0, self.y, "▸", self.palette.style("current", bold=True))
            style = self.palette.style("text" if entered else "placeholder", bold=here)
            canvas.put(2, self.y, name, style)
            x = canvas.put(left + 3, self.y, "← ", self.palette.style("dim"))
            canvas.put(x, self.y, clip(rule, right), style)
            x += right + 2
            if entered and wide:
                canvas.put(x, self.y, "= ", self.palette.style("dim"))
                canvas.parts(x + 2, self.y, equation.numbers, self.digits)
                x += 2 + max(len(n) for _, _, n in shown) + 2
            last = k == len(frame.story.lines)
            if entered:
                self._number(x + field, equation.result, not last, bold=here)
            else:
                canvas.put(x + field - 1, self.y, PENDING, self.palette.style("placeholder"))
            if here:
                canvas.tint(0, self.y, x + field)
            self.y += 1
        if canvas.height - self.y > 1:
            self.y += 1
            says = frame.story.stages[done - 1].line.says
            for line in wrap(says, canvas.width)[: canvas.height - self.y]:
                canvas.put(0, self.y, line, self.palette.style("dim"))
                self.y += 1

    # One term ------------------------------------------------------------------------------------

    def _cards(self, cards: tuple[Card, ...]) -> None:
        canvas, gap = self.canvas, 5
        width = min((canvas.width - 2 * gap) // 3, 22)
        x = 0
        for card, sign in zip(
            cards, ("×", relation([c.value for c in cards[:2]], cards[2].value, self.digits), ""), strict=True
        ):
            last = card.role == "product"
            canvas.box(x, self.y, width, 4, self.palette.style("current" if last else "frame"), heavy=last)
            canvas.put(x + 2, self.y, f" {card.role} ", self.palette.style("current" if last else "dim", bold=last))
            canvas.put(x + max((width - len(card.name)) // 2, 1), self.y + 1, clip(card.name, width - 2))
            shown = number(card.value, self.digits, True)
            style = self.palette.style(sign_role(card.value), bold=True)
            canvas.put(x + max((width - len(shown)) // 2, 1), self.y + 2, shown, style)
            note = clip(card.note, width + 2)
            canvas.put(x + max((width - len(note)) // 2, 0), self.y + 4, note, self.palette.style("dim"))
            canvas.put(x + width + gap // 2, self.y + 2, sign, self.palette.style("text", bold=True))
            x += width + gap
        self.y += 5

    def _chain(self, chain: Chain) -> None:
        """Factors and their numbers in two aligned lines, the last one bold."""
        canvas = self.canvas
        if canvas.height - self.y < 2:
            return
        numbers = [number(f, self.digits, True) for f in chain.factors]
        widths = [max(len(n), len(v)) for n, v in zip(chain.names, numbers, strict=True)]
        product = number(chain.product, self.digits, True)
        first = 0
        # Room for 'chain', the factors with ' × ' between them, and the product; else the first go.
        while (
            first < len(widths) - 2
            and 9 + sum(w + 3 for w in widths[first:]) + len(product) + (4 if first else 0) > canvas.width
        ):
            first += 1
        self._label("chain")
        x = 9
        if first:
            canvas.put(x, self.y, "… ×", self.palette.style("dim"))
            canvas.put(x, self.y + 1, "… ×", self.palette.style("dim"))
            x += 4
        for k in range(first, len(widths)):
            last = k == len(widths) - 1
            canvas.put(x, self.y, chain.names[k], self.palette.style("text", bold=last))
            style = self.palette.style(sign_role(chain.factors[k]), bold=last)
            canvas.put(x + widths[k] - len(numbers[k]), self.y + 1, numbers[k], style)
            if not last:
                canvas.put(x + widths[k], self.y, " × ", self.palette.style("dim"))
                canvas.put(x + widths[k], self.y + 1, " × ", self.palette.style("dim"))
            x += widths[k] + 3
        sign = relation(chain.factors, chain.product, self.digits)
        x = canvas.put(x - 2, self.y + 1, f"{sign} ", self.palette.style("dim"))
        canvas.put(x, self.y + 1, product, self.palette.style(sign_role(chain.product), bold=True))
        self.y += 2

    # A sum ---------------------------------------------------------------------------------------

    def _table(self) -> None:
        frame, canvas = self.frame, self.canvas
        paths = len(frame.origin.paths) + 3 if frame.origin.paths else 0
        space = canvas.height - self.y
        room = space - 3 - paths
        if room < min(frame.sum.count, 4):  # the paths go first, then the line above the total
            room = space - 2 - (space - 2 > frame.sum.count)
        rows, fold = frame.sum.rows(max(room, 2))
        forward = frame.phase is not Phase.BACKWARD
        heads = ("from", "weight", "input") if forward else ("via", "upstream", "local")
        product = any(r.right == r.right or r.left == r.left for r in rows)
        via = max(4, *(len(r.via) for r in rows))
        field = max(8, self.digits + 4)
        local = max(2, *(len(r.right_name) for r in rows)) if product else 0
        columns = _Columns(via, field, local, product)
        if columns.end > canvas.width:
            columns = _Columns(via, field, 0, False)
        bars = Waterfall(
            canvas,
            columns.end + 2,
            rows,
            fold,
            frame.story.equation.result if frame.story.equation else 0.0,
            bool(frame.position.term),
        )
        self._heads(columns, heads)
        for row in rows:
            self._row(columns, row, forward)
            bars.row(self.y, row)
            self.y += 1
        if fold is not None:
            self._folded(columns, fold, rows)
            bars.fold(self.y, fold)
            self.y += 1
        if canvas.height - self.y > 1:
            canvas.put(0, self.y, "─" * columns.end, self.palette.style("line"))
            self.y += 1
        self._total(columns)
        bars.total(self.y)
        self.y += 1

    def _heads(self, columns: _Columns, heads: tuple[str, str, str]) -> None:
        dim = self.palette.style("dim")
        self.canvas.put(2, self.y, heads[0], dim)
        if columns.product:
            self.canvas.put(columns.left - len(heads[1]), self.y, heads[1], dim)
            self.canvas.put(columns.right - len(heads[2]), self.y, heads[2], dim)
        self.canvas.put(columns.contribution - 12, self.y, "contribution", dim)
        self.canvas.put(columns.end - 9, self.y, "running Σ", dim)
        self.y += 1

    def _row(self, columns: _Columns, row: Row, forward: bool) -> None:
        canvas = self.canvas
        last = row.order == self.frame.sum.entered - 1
        if last:
            canvas.put(0, self.y, "▸", self.palette.style("current", bold=True))
        canvas.put(2, self.y, row.via, self.palette.style("text" if row.entered else "placeholder", bold=last))
        if columns.product and row.left == row.left:
            self._number(columns.left, row.left, True)
            canvas.put(columns.left + 1, self.y, "×", self.palette.style("dim"))
            canvas.put(columns.left + 3, self.y, row.right_name, self.palette.style("dim"))
            self._number(columns.right, row.right, not forward)
            canvas.put(columns.right + 1, self.y, "=", self.palette.style("dim"))
        if row.entered:
            self._number(columns.contribution, row.contribution, True, bold=True)
            self._number(columns.end, row.running, True)
        else:
            canvas.put(columns.contribution - 1, self.y, PENDING, self.palette.style("placeholder"))
            canvas.put(columns.end - 1, self.y, PENDING, self.palette.style("placeholder"))
        if last:
            canvas.tint(0, self.y, columns.end)

    def _folded(self, columns: _Columns, fold: Fold, rows: list[Row]) -> None:
        dim = self.palette.style("dim")
        under_way = self.frame.position.term is not None
        what = "other terms" if under_way else "smaller terms together"
        text = f"… {fold.size:,} {what}"
        if len(text) + 2 > columns.contribution - 9:
            text = f"… {fold.size:,}"
        self.canvas.put(2, self.y, text, dim)
        if not under_way:
            self._number(columns.contribution, fold.contribution, True)
            self._number(columns.end, (rows[-1].running if rows else 0.0) + fold.contribution, True)

    def _total(self, columns: _Columns) -> None:
        frame, equation = self.frame, self.frame.story.equation
        assert equation is not None
        under_way = frame.position.term is not None
        self.canvas.put(2, self.y, equation.left, self.palette.style("text", bold=True))
        state = f"{frame.sum.entered:,} of {frame.sum.count:,} terms in" if under_way else "complete"
        x = max(columns.left - 2, len(equation.left) + 5)
        if x + len(state) < columns.contribution - 1:
            self.canvas.put(x, self.y, state, self.palette.style("dim"))
        self.canvas.put(columns.contribution - 1, self.y, "Σ", self.palette.style("dim"))
        value = equation.result
        if under_way:
            assert frame.element is not None
            read = frame.grad if frame.phase is Phase.BACKWARD else frame.data
            value = read(frame.element.value, frame.element.flat) or 0.0
        self._number(columns.end, value, True, bold=True)

    def _number(self, end: int, value: float, signed: bool, bold: bool = False) -> None:
        text = number(value, self.digits, signed)
        role = sign_role(value) if signed else "text"
        self.canvas.put(end - len(text), self.y, text, self.palette.style(role, bold=bold))

    def _paths(self) -> None:
        frame, canvas = self.frame, self.canvas
        if not frame.origin.paths or canvas.height - self.y < len(frame.origin.paths) + 1:
            return
        self._gap(10)
        canvas.put(0, self.y, "each path, from the loss", self.palette.style("dim"))
        self.y += 1
        for path in frame.origin.paths:
            self._path(path)
        up = sum(p.product for p in frame.origin.paths if p.product > 0)
        down = sum(p.product for p in frame.origin.paths if p.product < 0)
        if up and down and canvas.height > self.y:
            self._gap(14)
            less = min(up, -down) / max(up, -down)
            x = canvas.put(2, self.y, "up ", self.palette.style("dim"))
            x = canvas.put(x, self.y, number(up, self.digits, True), self.palette.style("positive"))
            x = canvas.put(x, self.y, "  against  down ", self.palette.style("dim"))
            x = canvas.put(x, self.y, number(down, self.digits, True), self.palette.style("negative"))
            canvas.put(x, self.y, f": {less * 100:.0f} % cancels")

    def _path(self, path: Chain) -> None:
        canvas, x = self.canvas, 2
        names = " × ".join(path.names)
        numbers = sum(len(number(f, self.digits, True)) + 3 for f in path.factors) + 10
        if len(names) + numbers + 4 <= canvas.width:
            x = canvas.put(x, self.y, names, self.palette.style())
            x = canvas.put(x, self.y, " = ", self.palette.style("dim"))
        for k, factor in enumerate(path.factors):
            x = canvas.put(x, self.y, " × " if k else "", self.palette.style("dim"))
            x = canvas.put(x, self.y, number(factor, self.digits, True), self.palette.style(sign_role(factor)))
        x = canvas.put(x, self.y, f" {relation(path.factors, path.product, self.digits)} ", self.palette.style("dim"))
        canvas.put(
            x, self.y, number(path.product, self.digits, True), self.palette.style(sign_role(path.product), bold=True)
        )
        self.y += 1


class _Columns:
    """Where the columns of the term table end."""

    def __init__(self, via: int, field: int, local: int, product: bool) -> None:
        self.product = product
        self.left = 2 + via + 1 + field if product else 2 + via
        self.right = self.left + 3 + local + 1 + field if product else self.left
        self.contribution = self.right + 2 + max(field, 12)
        self.end = self.contribution + 2 + max(field, 9)
