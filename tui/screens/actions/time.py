"""Keys that move in time."""

from __future__ import annotations

from gradstep.engine.debugger import Move
from gradstep.engine.run import GoOn, Grain, Phase
from gradstep.tui.screens.runner import Runner
from gradstep.tui.screens.scenery import Scenery
from gradstep.tui.screens.talk import Talk
from gradstep.tui.screens.unfolding import Unfolding
from gradstep.tui.view import Zoom


class Time:
    """Onward and back, by all grains of time, and to any moment of it."""

    def __init__(self, scenery: Scenery, runner: Runner, talk: Talk) -> None:
        self._scenery, self._runner, self._talk, self._unfolding = scenery, runner, talk, Unfolding(scenery)

    async def step(self, grain: str, count: int) -> None:
        """One step of a grain; without one, of the zoom's. Where it plays, that only stops it."""
        if self._talk.stop_playing() and not grain and count > 0:
            self._scenery.show(message="")
            return
        if grain:
            await self._step(Grain(grain), count)
        else:
            await self._step(*self._unfolding.stride(count > 0))

    async def _step(self, grain: Grain, count: int = 1, name: str = "step") -> None:
        """Into another iteration that may take a while: it is made, or computed again."""
        session = self._scenery.session
        await self._runner.attempt(name, lambda go_on: session.step(grain, count, go_on), self._scenery.moved)

    async def into(self, direction: int) -> None:
        """Into what one sees: from the whole network to the first array of the next module, or to one node of the next
        array, from a large layer to one term of the next node, and term by term from there; backwards one term."""
        self._talk.stop_playing()
        if direction < 0:
            await self._step(Grain.TERM, -1)
            return
        if self._unfolding.open_next():
            await self._step(*self._unfolding.stride(True))
            return
        if self._scenery.view.zoom is Zoom.NETWORK:
            self._scenery.change(zoom=Zoom.LAYER)
            await self._step(Grain.ELEMENT)
            return
        if not self._scenery.nodes:
            self._scenery.change(zoom=Zoom.TERM)
        await self._step(Grain.TERM)

    def finish(self) -> None:
        self._scenery.moved(self._scenery.session.finish())

    def restart(self) -> None:
        self._scenery.moved(self._scenery.session.restart())

    async def iterate(self, count: int) -> None:
        """The same moment of another iteration, which is made if need be."""
        self._talk.settle()
        await self._step(Grain.ITERATION, count, "iterate" if count > 0 else "riterate")

    async def train(self) -> None:
        """To the end of the training or, if that is made, as many iterations more; pauses one that is going on."""
        if self._runner.busy:
            if self._runner.busy.startswith("train"):
                self._runner.stop()
            return
        session = self._scenery.session
        there = session.runs.trained(session.position) >= session.runs.last
        more = f" {session.recording.scenario.training.steps}" if there else ""
        await self._talk.do(f"train{more}")

    async def run(self, forward: bool) -> None:
        """To the next stop, or back to the previous one."""
        await self._talk.do("continue" if forward else "rcontinue")

    async def revisit(self, back: bool) -> None:
        """To the place before the last jump, or the other way again."""
        self._talk.settle()
        session = self._scenery.session

        def revisited(go_on: GoOn) -> Move:
            return session.revisit(back, go_on)

        await self._runner.attempt("previous" if back else "following", revisited, self._scenery.moved)

    async def jump(self, where: str) -> None:
        """Travels to a moment, written as for `goto`."""
        self._talk.stop_playing()
        session = self._scenery.session

        def arrived(nothing: None) -> None:
            self._scenery.arrived(False)
            self._scenery.moved(Move(1))

        await self._runner.attempt(f"goto {where}", lambda go_on: session.goto(where, go_on), arrived)

    async def visit(self, iteration: int) -> None:
        """To the same moment of another iteration."""
        self._scenery.change(pointed=None)
        await self._talk.do(f"goto @{iteration} {self._scenery.session.position.step}")

    async def goto(self) -> None:
        await self._talk.ask("go to", "24  +10  50%  h[1]  h.grad[1]  loss  end  @12  @12 loss", "goto")

    async def travel(self) -> None:
        """To the nearest step that writes what is selected."""
        scenery = self._scenery
        selected, here = scenery.view.selection, scenery.session.position.step
        if selected is None:
            scenery.show(message="Select a node with the arrow keys, then t travels to it.")
            return
        recording = scenery.session.recording
        layer = recording.board.layer_of.get(selected.value)
        values = {selected.value, layer.pre} if layer and layer.pre >= 0 else {selected.value}
        time = recording.timeline
        steps = [s for p in Phase for v in values if (s := time.step_of(p, v, selected.flat)) is not None]
        if not steps:
            scenery.show(message="No step writes this: it is given.")
            return
        scenery.session.goto(str(min(steps, key=lambda s: (abs(s - here), s))))
        scenery.moved(Move(1))
