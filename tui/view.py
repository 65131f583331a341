"""What a person has set on the screen, apart from where they are in time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gradstep.engine.chain import Element
from gradstep.engine.notation import Digits
from gradstep.tui.theme import DARK, Palette


@dataclass(frozen=True, slots=True)
class View:
    """Immutable; a change makes another view.

    `selection` is an element chosen with the arrow keys, None while the selection follows the
    step. `network_digits` and `math_digits` are digits after the point.
    """

    palette: Palette = DARK
    network_digits: int = Digits.NETWORK
    math_digits: int = Digits.MATH
    selection: Element | None = None
    tab: str = "math"
    explained: bool = False
    maximised: str = ""

    def but(self, **changes: object) -> View:
        """This view with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]
