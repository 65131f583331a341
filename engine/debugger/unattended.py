"""A training without a screen: reports on the way, a condition to stop at, and parameters at the end."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib.metadata import version
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.errors import GoOn, Interrupted
from gradstep.engine.history import search
from gradstep.engine.history.history import History
from gradstep.engine.history.summaries import averaged
from gradstep.engine.index import Array
from gradstep.engine.notation import Digits, number, plain
from gradstep.engine.run.rules import averages_of
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.timeline import Phase, Position
from gradstep.engine.training.settings import check_iteration

#: About so many reports, where nobody says how often.
_REPORTS = 20


class Report(NamedTuple):
    """What there is to say about an iteration: its loss, the last one over the samples held back and the iteration
    in which that was taken (NaN and 0 where it was not taken since the last report), the same with the average of the
    weights (NaN where none is kept), its learning rate, the norm of all gradients together, and how far all parameters
    moved relative to their size after that."""

    iteration: int
    loss: float
    validation: float
    validated: int
    averaged: float
    rate: float
    gradient: float
    moved: float

    def line(self) -> str:
        """For people."""
        held = f"  validation {number(self.validation, Digits.FINE):>9} @{self.validated:<7,}" if self.validated else ""
        if self.averaged == self.averaged:
            held += f"  averaged {number(self.averaged, Digits.FINE):>9}"
        return (
            f"iteration {self.iteration:>7,}  loss {number(self.loss, Digits.FINE):>9}{held}  η {self.rate:g}"
            f"  ‖∂‖ {number(self.gradient):>7}  ‖Δ‖/‖w‖ {number(self.moved):>7}"
        )

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "iteration": self.iteration,
            "loss": plain(self.loss),
            "validation": plain(self.validation) if self.validated else None,
            "validated": self.validated or None,
            **({"averaged": plain(self.averaged)} if self.averaged == self.averaged else {}),
            "lr": plain(self.rate),
            "gradient_norm": plain(self.gradient),
            "update_ratio": plain(self.moved),
        }


class Ended(NamedTuple):
    """Why a training came to its end: `until` its condition held, at `end`, or `interrupted`; and where."""

    reason: str
    position: Position


def report(history: History, iteration: int, since: int = 0) -> Report:
    """What the summaries say about an iteration; of the samples held back the latest loss after `since`."""
    s, row = history.summaries, history.summaries.row_of(iteration)
    held, begun = s.validation.high[: row + 1], s.row_of(since) + 1 if since else 0
    taken = begun + np.flatnonzero(~np.isnan(held[begun:]))
    parameters = [p.id for p in history.start.graph.parameters if p.size]

    def together(norms: Sequence[float]) -> float:
        with np.errstate(all="ignore"):
            return float(np.sqrt(np.sum(np.square(norms))))

    sizes = together([s.norm(Phase.UPDATE, p).high[row] for p in parameters])
    moved = together([s.moved(p).high[row] for p in parameters])
    return Report(
        iteration,
        float(s.loss.high[row]),
        float(held[taken[-1]]) if len(taken) else float("nan"),
        int(s.starts[taken[-1]]) if len(taken) else 0,
        float(averaged(s).high[taken[-1]]) if len(taken) else float("nan"),
        float(s.rate.high[row]),
        together([s.norm(Phase.BACKWARD, p).high[row] for p in parameters]),
        moved / sizes if sizes else float("nan"),
    )


def train(
    history: History, to: int, until: Condition | None, every: int | None, go_on: GoOn | None = None
) -> Iterator[Report | Ended]:
    """Trains to the end of iteration `to`, or to where `until` holds first; reports `every` so many iterations,
    after the first and after the last, and at last says how it ended. Raises CommandError for more than can be made."""
    check_iteration(to)
    every = every or _often(to)
    wanted = [until] if until is not None else []
    here, told, ended = Position(0), 0, Ended("end", Position(0))
    # One after the other: of a training without end there are as many.
    stops = chain([1] if every > 1 and to > 1 else [], range(every, to, every), [to])
    total = history.start.timeline.total
    for stop in stops:
        try:
            found = next((f for _, f in search.onward(history, wanted, here, stop, go_on)), None)
        except Interrupted:
            if history.made > told:
                yield report(history, history.made, told)
            yield Ended("interrupted", Position(total, None, history.made))
            return
        last = stop if found is None else found.position.iteration
        yield report(history, last, told)
        if found is not None:
            yield Ended("until", found.position)
            return
        here, told = Position(total, None, stop), stop
        ended = Ended("end", here)
    yield ended


def _often(steps: int) -> int:
    """A round number of iterations, so that there are about twenty reports."""
    wanted = max(steps / _REPORTS, 1)
    size = 10 ** int(np.log10(wanted))
    return int(next(size * k for k in (1, 2, 5, 10) if size * k >= wanted))


def parameters(history: History, position: Position) -> dict[str, Array]:
    """The parameters at a moment: at the end of an iteration those that its update made, else those with which
    it began; and the averages of them that are kept, as NAME.averaged."""
    at = position.iteration + (position.step == history.start.timeline.total and position.term is None)
    leaves = history.snapshot(at).leaves
    found = {p.name: leaves[p.id] for p in history.start.graph.parameters}
    averages = averages_of(history.start.update.packing, history.snapshot(at).state)
    return {**found, **{f"{history.start.graph.values[v].name}.averaged": array for v, array in averages.items()}}


def made_with(scenario: Scenario) -> dict[str, Any]:
    """What the numbers of a training depend on besides the scenario, which is named by its SHA-256 and has the seeds of
    its arrays: where all of this is the same, and the machine, they are the same to the last bit."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    limits = (os.environ.get(f"{name}_NUM_THREADS") for name in ("OPENBLAS", "MKL", "OMP"))
    return {
        "gradstep": version("gradstep"),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas['name']} {blas['version']}",
        "threads": next(filter(None, limits), str(os.cpu_count())),
        "machine": platform.machine(),
        "scenario_sha256": sha256(scenario.text.encode("utf-8", errors="surrogatepass")).hexdigest(),
        "shuffle": scenario.training.shuffle,
    }
