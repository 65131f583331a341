"""Two histories of one training, held against each other."""

from __future__ import annotations

from bits import same

from gradstep.engine.history.history import History


def whole(history: History, to: int) -> History:
    """Makes each iteration by itself and keeps it."""
    while history.made < to:
        for _ in history.onward(history.made + 1):
            pass
    return history


def check(a: History, b: History) -> None:
    """What both begin their next iteration with, and all that is summarised."""
    mine, other = (h.snapshot(h.made + 1) for h in (a, b))
    assert (mine.iteration, mine.state.done) == (other.iteration, other.state.done)
    assert mine.leaves.keys() == other.leaves.keys()
    assert all(same(mine.leaves[v], other.leaves[v]) for v in other.leaves)
    assert mine.state.kept.keys() == other.state.kept.keys()
    assert all(same(mine.state.kept[k], other.state.kept[k]) for k in other.state.kept)
    rows = [h.summaries._rows for h in (a, b)]
    assert all(same(*both) for both in zip(*(r.numbers(slice(None)) for r in rows), strict=True))  # type: ignore[arg-type]
    assert all(same(*both) for both in zip(*(r.counts(slice(None)) for r in rows), strict=True))
