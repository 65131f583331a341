"""`python -m benchmarks`: measures, and prints one table."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import key, large, launch
from benchmarks.measure import Pair, table
from benchmarks.terminal import ROOT, environment


def _apart(module: str) -> Callable[[bool], list[Pair]]:
    """In a process of its own, so that NumPy is loaded with one BLAS thread."""

    def measure(quick: bool) -> list[Pair]:
        call = [sys.executable, "-m", f"benchmarks.{module}", *(["--quick"] if quick else [])]
        done = subprocess.run(call, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, check=True)
        return [Pair(**plain) for plain in json.loads(done.stdout)]

    return measure


BENCHMARKS: dict[str, Callable[[bool], list[Pair]]] = {
    "launch": launch.measure,
    "key": key.measure,
    "engine": _apart("engine"),
    "training": _apart("training"),
    "large": large.measure,
    "recording": _apart("recording"),
}


def main() -> None:
    """Runs the benchmarks that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=tuple(BENCHMARKS), help="one of the benchmarks")
    parser.add_argument("--quick", action="store_true", help="few repetitions: whether it runs, not how fast")
    parser.add_argument("--json", action="store_true", help="the numbers of the table as JSON, times in seconds")
    parser.add_argument(
        "--beside",
        type=Path,
        metavar="TREE",
        help="launch and key of this tree as well, whose environment is TREE/.venv",
    )
    options = parser.parse_args()
    if options.beside is not None:
        BENCHMARKS["launch"] = partial(launch.measure, beside=options.beside.absolute())
        BENCHMARKS["key"] = partial(key.measure, beside=options.beside.absolute())
    pairs: list[Pair] = []
    for name in [options.only] if options.only else BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr)
        pairs += BENCHMARKS[name](options.quick)
    if options.json:
        print(json.dumps([pair.summary() for pair in pairs], ensure_ascii=False, indent=2))
    else:
        print(table(pairs))


if __name__ == "__main__":
    main()
