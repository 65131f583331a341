"""The breakpoints: what each waits for, and where it will stop next."""

from __future__ import annotations

from gradstep.engine.ask import KINDS, Breakpoint
from gradstep.engine.debugger import Frame
from gradstep.tui.cells import clip, fold
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.base import Panel, Scene, alike, framed, hint
from gradstep.tui.view import View

#: What stands before the step at which it stops next.
_NEXT = "next: step "


class Breaks(Panel):
    """A line a breakpoint: its number, its rule, and `HIT`, `next: step 14`, `armed` or `off`. Without
    any, the kinds that could be set. A click on a kind sets it, on a rule turns it off and on, on its next step goes
    there."""

    @classmethod
    def unchanged(cls, before: Scene, scene: Scene) -> bool:
        return not before.frame.desk.breakpoints and not scene.frame.desk.breakpoints and alike(before, scene)

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas, palette = framed("breaks", view, width, height, focused), view.palette
        breakpoints = frame.desk.breakpoints
        if not breakpoints:
            hint(canvas, "b breaks at the selection, B sets a rule:")
            for y, (name, kind) in enumerate(list(KINDS.items())[: max(height - 3, 0)], 2):
                says = kind.says.format(r=kind.default) if kind.default is not None else kind.says
                canvas.put(2, y, "○", palette.style("placeholder"))
                canvas.put(4, y, clip(f"{name:<10} {says}", width - 6), palette.style("dim"))
                canvas.link(2, y, width - 4, f"talk.do('break {name}')")
            return canvas
        for y, one in enumerate(breakpoints[-max(height - 2, 1) :], 1):
            state, role = _state(frame, one)
            x = width - 3 - len(state)
            canvas.put(2, y, "●" if one.enabled else "○", palette.style("alarm" if one.enabled else "placeholder"))
            canvas.put(4, y, str(one.number), palette.style("dim"))
            canvas.put(7, y, fold(one.text, max(x - 8, 0)), palette.style("text" if one.enabled else "dim"))
            canvas.put(max(x, 8), y, clip(state, width - 4), palette.style(role, bold=role == "alarm"))
            if state.startswith(_NEXT):
                canvas.link(max(x, 8), y, len(state), f"time.jump('{frame.desk.next_hit(frame, one)}')")
            canvas.link(2, y, width - 4, f"talk.do('{'disable' if one.enabled else 'enable'} {one.number}')")
        return canvas


def _state(frame: Frame, one: Breakpoint) -> tuple[str, str]:
    hits = f" {one.hits}×" if one.hits else ""
    if not one.enabled:
        return "off" + hits, "dim"
    stop = frame.desk.stop
    if stop is not None and stop.breakpoint == one.number:
        return "HIT" + hits, "alarm"
    ahead = frame.desk.next_hit(frame, one)
    return (f"{_NEXT}{ahead:,}" if ahead is not None else "armed") + hits, "dim"
