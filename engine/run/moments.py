"""From what a person types for a moment to a position: `24`, `+10`, `50%`, `h.grad[1]`, `loss`."""

from __future__ import annotations

import re

from gradstep.engine.errors import CommandError, shortened
from gradstep.engine.graph.graph import Role
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.graph.typed import Target
from gradstep.engine.index import ravel
from gradstep.engine.run.timeline import Phase, Position, Timeline
from gradstep.engine.training.settings import check_iteration

_PHASES = {"forward": Phase.FORWARD, "loss": Phase.LOSS, "backward": Phase.BACKWARD, "update": Phase.UPDATE}


def find(timeline: Timeline, board: Blackboard, here: Position, text: str, made: int = 1) -> Position:
    """The position that `text` means. Raises CommandError with what is allowed.

    A phase means its first step; a name the step that writes it, its first element's if it is a
    whole array. `@12` is the beginning of iteration 12, `@12 h.grad[1]` a moment in it, `@end` the end of
    the last of those `made`; everything else is in the iteration one is in.
    """
    word = text.strip()
    if word.startswith("@"):
        which, _, rest = re.split(r"([\s:])", f"{word[1:].strip()} ", maxsplit=1)
        iteration = _iteration(which, here.iteration, made)
        if rest.lstrip().startswith("@"):
            raise CommandError(f"'{shortened(text, 60)}': one iteration is enough, as in @12 h.grad[1]")
        if not rest.strip():
            return Position(timeline.total if which == "end" else 0, None, iteration)
        return Position(_step(timeline, board, Position(0), rest), None, iteration)
    return Position(_step(timeline, board, here, text), None, here.iteration)


def _iteration(word: str, here: int, made: int) -> int:
    """The iteration that `12`, `+10`, `-10` or `end` means."""
    if word == "end":
        return made
    found = re.fullmatch(r"([+\-−]?)(\d{1,18})", word)
    if found is None:
        raise CommandError(f"'@{shortened(word)}' is no iteration; they are written @12, @+10, @-10, @end")
    number = int(found[2])
    if found[1]:
        number = max(here + (number if found[1] == "+" else -number), 1)
    elif not number:
        raise CommandError("iterations are counted from 1: @1 is the first")
    check_iteration(number)
    return number


def _step(timeline: Timeline, board: Blackboard, here: Position, text: str) -> int:
    word, total = text.strip(), timeline.total
    if word == "start":
        return 0
    if word == "end":
        return total
    if word in _PHASES:
        start, stop = timeline.span(_PHASES[word])
        if start == stop:
            raise CommandError(f"there is no {word} phase here")
        return start + 1
    if found := re.fullmatch(r"([+\-−]?)(\d{1,18})", word):
        return _numbered(found[1], int(found[2]), here.step, total)
    if found := re.fullmatch(r"(\d{1,3}(?:\.\d{1,9})?)\s*%", word):
        if float(found[1]) > 100:
            raise CommandError(f"'{text}' is past the end; percentages go from 0% to 100%")
        return round(total * float(found[1]) / 100)
    if not word:
        raise CommandError(
            "where to? A step number, +10, 50%, a name such as h.grad[1], a phase, start, end, or @12 for iteration 12"
        )
    return step_of(timeline, board.resolve(word))


def _numbered(sign: str, number: int, here: int, total: int) -> int:
    if sign:
        return min(max(here + (number if sign == "+" else -number), 0), total)
    if number > total:
        raise CommandError(f"there is no step {number}; the last one is {total}")
    return number


#: What is said where an average is asked for and none is kept.
NO_AVERAGE = 'no average of the weights is kept; avg_fn = "ema" in [training] asks for one'


def step_of(timeline: Timeline, target: Target) -> int:
    """The step that writes what `target` points at. Raises CommandError where none does."""
    value, graph = target.value, timeline.graph
    phase = timeline.phase_of(value.id, target.kind)
    name = value.name + (f".{target.kind}" if target.kind != "data" else "")
    given = target.index or ()
    flat = ravel(given + (0,) * (len(value.shape) - len(given)), value.shape)
    step = timeline.step_of(phase, value.id, flat) if value.size else None
    if step is None:
        raise CommandError(f"no step writes {name}: {unwritten(target, graph.loss.name)}")
    return step


def unwritten(target: Target, loss: str) -> str:
    """Why no step writes what `target` points at."""
    value = target.value
    if not value.size:
        return f"it is empty, of shape {value.shape}"
    if value.frozen:
        return f"'{value.name}' is frozen (requires_grad = false): it is given, and gets no gradient and no update"
    if target.kind in ("next", "averaged"):
        return f"only parameters are updated, and '{value.name}' is none"
    if target.kind == "data":
        return (
            f"'{value.name}' is given, not computed; try {value.name}.grad"
            if value.role is Role.PARAMETER
            else f"'{value.name}' is given, not computed"
        )
    if value.name == loss:
        return f"the gradient of {loss} with respect to itself is 1 by definition"
    if not value.differentiable:
        return f"'{value.name}' does not depend on any parameter"
    return f"no path leads from '{value.name}' to {loss}"
