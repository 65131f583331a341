"""The rows of a sum: what `terms` says of a step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from gradstep.engine.debugger import transcript
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.notation import Stale, defined, plain

#: The numbers of a row, as programs read them.
_NUMBERS = ("upstream", "local", "contribution", "running")


class Rows(NamedTuple):
    """A step that adds up terms, at a moment at which all of them are in. Of a very long sum those around its end."""

    frame: Frame

    def lines(self) -> Iterator[str]:
        """For people: the step, with a line a term."""
        yield from transcript.block(self.frame, terms=True).split("\n")

    def document(self) -> dict[str, Any]:
        """For programs; upstream and local are null where a term is no product."""
        terms, result = self.frame.sum.terms, self.frame.sum.result
        assert terms is not None, "it adds up terms"
        rows = [self._row(n) for n in range(len(terms))]
        return {"sum": plain(result), "rows": rows, **({"stale": True} if isinstance(result, Stale) else {})}

    def _row(self, n: int) -> dict[str, Any]:
        terms, numbers = self.frame.sum.terms, self.frame.sum.numbers(n)
        assert terms is not None, "it adds up terms"
        upstream, local, contribution, running = numbers
        stale = [name for name, one in zip(_NUMBERS, numbers, strict=True) if isinstance(one, Stale)]
        return {
            "via": self.frame.recording.board.typed(int(terms.via_value[n]), int(terms.via[n])),
            "upstream": defined(upstream),
            "local": defined(local),
            "contribution": plain(contribution),
            "running": plain(running),
            **({"stale": stale} if stale else {}),
        }
