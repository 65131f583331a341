"""The call that trains without a screen."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gradstep.tui.cli.words import (
    FAILED,
    FINE,
    INTERRUPTED,
    Parser,
    budget,
    count,
    memory,
    say,
    scenario,
    set_thresholds,
    thresholds,
)

if TYPE_CHECKING:
    from gradstep.engine.debugger import Ended
    from gradstep.engine.diagnosis import Diagnosis
    from gradstep.engine.history import History

_SAYS = (
    "A report says the loss; the latest loss over the samples held back, and @ in which iteration it was "
    "taken; the learning rate η; the norm ‖∂‖ of all gradients together; and how far all parameters "
    "moved, ‖Δ‖, over their size after it."
)


def train_words(parser: Parser) -> None:
    scenario(parser)
    parser.epilog = _SAYS
    parser.add_argument("--steps", type=count, metavar="N", help="so many iterations (default: the scenario's)")
    parser.add_argument("--until", metavar="COND", help="stop where this holds, as in 'dead(h[3])'")
    parser.add_argument("--every", type=count, metavar="N", help="report every so many iterations")
    parser.add_argument("--json", action="store_true", help="one JSON object a report")
    parser.add_argument("-o", dest="output", metavar="FILE", help="write the parameters as .safetensors")
    thresholds(parser)
    memory(parser)


def train(options: argparse.Namespace) -> int:
    """train without a screen; stops at a condition"""
    from gradstep.engine.debugger import made_with, parameters
    from gradstep.engine.files import check_output, find, save_weights, stops_of
    from gradstep.engine.history import History
    from gradstep.engine.notation import json_line

    if options.output is not None:
        check_output(options.output)
    given, chosen = set_thresholds(options), find(options.scenario)
    history = History(chosen, budget(options))
    stops_of(chosen, history.recording(1))
    steps = options.steps or chosen.training.steps
    bar = _Bar(steps, sys.stderr.isatty() and not options.json)
    with _interruptible() as stopped:
        try:
            ended = _reported(history, options, steps, bar, stopped)
            if options.output is not None:
                save_weights(options.output, parameters(history, ended.position), ended.position.iteration)
            seen = _diagnosed(history, given, stopped)
        finally:
            bar.clear()
    used = made_with(chosen)
    if options.json:
        document = {**_document(options, ended), "made_with": used, "findings": seen.document()}
        say([json_line(document)])
    else:
        named = ", ".join(f"{key} {used[key]}" for key in ("gradstep", "python", "numpy", "blas", "threads"))
        lines = () if stopped else (f"  {line}" for line in seen.lines())
        say([*_lines(options, ended), f"  made with {named}", *lines])
    if stopped:
        return INTERRUPTED
    return FAILED if options.until is not None and ended.reason == "end" else FINE


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """Notes that somebody wants it to stop, rather than stopping at once."""
    stopped: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: stopped.append(number))
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


def _reported(history: History, options: argparse.Namespace, steps: int, bar: _Bar, stopped: Sequence[int]) -> Ended:
    """Trains, printing what it reports on the way; how it ended."""
    from gradstep.engine.ask import Condition
    from gradstep.engine.debugger import Ended, train
    from gradstep.engine.notation import json_line

    until = None if options.until is None else Condition(options.until, history.recording(1))
    ended = None
    for found in train(history, steps, until, options.every, lambda share: bar.at(history.made, stopped)):
        if isinstance(found, Ended):
            ended = found
            continue
        bar.clear()
        say([json_line(found.document()) if options.json else found.line()], at_once=True)
    assert ended is not None, "a training says how it ended"
    return ended


def _diagnosed(history: History, given: Mapping[str, float], stopped: Sequence[int]) -> Diagnosis:
    """What the rules see; nothing where somebody does not want to wait for it."""
    from gradstep.engine.diagnosis import Diagnosis, diagnose
    from gradstep.engine.errors import Interrupted

    try:
        return Diagnosis() if stopped else diagnose(history, given, lambda share: not stopped)
    except Interrupted:
        return Diagnosis()


def _document(options: argparse.Namespace, ended: Ended) -> dict[str, object]:
    return {
        "done": True,
        "reason": ended.reason,
        "iteration": ended.position.iteration,
        "step": ended.position.step,
        "until": options.until,
        "output": options.output,
    }


def _lines(options: argparse.Namespace, ended: Ended) -> Iterator[str]:
    k, step = ended.position.iteration, ended.position.step
    holds = f"{options.until} holds in iteration {k:,}, at step {step:,}"
    yield f"● {ended.reason}: {holds if ended.reason == 'until' else f'after iteration {k:,}'}"
    if options.output is not None:
        yield f"  parameters written to {options.output}"


class _Bar:
    """How far a training is, on a terminal's last line."""

    def __init__(self, steps: int, shown: bool) -> None:
        self._steps, self._shown, self._last = steps, shown, 0.0
        self._begun = False

    def at(self, made: int, stopped: Sequence[int]) -> bool:
        """Shows how far it is, now and then; whether to go on."""
        if self._shown:
            from time import monotonic

            from gradstep.engine.notation import progress

            now = monotonic()
            if now - self._last > 0.1:
                self._last, self._begun = now, True
                bar = progress(made / self._steps, 30)
                print(f"\r{bar} {made:,}/{self._steps:,} ", end="", file=sys.stderr, flush=True)
        return not stopped

    def clear(self) -> None:
        if self._begun:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._begun = False
