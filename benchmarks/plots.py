"""The picture of what was measured last, from `measured.json`: for each figure what was, what is, and the goal.

    python -m benchmarks.plots

writes it to docs/benchmarks.svg.
"""

from __future__ import annotations

import json
from html import escape
from math import log10
from pathlib import Path
from typing import Any

MEASURED = Path(__file__).parent / "measured.json"
#: Where bars begin and how wide they are for a ratio ten times as large; how high a row is.
LEFT, DECADE, ROW = 430, 170, 34
#: The least and the largest ratio that is drawn.
LEAST, MOST = 0.1, 50.0
COLOURS = {"before": "#9aa0a6", "now": "#1a73e8", "goal": "#188038", "text": "#5f6368"}


def svg() -> str:
    """The picture, of all figures of which it is known what they were."""
    found = [one for one in json.loads(MEASURED.read_text(encoding="utf-8")) if one["before"] is not None]
    height, width = ROW * (len(found) + 2), LEFT + round(DECADE * log10(MOST / LEAST)) + 60
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        'font-size="12">',
        "<title>gradstep, times what it is measured against: before, now, and the goal</title>",
        *_axis(height),
    ]
    for k, one in enumerate(found, 1):
        lines += _row(one, k * ROW + 6)
    return "\n".join([*lines, "</svg>\n"])


def _at(ratio: float) -> float:
    return round(LEFT + DECADE * log10(min(max(ratio, LEAST), MOST) / LEAST), 1)


def _axis(height: int) -> list[str]:
    lines = []
    for ratio in (0.1, 0.3, 1, 3, 10, 30):
        x, strong = _at(ratio), ratio == 1
        lines.append(
            f'<line x1="{x}" x2="{x}" y1="24" y2="{height - 20}" stroke="{COLOURS["text"]}" '
            f'stroke-width="{1.5 if strong else 0.5}" stroke-opacity="0.5"/>'
            f'<text x="{x}" y="16" text-anchor="middle" fill="{COLOURS["text"]}">{ratio:g} ×</text>'
        )
    for k, name in enumerate(("before", "now", "goal")):
        lines.append(f'<text x="{LEFT - 200 + 60 * k}" y="16" fill="{COLOURS[name]}">■ {name}</text>')
    return lines


def _row(one: dict[str, Any], y: int) -> list[str]:
    goal = float(one["target"].removeprefix("≤ ").split(",")[0])
    words = f"{one['benchmark']}: {one['case']}, beside {one['against']}"
    place = f'x="{LEFT - 8}" y="{y + 14}" text-anchor="end" fill="{COLOURS["text"]}" font-size="10"'
    lines = [f"<text {place}>{escape(words)}</text>"]
    for name, ratio, top in (("before", one["before"], y), ("now", one["ratio"], y + 11)):
        lines.append(
            f'<rect x="{LEFT}" y="{top}" width="{max(_at(ratio) - LEFT, 1):.1f}" height="9" fill="{COLOURS[name]}"/>'
            f'<text x="{_at(ratio) + 4}" y="{top + 8}" fill="{COLOURS[name]}" font-size="9">{ratio:.2f}</text>'
        )
    x = _at(goal)
    return [*lines, f'<line x1="{x}" x2="{x}" y1="{y - 2}" y2="{y + 22}" stroke="{COLOURS["goal"]}" stroke-width="2"/>']


if __name__ == "__main__":
    (MEASURED.parent.parent / "docs" / "benchmarks.svg").write_text(svg(), encoding="utf-8")
