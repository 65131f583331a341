"""What came of trying a finding's advice: the losses of the training as it is and of copies with a change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite, isnan
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.diagnosis.finding import Advice, Diagnosis, Finding, in_short
from gradstep.engine.history.history import History
from gradstep.engine.history.summaries import Summaries
from gradstep.engine.notation import aligned, number, plain, said

#: Our own: a loss that ends within this share of the other is no better and no worse.
EVEN = 0.02
#: So many moments of a training are shown.
_SHOWN = 5


class Outcome(NamedTuple):
    """How a training of so many iterations went: the loss at a few of them (`at`), each the mean over as many
    iterations up to there as one pass over the samples has (`over`), and the `last` one; and that over what is held
    back, NaN where nothing is. Of a single iteration the last one is what its update leads to."""

    made: int
    at: tuple[int, ...]
    losses: tuple[float, ...]
    over: int
    last: float
    held: float

    @classmethod
    def of(cls, history: History, made: int, at: tuple[int, ...] = ()) -> Outcome:
        """Of the first iterations of a training, up to `made`; by default at a few moments of it."""
        summaries = history.summaries
        over = min(history.passes, max(made // _SHOWN, 1))
        shown = at or tuple(dict.fromkeys([1, *(max(made * k // (_SHOWN - 1), 1) for k in range(1, _SHOWN))]))
        losses = tuple(_mean(summaries, max(k - over + 1, 1), k) for k in shown)
        last = history.recording(1).next_loss() if made == 1 else _mean(summaries, max(made - over + 1, 1), made)
        held = summaries.validation.high[: summaries.row_of(made) + 1]
        taken = held[~np.isnan(held)]
        return cls(made, shown, losses, over, last, float(taken[-1]) if len(taken) else float("nan"))

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "iterations": self.made,
            "at": list(self.at),
            "loss": plain(np.array(self.losses)),
            "last": plain(self.last),
            "over": self.over,
            "validation": None if isnan(self.held) else plain(self.held),
        }


def _mean(summaries: Summaries, first: int, last: int) -> float:
    """The mean loss of some iterations, the last one counted in."""
    with np.errstate(all="ignore"):
        return float(np.mean(summaries.loss.high[summaries.row_of(first) : summaries.row_of(last) + 1]))


class Trial(NamedTuple):
    """A `change` that was tried: how it went, with it and as it is; and what the rules see in the copy, where the
    finding is `gone` or not."""

    change: str
    with_it: Outcome
    as_it_is: Outcome
    seen: Diagnosis
    gone: bool

    @property
    def helps(self) -> bool | None:
        """Whether the loss ends lower: that over what is held back, where something is. None where it makes no
        difference, or is not enough: it ends higher than it began."""
        held = not isnan(self.with_it.held) and not isnan(self.as_it_is.held)
        new, old = (one.held if held else one.last for one in (self.with_it, self.as_it_is))
        if not isfinite(new):
            return None if not isfinite(old) else False
        if isfinite(old) and abs(new - old) <= self._even(old):
            return None
        lower = not isfinite(old) or new < old
        return lower and (self.enough or None)

    def _even(self, old: float) -> float:
        """A difference that is none. Beside what the loss was at first, nothing at all is none either."""
        return EVEN * max(abs(old), abs(self.as_it_is.losses[0]) * 1e-3)

    @property
    def enough(self) -> bool:
        """Whether the training's own loss ends lower than it began."""
        return self.with_it.last < self.with_it.losses[0]

    @property
    def rank(self) -> int:
        """What helps is offered first, then what has not been tried (1), and what does not help last."""
        return {True: 0, None: 2, False: 3}[self.helps]

    @property
    def verdict(self) -> str:
        """What came of it."""
        new, old = self.with_it.last, self.as_it_is.last
        lower = isfinite(new) and (not isfinite(old) or new < old - self._even(old))
        even = "is not enough" if lower and not self.enough else "makes no difference"
        word = {True: "helps", None: even, False: "does not help"}[self.helps]
        ends = f"the loss ends at {said(self.with_it.last)} instead of {said(self.as_it_is.last)}"
        if not isnan(self.with_it.held) and not isnan(self.as_it_is.held):
            ends += f", over what is held back at {said(self.with_it.held)} instead of {said(self.as_it_is.held)}"
        return f"{word}: {ends}"

    @property
    def then(self) -> str:
        """What the rules see in the copy."""
        first = next(iter(self.seen.faults), None)
        others = "nothing is wrong by all rules" if first is None else f"the first now is {first.kind}: {first.text}"
        return f"the finding is {'gone' if self.gone else 'still there'}; {others}"

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "change": self.change,
            **self.with_it.document(),
            "helps": self.helps,
            "gone": self.gone,
            "text": self.verdict,
            "findings": [{"kind": one.kind, "severity": one.severity.word, "text": one.text} for one in self.seen],
        }


class Trials(NamedTuple):
    """What was tried of finding `number`: the best first. `left` are changes that were not, because together they
    take long."""

    number: int
    finding: Finding
    trials: tuple[Trial, ...]
    left: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """For people."""
        base, best = self.trials[0].as_it_is, self.trials[0]
        yield f"finding {self.number}, {self.finding.kind}: {self.finding.text}"
        copies = [(f"with {in_short(one.change)}", one.with_it) for one in self.trials]
        yield from self._table([("as it is", base), *copies])
        for one in self.trials:
            yield f"  {in_short(one.change)} {one.verdict}"
            yield f"    {one.then}"
        if self.left:
            yield f"  not tried yet: {', '.join(map(in_short, self.left))}; try {self.number} goes on with them"
        if best.helps:
            yield f"  try {self.number} keep goes on with {in_short(best.change)}; this training is as it was"
        else:
            yield "  nothing that was tried helps; this training is as it was"

    def _table(self, rows: Sequence[tuple[str, Outcome]]) -> Iterator[str]:
        base = rows[0][1]
        names = aligned(["  loss in iteration", *(f"    {name}" for name, _ in rows)])
        yield f"{names[0]}{_cells([f'{k:,}' for k in base.at])}{'   after it' * (base.made == 1)}"
        for name, (_, outcome) in zip(names[1:], rows, strict=True):
            more = f"   {number(outcome.last)}" if outcome.made == 1 else ""
            more = f"   {number(outcome.last)} in {outcome.made:,}" if outcome.made != base.made else more
            yield f"{name}{_cells([number(loss) for loss in outcome.losses])}{more}"
        if base.over > 1:
            yield f"    each the mean over {base.over:,} iterations"

    def document(self) -> dict[str, Any]:
        """For programs."""
        best = self.trials[0]
        return {
            "number": self.number,
            "finding": self.finding.document(),
            "as it is": best.as_it_is.document(),
            "trials": [one.document() for one in self.trials],
            "left": list(self.left),
            "best": best.change if best.helps else None,
        }


def _cells(texts: Sequence[str]) -> str:
    return "".join(f"{text:>9}" for text in texts)


def offered(finding: Finding, tried: Sequence[Trial]) -> Finding:
    """A finding whose advice says what came of it, and stands in the order in which it is to be taken. What helps is
    advice, whether or not it was before."""
    by_change = {one.change: one for one in tried}
    known = {one.change for one in finding.advice}
    all_advice = (*finding.advice, *(Advice(c, c) for c, one in by_change.items() if one.helps and c not in known))

    def rank(at: int) -> tuple[int, float, int]:
        one = by_change.get(all_advice[at].change)
        return (1, 0.0, at) if one is None else (one.rank, one.with_it.last if one.helps else 0.0, at)

    advice = [all_advice[at] for at in sorted(range(len(all_advice)), key=rank)]
    return finding._replace(
        advice=tuple(
            one._replace(tried=by_change[one.change].verdict) if one.change in by_change else one for one in advice
        )
    )
