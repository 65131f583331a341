"""Breakpoints, and what `info breakpoints` says of them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.query import Query


class Breakpoint:
    """Stops where its condition holds. `once` deletes it at its first hit; the next `ignore` hits are
    passed over; with a `log` expression it never stops, and its value is noted instead."""

    def __init__(self, number: int, condition: Condition, once: bool = False, log: Query | None = None) -> None:
        self.number, self.condition, self.once, self.log = number, condition, once, log
        self.enabled, self.hits, self.ignore = True, 0, 0

    def about(self, condition: Condition) -> Breakpoint:
        """The same with its condition read again, for another recording."""
        other = copy(self)
        other.condition = condition
        return other

    @property
    def text(self) -> str:
        """As it was written, and as a scenario file keeps it."""
        return self.condition.text + (f" do print {self.log.text}" if self.log else "")

    @property
    def state(self) -> str:
        """`armed` or `off`, with what there is to say about it."""
        words = ["armed" if self.enabled else "off"]
        words += ["once"] if self.once else []
        words += [f"ignores {self.ignore:,}"] if self.ignore else []
        words += [f"hit {self.hits:,}×"] if self.hits else []
        return ", ".join(words)

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "breakpoint": self.number,
            "text": self.text,
            "enabled": self.enabled,
            "once": self.once,
            "hits": self.hits,
            "ignore": self.ignore,
        }


class Breakpoints(list[Breakpoint]):
    """Those that are set, in the order of their numbers."""

    def lines(self) -> Iterator[str]:
        """For people."""
        if not self:
            yield "no breakpoints"
        for one in self:
            yield f"{one.number:>3}  {one.text}   {one.state}"

    def document(self) -> list[dict[str, Any]]:
        """For programs."""
        return [one.document() for one in self]
