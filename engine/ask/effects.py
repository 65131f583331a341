"""What edits make of a run: how many of its numbers become others, and which."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask.whatif import Edit, apply_edits, read_edit
from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array, ravel
from gradstep.engine.notation import MINUS, Digits, brief, counted, number, plain
from gradstep.engine.ops.op import Op
from gradstep.engine.run.recording import Recording

#: Of an array so many elements are looked at before an edit is made.
_LOOKED = 4


class Effect(NamedTuple):
    """The loss, as it is called, in the original run and with some `edits`; and how many numbers differ. What is
    `stale` may differ too, and nobody knows: what was changed goes `through` lines that are recorded and not explained.
    """

    name: str
    edits: int
    before: float
    after: float
    changed: int
    stale: tuple[str, ...] = ()
    through: tuple[str, ...] = ()

    @classmethod
    def of(cls, original: Recording, edited: Recording, edits: int) -> Effect:
        """What distinguishes an iteration with edits from the same without."""
        changed = differing(original, edited)
        losses = original.trace.loss, edited.trace.loss
        return cls(edited.board.loss, edits, *losses, changed, edited.stale_names, edited.stale_through)

    def lines(self) -> Iterator[str]:
        """For people."""
        if self.stale:
            names = ", ".join(self.stale[:_LOOKED]) + (
                f" and {len(self.stale) - _LOOKED:,} more" * (len(self.stale) > _LOOKED)
            )
            yield (
                f"Stale: {names}. What was changed goes through {', '.join(self.through[:_LOOKED])}, recorded and not "
                "explained: what follows from it is written with a ?, as if that had stayed the same."
            )
        if not self.changed:
            if not self.stale:
                yield "No number differs from the original run."
            return
        differ = f"{counted(self.changed, 'number')} differ{'s' * (self.changed == 1)} from the original run"
        yield f"{differ}, where {self.name} is {number(self.before)}." if self.edits > 1 else f"{differ}."

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {"edits": self.edits, "loss": [plain(self.before), plain(self.after)], "changed": self.changed} | (
            {"stale": list(self.stale), "through": list(self.through)} if self.stale else {}
        )


class Change(NamedTuple):
    """What one edit, or taking it back, has made of what it is about: its `name` in letters and digits, and as it was
    `said`, what that `was` and is `now` (an array, or the name of an operation), and the loss before and after."""

    name: str
    said: str
    was: Array | str
    now: Array | str
    before: float
    after: float

    @classmethod
    def of(cls, edit: Edit, before: Recording, after: Recording) -> Change:
        """What distinguishes a run after an edit, or after it was taken back, from the run before."""
        was, now = _about(edit, before), _about(edit, after)
        said = edit.text.partition("=")[0].strip().removeprefix("op ").strip()
        name = _name(edit, after)
        # What counts from the end is another name for what has one on the screen.
        return cls(name, name if "-" in said else said, was, now, before.trace.loss, after.trace.loss)

    def sentence(self, again: bool = False) -> str:
        """`W2[0,1] is now 0.4 (it was −0.3); the loss goes from 0.0764 to 0.0702.`; `again` where it was so before."""
        return f"{self._is('again' if again else 'now')}; {self.loss}."

    def _is(self, when: str) -> str:
        was, now = _shown(self.was), _shown(self.now)
        if isinstance(self.was, str) or isinstance(self.now, str):
            others = int(self.was != self.now)
        else:
            others = int(np.count_nonzero(_apart(self.was, self.now)))
        if not others:
            return f"{self.said} is {now}, as it was" if now else f"{self.said} is as it was"
        if was and now:
            return f"{self.said} is now {now} (it was {was})" if when == "now" else f"{self.said} is {now} again"
        of = f"all {others:,}" if others == np.size(self.now) else f"{others:,} of the {np.size(self.now):,}"
        return f"{of} numbers of {self.said} {'is another' if others == 1 else 'are others'} {when}"

    @property
    def loss(self) -> str:
        """`the loss goes from 0.0764 to 0.0702`."""
        return went(self.before, self.after)

    def document(self) -> dict[str, Any]:
        """For programs."""
        was, now = (side if isinstance(side, str) else plain(side) for side in (self.was, self.now))
        return {"name": self.name, "was": was, "now": now}


def went(before: float, after: float) -> str:
    """What the loss does: `the loss goes from 0.0764 to 0.0702`."""
    if before == after or (before != before and after != after):
        return f"the loss stays at {number(after)}"
    digits = next((d for d in (4, 6, 8) if number(before, d) != number(after, d)), Digits.FULL)
    return f"the loss goes from {number(before, digits)} to {number(after, digits)}"


def _about(edit: Edit, recording: Recording) -> Array | str:
    """What an edit is about, as it is in a run."""
    if edit.op is not None:
        return _operation(recording.graph.nodes[recording.graph.values[edit.value].node].op)
    array = recording.trace.gradient(edit.value) if edit.gradient else recording.trace.shown(edit.value)
    return np.asarray(array[edit.at])


def _operation(op: Op) -> str:
    """An operation as one would write it, with the options that are not as they would be anyway."""
    defaults = op.options() if dataclasses.is_dataclass(op) else {}
    chosen = [f"{k}={getattr(op, k)!r}" for k, usual in defaults.items() if getattr(op, k) != usual]
    return f"{op.name}({', '.join(chosen)})" if chosen else op.name


def _name(edit: Edit, recording: Recording) -> str:
    """What an edit is about, as one types it: of a single number that, else as it was said."""
    value, kind = recording.graph.values[edit.value], "grad" if edit.gradient else "data"
    if edit.op is not None:
        return value.name
    if len(edit.at) == len(value.shape) and all(isinstance(i, int) for i in edit.at):
        index = tuple(i % n for i, n in zip(edit.at, value.shape, strict=True) if isinstance(i, int))
        return recording.board.typed(value.id, ravel(index, value.shape), kind)
    return edit.text.partition("=")[0].strip()


def _shown(side: Array | str) -> str:
    """A few numbers as one would type them; nothing where they are many."""
    if isinstance(side, str):
        return side
    if side.size > _LOOKED or side.ndim > 1:
        return ""
    return f"[{', '.join(map(_typed, side.tolist()))}]" if side.ndim else _typed(side.item())


def _typed(value: float) -> str:
    """A number as one would type it: as it is where that is short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    whole = f"{value:.8g}"
    return whole.replace("-", MINUS) if set(whole) <= set("-.0123456789") and float(whole) == value else brief(value)


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
            at = Element(value.id, flat)
            yield Changed(here.board.gradient(*at), here.trace.derivative(at), after.trace.derivative(at))
