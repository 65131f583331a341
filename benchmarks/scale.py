"""What grows with the network: a line of 4,000 operations against ten of 400, each in CPU time.

    python -m benchmarks.scale [--quick]

writes the measured pairs as one line of JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from time import process_time

from benchmarks.measure import Pair
from benchmarks.names import Session, command, loads

TARGET = 1.5
SHORT, LONG = 400, 4_000
#: What is asked for, and at which place.
COMMANDS = ("findings", "paths", "why h8[0]")


def text(lines: int) -> str:
    """A chain: each line a sum, a product or a bend of the one before."""
    forms = ("tanh({0})", "{0} * 0.99", "{0} + b", "sin({0})")
    rows = [f'h{k + 1} = "{forms[k % 4].format(f"h{k}" if k else "x")}"' for k in range(lines - 1)]
    head = ["format = 1", "[inputs]", "x = [0.5, 0.25, -0.5]", "[parameters]", "b = [0.1, -0.2, 0.3]", "[graph]"]
    return "\n".join([*head, *rows, f'L = "sum(h{lines - 1})"'])


def _on(share: float) -> bool:
    return True


def measure(quick: bool) -> list[Pair]:
    """Opening and each command, of a chain of 4,000 lines and of one of 400; per line."""
    runs, found = 1 if quick else 3, []
    short, long = (200, 1_000) if quick else (SHORT, LONG)
    sessions: dict[int, Session] = {}

    def opened(lines: int) -> None:
        sessions[lines] = Session(loads(text(lines)))

    def done(line: str) -> Callable[[int], object]:
        def do(lines: int) -> object:
            session = sessions[lines] = Session(sessions[lines].recording.scenario)
            command(session, "goto end", _on)
            before = process_time()
            command(session, line, _on)
            return process_time() - before

        return do

    for name, act in (("opening", opened), *((line, done(line)) for line in COMMANDS)):
        case = f"{name}, {long:,} lines of a graph, per line"
        pair = Pair("scale", case, f"{short:,} lines", TARGET, ours=[], theirs=[])
        for _ in range(runs):
            for lines, times in ((long, pair.ours), (short, pair.theirs)):
                before = process_time()
                told = act(lines)
                times.append((told if isinstance(told, float) else process_time() - before) / lines)
        found.append(pair)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    print(json.dumps([pair.plain() for pair in measure(parser.parse_args().quick)]))
