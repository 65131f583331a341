"""Keys that move in space: what is selected, how near one stands, which panel is open."""

from __future__ import annotations

from textual.message import Message

from gradstep.engine.ask import ORDERS, check_filter
from gradstep.tui.network.looking import whole
from gradstep.tui.panels.base import Panel
from gradstep.tui.screens.actions.time import Time
from gradstep.tui.screens.scenery import Scenery
from gradstep.tui.screens.talk import Talk
from gradstep.tui.screens.unfolding import Unfolding
from gradstep.tui.view import Zoom

#: What a step is at each level, said where one has come from nearer.
_STEPS = {
    Zoom.NETWORK: "the whole network, and a step is an array",
    Zoom.LAYER: "a step is a number",
    Zoom.NEURON: "one neuron, and a step is a number",
}


class Space:
    """Where one looks, and from how near."""

    def __init__(self, scenery: Scenery, talk: Talk, time: Time) -> None:
        self._scenery, self._talk, self._time, self._unfolding = scenery, talk, time, Unfolding(scenery)

    async def heed(self, message: Message) -> None:
        """Does what a panel asks for, by the mouse or by a key."""
        match message:
            case Panel.Travel():
                await self._time.jump(str(message.step))
            case Panel.Visit():
                await self._time.visit(message.iteration)
            case Panel.Point():
                self._scenery.show(pointed=message.iteration, message="")
            case Panel.Scroll():
                await self._time.step(message.grain, message.direction)
            case Panel.Turn():
                self._unfolding.turn(message.group)
            case Panel.Select():
                self._scenery.show(selection=message.element, message="")
                if message.nearer:
                    await self.zoom()

    async def select(self, direction: str) -> None:
        """An arrow key: the panel's that has the focus, if it has a use for it, else the picture's."""
        panel = self._scenery.focused
        if panel is None or direction not in panel.arrows:
            panel = self._scenery.picture
        message = panel.arrow(direction, self._scenery.scene)
        if message is not None:
            await self.heed(message)

    async def zoom(self) -> None:
        """Nearer to what is looked at, into a module that is closed, or what else the panel with the focus does."""
        panel = self._scenery.focused
        message = None if panel is None else panel.enter(self._scenery.scene)
        if message is None:
            if not self._unfolding.open():
                self._scenery.nearer()
        else:
            await self.heed(message)

    def escape(self) -> None:
        """Closes what is open, and drops the selection."""
        self._talk.stop_playing()
        if self._scenery.view.maximised:
            self._scenery.maximise()
        else:
            self._scenery.show(selection=None, explained=False, message="", pointed=None)

    def outer(self) -> None:
        """One level out; from afar a module is closed."""
        self._talk.stop_playing()
        scenery, view = self._scenery, self._scenery.view
        outer = view.zoom.beside(False)
        if outer is None:
            if not self._unfolding.close():
                scenery.show(message="This is the whole network.")
            return
        if scenery.session.position.term is not None and view.zoom is Zoom.TERM:
            scenery.session.finish()
        scenery.show(zoom=outer, message=f"Zoomed out: {_STEPS[outer]}.")

    def stand(self, name: str) -> None:
        """At a level, by its name: out to it, or in."""
        wanted = Zoom(name)
        while self._scenery.view.zoom is not wanted:
            before, levels = self._scenery.view.zoom, list(Zoom)
            if levels.index(wanted) < levels.index(before):
                self.outer()
            else:
                self._scenery.nearer()

    def panel(self, name: str) -> None:
        self._scenery.open(name)

    def maximise(self) -> None:
        self._scenery.maximise()

    # Samples -------------------------------------------------------------------------------------

    def sample(self, direction: int) -> None:
        """Beside the one that is looked at; from all samples, back to the one of the step."""
        session, show = self._scenery.session, self._scenery.show
        count, here = session.recording.samples.count, session.sample
        if count == 1:
            show(message="There is only one sample. A scenario names its samples' axis with batch = […].")
        elif here is None:
            self._look(session.frame().sample_here or 0)
        elif not 0 <= here + direction < count:
            show(message="This is the last sample." if direction > 0 else "This is the first sample.")
        else:
            self._look(here + direction)

    def samples(self) -> None:
        """All at once, or one again."""
        session = self._scenery.session
        if session.recording.samples.count == 1 or session.sample is None:
            self.sample(1)
        else:
            self._look(None)

    def _look(self, sample: int | None) -> None:
        self._talk.stop_playing()
        session, selected = self._scenery.session, self._scenery.view.selection
        # Of a whole array the same moment of another sample is this very one.
        session.look(sample, along=not whole(session.frame(), self._scenery.view))
        if selected is not None and sample is not None:
            selected = selected._replace(flat=session.recording.samples.moved(*selected, sample))
        self._scenery.show(selection=selected, message="")

    # Parameters ----------------------------------------------------------------------------------

    def order(self) -> None:
        """The next way to sort Params, which opens."""
        order = (self._scenery.view.order + 1) % len(ORDERS)
        self._scenery.change(order=order)
        self._scenery.open("params")
        self._scenery.show(message=f"Params: {ORDERS[order].title}")

    async def filter(self) -> None:
        """Which names Params lists."""
        from gradstep.tui.screens.prompt import Prompt

        scenery = self._scenery
        chosen: list[str] = []

        def read(text: str) -> None:
            chosen.append(check_filter(scenery.session.recording, text))

        def closed(done: bool | None) -> None:
            if done and chosen:
                scenery.change(filter=chosen[-1])
                scenery.open("params")

        await scenery.screen.app.push_screen(Prompt("list only", "W1   W2[0,*]   b*   nothing: all", read), closed)
