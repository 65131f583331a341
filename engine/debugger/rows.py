"""The rows of a sum: what `terms` says of a step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from gradstep.engine.debugger import transcript
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.notation import defined, plain


class Rows(NamedTuple):
    """A step that adds up terms, at a moment at which all of them are in. Of a very long sum those around its end."""

    frame: Frame

    def lines(self) -> Iterator[str]:
        """For people: the step, with a line a term."""
        yield from transcript.block(self.frame, terms=True).split("\n")

    def document(self) -> dict[str, Any]:
        """For programs; upstream and local are null where a term is no product."""
        terms, typed = self.frame.sum.terms, self.frame.recording.board.typed
        assert terms is not None, "it adds up terms"
        return {
            "sum": plain(self.frame.sum.result),
            "rows": [
                {
                    "via": typed(int(terms.via_value[n]), int(terms.via[n])),
                    "upstream": defined(float(terms.upstream[n])),
                    "local": defined(float(terms.local[n])),
                    "contribution": plain(float(terms.contribution[n])),
                    "running": plain(float(terms.running[n])),
                }
                for n in range(len(terms))
            ],
        }
