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
from benchmarks.names import CommandError, Session, command, loads
from benchmarks.training import NETWORKS, network

REPLAY, SECOND = 2.0, 1.0


def measure(quick: bool) -> list[Pair]:
    return [_when(600 if quick else 5_593), _continued(2_000 if quick else 60_000)]


def _trained(length: int, lr: float = 0.05) -> Session:
    text = network(NETWORKS[0], "float64").replace("lr = 0.05", f"lr = {lr}").replace("1000000", str(length))
    found = Session(loads(text))
    command(found, f"train {length}", _on)
    return found


def _when(length: int) -> Pair:
    """`when` on one weight that never passes its level, though others do: every iteration is looked at."""
    here = _trained(length)
    case = f"when on one weight over {length:,} iterations of 64-32-10"
    pair = Pair("searching", case, "computing them again", REPLAY, ours=[], theirs=[])
    for _ in range(3):
        here.history.release()
        pair.ours.append(_time(lambda: command(here, "when W1.next[3,5] > 0.001", _on)))
        here.history.release()
        pair.theirs.append(_time(lambda: [here.history.snapshot(k) for k in range(1, length + 1)]))
    return pair


def _continued(length: int) -> Pair:
    """`continue` from the beginning, where nothing stops: most of it is told by the summaries."""
    here = _trained(length, 0.02)
    case = f"continue on loss > 2 * previous over {length:,} iterations"
    pair = Pair("searching", case, "one second", 1.0, ours=[], theirs=[SECOND])
    for line in ("delete all", "break loss > 2 * previous"):
        command(here, line, _on)
    for _ in range(3):
        command(here, "goto @1", _on)
        here.history.release()
        pair.ours.append(_time(lambda: command(here, "continue", _on)))
    return pair


def _on(share: float) -> bool:
    return True


def _time(call: Callable[[], object]) -> float:
    before = process_time()
    with contextlib.suppress(CommandError):  # it was never true
        call()
    return process_time() - before


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    print(json.dumps([pair.plain() for pair in measure(parser.parse_args().quick)]))
