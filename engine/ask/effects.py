"""What edits make of a run: how many of its numbers become others, and which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask.whatif import Edit, apply_edits, read_edit
from gradstep.engine.index import Array
from gradstep.engine.notation import number, plain
from gradstep.engine.run.recording import Recording

#: Of an array so many elements are looked at before an edit is made.
_LOOKED = 4


class Effect(NamedTuple):
    """The loss, as it is called, in the original run and with some `edits`; and how many numbers differ."""

    name: str
    edits: int
    before: float
    after: float
    changed: int

    @classmethod
    def of(cls, original: Recording, edited: Recording, edits: int) -> Effect:
        """What distinguishes an iteration with edits from the same without."""
        changed = differing(original, edited)
        return cls(edited.board.loss, edits, original.trace.loss, edited.trace.loss, changed)

    def lines(self) -> Iterator[str]:
        """For people."""
        if self.changed:
            losses = f"{number(self.before)} → {number(self.after)}"
            yield f"  {self.name} {losses}; {self.changed:,} numbers differ from the original run"
        else:
            yield f"  {self.name} {number(self.after)}, as in the original run: no number differs"

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {"edits": self.edits, "loss": [plain(self.before), plain(self.after)], "changed": self.changed}


def differing(original: Recording, edited: Recording) -> int:
    """How many values and gradients of two runs of the same values differ."""
    pairs: list[tuple[Array | None, Array | None]] = list(zip(original.trace.data, edited.trace.data, strict=True))
    pairs += zip(original.trace.grad, edited.trace.grad, strict=True)
    return sum(
        int(np.count_nonzero(_apart(before, after)))
        for before, after in pairs
        if before is not after and before is not None and after is not None
    )


def _apart(before: Array, after: Array) -> Array:
    """Where two arrays have different numbers; NaN is NaN."""
    return np.asarray((before != after) & ~(np.isnan(before) & np.isnan(after)))


class Changed(NamedTuple):
    """A number, as it is called, without and with an edit."""

    name: str
    before: float
    after: float


class Preview(NamedTuple):
    """What an edit would make of the `loss`, and of those `gradients` that it changes: the first few of each
    array."""

    loss: Changed
    gradients: tuple[Changed, ...]


def preview(original: Recording, edits: Sequence[Edit], here: Recording, text: str) -> Preview:
    """What one more edit would change in an iteration: `here` with the `edits` made so far, `original` without any.
    Raises CommandError where the text is no edit."""
    after = apply_edits(original, [*edits, read_edit(here, text)])
    loss = Changed(here.board.loss, here.trace.loss, after.trace.loss)
    return Preview(loss, tuple(_gradients(here, after)))


def _gradients(here: Recording, after: Recording) -> Iterator[Changed]:
    for value in here.graph.values:
        old, new = here.trace.grad[value.id], after.trace.grad[value.id]
        if old is None or new is None or old is new or value.id == here.graph.loss.id:
            continue
        first = _apart(old.reshape(-1)[:_LOOKED], new.reshape(-1)[:_LOOKED])
        for flat in np.flatnonzero(first).tolist():
            yield Changed(here.board.gradient(value.id, flat), float(old.item(flat)), float(new.item(flat)))
