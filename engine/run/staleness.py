"""What of a sum may be other numbers by now: its factors and its terms, by what they are read from."""

from __future__ import annotations

from typing import NamedTuple

from gradstep.engine.graph.graph import Node
from gradstep.engine.notation import Stale
from gradstep.engine.ops.affine import Affine
from gradstep.engine.run.terms import Segment
from gradstep.engine.run.trace import Trace


def marked(number: float, stale: bool) -> float:
    """A number that says of itself that it is stale, where it is."""
    return Stale(number) if stale else number


class Stales(NamedTuple):
    """Of the terms of a segment whether what arrives, what it is multiplied by, and what they contribute is stale."""

    upstream: bool = False
    local: bool = False
    contribution: bool = False

    def mark(self, upstream: float, local: float, contribution: float) -> tuple[float, float, float]:
        """The numbers of a term, each of which says of itself whether it is stale."""
        return marked(upstream, self.upstream), marked(local, self.local), marked(contribution, self.contribution)


#: Where no edit goes through what is not explained.
FRESH = Stales()


def stales(trace: Trace, segment: Segment, backward: bool) -> Stales:
    """What is stale in a segment: of a gradient (`backward`), or of a value that adds something up."""
    if not trace.stale:
        return FRESH
    node = trace.graph.nodes[segment.node]
    local = is_local_stale(trace, node, segment.slot, segment.factor_value)
    if backward:
        return Stales(("grad", node.output) in trace.stale, local, ("pass", node.id) in trace.stale)
    value = ("data", segment.via_value) in trace.stale
    return Stales(value, local, value or local)


def is_local_stale(trace: Trace, node: Node, slot: int, factor: int) -> bool:
    """Whether the local derivative of a use of a value is stale: that of a product is the value `factor`, else -1; that
    of a sum is what it is."""
    if factor >= 0:
        return ("data", factor) in trace.stale
    if isinstance(node.op, Affine) and slot in node.op.summed:
        return False
    return any(("data", value) in trace.stale for value in (node.output, *node.inputs))
