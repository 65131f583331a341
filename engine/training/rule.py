"""A rule as the lines that one writes on a blackboard.

The vectorised update of an array, the derivation of one number on the screen and what is kept for the next
iteration are all read off these lines, so they cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

#: The numbers of an update by their symbols: `w`, `g` and what is kept are arrays of one shape (what is
#: kept: a single number before the first update), options and the learning rate `lr` are single numbers.
#: Each line adds one, or takes the place of one.
Numbers = dict[str, Any]
#: How symbols are written where they are not written as they are.
SIGNS: Mapping[str, str] = {
    "lr": "η", "momentum": "μ", "dampening": "τ", "weight_decay": "λ", "beta1": "β₁", "beta2": "β₂", "alpha": "α",
    "eps": "ε", "lr_decay": "δ", "norm": "‖g‖", "left": "left over", "rho": "ρ", "mu": "μₜ", "mu_next": "μₜ₊₁",
    "product": "Πμ", "product_next": "Πμₜ₊₁", "rectified": "r", "shorter": "η₋", "longer": "η₊", "least": "s₋",
    "most": "s₊", "accumulate": "batches",
    "averaged": "average", "averages": "n", "eta": "ηₜ", "lr_before": "ηₜ₋₁", "lambd": "λ", "eps2": "ε₂",
}  # fmt: skip


class Line:
    """One line of a rule, symbol ← written: {g} stands for the number of that symbol. `compute` gives it,
    for whole arrays and single elements alike; `says` is the line in words. Where something is divided by what
    may be 0, `divisor` gives that. One that needs the `whole` array for each of its numbers cannot be computed for
    one alone."""

    def __init__(
        self,
        symbol: str,
        written: str,
        compute: Callable[[Numbers], Any],
        says: str,
        divisor: Callable[[Numbers], Any] | None = None,
        whole: bool = False,
    ) -> None:
        self.symbol, self.written, self.compute, self.says = symbol, written, compute, says
        self.divisor, self.whole = divisor, whole

    @cached_property
    def pieces(self) -> tuple[tuple[str, str], ...]:
        """The text before each symbol, and the symbol; the last is empty."""
        parts = re.split(r"\{([^}]+)\}", self.written)
        return tuple(zip(parts[::2], [*parts[1::2], ""], strict=True))
