"""Questions to all iterations of a training: `when` on one weight against computing the iterations again, and
`continue` on a spike of the loss; in CPU time.

    python -m benchmarks.searching [--quick]

writes the measured pairs as one line of JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Callable
from time import process_time

from benchmarks.measure import Pair
from benchmarks.training import NETWORKS, network
from gradstep.engine.debugger.traveller import Traveller
from gradstep.engine.errors import CommandError
from gradstep.engine.files import loads
from gradstep.engine.run.timeline import Position

REPLAY, SECOND = 2.0, 1.0


def measure(quick: bool) -> list[Pair]:
    return [_when(600 if quick else 5_593), _continued(2_000 if quick else 60_000)]


def _trained(length: int, lr: float = 0.05) -> Traveller:
    text = network(NETWORKS[0], "float64").replace("lr = 0.05", f"lr = {lr}").replace("1000000", str(length))
    found = Traveller(loads(text))
    found.train(length)
    return found


def _when(length: int) -> Pair:
    """`when first` on one weight that never passes its level, though others do: every iteration is looked at."""
    from gradstep.engine.debugger.when import when

    here = _trained(length)
    history, end = here.history, Position(here.recording.timeline.total, None, length)
    case = f"when on one weight over {length:,} iterations of 64-32-10"
    pair = Pair("searching", case, "computing them again", REPLAY, ours=[], theirs=[])
    for _ in range(3):
        history.release()
        pair.ours.append(_time(lambda: when(history, history.recording(length), end, "first W1.next[3,5] > 0.001")))
        history.release()
        pair.theirs.append(_time(lambda: [history.snapshot(k) for k in range(1, length + 1)]))
    return pair


def _continued(length: int) -> Pair:
    """`continue` from the beginning, where nothing stops: most of it is told by the summaries."""
    here = _trained(length, 0.02)
    case = f"continue on loss > 2 * previous over {length:,} iterations"
    pair = Pair("searching", case, "one second", 1.0, ours=[], theirs=[SECOND])
    here.stops.breakpoints.clear()
    here.stops.add("loss > 2 * previous", here.recording)
    for _ in range(3):
        here.go_to(Position(0, None, 1))
        here.history.release()
        pair.ours.append(_time(lambda: here.run(True)))
    return pair


def _time(call: Callable[[], object]) -> float:
    before = process_time()
    with contextlib.suppress(CommandError):  # it was never true
        call()
    return process_time() - before


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    print(json.dumps([pair.plain() for pair in measure(parser.parse_args().quick)]))
