"""Numbers over the iterations of a training, as they are drawn: the loss, the norms of gradients, how many units
are dead, how far updates go.

A series is exact as long as the summaries are; where one row of them stands for several iterations, it says what
the number was between in these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import NamedTuple, overload

import numpy as np

from gradstep.engine.ask.watches import Watch
from gradstep.engine.errors import GoOn, printable
from gradstep.engine.graph.graph import Value
from gradstep.engine.history.history import History
from gradstep.engine.history.ranges import told
from gradstep.engine.history.rows import Bounds
from gradstep.engine.history.summaries import Summaries, averaged
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase

#: In so many iterations at most a watched number is looked at, if an iteration writes no more bytes.
_LOOKS, _CHEAP = 40, 1 << 18


class Topic(Enum):
    """What a series is about."""

    LOSS = "loss"
    #: The loss over the samples held back.
    VALIDATION = "validation"
    #: The same with the average of the weights.
    AVERAGED = "averaged"
    #: The loss of the training that this one is compared with.
    BESIDE = "beside"
    #: ‖∂L/∂w‖₂.
    GRADIENT = "gradient"
    #: How many units of a layer are shut in every sample.
    DEAD = "dead"
    #: ‖Δw‖₂ ∕ ‖w‖₂, of the parameter as the update leaves it.
    MOVED = "moved"
    #: The learning rate.
    RATE = "rate"
    #: What a person watches.
    WATCH = "watch"


class Series(NamedTuple):
    """A number over iterations: row k stands for the iterations starts[k] to starts[k + 1] − 1, in which it was
    between low[k] and high[k]; NaN where it is not known. Shapes (rows + 1,), (rows,), (rows,)."""

    name: str
    starts: Array
    low: Array
    high: Array
    topic: Topic | None = None

    def latest(self, iteration: int) -> float:
        """Its last known value up to an iteration: what is not taken in each stands for those after it."""
        end, looked = int(np.searchsorted(self.starts, iteration, side="right")), 64
        end = min(end, len(self.high))
        while end > 0:  # nearly always it is near: there may be very many
            start = max(end - looked, 0)
            known = np.flatnonzero(~np.isnan(self.high[start:end]))
            if len(known):
                return float(self.high[start + known[-1]])
            end, looked = start, 2 * looked
        return float("nan")

    def sizes(self) -> Series:
        """Its absolute values."""
        low, high = abs(self.low), abs(self.high)
        crosses = (self.low < 0) & (self.high > 0)
        return self._replace(low=np.where(crosses, 0.0, np.minimum(low, high)), high=np.maximum(low, high))

    def columns(self, width: int, last: int, filled: bool = False) -> tuple[Array, Array]:
        """The least and the largest in each of `width` columns, of which the first begins with iteration 1 and the
        last ends with `last`; NaN where nothing is known. Shapes (width,). Many iterations share a column, so that
        a spike of a single one is seen. Where there are more columns than iterations, an iteration has all of its
        own if they are to be `filled`, else the first of them."""
        low, high = np.full(width, np.nan), np.full(width, np.nan)
        if not len(self.low):
            return low, high
        starts = np.minimum((self.starts[:-1] - 1) * width // max(last, 1), width - 1)
        ends = (self.starts[1:] - 2) * width // max(last, 1)
        if filled:  # up to the first column of the row after it
            ends = np.maximum(ends, (self.starts[1:] - 1) * width // max(last, 1) - 1)
        ends = np.minimum(ends, width - 1)
        with np.errstate(all="ignore"):
            first = np.flatnonzero(np.concatenate([[True], starts[1:] != starts[:-1]]))
            lows, highs = np.fmin.reduceat(self.low, first), np.fmax.reduceat(self.high, first)
        low[starts[first]], high[starts[first]] = lows, highs
        # A row of many iterations covers the columns up to its last one.
        for row in np.flatnonzero(ends > starts).tolist():
            span = slice(int(starts[row]), int(ends[row]) + 1)
            low[span], high[span] = np.fmin(low[span], self.low[row]), np.fmax(high[span], self.high[row])
        return low, high


def column_of(iteration: int, last: int, width: int) -> int:
    """The column of `width` that an iteration stands in, if the first is 1 and the last `last`."""
    return min(max((iteration - 1) * width // max(last, 1), 0), width - 1)


def iteration_at(column: int, last: int, width: int) -> int:
    """The first iteration of a column; where columns are more than iterations, the one that covers it."""
    found = min(max(column, 0), width - 1) * last // max(width, 1) + 1
    while column_of(found, last, width) < min(column, width - 1) and found < last and width <= last:
        found += 1
    return min(found, last)


# What there is to see -----------------------------------------------------------------------------


def losses(summaries: Summaries, name: str = "loss", topic: Topic = Topic.LOSS) -> Series:
    """The loss of each iteration."""
    return Series(name, summaries.starts, *summaries.loss, topic)


def curves(history: History, summaries: Summaries, beside: History | None = None) -> list[Series]:
    """The loss of a training, that over the samples held back, where there are any, and the loss of the training
    `beside` it."""
    found = [losses(summaries)]
    if history.scenario.held_back is not None:
        low, high = summaries.validation
        found.append(Series("validation", summaries.starts, _held(low), _held(high), Topic.VALIDATION))
        if history.scenario.training.avg_fn is not None:
            low, high = averaged(summaries)
            found.append(Series("averaged", summaries.starts, _held(low), _held(high), Topic.AVERAGED))
    if beside is not None:
        name = "without edits" if beside.scenario is history.scenario else printable(beside.scenario.name)
        found.append(losses(beside.summaries.view(), name, Topic.BESIDE))
    return found


def _held(values: Array) -> Array:
    """What was not taken stands for what was taken last."""
    known = np.where(np.isnan(values), 0, np.arange(len(values)))
    return np.asarray(values[np.maximum.accumulate(known)])


class Measures(Sequence[Series]):
    """Series of which each is computed when it is looked at: there may be thousands, and room for a few."""

    def __init__(self, makers: Sequence[Callable[[], Series]]) -> None:
        self._makers = makers

    def __len__(self) -> int:
        return len(self._makers)

    @overload
    def __getitem__(self, at: int) -> Series: ...
    @overload
    def __getitem__(self, at: slice) -> list[Series]: ...
    def __getitem__(self, at: int | slice) -> Series | list[Series]:
        return [make() for make in self._makers[at]] if isinstance(at, slice) else self._makers[at]()


def measures(summaries: Summaries) -> Measures:
    """The norms of the gradients of the weights, dead units, how far updates go, and the learning rate where it
    changes."""
    recording = summaries.recording
    parameters = trained(recording)
    found = [partial(_gradient, summaries, value) for value in parameters]
    for node in recording.graph.nodes:
        if node.op.rectifier and node.inputs[0] in summaries.counted:
            found.append(partial(_dead, summaries, node.inputs[0], recording.board.whole(node.output)))
    found += [partial(_moved, summaries, value) for value in parameters]
    rate = summaries.rate
    if len(rate.low) and rate.low.min() != rate.high.max():
        found.append(partial(Series, "η", summaries.starts, *rate, Topic.RATE))
    return Measures(found)


def watched(history: History, summaries: Summaries, watch: Watch) -> Series | None:
    """A single number that is watched: as the summaries tell it, else what it was at the end of those iterations in
    which somebody looked. None where that is in fewer than two."""
    known = _told(history, summaries, watch)
    if known is not None:
        return Series(watch.text, summaries.starts, *known, Topic.WATCH)
    iterations = sorted(k for k in watch.seen if k <= summaries.last)
    if len(iterations) < 2:
        return None
    values = np.array([watch.seen[k] for k in iterations])
    return Series(watch.text, np.array([*iterations, summaries.last + 1]), values, values, Topic.WATCH)


def _told(history: History, summaries: Summaries, watch: Watch) -> Bounds | None:
    return history.recall(f"watch {watch.text}", summaries.last, lambda: told(watch.query, summaries))


def look_back(history: History, watches: Sequence[Watch], here: int, go_on: GoOn | None = None) -> None:
    """Notes what is watched at the end of some iterations, evenly spread, and of iteration `here`, where the summaries
    do not tell it; of a large network only of those that one visits. Raises Interrupted; what is noted by then
    stays."""
    made = history.made
    if made < 2:
        return
    summaries = history.summaries.view()
    wanted = [watch for watch in watches if watch.single and _told(history, summaries, watch) is None]
    apart = 1
    while made > _LOOKS * apart:  # doubled, so that what is looked at now is looked at later on as well
        apart *= 2
    spread = range(1, made + 1, apart) if history.cost <= _CHEAP else ()
    for k in sorted({*spread, here}):
        left = [watch for watch in wanted if watch.wants(k)]
        if left:
            recording = history.recording(k, go_on)
            for watch in left:
                watch.note(recording)


def trained(recording: Recording) -> Sequence[Value]:
    """The parameters whose norms stand for a whole training's: the weights of its layers, from the inputs to the
    loss, or where it has none, all of them; none that is frozen."""
    graph = recording.graph
    found = dict.fromkeys(layer.weight for layer in recording.board.layers if layer.weight >= 0)
    weights = [graph.values[value] for value in found if graph.gets_gradient(graph.values[value])]
    return weights or [p for p in graph.parameters if p.size]


def _gradient(s: Summaries, value: Value) -> Series:
    return Series(f"‖∂{_name(s, value)}‖", s.starts, *s.norm(Phase.BACKWARD, value.id), Topic.GRADIENT)


def _dead(s: Summaries, value: int, name: str) -> Series:
    """Of the units of a gate's input in how many every sample is shut. Of a row of several iterations at least
    those that are dead in all of them."""
    above = s.above_zero(value)
    low, high = (above.high == 0).sum(axis=1), (above.low == 0).sum(axis=1)
    return Series(f"dead {name}", s.starts, low.astype(float), high.astype(float), Topic.DEAD)


def _moved(s: Summaries, value: Value) -> Series:
    moved, size = s.moved(value.id), s.norm(Phase.UPDATE, value.id)
    with np.errstate(all="ignore"):
        low, high = moved.low / size.high, moved.high / size.low
    return Series(f"Δ{_name(s, value)}/{_name(s, value)}", s.starts, low, high, Topic.MOVED)


def _name(s: Summaries, value: Value) -> str:
    return s.recording.board.whole(value.id)
