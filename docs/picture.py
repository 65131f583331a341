"""Makes the README's picture from the real screen: `python docs/picture.py`."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from gradstep.engine.scenario import find
from gradstep.tui.app import Gradstep

SIZE = (144, 40)
MOMENT = "h.grad[0]"


async def picture() -> str:
    """The fan-out scenario at the step where two gradients meet, as SVG."""
    app = Gradstep(find("fan-out"))
    async with app.run_test(size=SIZE) as pilot:
        app.session.goto(MOMENT)
        await pilot.press("S", "s")  # shows where we went
        await pilot.pause()
        svg = app.export_screenshot(title="gradstep fan-out")
    # A picture should not fetch fonts from the net; every viewer has a monospaced one.
    return re.sub(r"@font-face\s*\{[^}]*\}", "", svg)


if __name__ == "__main__":
    Path(__file__).with_name("screen.svg").write_text(asyncio.run(picture()), encoding="utf-8")
