"""The first number of a training that is not finite: where, why, and whether updates had made the numbers grow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.errors import GoOn
from gradstep.engine.explain import nonfinite
from gradstep.engine.explain.accounts import Account, account
from gradstep.engine.history import search
from gradstep.engine.history.history import History
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.timeline import Phase

#: Parameters, all together, that are so many times what they began with have grown by updates: a training that goes
#: well makes them a few times larger (Hoffer et al., Train longer, generalize better, NeurIPS 2017: as the logarithm
#: of the iterations).
_GROWN = 10.0
#: Where a number is too large for its type.
OVERFLOWS = frozenset({Cause.OVERFLOW, Cause.EXP_OVERFLOW})


@dataclass(frozen=True, eq=False)
class First:
    """The first number that is not finite, in `iteration` at `step`, as one types it, with its account; `grown`:
    whether the loss had risen by then, and updates had made the parameters many times what they were."""

    iteration: int
    step: int
    name: str
    account: Account
    grown: bool

    @property
    def overflow(self) -> bool:
        """Whether it began with a number that is too large for its type."""
        return self.account.began.blame.cause in OVERFLOWS


def first_trouble(history: History, go_on: GoOn | None = None) -> First | None:
    """Of all iterations that are made; None where all is finite. Raises Interrupted."""
    condition = Condition("nonfinite", history.recording(1))
    truth = search.truth(history, [condition])
    for row in np.flatnonzero(truth.may).tolist():
        for k in range(int(history.summaries.starts[row]), int(history.summaries.starts[row + 1])):
            recording = history.recording(k, go_on)
            found = search.first_in(recording, [condition])
            if found is None:
                continue
            bad = nonfinite.at(recording, found.position.step)
            assert bad is not None, "it is not finite there"
            name = history.start.typed(bad.element, bad.phase)
            return First(k, found.position.step, name, account(recording, bad), _grown(history, k))
    return None


def _grown(history: History, iteration: int) -> bool:
    """Whether by the rows before an iteration's the parameters have grown, and the loss with them."""
    summaries = history.summaries
    row = summaries.row_of(iteration)
    if row < 1:
        return False
    trained = history.start.graph.parameters
    with np.errstate(all="ignore"):
        began = sum(float(np.square(history.start.trace.data[p.id], dtype=np.float64).sum()) for p in trained)
        ended = float(sum(np.square(summaries.norm(Phase.UPDATE, p.id).high[row - 1]) for p in trained))
        losses = summaries.loss.high[: row + 1]
        rose = not losses[-1] <= losses[0] or not np.nanmax(losses) <= losses[0]
        return rose and not ended <= _GROWN**2 * max(began, 1.0)
