"""What a person types for a number, and what it points at."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from gradstep.engine.errors import CommandError, shortened
from gradstep.engine.graph.graph import Value
from gradstep.engine.index import ravel

#: The characters of names, for the brackets of a regular expression: what \w stands for, and in many scripts the marks
#: on letters, which it leaves out.
LETTERS = (
    r"\w\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0711-\u074a\u07a6-\u07fd"
    r"\u0816-\u109f\u135d-\u135f\u1712-\u1773\u17b4-\u1cff\u1dc0-\u1dff\u20d0-\u20f0\u2cef-\u2cf1\u2d7f\u2de0-\u2dff"
    r"\u302a-\u302f\u3099\u309a\ua66f-\ua69f\ua6f0\ua6f1\ua802-\uabed\ufb1e\ufe00-\ufe0f\ufe20-\ufe2f\U000101fd-\U0001e94a"
    r"\U000e0100-\U000e01ef"
)
#: What stands behind the dot of a name for one of a value's arrays: `averaged` is the average of a parameter's weights.
ARRAYS = ("data", "grad", "next", "averaged")
_SUFFIX = "|".join(ARRAYS)
_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def plain(text: str) -> str:
    """A name with its subscripts as digits, as it is typed."""
    return text.translate(_PLAIN)


@dataclass(frozen=True, slots=True)
class Target:
    """What a typed name points at: the `data`, `grad`, `next` or `averaged` of a value, or some index of it."""

    value: Value
    kind: str
    index: tuple[int, ...] | None

    @property
    def flat(self) -> int | None:
        """The flat element, where the name points at exactly one."""
        if self.index is None:
            return 0 if self.value.size == 1 else None
        return ravel(self.index, self.value.shape) if len(self.index) == len(self.value.shape) else None


class Typed(NamedTuple):
    """The parts of a typed name: of `W1.grad[0,1]` the name W1, the kind grad, and what stands in the brackets."""

    text: str
    name: str
    kind: str
    inside: str | None


def _without_slope(text: str, loss: str) -> tuple[str, bool]:
    """A name with its subscripts as digits; of ∂L/∂h₁ h1, and that it is a gradient."""
    word = plain(unicodedata.normalize("NFKC", text.strip()))
    found = re.fullmatch(rf"(?:∂|d)([{LETTERS}:]+)/(?:∂|d)(.+)", word)
    slope = found is not None and found[1] in (plain(loss), "loss")
    if found is None and word.startswith("∂") and "/" not in word:  # as the tape has it where there is little room
        return word[1:].strip(), True
    return (found[2].strip(), True) if found is not None and slope else (word, False)


def spelled(text: str, loss: str) -> str:
    """A name as it is typed in letters and digits: of ∂L/∂h₁ h1.grad, of ∂L/∂W₁[0,2] W1.grad[0,2]. What is no such name
    stays as it is."""
    word, slope = _without_slope(text, loss)
    parts = re.fullmatch(r"([^\[]*?)(\[[^\[]*\])?", word)
    return word if not slope or parts is None else f"{parts[1].rstrip()}.grad{parts[2] or ''}"


def read(text: str, loss: str) -> Typed:
    """Takes a typed name apart. `loss` is how the loss is called, as in ∂L/∂h₁; `loss` may stand there too.
    Raises CommandError."""
    word, slope = _without_slope(text, loss)
    parts = re.fullmatch(rf"([^\s.\[\]](?:[^\s\[\]]*?[^\s.\[\]])??)(?:\.({_SUFFIX}))?\s*(?:\[([^\]]*)\])?", word)
    if parts is None:
        raise CommandError(f"'{shortened(text)}' is no name; names are written h, h[0], h.grad[0]")
    return Typed(text, parts[1], "grad" if slope else parts[2] or "data", parts[3])


def index_of(inside: str, value: Value, text: str) -> tuple[int, ...]:
    """The index written in brackets behind the name of `value`. Raises CommandError; `text` is what was typed."""
    try:
        index = [int(part) for part in inside.split(",")]
    except ValueError:
        raise CommandError(f"'{text}': an index is whole numbers, as in {value.name}[0]") from None
    if len(index) > len(value.shape):
        raise CommandError(f"'{text}': '{value.name}' has shape {value.shape}, so at most {len(value.shape)} indices")
    for axis, (here, extent) in enumerate(zip(index, value.shape, strict=False)):
        if not -extent <= here < extent:
            raise CommandError(f"'{text}': index {here} is out of range; axis {axis} of '{value.name}' has {extent}")
    return tuple(h % n for h, n in zip(index, value.shape, strict=False))
