"""Pairs of measured times, and the table they are shown in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    def key(self) -> tuple[str, str, str]:
        """What it is, among all others."""
        return self.benchmark, self.case, self.against

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


def table(pairs: Sequence[Pair], before: Mapping[tuple[str, str, str], float]) -> str:
    """All pairs, a line each: what is aimed at, what is, and what was; times in milliseconds, or where it says so in
    bytes."""
    head = ["benchmark", "case", "against", "goal", "now", "before", "gradstep", "p99", "other", ""]
    rows = [head]
    for pair in pairs:
        factor = {"ms": 1e3, "kB": 1e-3, "MB": 1e-6}[pair.unit]
        ours, theirs = _spread(pair.ours), _spread(pair.theirs)
        was, verdict = before.get(pair.key), "met" if pair.met else "MISSED"
        own, most, other = (f"{x * factor:.3g}" for x in (ours["median"], ours["p99"], theirs["median"]))
        now = [f"{pair.ratio:.2f}", "" if was is None else f"{was:.2f}", f"{own} {pair.unit}", most, other, verdict]
        rows.append([*pair.key, pair.target, *now])
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    left = (0, 1, 2, 3, len(head) - 1)

    def aligned(row: list[str]) -> str:
        cells = (c.ljust(w) if k in left else c.rjust(w) for k, (c, w) in enumerate(zip(row, widths, strict=True)))
        return "  ".join(cells).rstrip()

    return "\n".join(map(aligned, rows))


def listed(found: Sequence[Mapping[str, Any]]) -> str:
    """What was measured, as the table of a README."""
    rows = ["| benchmark | case | against | goal | now | before | |", "|---|---|---|---|---|---|---|"]
    for one in found:
        was = "" if one["before"] is None else f"{one['before']:.2f}"
        met = "" if one["met"] else "missed"
        what = f"{one['benchmark']} | {one['case']} | {one['against']}"
        rows.append(f"| {what} | {one['target']} | {one['ratio']:.2f} | {was} | {met} |")
    return "\n".join(rows)
