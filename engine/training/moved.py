"""The update of another program, where only its result is known."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from gradstep.engine.errors import OpError
from gradstep.engine.training.optimizer import Optimizer
from gradstep.engine.training.rule import Line


class Moved(Optimizer, listed=False):
    """The new numbers are those that were recorded, at update number `at`; what comes after it is not known."""

    name = "recorded"
    known = False

    def __init__(self, at: int, happened: bool) -> None:
        super().__init__()
        self.set["lr"] = 0.0
        self._at, self._happened = at, happened

    def kept(self) -> Mapping[str, float]:
        return {"recorded": 0.0}

    def phase(self, t: int) -> Hashable:
        return t

    def lines(self, t: int) -> tuple[Line, ...]:
        """Raises OpError for any other update."""
        if t != self._at:
            raise OpError(
                "a recording has one update, and no optimiser here is known to make the next one as it would be: "
                "record it with optimizer="
            )
        says = "as it was recorded; what the optimiser did to it is not known"
        return (
            Line(
                "w",
                "{recorded}",
                lambda n: n["recorded"] + 0,
                says if self._happened else "no update of it was recorded",
            ),
        )
