"""Questions to one iteration: expressions, conditions, breakpoints, what-if, finite differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine import face

if TYPE_CHECKING:
    from gradstep.engine.ask.breakpoints import Breakpoint as Breakpoint
    from gradstep.engine.ask.comparison import compare as compare
    from gradstep.engine.ask.conditions import Condition as Condition
    from gradstep.engine.ask.conditions import condition_words as condition_words
    from gradstep.engine.ask.effects import preview as preview
    from gradstep.engine.ask.kinds import KINDS as KINDS
    from gradstep.engine.ask.ordering import ORDERS as ORDERS
    from gradstep.engine.ask.ordering import check_filter as check_filter
    from gradstep.engine.ask.ordering import in_order as in_order
    from gradstep.engine.ask.patterns import Pattern as Pattern
    from gradstep.engine.ask.query import Answer as Answer
    from gradstep.engine.ask.stops import Stop as Stop
    from gradstep.engine.ask.watches import Watch as Watch
    from gradstep.engine.ask.whatif import read_edit as read_edit

__getattr__, __all__ = face(__name__)
