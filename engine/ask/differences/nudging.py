"""One gradient against the change of the loss when its number is moved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.ask.differences.rounding import Rounding
from gradstep.engine.ask.differences.switches import switched
from gradstep.engine.ask.differences.verdicts import TELLS, TOLERANCE
from gradstep.engine.errors import CommandError
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import defined, number, plain
from gradstep.engine.run.recording import Recording


class Nudge(NamedTuple):
    """What a nudge of `eps` to one number does: the change of the loss that the gradient predicts,
    and the real one (half the difference between both sides); the gradient of either; `kink` names
    what switched between the two sides, where something did. `of` is the gradient as it is written. Rounding of the
    loss may make `off` of the difference; an error is not taken relative to less than that leaves to be told. `exact`
    is the gradient with more digits. All of them in float64; `ran` is the gradient as the run has it, in `dtype`, and
    `ran_error` its relative error."""

    eps: float
    predicted: float
    actual: float
    gradient: float
    numeric: float
    rel_error: float
    kink: str
    of: str
    off: float
    exact: float
    ran: float
    ran_error: float
    dtype: str

    def lines(self) -> Iterator[str]:
        """For people."""
        backprop, difference = (number(slope, 8, True) for slope in (self.gradient, self.numeric))
        in_double = "" if self.dtype == "float64" else " in float64"
        yield (
            f"{self.of}: backprop{in_double} {backprop}, finite difference {difference}, "
            f"relative error {self.rel_error:.0e}"
        )
        if in_double:
            ran = number(self.ran, 8, True)
            yield f"  in {self.dtype}, as it ran: backprop {ran}, relative error {self.ran_error:.0e}"
        yield (
            f"  a nudge of {self.eps:.1e}: predicted change of the loss {self.predicted:+.6e}, real {self.actual:+.6e}"
        )
        if self.off > TELLS * max(abs(self.gradient), abs(self.numeric)):
            yield f"  too small to tell by a difference: as the loss is rounded, it may be off by {self.off:.0e}"
        if abs(self.exact - self.gradient) > TELLS * max(abs(self.exact), abs(self.gradient)):
            yield f"  rounding has taken its digits: with more of them backprop is {number(self.exact, 8, True)}"
        if self.kink:
            yield f"  not differentiable here: {self.kink}"

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "predicted": plain(self.predicted),
            "actual": plain(self.actual),
            "rel_error": defined(self.rel_error),
            "kink": self.kink or None,
            **({} if self.dtype == "float64" else {"ran": plain(self.ran), "ran_rel_error": defined(self.ran_error)}),
        }


def nudge(recording: Recording, element: Element, eps: float | None = None) -> Nudge:
    """Moves one number by ±`eps` and looks at the loss: the central difference.

    Without `eps` it is ∛ε · max(1, |x|), where truncation and rounding are about equal (Press et al.,
    Numerical Recipes, 3rd ed., §5.7). The element's value must have a gradient. Raises CommandError
    where the number is not finite, or so large that `eps` is lost in it.
    """
    precise = Precise(recording)
    grad = precise.trace.gradient(element.value)
    base = precise.trace.number(element)
    step = eps if eps is not None else float(np.finfo(np.float64).eps) ** (1 / 3) * max(1.0, abs(base))
    width = (base + step) - (base - step)  # what is left of 2·eps when it is added to the number
    if not width > 0:
        name = recording.board.typed(*element)
        raise CommandError(f"{name} is {base:g}, and {step:g} more or less does not change it")
    above, below = (precise.moved(*element, base + sign * step) for sign in (1, -1))
    losses = precise.loss(above), precise.loss(below)
    rounding = Rounding(precise)
    exact = rounding.gradient(element.value)
    if any(kind == "grad" for kind, _ in recording.given):
        exact = grad = recording.trace.gradient(element.value)
    numeric, gradient = (losses[0] - losses[1]) / width, grad.item(element.flat)
    actual = (losses[0] - losses[1]) / 2
    off = rounding.loss() / (width / 2)
    ran = float(recording.trace.gradient(element.value).item(element.flat))
    error, ran_error = (abs(numeric - g) / max(abs(numeric), abs(g), off / TOLERANCE, 1e-300) for g in (gradient, ran))
    held = precise.held(above) or precise.held(below)
    kink = f"{held} is set by hand, so the loss does not follow" if held else ""
    kink = kink or switched(precise, precise.after(element.value), above, below)
    of = recording.board.gradient(*element)
    longer = float(exact.item(element.flat))
    return Nudge(
        step, gradient * step, actual, gradient, numeric, error, kink, of, off, longer, ran, ran_error,
        str(recording.graph.dtype),
    )  # fmt: skip
