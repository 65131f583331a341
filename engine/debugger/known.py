"""Everything that may be seen at one moment: a pure function of (recording, position).

This is where it is decided what is known yet. A number that is not written at this moment is None
here, so that no panel can show it, let alone show it as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.breakpoints import Breakpoint
from gradstep.engine.ask.search import holding
from gradstep.engine.ask.stops import Noted, Stop
from gradstep.engine.ask.watches import Watch
from gradstep.engine.ask.whatif import Edit
from gradstep.engine.explain import formula, lesson, narrate, nonfinite, remarks
from gradstep.engine.explain.formula import Equation
from gradstep.engine.explain.hops import Chain, Hop, chain, hops, trail
from gradstep.engine.explain.narrate import Narration
from gradstep.engine.explain.nonfinite import Trouble
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.history.events import Event, events
from gradstep.engine.history.history import History
from gradstep.engine.history.summaries import Summaries
from gradstep.engine.index import Array
from gradstep.engine.notation import Digits, number
from gradstep.engine.ops.op import Elementwise
from gradstep.engine.run.reading import segments_at
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.terms import Segment, Terms, enumerate_terms, total
from gradstep.engine.run.timeline import Phase, Position, Sweep
from gradstep.engine.run.update import Stage

#: Up to this many meeting paths are each written out from the loss.
PATHS = 4


class Row(NamedTuple):
    """A term with names: via, left × right = contribution, and the sum so far.

    Forward, left is the weight and right the input; backward, left is the upstream gradient and
    right the local one. Left and right are NaN where a term is no product. `entered` says whether
    it is in the sum yet.
    """

    order: int
    via: str
    left: float
    right_name: str
    right: float
    contribution: float
    running: float
    entered: bool


class Fold(NamedTuple):
    """The terms of a long sum that are not listed: how many, and what they add up to."""

    size: int
    contribution: float


class Card(NamedTuple):
    """One of upstream, local, product."""

    role: str
    name: str
    value: float
    note: str


class Curve(NamedTuple):
    """An activation at its point: y = f(x), with the slope there."""

    node: Node
    x_name: str
    y_name: str
    x: float
    y: float
    slope: float

    def __call__(self, xs: Array) -> Array:
        return self.node.op.forward([xs])


class Link(NamedTuple):
    """`source` feeds `target` along an edge on which `amount` travels at this step."""

    source: Element
    target: Element
    amount: float


class TapeLine(NamedTuple):
    """One step in the list of steps; `value` is None while it is still to come."""

    step: int
    phase: Phase
    name: str
    value: float | None
    signed: bool


class Desk(NamedTuple):
    """What a person has laid out around a run: what stops it, what is watched, what has happened, why
    it stands still, and what was edited; all iterations of its training, those of another one to compare
    with, and the last iteration of the training."""

    breakpoints: tuple[Breakpoint, ...] = ()
    watches: tuple[Watch, ...] = ()
    log: Sequence[Noted] = ()
    stop: Stop | None = None
    edits: tuple[Edit, ...] = ()
    history: History | None = None
    beside: History | None = None
    last: int = 1


_EMPTY = Desk()


class Frame:
    """The moment `position` of `recording`, as seen for one `sample` of the batch or for all (None).
    `base` is a run to compare with: the one that an edited run was made from, or another one.
    Properties are computed when first looked at."""

    def __init__(
        self,
        recording: Recording,
        position: Position,
        sample: int | None = 0,
        base: Recording | None = None,
        desk: Desk = _EMPTY,
    ) -> None:
        self.recording, self.position, self.sample, self.base, self.desk = recording, position, sample, base, desk

    @property
    def step(self) -> int:
        return self.position.step

    @property
    def total(self) -> int:
        return self.recording.timeline.total

    @cached_property
    def phase(self) -> Phase:
        return self.recording.timeline.phase_at(self.step)

    @cached_property
    def _located(self) -> tuple[Sweep, int] | None:
        return self.recording.timeline.locate(self.step) if self.step else None

    @property
    def sweep(self) -> Sweep | None:
        """The sweep of the current step; None before the first."""
        return self._located[0] if self._located else None

    @cached_property
    def element(self) -> Element | None:
        """The element that the current step writes; None before the first."""
        return Element(self._located[0].value, self._located[1]) if self._located else None

    @property
    def node(self) -> Node | None:
        """The node whose line the current step belongs to."""
        return self.recording.graph.nodes[self.sweep.node] if self.sweep and self.sweep.node >= 0 else None

    @cached_property
    def hits(self) -> frozenset[int]:
        """The steps at which an armed breakpoint stops."""
        return holding(self.recording, tuple(b.condition for b in self.desk.breakpoints if b.enabled))

    def next_hit(self, breakpoint: Breakpoint) -> int | None:
        """The next step at which a breakpoint stops; None where there is none, or it is off."""
        if not breakpoint.enabled:
            return None
        ahead = [s for s in holding(self.recording, (breakpoint.condition,)) if s > self.step]
        return min(ahead, default=None)

    @property
    def sample_here(self) -> int | None:
        """The sample that the current step is about; None if it is about none or all."""
        return self.recording.samples.of(*self.element) if self.element else None

    @cached_property
    def summaries(self) -> Summaries | None:
        """The iterations of the training as they are now, also while it goes on; None where there is none."""
        return None if self.desk.history is None else self.desk.history.summaries.view()

    @property
    def events(self) -> tuple[Event, ...]:
        """Where in the training something fires."""
        history = self.desk.history
        return () if history is None else events(history, self.desk.breakpoints, self.desk.log)

    # What is known -------------------------------------------------------------------------------

    def written(self, phase: Phase, value: int) -> int:
        """How many elements of the value's array of that phase are complete at this moment."""
        timeline = self.recording.timeline
        done = self.step - (1 if self.position.term is not None else 0)
        return timeline.written(timeline.sweep_of(phase, value), done)

    def data(self, value: int, flat: int) -> float | None:
        """The value of an element, None if it is not computed yet. Leaves are always known."""
        node = self.recording.graph.values[value].node
        if node >= 0:
            phase = self.recording.timeline.phase_of(value)
            if flat >= self.written(phase, value):
                return self._under_way(phase, value, flat)
        return self.recording.trace.number(Element(value, flat))

    def grad(self, value: int, flat: int) -> float | None:
        """∂L/∂value[flat], None if the backward pass has not written it yet, or never will."""
        array = self.recording.trace.grad[value]
        if array is None or flat >= self.written(Phase.BACKWARD, value):
            return self._under_way(Phase.BACKWARD, value, flat)
        return float(array.item(flat))

    def new(self, value: int, flat: int) -> float | None:
        """A parameter's number after the update, None if it is still to come."""
        if flat >= self.written(Phase.UPDATE, value):
            return None
        return float(self.recording.updated(value, flat)[0])

    def over_samples(self, value: int, flat: int, phase: Phase) -> Array | None:
        """An element's number in every sample, shape (samples,): its value or (backward) gradient.
        None while one of them is not known, or where it belongs to no sample."""
        samples = self.recording.samples
        if samples.axis(value) is None:
            return None
        over = samples.over(value, flat)
        last = over.base + (samples.count - 1) * over.strides[0]
        known = self.grad(value, last) if phase is Phase.BACKWARD else self.data(value, last)
        if known is None or (self.position.term is not None and self.element == Element(value, last)):
            return None
        array = self.recording.trace.grad[value] if phase is Phase.BACKWARD else self.recording.trace.data[value]
        assert array is not None, "it is known"
        return array.take(over.take(0, samples.count))

    def seen(self, value: int, flat: int, phase: Phase) -> float | None:
        """An element's value, or in the backward pass its gradient, as the screen shows it: where one
        looks at all samples, the mean of the values and the sum of the gradients over them."""
        if self.sample is None and self.recording.samples.axis(value) is not None:
            numbers = self.over_samples(value, flat, phase)
            with np.errstate(all="ignore"):
                return None if numbers is None else float(numbers.sum() if phase is Phase.BACKWARD else numbers.mean())
        return self.grad(value, flat) if phase is Phase.BACKWARD else self.data(value, flat)

    def before(self, phase: Phase, value: int, flat: int) -> float | None:
        """The number of the original run in the place of one that is known and differs from it."""
        if self.base is None:
            return None
        then = Frame(self.base, self.position, self.sample)
        read = {Phase.BACKWARD: Frame.grad, Phase.UPDATE: Frame.new}.get(phase, Frame.data)
        old, new = read(then, value, flat), read(self, value, flat)
        return old if old is not None and new is not None and old != new and not (old != old and new != new) else None

    def _under_way(self, phase: Phase, value: int, flat: int) -> float | None:
        """The sum so far, if this is the very element that is being added up."""
        here = self.element == Element(value, flat) and self.phase is phase
        if not here or self.position.term is None or self.terms is None:
            return None
        return float(self.terms.running[self.position.term - 1 - self.terms.start])

    @property
    def loss(self) -> float | None:
        return self.data(self.recording.graph.loss.id, 0)

    def tape_line(self, step: int) -> TapeLine:
        """Step number `step` (1 to total) as a line of the tape."""
        sweep, flat = self.recording.timeline.locate(step)
        board = self.recording.board
        if sweep.phase is Phase.BACKWARD:
            return TapeLine(step, sweep.phase, board.gradient(sweep.value, flat), self.grad(sweep.value, flat), True)
        read = self.new if sweep.phase is Phase.UPDATE else self.data
        name = board.element(sweep.value, flat)
        return TapeLine(step, sweep.phase, name, read(sweep.value, flat), sweep.phase is Phase.UPDATE)

    # What happens --------------------------------------------------------------------------------

    @cached_property
    def trouble(self) -> Trouble | None:
        """What is wrong with the number of this step, if it is not finite."""
        return nonfinite.at(self.recording, self.step) if self.step else None

    @cached_property
    def troubles(self) -> tuple[int, ...]:
        """The first steps of the forward and of the backward pass that write no finite number."""
        found = (nonfinite.first(self.recording, phase) for phase in (Phase.FORWARD, Phase.BACKWARD))
        return tuple(t.step for t in found if t is not None)

    @cached_property
    def narration(self) -> Narration:
        told = self._narration
        if self.element is not None and self._set_by_hand:
            return told._replace(caption=f"Set by hand: {self._set_by_hand}")
        if self.trouble is not None:
            return told._replace(caption=remarks.trouble_in(self.recording, self.trouble))
        more = ""
        if self.phase is Phase.BACKWARD and self.element is not None:
            more = remarks.kink(self.recording, self._hops) or remarks.left_over(self.recording, self.element)
        elif self.phase in (Phase.FORWARD, Phase.LOSS) and self.element is not None and self.node is not None:
            more = remarks.smallness(self.recording, self.node, self.element.flat)
            more = more or remarks.kink(self.recording, self._ahead)
        return told._replace(caption=f"{told.caption} {more}") if more else told

    @property
    def _set_by_hand(self) -> str:
        """What an edited number would have been, if this step's number is one."""
        assert self.element is not None
        kind = {Phase.BACKWARD: "grad", Phase.UPDATE: ""}.get(self.phase, "data")
        if (kind, self.element.value) not in self.recording.given or self.base is None:
            return ""
        old = self.before(self.phase, *self.element)
        return "" if old is None else f"it was {number(old, Digits.MATH, kind == 'grad')}. What depends on it follows."

    @property
    def _ahead(self) -> tuple[Hop, ...]:
        """The hop that the backward pass will take through a function of one number, the other way."""
        assert self.node is not None, "forward steps belong to a node"
        assert self.element is not None, "and write an element"
        if len(self.node.inputs) > 1 or not isinstance(self.node.op, Elementwise):
            return ()
        return (Hop(Element(self.node.inputs[0], self.element.flat), self.element, self.node.id, 0, 0.0, 0.0),)

    @property
    def _narration(self) -> Narration:
        recording, element = self.recording, self.element
        if element is None:
            return narrate.READY if recording.iteration == 1 else narrate.begins(recording)
        match self.phase:
            case Phase.BACKWARD:
                return narrate.backward(recording, element, self.count, self._hops)
            case Phase.UPDATE:
                return narrate.update(recording, element)
        assert self.node is not None, "forward steps belong to a node"
        return narrate.forward(recording, self.node, element.flat)

    @property
    def headline(self) -> str:
        if self.position.term is None:
            return self.narration.headline
        if self.stages:
            return f"{self.narration.headline} · line {self.position.term} of {len(self.stages)}"
        return f"{self.narration.headline} · term {self.position.term} of {self.count}"

    @property
    def caption(self) -> str:
        if self.stages and self.position.term is not None:
            says = self.stages[self.position.term - 1].line.says
            return f"{says[0].upper()}{says[1:]}."
        return self.narration.caption

    @cached_property
    def note(self) -> str:
        """The author's own words at this step; empty where there are none."""
        return self.recording.notes.get(self.step, "")

    @property
    def explanation(self) -> tuple[str, ...]:
        """A few sentences with the rule's derivation."""
        element = self.element
        if element is None:
            return lesson.READY
        match self.phase:
            case Phase.BACKWARD:
                return lesson.backward(self.recording, element, self.count, self._hops)
            case Phase.UPDATE:
                return lesson.update(self.recording, element)
        assert self.node is not None, "forward steps belong to a node"
        return lesson.forward(self.recording, self.node, element.flat)

    @cached_property
    def equation(self) -> Equation | None:
        recording, element = self.recording, self.element
        if element is None:
            return None
        match self.phase:
            case Phase.BACKWARD:
                return formula.backward(recording, element, self.count, self._hops)
            case Phase.UPDATE:
                return self._update
        assert self.node is not None, "forward steps belong to a node"
        return formula.forward(recording, self.node, element.flat)

    @property
    def _update(self) -> Equation:
        return self.lines[(self.position.term or len(self.lines)) - 1]

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """What an update does to its number, line by line; none in other phases."""
        if self.phase is not Phase.UPDATE or self.element is None:
            return ()
        return tuple(self.recording.update.stages(*self.element))

    @cached_property
    def lines(self) -> tuple[Equation, ...]:
        """The lines of an update as equations."""
        found, begun = [], False
        for stage in self.stages:
            assert self.element is not None, "an update writes an element"
            found.append(formula.update(self.recording, self.element, stage, begun))
            begun = begun or stage.line.symbol == "g"
        return tuple(found)

    # The sum -------------------------------------------------------------------------------------

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        return segments_at(self.recording.trace, self.recording.timeline, self.step) if self.step else ()

    @cached_property
    def count(self) -> int:
        """How many terms the current step adds up; 0 where it is no sum."""
        return total(self.segments)

    @property
    def entered(self) -> int:
        """How many of them are in."""
        return self.count if self.position.term is None else self.position.term

    @cached_property
    def terms(self) -> Terms | None:
        """The terms, or the window of them around the current one; None where there is no sum."""
        if not self.count:
            return None
        return enumerate_terms(self.segments, self.recording.graph.dtype, max(self.entered - 1, 0))

    def rows(self, limit: int) -> tuple[list[Row], Fold | None]:
        """At most `limit` terms with names. A sum that is longer shows its largest terms, and what
        the others add up to; while its terms are stepped through, those around the current one."""
        terms = self.terms
        if terms is None:
            return [], None
        if terms.total <= limit:
            return [self._row(terms, k) for k in range(len(terms))], None
        limit = max(limit - 1, 1)
        if self.position.term is not None:
            here = self.position.term - 1 - terms.start
            first = max(0, min(here - limit // 2, len(terms) - limit))
            chosen: Sequence[int] = range(first, first + limit)
        else:
            chosen = abs(terms.contribution).argsort(kind="stable")[::-1][:limit].tolist()
        rows = [self._row(terms, k) for k in chosen]
        if self.position.term is not None:
            return rows, Fold(terms.total - len(rows), float("nan"))
        running, renumbered = 0.0, []
        for row in rows:
            running += row.contribution
            renumbered.append(
                Row(row.order, row.via, row.left, row.right_name, row.right, row.contribution, running, True)
            )
        assert self.equation is not None
        return renumbered, Fold(terms.total - len(rows), self.equation.result - running)

    def _row(self, terms: Terms, k: int) -> Row:
        board = self.recording.board
        via_value, via = int(terms.via_value[k]), int(terms.via[k])
        factor = int(terms.factor_value[k])
        named = board.element(factor, int(terms.factor[k])) if factor >= 0 else ""
        upstream, local = float(terms.upstream[k]), float(terms.local[k])
        name = board.element(via_value, via)
        contribution, running = float(terms.contribution[k]), float(terms.running[k])
        index = terms.start + k
        if self.phase is Phase.BACKWARD:
            assert self.element is not None
            named = named or f"∂{name}/∂{board.element(self.element.value, self.element.flat)}"
            return Row(index, name, upstream, named, local, contribution, running, index < self.entered)
        layer = board.layer_of.get(via_value)
        if layer is not None and layer.bias == via_value:
            return Row(index, "bias", upstream, "1", local, contribution, running, index < self.entered)
        return Row(index, name, local, name, upstream, contribution, running, index < self.entered)

    @cached_property
    def _hops(self) -> list[Hop]:
        assert self.element is not None
        return hops(self.recording, self.element, max(PATHS, formula.WRITTEN_OUT) + 1)[1]

    # Where it comes from -------------------------------------------------------------------------

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        """upstream × local = product, for a gradient with a single term."""
        if self.phase is not Phase.BACKWARD or self.count != 1 or self.element is None:
            return ()
        hop, board = self._hops[0], self.recording.board
        if hop.target.value == self.recording.graph.loss.id:
            return ()
        upstream = self.recording.trace.gradient(hop.target.value)
        target = board.element(hop.target.value, hop.target.flat)
        factor = hop.factor
        source = f"the slope at {target}"
        if factor is not None:
            parameter = self.recording.graph.values[factor.value].role.value == "parameter"
            source = f"the {'weight' if parameter else 'input'} {board.element(factor.value, factor.flat)}"
        elif not isinstance(self.recording.graph.nodes[hop.node].op, Elementwise):
            source = f"its share in {target}"
        return (
            Card(
                "upstream",
                board.gradient(hop.target.value, hop.target.flat),
                upstream.item(hop.target.flat),
                f"arrived at {target}",
            ),
            Card("local", formula.local_name(self.recording, hop), hop.local, source),
            Card(
                "product",
                board.gradient(self.element.value, self.element.flat),
                hop.contribution,
                self.narration.result_note,
            ),
        )

    @cached_property
    def chain(self) -> Chain | None:
        """All factors from the loss to here, where one path leads here and has more than one."""
        if self.phase is not Phase.BACKWARD or self.count != 1:
            return None
        found = chain(self.recording, self._hops[0])
        return found if len(found.factors) > 1 else None

    @cached_property
    def paths(self) -> tuple[Chain, ...]:
        """Where a few paths meet: each of them, from the loss."""
        if self.phase is not Phase.BACKWARD or not 1 < self.count <= PATHS:
            return ()
        return tuple(chain(self.recording, hop) for hop in self._hops)

    @cached_property
    def curve(self) -> Curve | None:
        """The function of one number that this step evaluates, or goes back through."""
        hop = None
        if self.phase is Phase.BACKWARD and self.count == 1:
            hop = self._hops[0]
        node = self.recording.graph.nodes[hop.node] if hop else self.node
        if (
            node is None
            or self.element is None
            or self.phase is Phase.UPDATE
            or (self.phase is Phase.BACKWARD and hop is None)
        ):
            return None
        if len(node.inputs) != 1 or not isinstance(node.op, Elementwise):
            return None
        flat, data, board = self.element.flat, self.recording.trace.data, self.recording.board
        x, y = data[node.inputs[0]], data[node.output]
        slope = float(node.op.row(0, flat, y, [x]).local(0, 1)[0])
        return Curve(
            node,
            board.element(node.inputs[0], flat),
            board.element(node.output, flat),
            x.item(flat),
            y.item(flat),
            slope,
        )

    @cached_property
    def live(self) -> tuple[Link, ...]:
        """The edges along which something moves at this step, as far as its terms are entered."""
        if self.terms is None or self.element is None:
            return self._through
        found = []
        for k in range(min(len(self.terms), max(self.entered - self.terms.start, 0))):
            via = Element(int(self.terms.via_value[k]), int(self.terms.via[k]))
            amount = float(self.terms.contribution[k])
            if self.phase is not Phase.BACKWARD:
                found.append(Link(via, self.element, amount))
            elif int(self.terms.factor_value[k]) >= 0 and self.recording.board.arrow(
                self.element.value, self.element.flat
            ):
                source = Element(int(self.terms.factor_value[k]), int(self.terms.factor[k]))
                found.append(Link(source, via, amount))
            else:
                found.append(Link(self.element, via, amount))
        return tuple(found)

    @property
    def _through(self) -> tuple[Link, ...]:
        """An operation that is no sum: its inputs to its output."""
        if self.element is None or self.node is None or self.phase is Phase.UPDATE:
            return ()
        node, data = self.node, self.recording.trace.data
        xs = self.recording.trace.inputs(node)
        found = []
        for slot, value in enumerate(node.inputs):
            links = node.op.row(slot, self.element.flat, data[node.output], xs)
            for flat in links.grid.take(0, min(links.grid.size, 64)).tolist():
                found.append(Link(Element(value, flat), self.element, xs[slot].item(flat)))
        return tuple(found)

    @cached_property
    def trail(self) -> tuple[Link, ...]:
        """The way that the current gradient has come, from the loss to here."""
        if self.phase is not Phase.BACKWARD or self.element is None:
            return ()
        return tuple(Link(h.source, h.target, h.contribution) for h in trail(self.recording, self.element))
