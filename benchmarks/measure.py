"""Pairs of measured times, and the table they are shown in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Pair:
    """Times in seconds of gradstep and of what it is measured against, taken in turns in one run.

    The target is met if the ratio of the medians is at most `most`, and gradstep's median, where
    `limit` is given, below that many seconds. With `unit` MB or kB the two are bytes.
    """

    benchmark: str
    case: str
    against: str
    most: float
    ours: list[float] = field(repr=False)
    theirs: list[float] = field(repr=False)
    limit: float | None = None
    unit: str = "ms"

    @property
    def ratio(self) -> float:
        return median(self.ours) / median(self.theirs)

    @property
    def met(self) -> bool:
        return self.ratio <= self.most and (self.limit is None or median(self.ours) < self.limit)

    @property
    def target(self) -> str:
        return f"≤ {self.most:g}" + ("" if self.limit is None else f", < {self.limit * 1e3:g} ms")

    def summary(self) -> dict[str, Any]:
        """The numbers of the table, in seconds."""
        return {
            "benchmark": self.benchmark,
            "case": self.case,
            "against": self.against,
            "repetitions": len(self.ours),
            "gradstep": _spread(self.ours),
            "other": _spread(self.theirs),
            "ratio": self.ratio,
            "target": self.target,
            "met": self.met,
        }

    def plain(self) -> dict[str, Any]:
        """This pair as JSON can write it; `Pair(**pair.plain())` is an equal one."""
        return asdict(self)


def _spread(times: Sequence[float]) -> dict[str, float]:
    return {"median": median(times), "p90": percentile(times, 90), "p99": percentile(times, 99)}


def percentile(times: Sequence[float], percent: float) -> float:
    """The smallest time that at least `percent` of all times do not exceed (the nearest rank)."""
    ordered = sorted(times)
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)]


def table(pairs: Sequence[Pair]) -> str:
    """All pairs, a line each, in milliseconds, or where it says so in megabytes."""
    head = ["benchmark", "case", "n", "gradstep", "p90", "p99", "other", "p90", "p99", "ratio", "target", ""]
    rows = [head]
    for pair in pairs:
        ours, theirs = _spread(pair.ours), _spread(pair.theirs)
        factor = {"ms": 1e3, "MB": 1e-6, "kB": 1e-3}[pair.unit]
        times = [f"{times[kind] * factor:.3f}" for times in (ours, theirs) for kind in ("median", "p90", "p99")]
        verdict = "met" if pair.met else "MISSED"
        case = pair.case if pair.unit == "ms" else f"{pair.case}, {pair.unit}"
        rows.append([pair.benchmark, case, str(len(pair.ours)), *times, f"{pair.ratio:.2f}", pair.target, verdict])
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    left = (0, 1, len(head) - 2, len(head) - 1)

    def aligned(row: list[str]) -> str:
        cells = (c.ljust(w) if k in left else c.rjust(w) for k, (c, w) in enumerate(zip(row, widths, strict=True)))
        return "  ".join(cells).rstrip()

    return "\n".join(map(aligned, rows))
