"""The equation of a line of an update: w₁₁₂ ← w₁₁₂ − η·∂L/∂w₁₁₂."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradstep.engine.explain.formula.equation import Equation, Num
from gradstep.engine.graph.element import Element
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.staleness import marked
from gradstep.engine.run.update import Stage
from gradstep.engine.training.clipping import LEFT
from gradstep.engine.training.rule import SIGNS


def update(recording: Recording, element: Element, stage: Stage, begun: bool) -> Equation:
    """One line of an update's rule; `begun` if the gradient has been changed by a line before it."""
    line = stage.line
    left = _symbol(recording, element, line.symbol, True)
    right = "".join(text + (_symbol(recording, element, s, begun) if s else "") for text, s in line.pieces)
    numbers: list[str | Num] = []
    own = (*recording.update.optimizer(element.value).kept(), LEFT, "norm")
    varying = {
        s: marked(float(np.asarray(stage.used[s]).item(0)), s in stage.stale)
        for _, s in line.pieces
        if s and _varies(s, stage, own)
    }
    for text, symbol in line.pieces:
        numbers += [text.replace("·", " × ")] if text else []
        if symbol in varying:
            value = varying[symbol]
            signed = symbol != "w" and not text.endswith("√")
            numbers.append(Num(value, signed, signed))
        elif symbol:
            numbers.append(f"{stage.used[symbol]:g}".replace("e-0", "e-"))

    def remade(r: Callable[[float], float]) -> float:
        return float(line.compute({**stage.used, **{symbol: r(value) for symbol, value in varying.items()}}))

    return Equation(left, right, tuple(numbers), stage.made, "←", None if line.whole else remade)


def _varies(symbol: str, stage: Stage, own: tuple[str, ...]) -> bool:
    """Whether a symbol stands for a number of the parameter's own, and not for an option."""
    return isinstance(stage.used[symbol], np.ndarray) or symbol in own


def _symbol(recording: Recording, element: Element, symbol: str, begun: bool) -> str:
    if symbol == "w":
        return recording.board.element(*element)
    if symbol == "grad" or (symbol == "g" and not begun):
        return recording.board.gradient(*element)
    return SIGNS.get(symbol, symbol)
