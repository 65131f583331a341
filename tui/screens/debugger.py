"""The debugger's screen: keys become calls of the session, the session's frame goes to all panels."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.timer import Timer

from gradstep.engine.debugger import Move, Session
from gradstep.engine.notation import Digits, counted
from gradstep.engine.run import GoOn, Grain, Phase, Scenario
from gradstep.tui import keymap
from gradstep.tui.network import looking
from gradstep.tui.panels.base import Panel, Scene
from gradstep.tui.panels.chrome import timeline
from gradstep.tui.panels.chrome.footer import Footer
from gradstep.tui.panels.chrome.header import Header
from gradstep.tui.panels.chrome.headline import Headline
from gradstep.tui.panels.chrome.timeline import Timeline
from gradstep.tui.panels.lists import training
from gradstep.tui.panels.lists.breaks import Breaks
from gradstep.tui.panels.lists.delta import Delta
from gradstep.tui.panels.lists.log import Log
from gradstep.tui.panels.lists.training import Training
from gradstep.tui.panels.lists.watch import Watches
from gradstep.tui.panels.main import network
from gradstep.tui.panels.main.math import Math
from gradstep.tui.panels.main.network import Network
from gradstep.tui.panels.side import params, tape
from gradstep.tui.panels.side.params import Params
from gradstep.tui.panels.side.tape import Tape
from gradstep.tui.screens.debugging import Debugging
from gradstep.tui.theme import Palette
from gradstep.tui.view import Layout, View, Zoom

if TYPE_CHECKING:
    from gradstep.engine.debugger import Result

#: The panels that share a frame of their own where there is room.
LISTS = ("watch", "breaks", "log", "delta", "training")
#: Steps a second; pressing play again takes the next.
SPEEDS = (2, 5, 15, 40)
_DIGITS = {
    Digits.NETWORK: Digits.MATH,
    Digits.MATH: Digits.FINE,
    Digits.FINE: Digits.FULL,
    Digits.FULL: Digits.NETWORK,
}


#: Under keys that come faster than they can be shown, so often something is shown, in seconds.
_LONGEST = 0.1
#: How far one step goes: as far as one sees.
_STEPS = {Zoom.NETWORK: Grain.ARRAY, Zoom.LAYER: Grain.ELEMENT, Zoom.NEURON: Grain.ELEMENT, Zoom.TERM: Grain.TERM}


class Debugger(Debugging):
    """All panels around one session."""

    CSS_PATH = "debugger.tcss"
    BINDINGS: ClassVar = keymap.BINDINGS

    def __init__(self, session: Session, palettes: Mapping[str, Palette]) -> None:
        super().__init__()
        self.session, self._palettes = session, palettes
        self._view = View(palette=next(iter(palettes.values())), zoom=network.opening(session.recording))
        self._panels: tuple[Panel, ...] = ()
        self._timer: Timer | None = None
        self._speed = 0
        #: Whether something has changed since the last painting, and when that was.
        self._owed, self._painted = False, 0.0
        #: Whether the screen is arranged for a training.
        self._trains = session.last > 1
        self._opened = session.original
        self._begin()

    def compose(self) -> ComposeResult:
        yield Header()
        yield Timeline(id="timeline")
        with Horizontal(id="body"):
            yield Tape(id="rail", classes="tape")
            with Vertical(id="main"):
                yield Headline()
                yield Network(id="network")
                with Horizontal(id="lower"):
                    yield Math(id="math")
                    with Vertical(id="side"):
                        yield Params(id="params")
                        yield Tape(id="tape", classes="tape")
                        with Vertical(id="lists"):
                            yield Watches(id="watch")
                            yield Breaks(id="breaks")
                            yield Log(id="log")
                            yield Delta(id="delta")
                            yield Training(id="training")
        yield Footer()

    def on_mount(self) -> None:
        self._panels = tuple(self.query().results(Panel))  # type: ignore[type-abstract]

    def on_resize(self, event: Resize) -> None:
        self._arrange()
        self.show()

    # The scene -----------------------------------------------------------------------------------

    def show(self, **changes: object) -> None:
        """Shows where the session is now, with some of the view changed. While further keys are waiting
        nothing is painted: a held key must not run on after it is let go."""
        if changes:
            self._view = self._view.but(**changes)
        if self.app.message_queue_size and perf_counter() - self._painted < _LONGEST:
            if not self._owed:
                self._owed = True
                self.app.call_later(self._catch_up)
            return
        self._paint()

    def _catch_up(self) -> None:
        """Paints what was not painted for the sake of the keys that followed."""
        if self._owed:
            self._paint()

    def _paint(self) -> None:
        self._owed, self._painted = False, perf_counter()
        if self._trains != (self.session.last > 1):
            self._arrange()
        scene = Scene(self.session.frame(), self._view)
        for panel in self._panels:
            panel.show(scene)

    def _arrange(self) -> None:
        """Which panels stand where, for the size of the terminal."""
        width, height = self.app.size
        layout = Layout.of(width, height)
        self._view = self._view.but(layout=layout)
        view, wide = self._view, layout is Layout.WIDE
        for kind in Layout:
            self.set_class(kind is layout, f"-{kind.value}")
        alone = view.maximised
        spare = max(height - {Layout.NARROW: 24, Layout.MEDIUM: 30, Layout.WIDE: 45}.get(layout, 24), -9)
        lower = {Layout.NARROW: 8, Layout.MEDIUM: 11, Layout.WIDE: 17}.get(layout, 0) + spare // 3
        self._trains = self.session.last > 1
        self.query_one("#timeline").styles.height = timeline.rows(layout, self._trains)
        self.query_one(Headline).styles.height = 3 if spare < 6 or layout is Layout.TINY else 4
        beside = ("params", "tape", *LISTS)
        self.query_one("#lower").styles.height = "1fr" if layout is Layout.TINY or alone in ("math", *beside) else lower
        self.query_one("#side").styles.width = "1fr" if layout is Layout.NARROW or alone in beside else "2fr"
        # Curves need more lines than lists do.
        rows = 10 if view.lists == "training" else 6
        self.query_one("#lists").styles.height = rows + spare // 6 if wide and not alone else "1fr"
        self.query_one("#math").styles.width = "3fr"
        shown = {
            "rail": wide and alone in ("", "tape"),
            "network": layout is not Layout.TINY and alone in ("", "network"),
            "lower": alone in ("", "math", *beside) and not (wide and alone == "tape"),
            "math": view.shown("math") and alone in ("", "math"),
            "params": view.shown("params") and alone in ("", "params"),
            "tape": not wide and view.shown("tape") and alone in ("", "tape"),
            "main": not (wide and alone == "tape"),
        }
        shown |= {name: view.shown(name) and alone in ("", name) for name in LISTS}
        shown["lists"] = any(shown[name] for name in LISTS)
        shown["side"] = shown["params"] or shown["tape"] or shown["lists"]
        self.query_one("#rail").styles.width = "1fr" if wide and alone == "tape" else tape.width(self.session.recording)
        for name, visible in shown.items():
            self.query_one(f"#{name}").display = visible

    def _moved(self, move: Move) -> None:
        self._forget_selection()
        self.show(message=move.message)

    def arrived(self, stopped: bool) -> None:
        """A small network is shown with its nodes; a large one as near as the place is exact."""
        if self.session.original is not self._opened:  # another scenario
            self._opened = self.session.original
            self._view = self._view.but(
                selection=None, explained=False, order=0, filter="", zoom=network.opening(self.session.recording)
            )
            self._begin()
        position, zoom = self.session.position, self._view.zoom
        if network.opening(self.session.recording) is Zoom.LAYER:
            near: Zoom = Zoom.LAYER if zoom is Zoom.NETWORK else zoom
        elif position.term is not None:
            near = Zoom.TERM
        elif stopped:
            near = Zoom.NEURON
        else:
            sweep = self.session.frame().sweep
            inside = sweep is not None and position.step != sweep.stop
            near = Zoom.LAYER if zoom is Zoom.NETWORK and inside else zoom
        self._view = self._view.but(zoom=near)

    def _begin(self) -> None:
        """Of what is to be trained the training is in view."""
        self._view = self._view.but(pointed=None, lists="training" if self.session.last > 1 else "watch")

    def settle(self) -> None:
        self._stop_playing()
        self._forget_selection()

    def _forget_selection(self) -> None:
        if self._view.selection is not None:
            self._view = self._view.but(selection=None)

    # Time ----------------------------------------------------------------------------------------

    @property
    def _grain(self) -> Grain:
        """How far one step goes at this zoom."""
        return _STEPS[self._view.zoom]

    def action_step(self, grain: str, count: int) -> None:
        """One step of a grain; without one, of the zoom's."""
        if self._stop_playing() and not grain and count > 0:
            return
        self._moved(self.session.step(Grain(grain) if grain else self._grain, count))

    def action_into(self, direction: int) -> None:
        """Into what one sees: from the whole network to one node of the next array, from a large layer
        to one term of the next node, and term by term from there; backwards one term."""
        self._stop_playing()
        if direction < 0:
            self._moved(self.session.step(Grain.TERM, -1))
            return
        zoom, nodes = self._view.zoom, network.opening(self.session.recording) is Zoom.LAYER
        if zoom is Zoom.NETWORK:
            self._view = self._view.but(zoom=Zoom.LAYER)
            self._moved(self.session.step(Grain.ELEMENT))
            return
        if not nodes:
            self._view = self._view.but(zoom=Zoom.TERM)
        self._moved(self.session.step(Grain.TERM))

    def action_finish(self) -> None:
        self._moved(self.session.finish())

    def action_restart(self) -> None:
        self._moved(self.session.restart())

    def action_jump(self, where: str) -> None:
        self._stop_playing()
        self.session.goto(where)
        self.arrived(False)
        self._moved(Move(1))

    async def action_iterate(self, count: int) -> None:
        """The same moment of another iteration, which is made if need be."""

        def iterated(go_on: GoOn) -> Result:
            from gradstep.engine.debugger import Result

            move = self.session.step(Grain.ITERATION, count, go_on)
            return Result(move.message, moved=bool(move.moved))

        self._stop_playing()
        await self.attempt("iterate" if count > 0 else "riterate", iterated)

    # Opening a dialog is awaited: keys that are typed ahead then wait for it too. Its module is
    # loaded only then, because the widgets it is made of would be felt at the start.

    async def action_goto(self) -> None:
        await self._ask("go to", "24  +10  50%  h[1]  h.grad[1]  loss  end  @12  @12 loss", "goto")

    def action_travel(self) -> None:
        selected, here = self._view.selection, self.session.position.step
        if selected is None:
            self.show(message="Select a node with the arrow keys, then t travels to it.")
            return
        time = self.session.recording.timeline
        layer = self.session.recording.board.layer_of.get(selected.value)
        values = {selected.value, layer.pre} if layer and layer.pre >= 0 else {selected.value}
        steps = [s for p in Phase for v in values if (s := time.step_of(p, v, selected.flat)) is not None]
        if not steps:
            self.show(message="No step writes this: it is given.")
            return
        self.session.goto(str(min(steps, key=lambda s: (abs(s - here), s))))
        self._moved(Move(1))

    def action_play(self, direction: int) -> None:
        faster = self._timer is not None and (self._speed > 0) == (direction > 0)
        speed = min(abs(self._speed) + 1, len(SPEEDS)) if faster else 1
        self._stop_playing()
        self._speed = speed * direction
        self._timer = self.set_interval(1 / SPEEDS[speed - 1], self._play)
        self._play()

    def _play(self) -> None:
        move = self.session.step(self._grain, 1 if self._speed > 0 else -1)
        if not move.moved:
            self._stop_playing()
        self._moved(move)

    def _stop_playing(self) -> bool:
        """Whether it was playing."""
        if self._timer is None:
            return False
        self._timer.stop()
        self._timer, self._speed = None, 0
        return True

    def on_timeline_travel(self, event: Timeline.Travel) -> None:
        self.action_jump(str(event.step))

    async def on_timeline_iteration(self, event: Timeline.Iteration) -> None:
        await self._travel(event.iteration)

    async def on_training_travel(self, event: Training.Travel) -> None:
        await self._travel(event.iteration)

    async def _travel(self, iteration: int) -> None:
        """To the same moment of another iteration."""
        self._view = self._view.but(pointed=None)
        await self.do(f"goto @{iteration} {self.session.position.step}")

    def on_tape_travel(self, event: Tape.Travel) -> None:
        self.action_jump(str(event.step))

    def on_timeline_scroll(self, event: Timeline.Scroll) -> None:
        self.action_step("", event.direction)

    # Space ---------------------------------------------------------------------------------------

    def action_select(self, direction: str) -> None:
        if isinstance(self.focused, Timeline):
            if direction in ("left", "right"):
                self.action_step("", 1 if direction == "right" else -1)
            return
        if isinstance(self.focused, Training):
            width = self.focused.size.width
            self.show(pointed=training.pointed(self.session.frame(), self._view, direction, width), message="")
            return
        if isinstance(self.focused, Params) and direction in ("up", "down"):
            element = params.neighbour(self.session.frame(), self._view, direction)
            if element is not None:
                self.show(selection=element, message="")
            return
        frame, size = self.session.frame(), self.query_one(Network).size
        self.show(selection=network.neighbour(frame, self._view, size.width, size.height, direction), message="")

    def action_sample(self, direction: int) -> None:
        """Beside the one that is looked at; from all samples, back to the one of the step."""
        count, here = self.session.recording.samples.count, self.session.sample
        if count == 1:
            self.show(message="There is only one sample. A scenario names its samples' axis with batch = […].")
        elif here is None:
            self._look(self.session.frame().sample_here or 0)
        elif not 0 <= here + direction < count:
            self.show(message="This is the last sample." if direction > 0 else "This is the first sample.")
        else:
            self._look(here + direction)

    def action_samples(self) -> None:
        if self.session.recording.samples.count == 1 or self.session.sample is None:
            self.action_sample(1)
        else:
            self._look(None)

    def _look(self, sample: int | None) -> None:
        self._stop_playing()
        self.session.look(sample)
        selected = self._view.selection
        if selected is not None and sample is not None:
            flat = self.session.recording.samples.moved(*selected, sample)
            selected = selected._replace(flat=flat)
        self.show(selection=selected, message="")

    def on_params_select(self, event: Params.Select) -> None:
        self.show(selection=event.element, message="")

    def action_order(self) -> None:
        """The next way to sort Params, which opens."""
        order = (self._view.order + 1) % len(params.ORDERS)
        self._view = self._view.but(order=order)
        self.action_panel("params")
        self.show(message=f"Params: {params.ORDERS[order].title}")

    async def action_filter(self) -> None:
        """Which names Params lists."""
        from gradstep.tui.screens.prompt import Prompt

        chosen: list[str] = []

        def read(text: str) -> None:
            chosen.append(params.check_filter(self.session.recording, text))

        def closed(done: bool | None) -> None:
            if done and chosen:
                self._view = self._view.but(filter=chosen[-1])
                self.action_panel("params")

        await self.app.push_screen(Prompt("list only", "W1   W2[0,*]   b*   nothing: all", read), closed)

    def on_network_select(self, event: Network.Select) -> None:
        self.show(selection=event.element, message="")
        if event.nearer:
            self.run_worker(self.action_zoom())

    async def action_zoom(self) -> None:
        """Nearer to what is looked at; in Training, to the iteration that is pointed at."""
        if isinstance(self.focused, Training) and self._view.pointed is not None:
            await self._travel(self._view.pointed)
            return
        nearer = self._view.zoom.beside(True)
        if nearer is None:
            self.show(message="This is as near as it gets: one term is one step.")
            return
        frame = self.session.frame()
        # What one looks at from afar may not be what the step wrote; from near it still is looked at.
        focus = looking.looked_at(frame, self._view)
        self.show(zoom=nearer, selection=None if focus == frame.element else focus, message="")

    def action_escape(self) -> None:
        """Closes what is open; then drops the selection; then one level out."""
        self._stop_playing()
        view = self._view
        outer = view.zoom.beside(False)
        if view.maximised:
            self.action_maximise()
        elif view.explained or view.message or view.selection is not None or view.pointed is not None:
            self.show(selection=None, explained=False, message="", pointed=None)
        elif outer is not None:
            if self.session.position.term is not None and view.zoom is Zoom.TERM:
                self.session.finish()
            self.show(zoom=outer)
        else:
            self.show(message="This is the whole network.")

    def action_panel(self, name: str) -> None:
        view = self._view
        changes: dict[str, object] = {"tab": name} if view.layout is Layout.NARROW else {}
        if view.layout is Layout.MEDIUM and name in ("params", "tape", *LISTS):
            changes = {"side": name}
        if view.layout is Layout.WIDE and name in LISTS:
            changes = {"lists": name}
        if view.maximised:
            changes["maximised"] = name
        self._view = view.but(**changes)
        self._arrange()
        self.show()
        # At once: keys that were typed ahead are for the panel already.
        self.set_focus(self.query_one("#rail" if name == "tape" and view.layout is Layout.WIDE else f"#{name}"))

    def action_maximise(self) -> None:
        focused = self.focused.id if isinstance(self.focused, Panel) else None
        name = (
            ""
            if self._view.maximised
            else {"rail": "tape", "timeline": "", None: "network"}.get(focused, focused or "")
        )
        self._view = self._view.but(maximised=name)
        self._arrange()
        self.show()

    # The rest ------------------------------------------------------------------------------------

    def action_explain(self) -> None:
        self.show(explained=not self._view.explained)

    def action_digits(self) -> None:
        digits = _DIGITS[Digits(self._view.math_digits)]
        shown = "all digits" if digits is Digits.FULL else f"{int(digits)} digits"
        self.show(math_digits=digits, message=f"{shown} in Math and on the tape")

    def action_theme(self) -> None:
        names = list(self._palettes)
        following = names[(names.index(self._view.palette.name) + 1) % len(names)]
        self.app.theme = following
        self.show(palette=self._palettes[following])

    async def action_help(self) -> None:
        from gradstep.tui.screens.help import Help

        await self.app.push_screen(Help(self._view.palette))

    async def action_open(self) -> None:
        def chosen(scenario: Scenario | None) -> None:
            if scenario is not None:
                self.run_worker(self.attempt(f"open {scenario.name}", lambda go_on: opened(scenario, go_on)))

        def opened(scenario: Scenario, go_on: GoOn) -> Result:
            from gradstep.engine.debugger import Result

            self.session.open(scenario, go_on)
            return Result(moved=True)

        from gradstep.tui.screens.picker import Picker

        self._stop_playing()
        await self.app.push_screen(Picker(self.session.recording.scenario.name), chosen)

    async def action_quit(self) -> None:
        if not self.session.edits:
            self.app.exit(0)
            return
        from gradstep.tui.screens.chooser import Choice, Chooser

        def decided(where: str | None) -> None:
            if where == "quit":
                self.app.exit(0)

        count, kept = len(self.session.edits), all(edit.iteration == 1 for edit in self.session.edits)
        hint = " (^s saves them as a new file)" if kept else ""
        choices = [Choice("stay", "stay"), Choice(f"quit, and drop {counted(count, 'edit')}{hint}", "quit")]
        await self.app.push_screen(Chooser("there are unsaved edits", choices), decided)
