"""All gradients against finite differences: what is compared, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask.differences.directions import along
from gradstep.engine.ask.differences.judging import Judge
from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.ask.differences.sampling import batches, sample
from gradstep.engine.ask.differences.verdicts import Verdict
from gradstep.engine.graph.graph import Value
from gradstep.engine.index import Array
from gradstep.engine.notation import Digits, defined, number, plain
from gradstep.engine.run.recording import Recording

#: So many that are wrong are told in lines.
_TOLD = 20
#: Is told how many of how many elements are done, and says whether to go on.
Progress = Callable[[int, int], bool]


class Beside(NamedTuple):
    """A gradient as it is shown, what the same formulas give with more digits, and the difference; `of` is a name to
    type."""

    of: str
    shown: float
    exact: float
    difference: float


class Gradients(NamedTuple):
    """How gradients compare with finite differences. `checked` were compared, of `total`; of those that were `chosen`
    the others could not be: at a kink there are two slopes, beside an infinity there is none, and some are `small`
    against the rounding of the loss. `rounded` ones are right by their formulas, but the run's precision has not kept
    them; `worst` is the first of these. Of `arrays` of which not all are chosen, so many `agree` as a whole."""

    dtype: str
    total: int
    chosen: int
    checked: int = 0
    max_rel_error: float = 0.0
    at: str | None = None
    failed: tuple[Beside, ...] = ()
    kinks: int = 0
    nonfinite: int = 0
    small: int = 0
    rounded: int = 0
    worst: Beside | None = None
    arrays: int = 0
    agree: int = 0

    @property
    def ok(self) -> bool:
        return not self.failed

    def lines(self) -> Iterator[str]:
        """For people."""
        mark = "✗" if self.failed else "≈" if self.rounded else "✓" if self.checked else "–"
        yield f"{mark} {self.checked:,} of {self.total:,} gradients {self.summary()}"
        yield from (f"  {line}" for line in self.details())

    def summary(self) -> str:
        """How those that were compared do."""
        largest = f"{self.max_rel_error:.0e}" if self.max_rel_error else "0"
        at = f", largest relative error {largest} at {self.at}" if self.at else ""
        return f"compared with finite differences{at}"

    def details(self) -> Iterator[str]:
        """What became of the others, and those that are wrong."""
        if self.chosen < self.total:
            yield (
                f"{self.chosen:,} drawn at random were looked at one by one; all together, along a random direction, "
                f"agree in {self.agree:,} of the {self.arrays:,} larger arrays"
            )
        if self.kinks:
            yield f"{self.kinks:,} at a kink, where there is no single slope to compare with"
        if self.nonfinite:
            yield f"{self.nonfinite:,} not comparable, because something is not finite there"
        if self.small:
            yield f"{self.small:,} too small to tell by a difference: it may be off by more, as the loss is rounded"
        if self.worst:
            w = self.worst
            yield (
                f"{self.rounded:,} right by formula, and rounded away: {w.of} is {_full(w.shown)} in {self.dtype}, "
                f"and {self._longer()} {_full(w.exact)}"
            )
        for wrong in self.failed[:_TOLD]:
            more = f" in {self.dtype}, {self._longer()} {_full(wrong.exact)}" if self.dtype != "float64" else ""
            yield (
                f"✗ {wrong.of}: backpropagation {_full(wrong.shown)}{more}, finite difference {_full(wrong.difference)}"
            )
        if len(self.failed) > _TOLD:
            yield f"✗ and {len(self.failed) - _TOLD:,} more"

    def _longer(self) -> str:
        return "with more digits" if self.dtype == "float64" else "in float64"

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "ok": self.ok,
            "checked": self.checked,
            "of": self.total,
            "max_rel_error": defined(self.max_rel_error),
            "at": self.at,
            "kinks": self.kinks,
            "nonfinite": self.nonfinite,
            "too_small": self.small,
            "rounded": self.rounded,
            "arrays": {"of": self.arrays, "agree": self.agree},
            "failed": [self._document(wrong) for wrong in self.failed],
        }

    def _document(self, wrong: Beside) -> dict[str, Any]:
        longer = {} if self.dtype == "float64" else {"float64": plain(wrong.exact)}
        return {
            "of": wrong.of,
            "backprop": plain(wrong.shown),
            **longer,
            "finite_difference": plain(wrong.difference),
        }


def _full(value: float) -> str:
    return number(value, Digits.FULL, True)


def verify(recording: Recording, progress: Progress | None = None) -> Gradients:
    """The gradients of all parameters against differences of the loss; without those from which something that was set
    by hand cuts the loss off. After each part `progress` is told how many of how many are done; where it says False,
    what is done so far is returned."""
    precise = Precise(recording)
    return _compare(precise, [p for p in precise.graph.parameters if not precise.cut_off(p.id)], progress)


def every(recording: Recording) -> Gradients:
    """The same for every value of a run that has a gradient."""
    precise = Precise(recording)
    values = [v for v in precise.graph.values if precise.trace.grad[v.id] is not None and v is not precise.graph.loss]
    return _compare(precise, values, None)


def _compare(precise: Precise, values: Sequence[Value], progress: Progress | None) -> Gradients:
    judge, samples, known = Judge(precise), sample(precise, values), _expected(precise)
    total, chosen, done = sum(v.size for v in values), sum(len(s.flats) for s in samples), 0
    found = Gradients(precise.recording.graph.dtype.name, total, chosen)
    suspects, wrong = dict[int, Array](), dict[int, Beside]()
    for value in (s.value for s in samples if not s.whole):
        verdict, slope, difference, suspects[value.id] = along(judge, value)
        found = found._replace(arrays=found.arrays + 1, agree=found.agree + (verdict is Verdict.RIGHT))
        if verdict is Verdict.WRONG:
            wrong[value.id] = Beside(f"{value.name}.grad along a random direction", slope, slope, difference)
        if progress is not None and not progress(done, chosen):
            return found
    for value, flats in batches(precise, [s.also(suspects.get(s.value.id)) for s in samples]):
        before, done = len(found.failed), done + len(flats)
        found = _with(found, judge, value, flats, known.get(value.id, ()))
        if len(found.failed) > before:
            wrong.pop(value.id, None)
        if progress is not None and not progress(min(done, chosen), chosen):
            break
    return found._replace(failed=(*found.failed, *wrong.values()))


def _expected(precise: Precise) -> dict[int, Array]:
    """Of which elements, flat by value id, the scenario expects that the gradient is NaN; and what is computed from
    such ones, which is where the NaN comes from."""
    found = dict[int, Array]()
    for e in precise.recording.scenario.expectations:
        none = np.isnan(e.exact if e.misprint and e.exact is not None else e.value)
        if e.target.kind == "grad" and e.iteration == precise.recording.iteration and none.any():
            value = e.target.value
            flats = np.arange(value.size).reshape(value.shape)[e.target.index or ()][none]
            found[value.id] = np.union1d(found.get(value.id, ()), flats)
    for named in tuple(found):
        found |= {n.output: np.arange(precise.graph.values[n.output].size) for n in precise.after(named)}
    return found


def _with(found: Gradients, judge: Judge, value: Value, flats: Array, known: Array | Sequence[int]) -> Gradients:
    """What was found, and what comes of some more."""
    (given, differences, judged), board = judge.elements(value, flats), judge.precise.recording.board
    verdict = np.where(np.isnan(given.shown) & np.isin(flats, known), Verdict.NONFINITE, judged.verdict)

    def beside(k: int) -> Beside:
        numbers = (float(part[k]) for part in (given.shown, given.exact, differences.slope))
        return Beside(board.typed(value.id, int(flats[k]), "grad"), *numbers)

    def count(*of: Verdict) -> int:
        return int(np.isin(verdict, of).sum())

    compared = np.flatnonzero(np.isin(verdict, (Verdict.RIGHT, Verdict.WRONG)) & np.isfinite(judged.error))
    if len(compared):
        k = int(compared[np.argmax(judged.error[compared])])
        if judged.error[k] >= found.max_rel_error:
            found = found._replace(max_rel_error=float(judged.error[k]), at=beside(k).of)
    rounded = np.flatnonzero(verdict == Verdict.ROUNDED)
    if len(rounded) and found.worst is None:
        found = found._replace(worst=beside(int(rounded[np.argmax(judged.error[rounded])])))
    return found._replace(
        checked=found.checked + count(Verdict.RIGHT, Verdict.WRONG, Verdict.ROUNDED),
        failed=(*found.failed, *(beside(int(k)) for k in np.flatnonzero(verdict == Verdict.WRONG))),
        kinks=found.kinks + count(Verdict.KINK),
        nonfinite=found.nonfinite + count(Verdict.NONFINITE),
        small=found.small + count(Verdict.SMALL),
        rounded=found.rounded + len(rounded),
    )
