"""`python -m benchmarks`: measures, and prints one table: what is aimed at, what is, and what was."""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks import key, large, launch
from benchmarks.before import BEFORE
from benchmarks.measure import Pair, listed, table
from benchmarks.terminal import ROOT, environment

#: What was measured last, for the README and the plot.
MEASURED = ROOT / "benchmarks" / "measured.json"


def _apart(module: str, *more: str) -> Callable[[bool], list[Pair]]:
    """In a process of its own, so that NumPy is loaded with one BLAS thread."""

    def measure(quick: bool) -> list[Pair]:
        call = [sys.executable, "-m", f"benchmarks.{module}", *more, *(["--quick"] if quick else [])]
        done = subprocess.run(call, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, check=True)
        return [Pair(**plain) for plain in json.loads(done.stdout)]

    return measure


def _with_torch(quick: bool) -> list[Pair]:
    return _apart("operations", "--json")(quick) if importlib.util.find_spec("torch") else []


BENCHMARKS: dict[str, Callable[[bool], list[Pair]]] = {
    "launch": launch.measure,
    "key": key.measure,
    "engine": _apart("engine"),
    "training": _apart("training"),
    "scalars": _apart("scalars"),
    "searching": _apart("searching"),
    "operations": _with_torch,
    "scale": _apart("scale"),
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
    parser.add_argument("--keep", action="store_true", help="write what is measured, and the table in the README")
    options = parser.parse_args()
    if options.beside is not None:
        BENCHMARKS["launch"] = partial(launch.measure, beside=options.beside.absolute())
        BENCHMARKS["key"] = partial(key.measure, beside=options.beside.absolute())
    pairs: list[Pair] = []
    for name in [options.only] if options.only else BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr)
        pairs += BENCHMARKS[name](options.quick)
    found = [{**pair.summary(), "before": BEFORE.get(pair.key)} for pair in pairs]
    if options.keep:
        _keep(found)
    print(json.dumps(found, ensure_ascii=False, indent=2) if options.json else table(pairs, BEFORE))


def _keep(found: list[dict[str, object]]) -> None:
    """Puts what is measured in the place of what was for the same benchmarks, and the table into the README."""
    kept = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else []
    new = {one["benchmark"] for one in found}
    order = list(BENCHMARKS)
    both: list[Mapping[str, object]] = [*(one for one in kept if one["benchmark"] not in new), *found]
    both.sort(key=lambda one: order.index(str(one["benchmark"])))
    MEASURED.write_text(json.dumps(both, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    readme = ROOT / "benchmarks" / "README.md"
    head, _, rest = readme.read_text(encoding="utf-8").partition("<!-- measured -->\n")
    _, _, tail = rest.partition("<!-- /measured -->\n")
    readme.write_text(f"{head}<!-- measured -->\n{listed(both)}\n<!-- /measured -->\n{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
