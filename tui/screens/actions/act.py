"""Keys that act on what is selected, or what the step writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from gradstep.engine.errors import CommandError
from gradstep.engine.graph import Element, Role
from gradstep.engine.notation import Digits, number, padded
from gradstep.engine.run import Phase
from gradstep.tui.screens.scenery import Scenery
from gradstep.tui.screens.talk import Talk

if TYPE_CHECKING:
    from gradstep.tui.screens.chooser import Choice

#: Of each array so many elements can be found by their names.
_EACH, _MANY = 40, 250


class Act:
    """Breakpoints, watches, questions and edits."""

    def __init__(self, scenery: Scenery, talk: Talk) -> None:
        self._scenery, self._talk = scenery, talk

    def _about(self) -> str:
        """The name of what a key is about, as the screen has it: its gradient in the backward pass. Raises CommandError
        where it is about nothing."""
        element, recording = self._scenery.element, self._scenery.session.recording
        if element is None:
            raise CommandError("select a node with the arrow keys, or take a step first")
        value = recording.graph.values[element.value]
        backward = self._scenery.session.frame().phase in (Phase.BACKWARD, Phase.UPDATE)
        slope = recording.graph.gets_gradient(value) and (backward or value.node < 0)
        return recording.board.gradient(*element) if slope else recording.board.element(*element)

    def _means(self, text: str) -> object:
        """What a name points at, so that one written otherwise is known; of what is no name the text."""
        try:
            return self._scenery.session.recording.board.resolve(text)
        except CommandError:
            return text

    def _with_name(self, act: Callable[[str], object]) -> None:
        try:
            act(self._about())
        except CommandError as error:
            self._scenery.show(message=str(error))
        else:
            self._scenery.show()

    def toggle_break(self) -> None:
        session = self._scenery.session

        def toggle(name: str) -> None:
            stops = session.stops
            mine = [b for b in stops.breakpoints if b.text == name or self._means(b.text) == self._means(name)]
            if mine:
                stops.breakpoints.remove(mine[0])
            else:
                stops.add(name, session.recording)

        self._with_name(toggle)

    def toggle_watch(self) -> None:
        session = self._scenery.session

        def toggle(name: str) -> None:
            mine = [w.text for w in session.stops.watches if self._means(w.text) == self._means(name)]
            if mine:
                session.stops.unwatch(mine[0])
            else:
                session.watch(name)

        self._with_name(toggle)

    async def rule(self) -> None:
        await self._talk.ask("stop where", "grad == 0 and op == relu   dead   flip   vanish(1e-3)   h.grad", "break")

    # Questions -----------------------------------------------------------------------------------

    async def when(self) -> None:
        """When did it become this? What is remarkable about the gradient of the step is typed already."""
        initial, frame = "", self._scenery.session.frame()
        if frame.element is not None and frame.phase is Phase.BACKWARD and self._scenery.view.selection is None:
            grad = frame.grad(*frame.element)
            name = self._scenery.session.recording.board.gradient(*frame.element)
            initial = f"{name} == 0" if grad == 0 else "nonfinite" if grad is not None and abs(grad) == grad * 0 else ""
        await self._talk.ask(
            "when did it become true?", "h.grad[1] == 0   nonfinite   first loss > 2 * previous", "when", initial
        )

    async def why(self) -> None:
        """The blame chain as a list to walk and to jump from; of the loss, why it has changed."""
        from gradstep.engine.explain import why
        from gradstep.tui.screens.chooser import Choice

        recording, element = self._scenery.session.recording, self._scenery.element
        graph, board = recording.graph, recording.board
        if element is not None and element.value == graph.loss.id:
            await self._talk.do("why loss")
            return
        if element is None or not graph.gets_gradient(graph.values[element.value]):
            self._scenery.show(
                message="Only a gradient has a blame chain: step into the backward pass, or select a node."
            )
            return
        found = why(recording, element)
        typed = (recording.typed(link.source, Phase.BACKWARD) for link in found.chain)
        choices = [Choice(text, where) for text, where in zip(found.links(), typed, strict=True)]
        name = board.gradient(*element)
        about = found.reason or f"{name} = {number(found.gradient, signed=True)}, hop by hop to the loss"
        await self._talk.choose(f"why {name}", choices, about)

    async def verify(self) -> None:
        try:
            name = self._about()
        except CommandError as error:
            self._scenery.show(message=str(error))
            return
        await self._talk.do(f"nudge {name}")

    async def verify_all(self) -> None:
        await self._talk.do("verify", beside=True)

    async def find(self) -> None:
        await self._talk.choose("find", self._places())

    def _places(self) -> Iterator[Choice]:
        """Modules, and what the steps write: of each array the first elements, of very many arrays the first one."""
        from gradstep.tui.screens.chooser import Choice

        session = self._scenery.session
        recording, frame = session.recording, session.frame()
        time, modules = recording.timeline, recording.board.modules
        for path, output in modules.outputs.items() if modules.there else ():
            step = time.step_of(time.phase_of(output), output, 0)
            if not path.endswith(":"):
                yield Choice(f"{step:>6}  {padded(path, 14)} module    {path}", path)
        each = _EACH if len(time.sweeps) <= _MANY else 1
        for sweep in time.sweeps:
            for flat in range(min(sweep.size, each)):
                name = recording.typed(Element(sweep.value, flat), sweep.phase)
                line = frame.tape_line(sweep.start + flat + 1)
                yield Choice(f"{line.step:>6}  {padded(line.name, 24)} {sweep.phase.value}", name)

    # What if -------------------------------------------------------------------------------------

    async def edit(self) -> None:
        from gradstep.tui.screens.edit import Edit

        scenery, element = self._scenery, self._scenery.element
        recording = scenery.session.recording
        if element is None:
            scenery.show(message="Select a node with the arrow keys, or take a step first.")
            return
        value = recording.graph.values[element.value]
        backward = scenery.session.frame().phase is Phase.BACKWARD
        gradient = backward and value.role is Role.NODE and recording.graph.gets_gradient(value)
        name = recording.board.gradient(*element) if gradient else recording.board.element(*element)
        now = recording.trace.derivative(element) if gradient else recording.trace.number(element)

        async def decided(text: str | None) -> None:
            if text is not None:
                await self._talk.do(f"set {text}")

        await scenery.screen.app.push_screen(Edit(scenery.session, name, now, scenery.view.palette), decided)

    async def undo(self) -> None:
        await self._talk.do("undo")

    async def revert(self) -> None:
        await self._talk.do("revert")

    # How it is shown -----------------------------------------------------------------------------

    def explain(self) -> None:
        self._scenery.show(explained=not self._scenery.view.explained)

    def digits(self) -> None:
        now = self._scenery.view.math_digits
        digits = next((more for more in Digits if more > now), Digits.NETWORK)
        shown = "all digits" if digits is Digits.FULL else f"{int(digits)} digits"
        self._scenery.show(math_digits=digits, message=f"{shown} in Math and on the tape")

    def copy(self) -> None:
        from gradstep.engine.explain import equation_text

        equation = self._scenery.session.frame().story.equation
        if equation is None:
            self._scenery.show(message="There is no formula before the first step.")
            return
        numbers = equation_text(equation.numbers, self._scenery.view.math_digits)
        text = f"{equation.left} {equation.relation} {equation.right}" + (f" = {numbers}" if numbers else "")
        self._scenery.screen.app.copy_to_clipboard(text)
        self._scenery.show(message=f"copied: {text}")
