"""Where an expression is evaluated, and what comes out: numbers, and whether they are known there.

What can be known at a moment is part of every result: a number that is not written yet is unknown, and what is made
of it is unknown too.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from gradstep.engine.graph.graph import Value
from gradstep.engine.index import Array, Shape, ravel
from gradstep.engine.notation import plain
from gradstep.engine.run.moments import NO_AVERAGE
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase, Position


class Part(NamedTuple):
    """A number, a truth value or a text (or an array of them), and whether, or where, it is known.
    A `stepwise` one has an entry for each step (or term) of the scope."""

    value: Any
    known: Any = True
    stepwise: bool = False

    @property
    def holds(self) -> Any:
        """Where it is known and true."""
        value = self.one.value
        if self.known is True and np.asarray(value).dtype.kind == "b":
            return value
        return np.logical_and(value, self.known)

    @property
    def single(self) -> bool:
        """Whether it is one number at each step, or one at all."""
        return self.stepwise or np.size(self.value) == 1

    @property
    def one(self) -> Part:
        """The same; an array of one element as that number, which is known or not at each step."""
        if self.stepwise or np.size(self.value) != 1 or not np.ndim(self.value):
            return self
        return self._replace(value=np.asarray(self.value).reshape(()))

    @property
    def certain(self) -> bool:
        """Whether all of it is known."""
        return bool(np.all(self.known))

    def __str__(self) -> str:
        """As text; `not yet` where it is not known."""
        array = np.asarray(self.value)
        if not self.certain:
            return "not yet"
        return np.array2string(array, precision=6, separator=", ", threshold=64) if array.ndim else str(array.item())

    def document(self) -> Any:
        """For programs: a number, a truth, a text, or nested lists of them; None where it is not known."""
        array = np.asarray(self.value)
        if not self.certain:
            return None
        return array.tolist() if array.dtype.kind in "bU" else plain(array)


class Reference(NamedTuple):
    """Some numbers of a run by name: the `data`, `grad`, `next` or `averaged` of a value, at an index."""

    value: Value
    kind: str = "data"
    at: tuple[int | slice, ...] = ()
    transposed: bool = False

    def read(self, recording: Recording) -> Any:
        """The numbers, whether or not they are written yet."""
        if self.kind == "next":
            array = recording.updated(self.value.id)
        elif self.kind == "averaged":
            array = recording.update.averaged(self.value.id)
        else:
            found = recording.trace.grad[self.value.id] if self.kind == "grad" else recording.trace.shown(self.value.id)
            assert found is not None, "a gradient that is never written is refused when the name is read"
            array = found
        array = array[self.at] if self.at else array
        return array.T if self.transposed else array

    def is_stale(self, recording: Recording) -> bool:
        """Whether the numbers may be others by now."""
        if not recording.stale_array(self.kind, self.value.id):
            return False
        mask = recording.trace.stale.get((self.kind, self.value.id))
        return mask is None or bool(np.any(mask[self.at]))

    def ready(self, recording: Recording) -> int:
        """The step that writes the last of them; 0 for what is given."""
        if self.kind == "data" and self.value.node < 0:
            return 0
        time = recording.timeline
        if self.kind == "averaged" and not self.value.trained:  # running statistics, with the last of the update
            return time.total
        last = _last(self.at, self.value.shape)
        step = time.step_of(time.phase_of(self.value.id, self.kind), self.value.id, last)
        # The gradient of the loss with respect to itself is 1, and known once there is a loss.
        return step if step is not None else time.step_of(Phase.LOSS, self.value.id, last) or 0


def missing(recording: Recording, value: Value, kind: str) -> str:
    """Why there is no such array of a value; empty where there is."""
    frozen = "frozen (requires_grad = false)"
    if kind == "grad" and recording.trace.grad[value.id] is None:
        return f"'{value.name}' has no gradient" + (f": it is {frozen}" if value.frozen else "")
    training = recording.scenario.training
    if kind == "averaged" and training.use_buffers and value.id in recording.graph.keeps:
        return ""
    if kind in ("next", "averaged") and value not in recording.graph.parameters:
        return f"only parameters are updated, and '{value.name}' is {frozen if value.frozen else 'none'}"
    if kind == "averaged" and training.avg_fn is None:
        return NO_AVERAGE
    return ""


def _last(index: tuple[int | slice, ...], shape: Shape) -> int:
    """The last flat element that an index takes from an array of `shape`."""
    found = []
    for axis, extent in enumerate(shape):
        here = index[axis] if axis < len(index) else slice(None)
        taken = range(extent)[here]
        found.append(taken if isinstance(taken, int) else max(taken, default=0))
    return ravel(tuple(found), shape)


class Scope(ABC):
    """Where an expression is evaluated: at a moment, or at all steps of a slice of a sweep.

    `fields` are the names of what a step has there, numbers and texts; `texts` those of texts.
    """

    fields: ClassVar[Collection[str]] = ()
    texts: ClassVar[Collection[str]] = ()

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    @property
    @abstractmethod
    def steps(self) -> Any:
        """The step number, or those of the slice."""

    @classmethod
    def field(cls, name: str) -> Callable[[Self], Part]:
        """One of the `fields`, in such a scope. Raises CommandError for a text."""
        raise AssertionError("there are fields at steps only")

    @classmethod
    def matching(cls, field: str, text: str, recording: Recording) -> Callable[[Self], Part]:
        """Whether one of the `texts` is `text`, in such a scope. Raises CommandError where it cannot be."""
        raise AssertionError("there are texts at steps only")

    @classmethod
    def kind(cls, name: str, call: ast.Call | None, recording: Recording) -> Callable[[Self], Part] | None:
        """Whether the step is of a kind, in such a scope; None where there is none of that name."""
        return None


class Moment(Scope):
    """One moment: after `step` steps. Or several at once, shape (moments,): then it is known at each whether
    something is known there."""

    def __init__(self, recording: Recording, step: int | Array) -> None:
        super().__init__(recording)
        self._step = step

    @classmethod
    def at(cls, recording: Recording, position: Position) -> Moment:
        """The moment of a position: while a step is under way, that after the step before it."""
        return cls(recording, position.step - (position.term is not None))

    @classmethod
    def end(cls, recording: Recording) -> Moment:
        """The end of the iteration."""
        return cls(recording, recording.timeline.total)

    @property
    def steps(self) -> int | Array:
        return self._step
