"""Rules about gradients that fade or grow through layers, or through time steps: `vanish` and `explode`.

What is compared are the norms at the stations of the deepest way (see `graph.depth`): products of all slopes between
two layers as they were, and no single slope, which the next one may take back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import exp, isnan, log, nan

import numpy as np

from gradstep.engine.ask.thresholds import LARGER, SHARE
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.rules import flow_advice
from gradstep.engine.graph.graph import Role, Value
from gradstep.engine.index import Array
from gradstep.engine.notation import counted, number
from gradstep.engine.run import flow
from gradstep.engine.run.timeline import Phase

#: Of a training it is said of networks of so many layers; with less, single weights are what other rules look at.
DEEP = 3
#: From Bengio, Simard and Frasconi (1994) on it is a product of many factors: none has more than this share of it.
_SHARE = 0.5
#: Factors whose logarithms differ by less are the same.
_SAME = 0.1


@dataclass(frozen=True)
class Way:
    """How gradients come along the deepest way in an iteration: the logarithms of their norms at its `stations`, as
    far as something arrives."""

    evidence: Evidence
    stations: tuple[int, ...]
    logs: tuple[float, ...]

    @property
    def total(self) -> float:
        """The logarithm of what the first station gets of the last one's."""
        return self.logs[0] - self.logs[-1]

    @cached_property
    def layers(self) -> int:
        """How many lie between the first and the last station: their products are what is told of."""
        stages = self.evidence.board.depth.stages
        return sum(one.node.output > self.stations[0] for one in stages) or len(self.stations) - 1

    @property
    def factor(self) -> float:
        """What each of them makes of the gradient, in the geometric mean."""
        return exp(self.total / self.layers)

    @cached_property
    def worst(self) -> flow.Hop:
        """The hop that has done most."""
        return max(flow.hops(self.logs), key=lambda hop: abs(log(hop.factor)))

    @property
    def compounds(self) -> bool:
        """Whether it is a product of many factors, and not one of them alone, which other rules know the cause of."""
        return self.layers >= DEEP - 1 and abs(log(self.worst.factor)) <= _SHARE * abs(self.total)

    @cached_property
    def repeated(self) -> str:
        """The parameter that most of the layers share, as time steps do; empty where each has its own."""
        stages = self.evidence.board.depth.stages
        (weight, count), *_ = Counter(one.weight for one in stages).most_common(1) or [(-1, 0)]
        return self.evidence.graph.values[weight].name if count >= DEEP and 2 * count >= len(stages) else ""

    @property
    def furthest(self) -> Value:
        """What is furthest from the loss on it: a parameter, or a value that has no layer before it."""
        stages, values = self.evidence.board.depth.stages, self.evidence.graph.values
        mine = [one.weight for one in stages if one.node.output <= self.stations[0]]
        return self.evidence.graph.by_name.get(self.repeated) or values[mine[-1] if mine else self.stations[0]]

    @property
    def place(self) -> Place:
        return Place(f"{self.furthest.name}.grad", 1 if self.evidence.trained else None)

    def text(self, verb: str) -> str:
        first, last = (self.evidence.board.whole(v) for v in (self.stations[0], self.stations[-1]))
        through = f"{self.layers} uses of {self.repeated}" if self.repeated else counted(self.layers, "layer")
        told = (
            f"going back through {through} the gradient {verb}: at {first} it is {number(exp(self.total))} times what "
            f"it is at {last}"
        )
        if self.layers > 1:
            told += f", a factor of {number(self.factor)} {'each' if self.repeated else 'a layer'}"
            if abs(log(self.worst.factor / self.factor)) > _SAME:
                near, far = (self.evidence.board.whole(self.stations[k]) for k in (self.worst.near, self.worst.far))
                told += f"; most between {near} and {far}, {number(self.worst.factor)}"
        return told


def _way(evidence: Evidence) -> Way | None:
    """That of the first iteration, where networks begin as they are built. None where there are no two stations."""
    recording = evidence.first
    logs, stations = flow.sizes(flow.norms(recording)), recording.board.depth.stations
    return Way(evidence, stations[len(stations) - len(logs) :], tuple(logs)) if len(logs) > 1 else None


def _totals(evidence: Evidence) -> Array:
    """The logarithm of what the first station gets of the last one's, shape (rows,). Where something is 0 or not finite
    on the way the last one before it counts, which says how far it fades at least."""
    stations = evidence.board.depth.stations
    norms = np.array([evidence.summaries.norm(Phase.BACKWARD, value).high for value in stations])
    logs = np.log(norms)
    logs[~np.isfinite(logs)] = np.nan
    left = np.logical_and.accumulate(np.isfinite(logs)[::-1], axis=0).sum(axis=0)
    reached = logs[len(stations) - np.maximum(left, 1), np.arange(logs.shape[1])]
    return np.where(left > 1, reached - logs[-1], np.nan)


#: Below, next to nothing arrives at first: AutoTrainer (Zhang et al., ICSE 2021) repairs what is below.
_LITTLE = 1e-3
#: Where one answer's loss is not known, so much of a loss may be left after a good end.
_LEFT = 0.1


def _median(totals: Array) -> float:
    """Of those that are known; NaN where none is."""
    known = totals[~np.isnan(totals)]
    return float(np.median(known)) if len(known) else nan


def _learned(evidence: Evidence) -> bool:
    """Whether it comes to a good end all the same. That the loss stands still is none, unless one knows what one answer
    for all samples would have: that is where it stands when nothing but the last layer learns."""
    course = evidence.course
    return course is not None and evidence.learned and (not isnan(course.level) or course.left <= _LEFT)


@rule(
    "vanish",
    "Glorot and Bengio (AISTATS 2010), sect. 4.2; Pascanu et al. (ICML 2013): with weights that keep the size the "
    "gradients of all layers have about the same",
    # With He's, Xavier's and orthogonal weights, with skips and with normalisations the ratio lies between 0.2 and 5 at
    # any depth up to 60; AutoTrainer (Zhang et al., ICSE 2021) asks for less than 1e-3 of weights' gradients.
    threshold=1e-2,
    allowed=SHARE,
    explains="no_better_than_constant same_predictions loss rate_small too_few_iterations underfit too_small "
    "unchanged oscillates update zero died dead rate_large",
)
def vanish(evidence: Evidence) -> Iterator[Seen]:
    """A gradient that fades on its way from the output to the first layers."""
    way, limit = _way(evidence), evidence.at["vanish"]
    if way is None or evidence.board.depth.bypassed or way.total >= log(max(limit, 1e-300)):
        return
    numbers = {"ratio": exp(way.total), "factor": way.factor, "layers": way.layers, "threshold": limit}
    # Many a network begins so and finds a way out: before a training it is only told, unless it is very little.
    text, severity = way.text("fades"), None if exp(way.total) < _LITTLE else Severity.INFORMATION
    if evidence.trained:
        if len(evidence.board.depth.stages) < DEEP or _learned(evidence):
            return
        totals = _totals(evidence)
        usual, at_last = _median(totals), _median(totals[-max(len(totals) // 10, 1) :])
        # Many a network begins so and finds a way out; where numbers are not finite at last that says nothing.
        if not usual < log(max(limit, 1e-300)) or at_last >= log(max(limit, 1e-300)):
            return
        severity = Severity.FAULT if way.compounds else None
        numbers["median"] = exp(usual)
        text += f". In the median of {evidence.made:,} iterations it is {number(exp(usual))}"
    leads = "" if way.furthest.role is Role.PARAMETER else "what leads into "
    text += f": {leads}{way.furthest.name} hardly learns"
    advice = flow_advice.against_fading(evidence, way.repeated)
    yield Seen(way.place, numbers, text, advice, severity, effect=not way.compounds)


@rule(
    "explode",
    "Pascanu et al., On the difficulty of training recurrent neural networks (ICML 2013), sect. 2.1; He et al. (ICCV "
    "2015), sect. 2.2",
    # See `vanish`; trained networks come to some hundreds. AutoTrainer has 1e3 for the weights' gradients, too.
    threshold=1e3,
    allowed=LARGER,
    explains="rate_large diverged nonfinite overflow loss oscillates died dead spike no_better_than_constant "
    "same_predictions drowned_branch unchanged update saturated",
)
def explode(evidence: Evidence) -> Iterator[Seen]:
    """A gradient that grows on its way from the output to the first layers, or becomes many times what it was."""
    way, limit = _way(evidence), evidence.at["explode"]
    enough = min(limit, _BROKEN) if _broke(evidence) else limit
    if way is not None and way.total > log(enough) and _matters(evidence, way):
        numbers = {"ratio": exp(way.total), "factor": way.factor, "layers": way.layers, "threshold": limit}
        advice = flow_advice.against_growing(evidence, way.repeated)
        severity = Severity.FAULT if way.compounds else None
        yield Seen(way.place, numbers, way.text("grows"), advice, severity, effect=not way.compounds)
    elif evidence.trained and not evidence.converged:
        yield from _in_time(evidence)


def _matters(evidence: Evidence, way: Way) -> bool:
    """Of a training only what many layers make together, and what has not come to a good end all the same."""
    deep = len(evidence.board.depth.stages) >= DEEP and way.compounds
    return not evidence.trained or (deep and not _learned(evidence))


#: Where a training breaks, a ratio that no healthy network begins with is enough to be the cause.
_BROKEN = 10.0


#: A loss that rises to so many times its first has broken; our own.
_FAR = 10.0


def _broke(evidence: Evidence) -> bool:
    """Whether the loss leaves what is finite, or rises to ten times what it was."""
    if not evidence.trained:
        return False
    losses = evidence.losses
    return bool(not np.isfinite(losses).all() or losses.max() > _FAR * abs(losses[0]))


def _in_time(evidence: Evidence) -> Iterator[Seen]:
    """A gradient that has become many times what it usually was at first."""
    for value, gradients, _ in evidence.motion.weights_over_time:
        norms = gradients / value.size**0.5
        usual = float(np.median(norms[: max(len(norms) // 10, 3)]))
        # One that grows while the loss falls has found something to learn.
        risen = ~(evidence.losses <= evidence.losses[0])
        over = np.flatnonzero((norms > evidence.at["explode"] * usual) & risen)
        if usual > 0 and len(over):
            k = int(evidence.starts[over[0]])
            ratio = float(norms[over[0]] / usual)
            text = (
                f"the gradient of {value.name} is {number(ratio)} times its usual size at first, "
                f"from iteration {k:,} on"
            )
            advice = flow_advice.against_bursts(evidence)
            place = Place(f"{value.name}.grad", k)
            yield Seen(place, {"iteration": k, "ratio": ratio}, text, advice, effect=True)
            return
