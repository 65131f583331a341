"""What is said about one step: in a headline and a caption, in a formula, in a few sentences of a lesson."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from gradstep.engine import Later
from gradstep.engine.debugger.known import Known
from gradstep.engine.errors import printable
from gradstep.engine.explain import nonfinite
from gradstep.engine.explain.hops import Hop
from gradstep.engine.explain.nonfinite import Trouble
from gradstep.engine.files.source import source_line
from gradstep.engine.graph.element import Element
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.run.places import module_of, origin_of
from gradstep.engine.run.timeline import Phase
from gradstep.engine.run.update import Stage

if TYPE_CHECKING:
    from gradstep.engine.explain import formula, lesson, narrate, remarks
    from gradstep.engine.explain.formula import Equation
    from gradstep.engine.explain.narrate import Narration
else:
    formula, lesson, narrate, remarks = (
        Later(f"gradstep.engine.explain.{name}") for name in ("formula", "lesson", "narrate", "remarks")
    )


class Story:
    """The words for a moment, and what is known at it."""

    def __init__(self, known: Known) -> None:
        self._known = known

    @property
    def headline(self) -> str:
        term, count = self._known.position.term, self._known.sum.count
        if term is None:
            return self.narration.headline
        if self.stages:
            return f"{self.narration.headline} · line {term} of {len(self.stages)}"
        return f"{self.narration.headline} · term {term} of {count}"

    @property
    def caption(self) -> str:
        term = self._known.position.term
        if self.stages and term is not None:
            says = self.stages[term - 1].line.says
            return f"{says[0].upper()}{says[1:]}."
        return self.narration.caption

    @cached_property
    def note(self) -> str:
        """The author's own words at this step; empty where there are none. They are about the scenario as it is in
        its file."""
        known = self._known
        note = known.recording.notes.get(known.step, "")
        edited = known.base is not None and known.base.scenario.name == known.recording.scenario.name
        return f"Without the edits: {note}" if note and edited and (known.by_hand or known.old is not None) else note

    @property
    def origin(self) -> str:
        """Of a recording: where what the step writes comes from in the program that was recorded, and whether it is
        explained; empty where nothing is known of that."""
        return " · ".join(filter(None, self.origins))

    @cached_property
    def origins(self) -> tuple[str, ...]:
        """The same in its parts: module and function, the place with its line of source, each perhaps empty; and what
        else is to be said, as that it is not explained."""
        known, graph = self._known, self._known.recording.graph
        if known.element is None:
            return ()
        value = graph.values[known.element.value]
        found = origin_of(known.recording, value.id)
        said = [""] * 2
        if found is not None:
            place, source = found.where.rpartition("/")[2], source_line(found.where)
            function = found.call or found.op
            used = f"used by {function}" if function and value.node < 0 else function
            said = [" · ".join(filter(None, (module_of(known.recording, value.id), used)))]
            said.append(f"{place}: {source}" if source else place)
        if known.phase is Phase.BACKWARD:
            through = [graph.nodes[node] for node, _ in graph.uses[value.id] if graph.nodes[node].op.opaque]
            for node in through:
                said.append(f"what comes through {node.line} is recorded, not explained: one way stands for all")
                said += filter(None, [self._unexplained(node.line)])
        elif value.node >= 0 and graph.nodes[value.node].op.opaque:
            why = self._unexplained(graph.nodes[value.node].line)
            said.append(f"recorded, not explained: {why}" if why else "recorded, not explained")
        if self._again(value.id):
            said.append("computed again here, not recorded")
        if known.stale:
            said.append(f"stale: what was changed goes through {', '.join(known.recording.stale_through[:2])}")
        return tuple(said) if any(said) else ()

    def _unexplained(self, line: str) -> str:
        """Why a line is recorded and not explained, as the recording says."""
        observed = self._known.recording.scenario.observed
        return "" if observed is None else printable(observed.unexplained(line))

    def _again(self, value: int) -> bool:
        """Whether what the step writes was left out of a recording, and is computed again."""
        observed, graph = self._known.recording.scenario.observed, self._known.recording.graph
        if observed is None or observed.whole or self._known.recording.given or self._known.phase is Phase.UPDATE:
            return False
        if self._known.phase is Phase.BACKWARD:
            return value not in observed.gradients and value != graph.loss.id
        return value not in observed.values

    @property
    def explanation(self) -> tuple[str, ...]:
        """A few sentences with the rule's derivation."""
        known, recording, element = self._known, self._known.recording, self._known.element
        if element is None:
            return lesson.READY
        match known.phase:
            case Phase.BACKWARD:
                told = lesson.backward(recording, element, *known.sum.ways)
            case Phase.UPDATE:
                told = lesson.update(recording, element)
            case _:
                assert known.node is not None, "forward steps belong to a node"
                told = lesson.forward(recording, known.node, element.flat)
        return (lesson.GIVEN, *told) if known.by_hand else told

    @cached_property
    def equation(self) -> Equation | None:
        """What is computed: in names, in numbers, and its result; of an update its current line, or its last."""
        known, recording, element = self._known, self._known.recording, self._known.element
        if element is None:
            return None
        match known.phase:
            case Phase.BACKWARD:
                found = formula.backward(recording, element, *known.sum.ways)
            case Phase.UPDATE:
                return self.lines[(known.position.term or len(recording.update.rule(element.value))) - 1]
            case _:
                assert known.node is not None, "forward steps belong to a node"
                found = formula.forward(recording, known.node, element.flat)
        return found.replaced(narrate.BY_YOU) if known.by_hand else found

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """What an update does to its number, line by line; none in other phases."""
        known = self._known
        if known.phase is not Phase.UPDATE or known.element is None:
            return ()
        return tuple(known.recording.update.stages(*known.element))

    @cached_property
    def lines(self) -> tuple[Equation, ...]:
        """The lines of an update as equations."""
        found, begun = [], False
        for stage in self.stages:
            assert self._known.element is not None, "an update writes an element"
            found.append(formula.update(self._known.recording, self._known.element, stage, begun))
            begun = begun or stage.line.symbol == "g"
        return tuple(found)

    # Narration -----------------------------------------------------------------------------------

    @cached_property
    def narration(self) -> Narration:
        """What happens, what its result means, and what is remarkable about it."""
        known, recording = self._known, self._known.recording
        if known.by_hand and known.element is not None:
            return narrate.given(recording, known.element, known.phase is Phase.BACKWARD, known.old)
        told = self._plainly
        if self.trouble is not None:
            return told._replace(caption=remarks.trouble_in(recording, self.trouble))
        more = self._remark
        return told._replace(caption=f"{told.caption} {more}") if more else told

    @property
    def _plainly(self) -> Narration:
        known, recording, element = self._known, self._known.recording, self._known.element
        if element is None:
            return narrate.READY if recording.iteration == 1 else narrate.begins(recording)
        match known.phase:
            case Phase.BACKWARD:
                return narrate.backward(recording, element, *known.sum.ways)
            case Phase.UPDATE:
                return narrate.update(recording, element)
        assert known.node is not None, "forward steps belong to a node"
        return narrate.forward(recording, known.node, element.flat)

    @property
    def _remark(self) -> str:
        """What is remarkable about the step's number; empty where nothing is."""
        known, recording, element = self._known, self._known.recording, self._known.element
        if element is None or known.phase is Phase.UPDATE:
            return ""
        if known.phase is Phase.BACKWARD:
            rounded = remarks.rounding(recording, element, known.sum.hops)
            return rounded or remarks.kink(recording, known.sum.hops) or remarks.left_over(recording, element)
        assert known.node is not None, "forward steps belong to a node"
        return remarks.smallness(recording, known.node, element.flat) or remarks.kink(recording, self._ahead)

    @property
    def _ahead(self) -> tuple[Hop, ...]:
        """The hop that the backward pass will take through a function of one number, the other way."""
        node, element = self._known.node, self._known.element
        assert node is not None, "forward steps belong to a node"
        assert element is not None, "and write an element"
        if len(node.inputs) > 1 or not isinstance(node.op, Elementwise):
            return ()
        return (Hop(Element(node.inputs[0], element.flat), element, node.id, 0, 0.0, 0.0),)

    # What is not finite --------------------------------------------------------------------------

    @cached_property
    def trouble(self) -> Trouble | None:
        """What is wrong with the number of this step, if it is not finite."""
        return nonfinite.at(self._known.recording, self._known.step) if self._known.step else None

    @cached_property
    def troubles(self) -> tuple[int, ...]:
        """The first steps of the forward and of the backward pass that write no finite number."""
        found = (nonfinite.first(self._known.recording, phase) for phase in (Phase.FORWARD, Phase.BACKWARD))
        return tuple(t.step for t in found if t is not None)
