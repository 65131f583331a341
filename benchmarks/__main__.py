"""`python -m benchmarks`: measures, and prints one table: what is aimed at, what is, and what was."""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import key, large, launch
from benchmarks.measure import Pair, listed, table
from benchmarks.terminal import ROOT, environment

#: What was measured last, for the README and the plot.
MEASURED = ROOT / "benchmarks" / "measured.json"


#: Measures, quickly or not, what there is here and, where another tree is named, what there is in that: as it is to be
#: shown, and the other tree's.
Measure = Callable[[bool, Path | None], tuple[list[Pair], list[Pair]]]


def _apart(module: str, *more: str, aged: bool = True) -> Measure:
    """In a process of its own, so that NumPy is loaded with one BLAS thread; `aged`: also in an older tree."""

    def measure(quick: bool, beside: Path | None) -> tuple[list[Pair], list[Pair]]:
        call = ["-m", f"benchmarks.{module}", *more, *(["--quick"] if quick else [])]
        here = _pairs([sys.executable, *call])
        return here, _pairs([str(beside / ".venv" / "bin" / "python"), *call]) if aged and beside is not None else []

    return measure


def _pairs(call: list[str]) -> list[Pair]:
    """What a module says. It runs in a folder with these benchmarks alone: here the folder gradstep/ would hide the
    package that is installed in another environment."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "benchmarks").symlink_to(ROOT / "benchmarks", target_is_directory=True)
        done = subprocess.run(call, cwd=folder, env=environment(), stdout=subprocess.PIPE, check=True)
    return [Pair(**plain) for plain in json.loads(done.stdout)]


def _with_torch(quick: bool, beside: Path | None) -> tuple[list[Pair], list[Pair]]:
    if not importlib.util.find_spec("torch"):
        return [], []
    from benchmarks.operations import shown

    here, there = _apart("operations", "--json")(quick, beside)
    return shown(here, there), there


def _alone(quick: bool, beside: Path | None) -> tuple[list[Pair], list[Pair]]:
    return large.measure(quick), []


BENCHMARKS: dict[str, Measure] = {
    "launch": launch.measure,
    "key": key.measure,
    "engine": _apart("engine"),
    "training": _apart("training"),
    "scalars": _apart("scalars"),
    "searching": _apart("searching"),
    "operations": _with_torch,
    "scale": _apart("scale"),
    "large": _alone,
    "recording": _apart("recording", aged=False),
    "recorded": _apart("recorded", aged=False),
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
        help="another tree as well, whose environment is TREE/.venv: what is measured there stands as before",
    )
    parser.add_argument("--keep", action="store_true", help="write what is measured, and the table in the README")
    options = parser.parse_args()
    beside = None if options.beside is None else options.beside.absolute()
    pairs: list[Pair] = []
    before: dict[tuple[str, str, str], float] = {}
    for name in [options.only] if options.only else BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr)
        here, there = BENCHMARKS[name](options.quick, beside)
        pairs += here
        before |= {pair.key: pair.ratio for pair in there}
    found = [{**pair.summary(), "before": before.get(pair.key)} for pair in pairs]
    if options.keep:
        _keep(found)
    print(json.dumps(found, ensure_ascii=False, indent=2) if options.json else table(pairs, before))


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
