"""A rig that tries many made-up cases: each has a number, and the seed and the number make it again.

    python tests/fuzz/files.py --cases 100000 --seed 1      many
    python tests/fuzz/files.py --seed 1 --only 4711         one of them again

What is allowed is a result or an error of ours. Any other exception is a finding, and so is a case that takes more
than five seconds of CPU time.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

#: Seconds of CPU time that a case may take.
LIMIT = 5.0
#: Bytes that the whole process may take: what asks for more has to be refused before.
MEMORY = 6 << 30


class TooLong(BaseException):
    """A case has taken more than its time. No Exception, so that nothing swallows it."""


@dataclass
class Found:
    """What has come of the cases: the numbers of those that failed, and how."""

    cases: int = 0
    #: What the cases say that they have tried, as keys.
    tried: int = 0
    failed: dict[int, str] = field(default_factory=dict)
    slowest: tuple[float, int] = (0.0, -1)


def _expired(number: int, frame: FrameType | None) -> None:
    raise TooLong


def run(act: Callable[[random.Random], int | None], numbers: range, seed: int, budget: float | None = None) -> Found:
    """Tries the cases of these numbers; with a `budget`, for so many seconds of CPU time at most."""
    found = Found()
    before = signal.signal(signal.SIGPROF, _expired)
    begun = time.process_time()
    try:
        for number in numbers:
            if budget is not None and time.process_time() - begun > budget:
                break
            took = _one(act, number, seed, found)
            found.cases += 1
            found.slowest = max(found.slowest, (took, number))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return found


def _one(act: Callable[[random.Random], int | None], number: int, seed: int, found: Found) -> float:
    start = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        found.tried += act(random.Random(f"{seed}/{number}")) or 0
    except TooLong:
        found.failed[number] = "".join(["more than five seconds\n", *traceback.format_exc().splitlines(True)[-8:]])
    except Exception:
        found.failed[number] = traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return time.process_time() - start


def main(act: Callable[[random.Random], int | None], about: str) -> None:
    """The command line of a rig."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, metavar="NUMBER", help="one case, with all that it says")
    parser.add_argument("--show", type=int, default=10, help="so many findings are shown")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    numbers = range(options.cases) if options.only is None else range(options.only, options.only + 1)
    found = run(act, numbers, options.seed)
    for number, text in list(found.failed.items())[: options.show]:
        print(f"--- case {number}\n{text if options.only is not None else text[-1500:]}")
    took, slowest = found.slowest
    print(
        f"seed {options.seed}: {found.cases:,} cases{f' of {found.tried:,} keys' if found.tried else ''}, "
        f"{len(found.failed):,} failed; "
        f"slowest {took:.2f} s, case {slowest}"
    )
    sys.exit(bool(found.failed))
