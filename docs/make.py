"""Makes what the documents show of the program: pictures, keys, scenarios, the manual page: `python docs/make.py`.

The manual page needs argparse-manpage, which `[docs]` brings.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from gradstep.engine.files import builtin, find
from gradstep.tui.app import Gradstep
from gradstep.tui.cli.calls import parser
from gradstep.tui.keymap import markdown

HERE = Path(__file__).parent
SIZE = (160, 45)
MOMENT = "h.grad[0]"
#: The cast: how large, and what is typed before each of its pictures.
CAST_SIZE = (80, 24)
CAST = (
    (), ("space",), ("p",), ("p",), ("space",) * 12, ("s",), ("s",), ("backspace",), ("y",), ("escape", "escape"),
    ("p",),
)  # fmt: skip
#: Seconds that each picture of the cast is seen.
PACE = 1.6

MORE = r"""
.SH KEYS
Space is the next step, backspace the one before; ? lists all keys, : takes a command, q leaves.
.SH COMMANDS
.B help
lists the commands of the debugger, in
.B gradstep run
\fISCENARIO\fR
.B \-c help
and behind : on the screen.
.SH EXIT STATUS
0 fine; 1 a check or a command failed, triage found something wrong, two runs differ, or a training ended without
what it was to run until;
2 bad input; 130 interrupted.
.SH ENVIRONMENT
.TP
.B GRADSTEP_CONFIG
the file of preferences, in place of the one that
.B gradstep config
names
.TP
.B GRADSTEP_LOG
the file for tracebacks of what nobody foresaw
.TP
.B NO_COLOR
no colours; signs are told by characters
.SH SEE ALSO
The README and scenarios/README.md, which describe the debugger and the format of scenarios.
"""


async def picture() -> str:
    """The fan-out scenario at the step where two gradients meet, as SVG."""
    app = Gradstep(find("fan-out"))
    async with app.run_test(size=SIZE) as pilot:
        app.session.goto(MOMENT)
        await pilot.press("S", "s")  # shows where we went
        await pilot.pause()
        return _plain(app.export_screenshot(title="gradstep fan-out"))


async def cast() -> str:
    """The fan-out scenario, stepped onward and back: one SVG that shows one picture after the other."""
    pictures = []
    app = Gradstep(find("fan-out"))
    async with app.run_test(size=CAST_SIZE) as pilot:
        for keys in CAST:
            await pilot.press(*keys)
            await pilot.pause()
            pictures.append(_small(_plain(app.export_screenshot(title="gradstep fan-out")), len(pictures)))
    return animated(pictures)


def _plain(svg: str) -> str:
    """A picture should not fetch fonts from the net; every viewer has a monospaced one."""
    return re.sub(r"@font-face\s*\{[^}]*\}", "", svg)


def _small(svg: str, number: int) -> str:
    """A picture of the cast with short names, and without what cuts off lines: none is too long."""
    (name,) = set(re.findall(r"terminal-\d+", svg))
    svg = re.sub(r"<clipPath.*?</clipPath>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' clip-path="[^"]*"| shape-rendering="crispEdges"', "", svg)
    return re.sub(r"\s*\n\s*", "\n", svg.replace(f"{name}-", f"f{number}"))


def animated(pictures: list[str]) -> str:
    """SVGs of one size as one, each seen for a while and then the next; without motion where that is not wanted."""
    head = re.search(r"<svg[^>]*>", pictures[0])
    assert head is not None, "a picture is an SVG"
    count, share = len(pictures), 100 / len(pictures)
    hidden, seen = "{ visibility: hidden }", "{ visibility: visible }"
    still = f".frame {{ animation: none }} .frame:nth-of-type(1) {seen}"
    style = (
        f"@keyframes shown {{ 0%, {share:.4f}% {seen} {share + 0.0001:.4f}%, 100% {hidden} }}"
        f".frame {{ visibility: hidden; animation: shown {count * PACE:.1f}s linear infinite }}"
        + "".join(f".frame:nth-of-type({k + 1}) {{ animation-delay: {k * PACE:.1f}s }}" for k in range(count))
        + f"@media (prefers-reduced-motion: reduce) {{ {still} }}"
    )
    frames = "".join(f'<g class="frame">{_inside(svg)}</g>' for svg in pictures)
    return f"{head[0]}<style>{style}</style>{frames}</svg>\n"


def _inside(svg: str) -> str:
    return re.sub(r"^.*?<svg[^>]*>|</svg>\s*$", "", svg, flags=re.DOTALL)


def with_key_table(readme: str) -> str:
    """The README with the table of keys that the code has."""
    return re.sub(r"(<!-- keys[^>]*-->\n).*?(\n<!-- /keys -->)", rf"\g<1>{markdown()}\g<2>", readme, flags=re.DOTALL)


def with_scenarios(readme: str) -> str:
    """The README of the scenarios with the table of those that there are."""
    rows = ["| built in | shows |", "|---|---|", *(f"| `{name}` | {find(name).shows} |" for name in builtin())]
    made = "\n".join(rows)
    return re.sub(
        r"(<!-- scenarios[^>]*-->\n).*?(\n<!-- /scenarios -->)", rf"\g<1>{made}\g<2>", readme, flags=re.DOTALL
    )


def manual() -> str:
    """The manual page: all calls with their words, from the command line itself."""
    from argparse_manpage.manpage import Manpage

    whole = parser()
    page = Manpage(whole)
    page.date, page.manual = "", "User Commands"
    text = re.sub(
        r"(?m)^\.SH NAME\ngradstep$", ".SH NAME\ngradstep \\\\- step backpropagation onward and back in time", str(page)
    )
    return f"{text.rstrip()}\n{MORE.strip()}\n"


if __name__ == "__main__":
    os.environ["COLORTERM"] = "truecolor"  # whatever the terminal that this is run from can do
    os.environ["COLUMNS"] = "100"  # the manual page is as wide whoever makes it
    (HERE / "screen.svg").write_text(asyncio.run(picture()), encoding="utf-8")
    (HERE / "cast.svg").write_text(asyncio.run(cast()), encoding="utf-8")
    (HERE / "gradstep.1").write_text(manual(), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "benchmarks.plots"], cwd=HERE.parent, check=True)
    readme, scenarios = HERE.parent / "README.md", HERE.parent / "scenarios" / "README.md"
    readme.write_text(with_key_table(readme.read_text(encoding="utf-8")), encoding="utf-8")
    scenarios.write_text(with_scenarios(scenarios.read_text(encoding="utf-8")), encoding="utf-8")
