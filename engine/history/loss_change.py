"""Why a loss is what it is, and another one than in the iteration before: what that says to people and to programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.explain import nonfinite, remarks
from gradstep.engine.explain.accounts import account
from gradstep.engine.explain.advice import against
from gradstep.engine.explain.loss_terms import LossTerm, by_sample
from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array
from gradstep.engine.notation import MINUS, aligned, brief, counted, number, plain
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase

#: What a change is made of, in this order: `update` always, the others where there is such a thing.
PARTS: Mapping[str, str] = {
    "update": "the update at the end of iteration {before:,}",
    "samples": "other samples in the batch",
    "inputs": "other inputs",
    "dropout": "dropout lets others through",
    "edits": "what was set by hand",
}
#: So many parameters, terms and samples are told; all of them, and so many samples, stand in the document.
_TOLD, _SAMPLES = 6, 100


class Share(NamedTuple):
    """What a parameter's last move changed, to first order; and the element of it that changed most, from `old` to
    `new`, and how much of it that was."""

    parameter: int
    first: float
    element: Element
    old: float
    new: float
    of_element: float


@dataclass(frozen=True, eq=False)
class LossChange:
    """The loss of iteration `now`, and of the one `before`, NaN where there is none: what the change is made of, by
    the names of `PARTS`, nothing where it was not finite before; the `first` order of the update's part, and of that
    every parameter, the largest first. `terms` are those of the loss, `then` the same terms with the weights of before
    and all else as now."""

    now: Recording
    before: float
    terms: tuple[LossTerm, ...]
    parts: Mapping[str, float] = field(default_factory=dict)
    first: float = 0.0
    shares: tuple[Share, ...] = ()
    then: tuple[LossTerm, ...] | None = None

    @property
    def loss(self) -> float:
        return self.now.trace.loss

    @property
    def change(self) -> float:
        """How much more it is than in the iteration before; NaN where there is none, or one of them is not finite."""
        with np.errstate(all="ignore"):
            return float(np.subtract(self.loss, self.before)) if isfinite(self.before) else float("nan")

    @property
    def higher(self) -> float:
        """What the first order leaves of the update's part."""
        return self.parts["update"] - self.first if self.parts else float("nan")

    @cached_property
    def trouble(self) -> tuple[str, str]:
        """Why the loss is not finite, and what to try; empty where it is."""
        recording = self.now
        step = recording.timeline.step_of(Phase.LOSS, recording.graph.loss.id, 0)
        found = None if step is None or isfinite(self.loss) else nonfinite.at(recording, step)
        if found is None:
            return "", ""
        told = account(recording, found)
        return remarks.told(told), against(told)

    @property
    def reason(self) -> str:
        """Why the loss is not finite; empty where it is."""
        return self.trouble[0]

    @property
    def hint(self) -> str:
        """What to try where it is not finite."""
        return self.trouble[1]

    # Samples -------------------------------------------------------------------------------------

    @cached_property
    def samples(self) -> Array | None:
        """What each sample adds to the loss, shape (samples,); None where there is only one, or they are not told
        apart."""
        return by_sample(self.terms)

    @cached_property
    def samples_changed(self) -> Array | None:
        """How much more that is than with the weights of before; None where there is no before."""
        then = None if self.then is None else by_sample(self.then)
        with np.errstate(all="ignore"):
            return None if then is None or self.samples is None else self.samples - then

    @cached_property
    def ranked(self) -> Sequence[int]:
        """The samples in the order in which they matter: those that the update changed most; where it is rather that
        they are others, those that add most."""
        if self.samples is None:
            return []
        sizes = self.samples if self.samples_changed is None or self.drawn else self.samples_changed
        order = np.argsort(-np.nan_to_num(abs(sizes), nan=np.inf), kind="stable")
        return [int(k) for k in order]

    @property
    def drawn(self) -> bool:
        """Whether the loss has changed more because of the samples than because of the update."""
        return abs(self.parts.get("samples", 0.0)) > abs(self.parts.get("update", 0.0))

    # Said ----------------------------------------------------------------------------------------

    def lines(self) -> Iterator[str]:
        """For people."""
        yield self._first_line()
        if self.reason:
            yield f"  {self.reason}"
            yield f"  try: {self.hint}"
        yield from self._changes()
        yield from self._parameters()
        yield from self._terms()
        yield from self._samples()

    def _first_line(self) -> str:
        name, k = self.now.board.loss, self.now.iteration
        text = f"{name} = {number(self.loss)} in iteration {k:,}"
        if k == 1:
            return f"{text}; there is no iteration before to compare with"
        if not self.parts:
            return f"{text}; it was {number(self.before)} in iteration {k - 1:,} already, and no change can be told"
        change = f", {_signed(self.change)}" if isfinite(self.change) else ""
        return f"{text}; it was {number(self.before)} in iteration {k - 1:,}{change}"

    def _changes(self) -> Iterator[str]:
        if not self.parts:
            return
        names = aligned(name for name, _ in self.named_parts)
        for text, change in zip(names, self.parts.values(), strict=True):
            yield f"  {text}  {_signed(change)}"

    @property
    def named_parts(self) -> Sequence[tuple[str, float]]:
        """What the change is made of, in words."""
        return [(PARTS[part].format(before=self.now.iteration - 1), change) for part, change in self.parts.items()]

    def _parameters(self) -> Iterator[str]:
        if not self.parts:
            return
        sums = f"Σ gradient × Δ = {_signed(self.first)} of {_signed(self.parts['update'])}"
        yield f"  the update to first order: {sums}; higher orders {_signed(self.higher)}"
        board, rows = self.now.board, list[Sequence[str]]()
        for share in self.shares[:_TOLD]:
            one = f"{board.element(*share.element)} {number(share.old)} → {number(share.new)}"
            alone = self.now.graph.values[share.parameter].size == 1
            most = one if alone else f"most by {one}: {_signed(share.of_element)}"
            rows.append((board.whole(share.parameter), _signed(share.first), most))
        if len(self.shares) > _TOLD:
            rest = float(sum(share.first for share in self.shares[_TOLD:]))
            rows.append((counted(len(self.shares) - _TOLD, "other"), _signed(rest), ""))
        yield from _columns(rows)

    def _terms(self) -> Iterator[str]:
        if len(self.terms) < 2:
            return
        yield f"  terms of {self.now.board.loss}{self._compared}:"
        told = sorted(self._pairs(), key=lambda pair: -abs(np.nan_to_num(pair[0].total)))[:_TOLD]
        yield from _columns([(self.now.board.whole(term.value), *_with(term.total, change)) for term, change in told])

    @property
    def _compared(self) -> str:
        return "" if self.then is None else ", and how much more that is than with the weights before"

    def _pairs(self) -> Iterator[tuple[LossTerm, float | None]]:
        then = {} if self.then is None else {term.value: term.total for term in self.then}
        for term in self.terms:
            yield term, term.total - then[term.value] if term.value in then else None

    def _samples(self) -> Iterator[str]:
        if self.samples is None:
            return
        changed = self.samples_changed
        yield f"  what each sample adds to {self.now.board.loss}{self._compared}:"
        rows = []
        for k in self.ranked[:_TOLD]:
            name = f"sample {k}" + ("" if (row := self.now.row(k)) is None else f" (row {row:,})")
            rows.append((name, *_with(self.samples[k], None if changed is None else changed[k])))
        others = list(self.ranked[_TOLD:])
        if others:
            rest = None if changed is None else float(changed[others].sum())
            rows.append((counted(len(others), "other"), *_with(self.samples[others].sum(), rest)))
        yield from _columns(rows)

    def document(self) -> dict[str, Any]:
        """For programs; `chain`, `reason` and `hint` as of a gradient."""
        typed = self.now.typed
        changed = self.samples_changed
        samples = [] if self.samples is None else [
            {"sample": k, "row": self.now.row(k), "loss": plain(self.samples[k]),
             "change": None if changed is None else plain(changed[k])}
            for k in self.ranked[:_SAMPLES]
        ]  # fmt: skip
        return {
            "chain": [],
            "reason": self.reason or None,
            "hint": self.hint or None,
            "iteration": self.now.iteration,
            "loss": plain(self.loss),
            "before": plain(self.before) if self.now.iteration > 1 else None,
            "change": plain(self.change) if self.parts else None,
            "parts": {part: plain(change) for part, change in self.parts.items()},
            "first_order": plain(self.first) if self.parts else None,
            "higher_orders": plain(self.higher) if self.parts else None,
            "parameters": [
                {
                    "name": self.now.graph.values[share.parameter].name,
                    "first_order": plain(share.first),
                    "most": typed(share.element),
                    "old": plain(share.old),
                    "new": plain(share.new),
                    "of_it": plain(share.of_element),
                }
                for share in self.shares
            ],
            "terms": [
                {"name": self.now.graph.values[term.value].name, "loss": plain(term.total), "change": plain(change)}
                for term, change in self._pairs()
            ],
            "samples": samples,
        }


def _signed(change: float) -> str:
    """A change with its sign, and three digits that count."""
    if not isfinite(change) or not change:
        return number(change, signed=True)
    return ("+" if change > 0 else MINUS) + brief(abs(change), 3)


def _with(size: float, change: float | None) -> tuple[str, ...]:
    return (number(size),) if change is None else (number(size), _signed(change))


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of texts in columns."""
    columns = [aligned(column) for column in zip(*rows, strict=True)]
    for texts in zip(*columns, strict=True):
        yield f"    {'  '.join(texts)}".rstrip()
