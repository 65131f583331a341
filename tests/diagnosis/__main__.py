"""The table of what the diagnosis names.

python -m tests.diagnosis                  all cases and all healthy trainings
python -m tests.diagnosis loss updates     those of some modules (healthy: `healthy`)
python -m tests.diagnosis --kind dead      those that a kind of finding names
python -m tests.diagnosis --case NAME      one, with its truth and its diagnosis (--toml: its scenarios)
python -m tests.diagnosis --list           every case with what was said first
python -m tests.diagnosis --vocabulary     causes and kinds
python -m tests.diagnosis --keep           write the figures to figures.toml
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.diagnosis.case import Case, Healthy
from tests.diagnosis.report import keep, one_case, table, verdicts, vocabulary
from tests.diagnosis.scoring import score
from tests.diagnosis.sets import CASES, HEALTHY


def main(arguments: list[str]) -> int:
    given = _parser().parse_args(arguments)
    if given.vocabulary:
        print(vocabulary())
        return 0
    if given.case:
        print(one_case(given.case, given.toml))
        return 0
    result = score(*_chosen(given.modules, given.kind))
    if given.list or given.modules or given.kind:
        print(verdicts(result))
    print(table(result))
    if given.keep and not (given.modules or given.kind):
        keep(result)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.diagnosis", description="The table of what the diagnosis names.")
    parser.add_argument("modules", nargs="*", help=f"{', '.join(CASES)}, healthy; default: all")
    parser.add_argument("--kind", help="the bugs that a kind of finding names")
    parser.add_argument("--case", help="one, with its truth and its diagnosis")
    parser.add_argument("--toml", action="store_true", help="with --case: its scenarios")
    parser.add_argument("--list", action="store_true", help="every case, with what was said first")
    parser.add_argument("--vocabulary", action="store_true", help="causes and kinds")
    parser.add_argument("--keep", action="store_true", help="write the figures to figures.toml")
    return parser


def _chosen(modules: Sequence[str], kind: str | None) -> tuple[Sequence[Case], Sequence[Healthy]]:
    cases = [one for name, found in CASES.items() for one in found if not modules or name in modules]
    if kind:
        return [one for one in cases if kind in one.accepted], ()
    healthy = [one for found in HEALTHY.values() for one in found]
    return cases, healthy if not modules or "healthy" in modules else ()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
