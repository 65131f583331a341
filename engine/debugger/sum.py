"""The sum of one step: its terms, how many of them are in, and those that there is room to list."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from gradstep.engine.debugger.here import Here
from gradstep.engine.explain.formula import WRITTEN_OUT
from gradstep.engine.explain.hops import Hop, hops
from gradstep.engine.notation import typed
from gradstep.engine.run.reading import segments_at
from gradstep.engine.run.staleness import Stales, marked, stales
from gradstep.engine.run.terms import Segment, Terms, enumerate_terms, total
from gradstep.engine.run.timeline import Phase

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


class Sum:
    """What the step of a moment adds up; of no terms where it is no sum."""

    def __init__(self, here: Here) -> None:
        self._here = here

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        here = self._here
        if not here.step or here.by_hand:
            return ()
        return segments_at(here.recording.trace, here.recording.timeline, here.step)

    @cached_property
    def count(self) -> int:
        """How many terms the current step adds up; 0 where it is no sum."""
        return total(self.segments)

    @property
    def entered(self) -> int:
        """How many of them are in."""
        term = self._here.position.term
        return self.count if term is None else term

    @cached_property
    def terms(self) -> Terms | None:
        """The terms, or the window of them around the current one; None where there is no sum."""
        if not self.count:
            return None
        return enumerate_terms(self.segments, self._here.recording.graph.dtype, max(self.entered - 1, 0))

    @cached_property
    def result(self) -> float:
        """What they add up to: the number that the step of the forward or the backward pass writes."""
        element, trace = self._here.element, self._here.recording.trace
        assert element is not None, "a sum is written"
        return trace.derivative(element) if self._here.phase is Phase.BACKWARD else trace.number(element)

    @property
    def so_far(self) -> float | None:
        """What the terms that are in add up to, while they are stepped through; else None."""
        term = self._here.position.term
        if term is None or self.terms is None:
            return None
        return marked(float(self.terms.running[term - 1 - self.terms.start]), self.stale(term - 1 - self.terms.start))

    @cached_property
    def _stales(self) -> tuple[Stales, ...]:
        """What is stale in each of the segments."""
        backward = self._here.phase is Phase.BACKWARD
        return tuple(stales(self._here.recording.trace, segment, backward) for segment in self.segments)

    def stale(self, k: int) -> bool:
        """Whether what the terms add up to is, with those that are listed up to number `k`."""
        terms = self.terms
        assert terms is not None, "it adds up terms"
        through = int(terms.segment[k])
        return any(one.contribution for one in self._stales[: through + 1])

    def numbers(self, k: int) -> tuple[float, float, float, float]:
        """Upstream, local, contribution and running sum of the listed term number `k`; each Stale where it is, and
        truths and whole numbers as such."""
        terms = self.terms
        assert terms is not None, "it adds up terms"
        three = (float(terms.upstream[k]), float(terms.local[k]), float(terms.contribution[k]))
        here = self._stales[int(terms.segment[k])]
        found = (*here.mark(*three), marked(float(terms.running[k]), self.stale(k)))
        up, local, contribution, running = map(typed, found, self._kinds(terms, k))
        return up, local, contribution, running

    def _kinds(self, terms: Terms, k: int) -> tuple[str, str, str, str]:
        """The types of the numbers of a term."""
        element, values = self._here.element, self._here.recording.graph.values
        if self._here.phase is Phase.BACKWARD or element is None:
            return "", "", "", ""
        factor, made = int(terms.factor_value[k]), values[element.value].kind
        return values[int(terms.via_value[k])].kind, values[factor].kind if factor >= 0 else made, made, made

    @cached_property
    def ways(self) -> tuple[int, tuple[Hop, ...]]:
        """How many ways a gradient has come, and as many of them, as hops that it took, as anything is said about.
        Also of one that was set by hand: those that it would have come."""
        assert self._here.element is not None, "the backward pass writes something"
        count, found = hops(self._here.recording, self._here.element)
        return count, found[: max(PATHS, WRITTEN_OUT) + 1]

    @property
    def hops(self) -> tuple[Hop, ...]:
        """Those ways alone."""
        return self.ways[1]

    def rows(self, limit: int) -> tuple[list[Row], Fold | None]:
        """At most `limit` terms with names. A sum that is longer shows its largest terms, and what
        the others add up to; while its terms are stepped through, those around the current one."""
        terms, term = self.terms, self._here.position.term
        if terms is None:
            return [], None
        if terms.total <= limit:
            return [self._row(terms, k) for k in range(len(terms))], None
        limit = max(limit - 1, 1)
        if term is not None:
            here = term - 1 - terms.start
            first = max(0, min(here - limit // 2, len(terms) - limit))
            rows = [self._row(terms, k) for k in range(first, first + limit)]
            return rows, Fold(terms.total - len(rows), float("nan"))
        chosen: Sequence[int] = abs(terms.contribution).argsort(kind="stable")[::-1][:limit].tolist()
        running, rows = 0.0, []
        for row in (self._row(terms, k) for k in chosen):
            running += row.contribution
            rows.append(row._replace(running=running, entered=True))
        rest = self.result - running
        if len(terms) == terms.total:  # what is left of a difference of two nearly equal numbers is no sum of them
            others = terms.contribution.copy()
            others[chosen] = 0
            rest = float(others.sum())
        return rows, Fold(terms.total - len(rows), rest)

    def _row(self, terms: Terms, k: int) -> Row:
        board = self._here.recording.board
        via_value, via = int(terms.via_value[k]), int(terms.via[k])
        factor = int(terms.factor_value[k])
        named = board.element(factor, int(terms.factor[k])) if factor >= 0 else ""
        upstream, local, contribution, running = self.numbers(k)
        name = board.element(via_value, via)
        index = terms.start + k
        entered = index < self.entered
        if self._here.phase is Phase.BACKWARD:
            assert self._here.element is not None, "the backward pass writes something"
            named = named or f"∂{name}/∂{board.element(*self._here.element)}"
            return Row(index, name, upstream, named, local, contribution, running, entered)
        layer = board.layer_of.get(via_value)
        if layer is not None and layer.bias == via_value:
            return Row(index, "bias", upstream, "1", local, contribution, running, entered)
        return Row(index, name, local, name, upstream, contribution, running, entered)
