"""Rules about what one sample, or one iteration, does to all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.head import Head
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.rules.data import weighed_inputs
from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array
from gradstep.engine.notation import number

#: Of fewer samples one may well have half of the loss; our own.
_SAMPLES = 16
#: So many standard deviations of the others off, of a normal distribution never met (Chebyshev's inequality has 1 in
#: 100 at most).
_OFF = 10.0
#: A label is a wrong one where all of so many nearest neighbours have another (Wilson, Asymptotic properties of nearest
#: neighbor rules using edited data, 1972, has three).
_NEIGHBOURS = 5


@rule(
    "outlier",
    "our own: one sample has more than half of the loss, or of a column's variance, of at least sixteen",
    Severity.WARNING,
    threshold=0.5,
    allowed=(0.0, 1.0),
    explains="spike explode rate_large loss target_scale input_scale no_better_than_constant rate_small diverged "
    "shuffled_targets overfit oscillates momentum identical_rows unreachable_targets "
    "too_few_iterations underfit same_predictions",
)
def outlier(evidence: Evidence) -> Iterator[Seen]:
    """One sample that has most of the loss: for its target, for one of its inputs, or for a label that is wrong."""
    head = evidence.head
    if head is None or evidence.samples < _SAMPLES:
        return
    targets = evidence.task.targets
    if targets.shape[:1] != (evidence.samples,):
        return
    most = evidence.at["outlier"]
    found = [] if head.classes else [(evidence.graph.values[head.targets].name, targets.reshape(len(targets), -1))]
    found += [(value.name, array.reshape(len(array), -1)) for value, array in weighed_inputs(evidence)]
    for name, columns in found:
        far = alone(columns, most)
        if far is not None:
            at, column, share = far
            row = int(evidence.task.rows[at])
            text = (
                f"row {row} of the data has {share:.0%} of the variance of {name} over all {len(columns):,} samples: "
                f"{number(float(columns[at, column]))}, where the others have "
                f"{number(float(np.median(columns[:, column])))} ± "
                f"{number(float(np.delete(columns[:, column], at).std()))}"
            )
            advice = ["look at that row: a missing value, another unit, a slip"]
            # That the loss stands still is no good end: one sample may have most of it.
            known = evidence.course is not None and evidence.course.done
            severity = Severity.INFORMATION if known else None
            go = _towards(evidence, evidence.graph.by_name[name].id, at)
            yield Seen(Place(name, sample=row), {"share": share}, text, advice, severity, go=go)
            return
    if head.classes:
        yield from _mislabelled(evidence, head, targets)


def _towards(evidence: Evidence, value: int, at: int) -> str:
    """The command that goes to a sample, counted over all that are trained on: looks at it, where each batch has all;
    else goes to the first number that is computed of its `value`, or to its output, in the first iteration that has it.
    Empty where none has."""
    found = evidence.task.found(at, evidence.made)
    if evidence.training.batch_size is None or found is None:
        return f"sample {at}" if found is not None else ""
    iteration, sample = found
    there = evidence.iterations.recording(iteration, evidence.go_on) if evidence.history is not None else evidence.here
    users = (there.graph.nodes[user].output for user, _ in there.graph.users[value])
    own = next((one for one in users if there.samples.axis(one) is not None), None)
    output = own if own is not None or evidence.head is None else evidence.head.outputs
    if output is None or there.samples.axis(output) is None:
        return ""
    return f"goto @{iteration} {there.typed(Element(output, there.samples.moved(output, 0, sample)))}"


def alone(columns: Array, most: float) -> tuple[int, int, float] | None:
    """The row and the column of a number that has more than a share of its column's variance, and lies far off; and
    that share."""
    with np.errstate(all="ignore"):
        squares = (columns - columns.mean(axis=0)) ** 2
        totals = squares.sum(axis=0)
        most_of = squares.max(axis=0)
        shares = most_of / totals
        # What the columns differ by but for their farthest rows: most numbers of one may be 0.
        usual = float(np.sqrt(np.median(totals - most_of) / len(columns)))
    for column in np.flatnonzero(shares > most).tolist():
        row = int(squares[:, column].argmax())
        rest = float(np.delete(columns[:, column], row).std())
        if rest > 0 and squares[row, column] ** 0.5 > _OFF * max(rest, usual):
            return row, column, float(shares[column])
    return None


def _mislabelled(evidence: Evidence, head: Head, targets: Array) -> Iterator[Seen]:
    """A sample that a network which has learned the others takes for another class, which all its neighbours have."""
    recording = evidence.last
    course, scores = evidence.course, np.asarray(recording.trace.data[head.outputs], dtype=np.float64)
    labels = targets.argmax(axis=-1) if targets.ndim > 1 else targets.astype(int)
    inputs = [array.reshape(len(array), -1) for _, array in weighed_inputs(evidence)]
    if course is None or not course.learned or not inputs or scores.shape[:1] != labels.shape or scores.ndim != 2:
        return  # of a batch it is not known which rows it has
    scores = scores - scores.max(axis=1, keepdims=True)
    if head.takes in ("class scores", "log-probabilities"):
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        parts = -logs[np.arange(len(labels)), labels]
        row = int(parts.argmax())
        share = float(parts[row] / parts.sum())
        x = np.hstack(inputs)
        away = ((x - x[row]) ** 2).sum(axis=1)
        near = np.argsort(away, kind="stable")[1 : _NEIGHBOURS + 1]
        if share > evidence.at["outlier"] and parts[row] > np.log(scores.shape[1]) and labels[row] not in labels[near]:
            at = int(evidence.task.rows[row])
            text = (
                f"row {at} of the data has {share:.0%} of the loss of all {len(labels):,}: it is labelled "
                f"{labels[row]}, and all of its {_NEIGHBOURS} nearest neighbours are of another class"
            )
            advice = ["look at the label of that row"]
            place = Place(evidence.graph.values[head.targets].name, recording.iteration, sample=at)
            yield Seen(place, {"share": share}, text, advice, go=_towards(evidence, head.targets, row))
