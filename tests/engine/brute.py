"""Every step of a run looked at one by one, and its fields one by one: what conditions are held against."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from recordings import recording

from gradstep.engine.files import builtin
from gradstep.engine.run.reading import gradient_segments
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.terms import enumerate_terms
from gradstep.engine.run.timeline import Phase


@dataclass
class Term:
    upstream: float
    local: float
    contribution: float
    op: str
    factor: str


@dataclass
class Step:
    """What a step is, read from the trace one element at a time."""

    number: int
    phase: str
    name: str
    index: int
    value: float
    grad: float
    terms: list[Term]
    op: str
    computed: bool
    recording: Recording

    def any(self, test: Callable[[Term], bool]) -> bool:
        return any(test(t) for t in self.terms)


@cache
def steps(name: str) -> tuple[Step, ...]:
    return tuple(_steps(recording(name)))


def _steps(rec: Recording) -> Iterator[Step]:
    graph, trace = rec.graph, rec.trace
    for number in range(1, rec.timeline.total + 1):
        sweep, flat = rec.timeline.locate(number)
        value = graph.values[sweep.value]
        backward = sweep.phase is Phase.BACKWARD
        array = trace.grad[value.id]
        grad = float(array.reshape(-1)[flat]) if array is not None and backward else math.nan
        data = (
            float(rec.updated(value.id, flat)[0])
            if sweep.phase is Phase.UPDATE
            else float(trace.data[value.id].reshape(-1)[flat])
        )
        terms = []
        if backward:
            segments = gradient_segments(trace, value, flat)
            listed = enumerate_terms(segments, graph.dtype)
            for k in range(len(listed)):
                node = graph.nodes[segments[int(listed.segment[k])].node]
                factor = int(listed.factor_value[k])
                terms.append(
                    Term(
                        float(listed.upstream[k]),
                        float(listed.local[k]),
                        float(listed.contribution[k]),
                        node.op.name + ("!" if node.output == graph.loss.id else ""),
                        graph.values[factor].name if factor >= 0 else "",
                    )
                )
        op = graph.nodes[sweep.node].op.name if sweep.phase in (Phase.FORWARD, Phase.LOSS) else ""
        yield Step(number, sweep.phase.value, value.name, flat, data, grad, terms, op, value.node >= 0, rec)


#: Conditions, each also written as a test of one step. All that are in a scenario's network.
CONDITIONS: dict[str, Callable[[Step], bool]] = {
    "value > 0.5": lambda s: s.value > 0.5,
    "grad == 0": lambda s: s.grad == 0,
    "not grad == 0": lambda s: s.phase == "backward" and s.grad != 0,
    "grad != 0": lambda s: s.phase == "backward" and s.grad != 0,
    "grad == 0 and op == relu": lambda s: s.grad == 0 and s.any(lambda t: t.op == "relu"),
    "op == linear": lambda s: s.op == "linear" or s.any(lambda t: t.op == "linear"),
    "op != linear": lambda s: s.phase == "update" or s.op not in ("", "linear") or s.any(lambda t: t.op != "linear"),
    "upstream > 0 and contribution < 0": lambda s: s.any(lambda t: t.upstream > 0 and t.contribution < 0),
    "abs(local) < 0.25 or value > 1": lambda s: s.any(lambda t: abs(t.local) < 0.25) or s.value > 1,
    "phase == backward and terms > 1": lambda s: s.phase == "backward" and len(s.terms) > 1,
    "terms > 1 and grad > 0": lambda s: s.phase == "backward" and len(s.terms) > 1 and s.grad > 0,
    "index == 1 and phase != update": lambda s: s.index == 1 and s.phase != "update",
    "value ** 2 - value > 0 and value < 0": lambda s: s.value < 0,
    "grad > 0 or value > 0": lambda s: s.grad > 0 or s.value > 0,
    "backward": lambda s: s.phase == "backward" and s.number == s.recording.timeline.span(Phase.BACKWARD)[0] + 1,
    "zero": lambda s: s.phase == "backward" and s.grad == 0,
    "flip": lambda s: s.any(lambda t: t.contribution * np.sign(t.upstream) < 0 and "!" not in t.op),
    "vanish(0.1)": lambda s: shrinks(s, 0.1),
    "explode(2)": lambda s: grows(s, 2.0),
    "cancel(0.5)": lambda s: len(s.terms) > 1 and abs(s.grad) < 0.5 * sum(abs(t.contribution) for t in s.terms),
    "isnan(value) or isinf(value)": lambda s: not math.isfinite(s.value),
    "L > 0": lambda s: s.name == "L" and s.phase in ("forward", "loss") and s.value > 0,
    "phase == backward on *": lambda s: s.phase == "backward" and s.computed,
}  # fmt: skip


def ratio(step: Step) -> float:
    """‖∂L/∂h‖ / ‖∂L/∂y‖, h a station (of a parameter the furthest of the sums that it enters), y the last one."""
    rec = step.recording
    depth, value = rec.board.depth, rec.graph.by_name[step.name].id
    if step.phase != "backward" or not step.grad or not depth.stations:
        return math.nan
    here = [value] if value in depth.stations[:-1] else list(depth.sums.get(value, ()))
    found = [np.linalg.norm(rec.trace.gradient(v).reshape(-1)) for v in here if v <= depth.stations[-1]]
    if not found:
        return math.nan
    last = np.linalg.norm(rec.trace.gradient(depth.stations[-1]).reshape(-1))
    with np.errstate(all="ignore"):
        return float(max((f / last for f in found), key=lambda r: abs(np.log(r))))


def shrinks(step: Step, r: float) -> bool:
    return ratio(step) < r


def grows(step: Step, r: float) -> bool:
    return ratio(step) > r


SMALL = [n for n in builtin() if recording(n).timeline.total < 500]
