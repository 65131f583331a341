"""All operations as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gradstep.engine.ops.composite import COMPOSITES
from gradstep.engine.ops.op import REGISTRY


def described() -> Iterator[str]:
    """All operations as lines of text: how each is called, its formula, its local gradient for each
    input, and what is agreed where there is none, or where numbers are not finite."""
    for _, op in sorted(REGISTRY.items()):
        yield op.signature()
        yield from _words(op.words)
        yield f"  =      {op.notation.format(*op.slots)}"
        for slot, slope in zip(op.slots, op.slopes, strict=True):
            yield f"  ∂/∂{slot:<3} {slope.format(*op.slots)}"
        if op.kink:
            yield f"  kink   {op.kink}"
        if op.edge:
            yield f"  edge   {op.edge.format(*op.slots)}"
    for _, composite in sorted(COMPOSITES.items()):
        yield composite.signature()
        yield from _words(composite.words)
        yield f"  several nodes: {composite.summary}"


def _words(words: Mapping[str, str]) -> Iterator[str]:
    """What else inputs and options are called."""
    if words:
        yield f"  also   {', '.join(f'{word} for {ours}' for word, ours in words.items())}"
