"""What is run: a network with its numbers, its training, and what its author has to say about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from gradstep.engine.errors import Problem, Uncomputed
from gradstep.engine.graph.graph import Graph
from gradstep.engine.graph.typed import Target
from gradstep.engine.index import Array
from gradstep.engine.run.observed import Observed
from gradstep.engine.run.sizes import Known
from gradstep.engine.training.options import Training


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """A number that somebody else has printed. `value` has the shape of what `target` points at;
    it agrees to `decimals` places, or within `rtol`. `exact` says what is right for a `misprint`. It is the
    number of an `iteration` of the training."""

    of: str
    target: Target
    value: Array
    decimals: int | None = None
    rtol: float = 1e-6
    misprint: bool = False
    exact: Array | None = None
    iteration: int = 1


class Note(NamedTuple):
    """The author's words at the step number `step` of an iteration."""

    step: int
    text: str
    iteration: int = 1


class Origin(NamedTuple):
    """Where a value comes from in the program that was recorded: the path of the module, the function as it was called
    there, the place in the user's file, and the program's own word for the operation. What is not known is empty."""

    module: str = ""
    call: str = ""
    where: str = ""
    op: str = ""


class HeldBack(NamedTuple):
    """The samples that are not trained on: the inputs in `batch` by value id, and the same network for as
    many samples as there are of them, in which nothing is dropped out."""

    graph: Graph
    inputs: Mapping[int, Array]


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """A network with its numbers, and what its author has to say about it. Arrays in `leaves` are
    read-only, by value id, of the graph's dtype.

    Where training draws batches, `leaves` holds the first of them, and `pool` all samples to train on
    of the inputs in `batch`; `held_back` those for validation, where there are any.
    """

    name: str
    file: str
    title: str
    shows: str
    description: str
    source: str
    graph: Graph
    leaves: Mapping[int, Array]
    pool: Mapping[int, Array] = field(default_factory=dict)
    batch: tuple[str, ...] = ()
    held_back: HeldBack | None = None
    training: Training = field(default_factory=Training)
    expectations: tuple[Expectation, ...] = ()
    breakpoints: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()
    start: str | None = None
    notes: tuple[Note, ...] = ()
    text: str = ""
    #: The same with the training of [against], to compare with.
    against: Scenario | None = None
    #: By the names of values, where they come from in the program that was recorded.
    origins: Mapping[str, Origin] = field(default_factory=dict)
    #: Where it is a recorded iteration of another program: the numbers that it had there.
    observed: Observed | None = None
    #: Where in its text a character of a line of the graph is written: the line and the column, from 1.
    place: Callable[[str, int], tuple[int, int]] | None = None

    @contextmanager
    def telling(self) -> Iterator[None]:
        """What cannot be computed within is told with its place in the file."""
        try:
            yield
        except Uncomputed as error:
            if self.place is None or not error.name:
                raise
            placed = Problem(self.file, *self.place(error.name, error.column), str(error))
            raise Uncomputed(str(placed)) from None

    def told(self, array: Array) -> Known | None:
        """How large a recorded array is that is finite, without reading it; None where nobody knows."""
        return None if self.observed is None else self.observed.told(array)

    @property
    def samples(self) -> int:
        """How many samples the loss is taken over: the length of axis 0 of the inputs in `batch`."""
        return self.graph.by_name[self.batch[0]].shape[0] if self.batch else 1
