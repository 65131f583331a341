"""Makes what the documents show of the program, its picture, its keys, its scenarios: `python docs/make.py`."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from gradstep.engine.files import builtin, find
from gradstep.tui.app import Gradstep
from gradstep.tui.keymap import markdown

SIZE = (160, 45)
MOMENT = "h.grad[0]"


async def picture() -> str:
    """The fan-out scenario at the step where two gradients meet, as SVG."""
    os.environ["COLORTERM"] = "truecolor"  # whatever the terminal that this is run from can do
    app = Gradstep(find("fan-out"))
    async with app.run_test(size=SIZE) as pilot:
        app.session.goto(MOMENT)
        await pilot.press("S", "s")  # shows where we went
        await pilot.pause()
        svg = app.export_screenshot(title="gradstep fan-out")
    # A picture should not fetch fonts from the net; every viewer has a monospaced one.
    return re.sub(r"@font-face\s*\{[^}]*\}", "", svg)


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


if __name__ == "__main__":
    here = Path(__file__).parent
    (here / "screen.svg").write_text(asyncio.run(picture()), encoding="utf-8")
    readme = here.parent / "README.md"
    readme.write_text(with_key_table(readme.read_text(encoding="utf-8")), encoding="utf-8")
    scenarios = here.parent / "scenarios" / "README.md"
    scenarios.write_text(with_scenarios(scenarios.read_text(encoding="utf-8")), encoding="utf-8")
