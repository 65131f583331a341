"""Where the number of one step comes from: its factors, the way of a gradient from the loss, the edges in between."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gradstep.engine import Later
from gradstep.engine.debugger.known import Known
from gradstep.engine.debugger.story import Story
from gradstep.engine.debugger.sum import PATHS
from gradstep.engine.explain.hops import Chain, Hop, chain, trail
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node, Role
from gradstep.engine.index import Array
from gradstep.engine.notation import brief
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.run.timeline import Phase

if TYPE_CHECKING:
    from gradstep.engine.explain import formula, narrate
else:
    formula, narrate = Later("gradstep.engine.explain.formula"), Later("gradstep.engine.explain.narrate")


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


class Pull(NamedTuple):
    """Of paths that meet: what those that raise the gradient add up to, what those that lower it, and the share of the
    larger that the smaller takes away."""

    up: float
    down: float
    cancelled: float


class Origin:
    """Where what is written at a moment comes from."""

    def __init__(self, known: Known, story: Story) -> None:
        self._here, self._sum, self._story = known, known.sum, story

    @property
    def _hop(self) -> Hop | None:
        """The one hop that a gradient of a single term took; one that was set took none."""
        single = self._here.phase is Phase.BACKWARD and self._sum.count == 1
        return self._sum.hops[0] if single else None

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        """upstream × local = product, for a gradient with a single term; of a number that was set, what it was and
        what it is."""
        hop, recording = self._hop, self._here.recording
        if self._here.by_hand:
            return self._set
        if hop is None or self._here.element is None or hop.target.value == recording.graph.loss.id:
            return ()
        board, target = recording.board, recording.board.element(*hop.target)
        upstream = recording.trace.derivative(hop.target)
        arrived = narrate.BY_YOU if recording.by_hand(hop.target, "grad") else f"arrived at {target}"
        return (
            Card("upstream", board.gradient(*hop.target), upstream, arrived),
            Card("local", formula.local_name(recording, hop), hop.local, self._local(hop)),
            Card("product", board.gradient(*self._here.element), hop.contribution, self._story.narration.result_note),
        )

    @property
    def _set(self) -> tuple[Card, ...]:
        """The cards of a number that was set."""
        equation, old, note = self._story.equation, self._here.old, self._story.narration.result_note
        assert equation is not None, "something is written"
        now = Card("now", equation.left, equation.result, note)
        return (now,) if old is None else (Card("before", equation.left, old, "it was"), now)

    def _local(self, hop: Hop) -> str:
        """What the local gradient of a hop is."""
        recording, factor = self._here.recording, hop.factor
        target = recording.board.element(*hop.target)
        if factor is not None:
            what = ("weight", "input")[hop.slot] if isinstance(recording.graph.nodes[hop.node].op, Linear) else "factor"
            written = recording.graph.values[factor.value].role is Role.LITERAL
            name = brief(recording.trace.number(factor)) if written else recording.board.element(*factor)
            named = f"the {what} {name}"
            return f"{named}, {narrate.BY_YOU}" if recording.by_hand(factor) else named
        if not isinstance(recording.graph.nodes[hop.node].op, Elementwise):
            return f"its share in {target}"
        return f"the slope at {target}"

    @cached_property
    def chain(self) -> Chain | None:
        """All factors from the loss to here, where one path leads here and has more than one."""
        if self._hop is None:
            return None
        found = chain(self._here.recording, self._hop)
        return found if len(found.factors) > 1 else None

    @cached_property
    def paths(self) -> tuple[Chain, ...]:
        """Where a few paths meet: each of them, from the loss."""
        if self._here.phase is not Phase.BACKWARD or not 1 < self._sum.count <= PATHS:
            return ()
        return tuple(chain(self._here.recording, hop) for hop in self._sum.hops)

    @property
    def pull(self) -> Pull | None:
        """How far those paths pull against each other; None where they do not."""
        up = sum(path.product for path in self.paths if path.product > 0)
        down = sum(path.product for path in self.paths if path.product < 0)
        return Pull(up, down, min(up, -down) / max(up, -down)) if up and down else None

    @cached_property
    def curve(self) -> Curve | None:
        """The function of one number that this step evaluates, or goes back through."""
        here, recording = self._here, self._here.recording
        node = recording.graph.nodes[self._hop.node] if self._hop else here.node
        if node is None or here.element is None or here.phase is Phase.UPDATE or here.by_hand:
            return None
        if here.phase is Phase.BACKWARD and self._hop is None:
            return None
        if len(node.inputs) != 1 or not isinstance(node.op, Elementwise):
            return None
        before, after = Element(node.inputs[0], here.element.flat), Element(node.output, here.element.flat)
        trace, board = recording.trace, recording.board
        slope = float(node.op.row(0, after.flat, trace.data[node.output], trace.inputs(node)).local(0, 1)[0])
        return Curve(
            node, board.element(*before), board.element(*after), trace.number(before), trace.number(after), slope
        )

    @cached_property
    def live(self) -> tuple[Link, ...]:
        """The edges along which something moves at this step, as far as its terms are entered."""
        terms, element = self._sum.terms, self._here.element
        if terms is None or element is None:
            return self._through
        found = []
        for k in range(min(len(terms), max(self._sum.entered - terms.start, 0))):
            via = Element(int(terms.via_value[k]), int(terms.via[k]))
            amount = float(terms.contribution[k])
            if self._here.phase is not Phase.BACKWARD:
                found.append(Link(via, element, amount))
            elif int(terms.factor_value[k]) >= 0 and self._here.recording.board.arrow(*element):
                found.append(Link(Element(int(terms.factor_value[k]), int(terms.factor[k])), via, amount))
            else:
                found.append(Link(element, via, amount))
        return tuple(found)

    @property
    def _through(self) -> tuple[Link, ...]:
        """An operation that is no sum: its inputs to its output."""
        here, trace, node = self._here, self._here.recording.trace, self._here.node
        if here.element is None or node is None or here.phase not in (Phase.FORWARD, Phase.LOSS) or here.by_hand:
            return ()
        xs = trace.inputs(node)
        found = []
        for slot, value in enumerate(node.inputs):
            links = node.op.row(slot, here.element.flat, trace.data[node.output], xs)
            for flat in links.grid.take(0, min(links.grid.size, 64)).tolist():
                found.append(Link(Element(value, flat), here.element, xs[slot].item(flat)))
        return tuple(found)

    @cached_property
    def trail(self) -> tuple[Link, ...]:
        """The way that the current gradient has come, from the loss to here."""
        here = self._here
        if here.phase is not Phase.BACKWARD or here.element is None:
            return ()
        return tuple(Link(h.source, h.target, h.contribution) for h in trail(here.recording, here.element))
