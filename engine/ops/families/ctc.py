"""Connectionist temporal classification: the loss of a sequence whose place in time is not known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, prod
from typing import NamedTuple

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Grid, Indices, Picked, Shape, unravel
from gradstep.engine.ops.composite import Given, Part, Plan, composite
from gradstep.engine.ops.families.arithmetic import Add, Divide, Multiply, Subtract
from gradstep.engine.ops.families.casting import Detach
from gradstep.engine.ops.families.choice import Maximum, Where
from gradstep.engine.ops.families.comparison import Less, LessEqual
from gradstep.engine.ops.families.cumulative import CumSum
from gradstep.engine.ops.families.rearranging import Expand
from gradstep.engine.ops.families.reduction import Mean, Sum
from gradstep.engine.ops.families.shape import Reshape
from gradstep.engine.ops.links import Links, none
from gradstep.engine.ops.loss import check_reduction
from gradstep.engine.ops.op import REGISTRY, Op
from gradstep.engine.ops.shapes import check_one, shape_text, whole_numbers


class _Paths(NamedTuple):
    """All paths through log-probabilities (T, N, C): the labels with blanks between them (N, 2 S + 1), −1 beyond a
    sample's own; how many steps and labels each has; forward and backward sums as logarithms (T, N, 2 S + 1); and
    −ln of the sum over all, (N,)."""

    labels: Indices
    steps: Indices
    lengths: Indices
    alpha: Array
    beta: Array
    loss: Array


@dataclass(frozen=True)
class CtcPaths(Op):
    """−ln of the probability of all paths that read a sequence of labels: one label a step, where repeated ones count
    once and blanks not at all (Graves et al., ICML 2006, eqs. 5 to 12)."""

    name = "ctc_paths"
    slots = ("log_probs", "targets", "input_lengths", "target_lengths")
    notation = "−ln Σ over paths through {0} that read {1}, {2} steps and {3} labels long"
    slopes = ("−the share of the paths that go through it", "0", "0", "0")
    edge = "a sequence that no path reads has the loss ∞"
    joint = True
    label = "paths of labels"
    typed_by = (0,)

    blank: int = 0
    #: Whether a sequence that no path reads passes no gradient.
    zero_infinity: bool = False

    def __post_init__(self) -> None:
        check_one("ctc_loss", blank=self.blank)
        if type(self.zero_infinity) is not bool:
            raise OpError(f"ctc_loss: zero_infinity is True or False, not {self.zero_infinity!r}")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        logp, targets, *lengths = map(tuple, shapes)
        if len(logp) != 3:
            raise OpError(f"ctc_loss: log_probs is (T, N, C), or (T, C) of one sequence, but it is {shape_text(logp)}")
        _, samples, classes = logp
        if not (len(targets) == 1 or (len(targets) == 2 and targets[0] == samples)):
            raise OpError(
                f"ctc_loss: log_probs is {shape_text(logp)}, so targets is ({samples}, S), or all labels in a row, but "
                f"it is {shape_text(targets)}"
            )
        for name, length in zip(self.slots[2:], lengths, strict=True):
            if length not in ((samples,), () if samples == 1 else (samples,)):
                raise OpError(
                    f"ctc_loss: {name} has a number for each of {samples} sequences, but is {shape_text(length)}"
                )
        if not 0 <= self.blank < classes:
            raise OpError(f"ctc_loss: blank is a class from 0 to {classes - 1}, not {self.blank}")
        return (samples,)

    def check(self, slot: int, x: Array, shapes: Sequence[Shape]) -> None:
        if slot == 1 and len(shapes[1]) == 1 and shapes[0][1] > 1:
            whole_numbers("ctc_loss: targets", x, shapes[0][2])
        elif slot == 1 and not (x == np.floor(x)).all():  # what stands behind a sequence's own labels is nobody's
            raise OpError("ctc_loss: targets are whole numbers, the classes of labels")
        elif slot > 1:
            most = shapes[0][0] if slot == 2 else prod(shapes[1]) if len(shapes[1]) == 1 else shapes[1][1]
            whole_numbers(f"ctc_loss: {self.slots[slot]}", x, most + 1)

    # All paths -----------------------------------------------------------------------------------

    def _labels(self, xs: Sequence[Array]) -> tuple[Indices, Indices, Indices]:
        """Labels with blanks around each, and how many steps and labels each sequence has. Raises OpError."""
        logp, targets, steps, lengths = xs
        shapes = [x.shape for x in xs]
        for slot in (2, 3):
            self.check(slot, xs[slot], shapes)
        steps, lengths = steps.reshape(-1).astype(np.intp), lengths.reshape(-1).astype(np.intp)
        most, in_a_row = int(lengths.max(initial=0)), targets.ndim == 1
        there = np.arange(most) < lengths[:, None]
        if in_a_row and targets.size < lengths.sum():
            raise OpError(f"ctc_loss: target_lengths add up to {lengths.sum()}, and targets has {targets.size} labels")
        starts = np.cumsum(lengths) - lengths if in_a_row else np.arange(len(lengths)) * targets.shape[1]
        places = (starts[:, None] + np.arange(most))[there]
        own = np.zeros(targets.size, bool)
        own[places] = True  # what stands behind a sequence's own labels is nobody's
        labels = np.where(own.reshape(targets.shape), targets, self.blank)
        found = np.full((len(lengths), 2 * most + 1), self.blank, np.intp)
        found[:, 1::2][there] = whole_numbers("ctc_loss: targets", labels, logp.shape[2]).reshape(-1)[places]
        return np.where(np.arange(2 * most + 1) <= 2 * lengths[:, None], found, -1), steps, lengths

    def _paths(self, xs: Sequence[Array]) -> _Paths:
        labels, steps, lengths = self._labels(xs)
        logp, rows = xs[0], np.arange(len(labels))
        there = labels >= 0
        each = np.where(there, logp[:, rows[:, None], np.where(there, labels, 0)], -np.inf)
        # A blank between them may be left out where the labels differ.
        jumps = np.zeros_like(there)
        jumps[:, 2:] = (labels[:, 2:] != labels[:, :-2]) & (labels[:, 2:] != self.blank) & there[:, 2:]
        alpha, beta = (np.full_like(each, -np.inf) for _ in range(2))
        ends = np.stack([2 * lengths, np.maximum(2 * lengths - 1, 0)])
        with np.errstate(all="ignore"):
            for t in range(len(logp)):
                before = _begins(each[0]) if not t else _joined(alpha[t - 1], jumps)
                alpha[t] = before + each[t]
            for t in reversed(range(len(logp))):
                after = np.full_like(each[0], -np.inf)
                last = steps - 1 == t
                after[rows[last], ends[0, last]] = after[rows[last], ends[1, last]] = 0
                if t + 1 < len(logp):
                    after = np.where((t < steps - 1)[:, None], _joined(beta[t + 1], jumps, back=True), after)
                beta[t] = after + each[t]
            loss = -self._total(alpha, steps, lengths, ends)
        return _Paths(labels, steps, lengths, alpha, beta, loss.astype(logp.dtype))

    @staticmethod
    def _total(alpha: Array, steps: Indices, lengths: Indices, ends: Indices) -> Array:
        """ln of the sum over all paths of each sequence. Without a step there is one path, that reads nothing."""
        none_of = np.where(lengths == 0, 0.0, -np.inf)
        if not len(alpha):
            return none_of
        rows, last = np.arange(len(steps)), np.maximum(steps - 1, 0)
        whole, one_less = (alpha[last, rows, end] for end in ends)
        total = np.where(lengths == 0, whole, np.logaddexp(whole, one_less))
        return np.where(steps == 0, none_of, total)

    def forward(self, xs: Sequence[Array]) -> Array:
        return self._paths(xs).loss

    def _shares(self, xs: Sequence[Array]) -> Array:
        """−the share of a sequence's paths that go through each element: shape (T, N, C)."""
        paths, logp = self._paths(xs), xs[0]
        through, rows = np.full_like(logp, -np.inf), np.arange(len(paths.labels))
        with np.errstate(all="ignore"):
            for at in range(paths.labels.shape[1]):
                label, there = paths.labels[:, at], paths.labels[:, at] >= 0
                mine = rows[there], label[there]
                both = paths.alpha[:, there, at] + paths.beta[:, there, at]
                through[:, mine[0], mine[1]] = np.logaddexp(through[:, mine[0], mine[1]], both)
            found = -np.exp(through + paths.loss[:, None] - logp)
        if self.zero_infinity:
            found[:, np.isinf(paths.loss)] = 0
        return np.where(self._part(paths, logp.shape), found, 0).astype(logp.dtype)

    @staticmethod
    def _part(paths: _Paths, shape: Shape) -> Array:
        """Which elements a path may go through: labels of the sequence and blanks, in its own steps."""
        read = np.zeros(shape[1:], bool)
        samples, places = np.nonzero(paths.labels >= 0)
        read[samples, paths.labels[samples, places]] = True
        read[np.isinf(paths.loss)] = True  # all of it is to blame where no path is left
        return np.asarray((np.arange(shape[0])[:, None, None] < paths.steps[:, None]) & read)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return self._shares(xs) * g[:, None] if slot == 0 else np.zeros_like(xs[slot], dtype=g.dtype)

    # Elements ------------------------------------------------------------------------------------

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        logp = xs[0]
        if slot:
            targets = slot == 1 and xs[1].ndim == 2
            width = xs[1].shape[1] if targets else xs[1].size
            grid = Grid(at * width, (width,), (1,)) if targets else Grid(0 if slot == 1 else at, (width,), (1,))
            return Links(slot, grid if slot == 1 else Grid(at, (1,), (1,)), none(y))
        part = np.zeros(logp.shape, bool)
        part[:, at] = self._part(self._paths(xs), logp.shape)[:, at]
        places = np.flatnonzero(part)
        return Links(0, Picked(places), _listed(self._shares(xs).reshape(-1)[places]))

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        logp = xs[0]
        if slot == 0:
            _, sample, _ = unravel(at, logp.shape)
            inside = bool(self._part(self._paths(xs), logp.shape).item(at))
            slopes = self._shares(xs).reshape(-1)[at : at + 1]
            return Links(0, Grid(sample, (int(inside),), (1,)), _listed(slopes))
        if slot == 1 and xs[1].ndim == 1:
            return Links(1, Grid(0, (len(y),), (1,)), none(y))
        return Links(slot, Grid(at // xs[1].shape[1] if slot == 1 else at, (1,), (1,)), none(y))


@composite(reduce="reduction")
def ctc_loss(
    log_probs: Given,
    targets: Given,
    input_lengths: Given | None = None,
    target_lengths: Given | None = None,
    *,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Plan:
    """−ln of the probability of labels whose places in time are not known: the mean of each divided by its length.

    log_probs (T, N, C) come from log_softmax: as in PyTorch their gradient already has exp(log_probs) in it, which the
    backward pass of log_softmax would take away again."""
    check_reduction("ctc_loss", reduction)
    alone = len(log_probs.shape) == 2
    if len(log_probs.shape) not in (2, 3):
        raise OpError(f"ctc_loss: log_probs is (T, N, C) or (T, C), but it is {shape_text(log_probs.shape)}")
    if alone and len(targets.shape) != 1:
        shapes = shape_text(log_probs.shape), shape_text(targets.shape)
        raise OpError("ctc_loss: log_probs is {}, of one sequence, so targets is (S,), but it is {}".format(*shapes))
    logp = _unsqueezed(log_probs) if alone else log_probs
    steps, samples = log_probs.shape[0], 1 if alone else log_probs.shape[1]
    if target_lengths is None and len(targets.shape) == 1 and not alone:
        raise OpError("ctc_loss: where targets are all labels in a row, target_lengths say where each sequence ends")
    given = (input_lengths, steps), (target_lengths, targets.shape[-1] if targets.shape else 0)
    lengths = [_lengths(one, samples, most) for one, most in given]
    paths: Plan = Part("paths", (CtcPaths(blank, zero_infinity), [logp, targets, *lengths]))
    more = _of_log_softmax(logp, steps, samples, lengths[0])
    if zero_infinity:
        finite: Plan = (Less(), [paths, inf])
        paths, more = Part("finite", (Where(), [finite, paths, 0.0])), (Multiply(), [more, finite])
    found: Plan = (Add(), [paths, more])
    if reduction == "mean":
        shares: Plan = (Divide(), [found, (Maximum(), [lengths[1], 1.0])])
        return (Mean(), [shares])
    if reduction == "sum":
        return (Sum(), [found])
    return (Reshape(()), [found]) if alone else found


def _unsqueezed(given: Given) -> Plan:
    """With an axis of one sequence."""
    return (Reshape((given.shape[0], 1, given.shape[1])), [given])


def _lengths(given: Given | None, samples: int, most: int) -> Plan:
    """A length for each sequence: those that are given, or as much as there is. Raises OpError."""
    if given is None:
        return (Expand((samples,)), [float(most)])
    if prod(given.shape) != samples or len(given.shape) > 1:
        what = f"has a number for each of {samples} sequences, shape ({samples},)" if samples > 1 else "is one number"
        raise OpError(f"ctc_loss: {given.slot} {what}, but it is {shape_text(given.shape)}")
    return given


def _of_log_softmax(logp: Plan, steps: int, samples: int, lengths: Plan) -> Plan:
    """0, with exp of a sequence's log-probabilities as its gradient."""
    ends: Plan = (CumSum(0), [(Expand((steps,)), [1.0])])
    inside: Plan = (
        LessEqual(),
        [(Reshape((steps, 1, 1)), [ends]), (Reshape((1, samples, 1)), [lengths])],
    )
    total: Plan = (Sum((0, 2)), [(Multiply(), [(REGISTRY["exp"](), [logp]), inside])])
    return Part("of_log_softmax", (Subtract(), [total, (Detach(), [total])]))


def _begins(like: Array) -> Array:
    """A path begins with a blank or the first label."""
    found = np.full_like(like, -np.inf)
    found[:, :2] = 0
    return found


def _joined(sums: Array, jumps: Array, back: bool = False) -> Array:
    """ln of the sum over what comes from the same label, the one before it, and the label before that; `back` from
    those behind it."""
    one, two = np.full_like(sums, -np.inf), np.full_like(sums, -np.inf)
    if back:
        one[:, :-1] = sums[:, 1:]
        two[:, :-2] = np.where(jumps[:, 2:], sums[:, 2:], -np.inf)
    else:
        one[:, 1:] = sums[:, :-1]
        two[:, 2:] = np.where(jumps[:, 2:], sums[:, :-2], -np.inf)
    return np.asarray(np.logaddexp(np.logaddexp(sums, one), two))


def _listed(numbers: Array) -> Callable[[int, int], Array]:
    return lambda start, stop: numbers[start:stop]
