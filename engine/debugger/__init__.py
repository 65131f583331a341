"""A person's place in a training, and what can be asked and done there.

Tested elsewhere: here, frame — because they only put together what known, sum, story and origin are tested for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine import face

if TYPE_CHECKING:
    from gradstep.engine.debugger.checking import check as check
    from gradstep.engine.debugger.commands import COMMANDS as COMMANDS
    from gradstep.engine.debugger.commands.table import Result as Result
    from gradstep.engine.debugger.frame import Frame as Frame
    from gradstep.engine.debugger.layers import gradient_range as gradient_range
    from gradstep.engine.debugger.layers import norm_range as norm_range
    from gradstep.engine.debugger.origin import Card as Card
    from gradstep.engine.debugger.origin import Curve as Curve
    from gradstep.engine.debugger.origin import Link as Link
    from gradstep.engine.debugger.overview import largest as largest
    from gradstep.engine.debugger.overview import narration as narration
    from gradstep.engine.debugger.overview import norm as norm
    from gradstep.engine.debugger.overview import norm_through as norm_through
    from gradstep.engine.debugger.overview import shut as shut
    from gradstep.engine.debugger.peaks import extreme as extreme
    from gradstep.engine.debugger.peaks import extremes as extremes
    from gradstep.engine.debugger.peaks import gradient_peaks as gradient_peaks
    from gradstep.engine.debugger.pictures import Distribution as Distribution
    from gradstep.engine.debugger.pictures import Kind as Kind
    from gradstep.engine.debugger.pictures import Picture as Picture
    from gradstep.engine.debugger.pictures import Written as Written
    from gradstep.engine.debugger.pictures import distribution as distribution
    from gradstep.engine.debugger.pictures import peak as peak
    from gradstep.engine.debugger.pictures import picture as picture
    from gradstep.engine.debugger.pictures import spread as spread
    from gradstep.engine.debugger.pictures import written as written
    from gradstep.engine.debugger.ranking import Ranked as Ranked
    from gradstep.engine.debugger.ranking import ranked as ranked
    from gradstep.engine.debugger.ranking import step_of as step_of
    from gradstep.engine.debugger.script import carry_out as carry_out
    from gradstep.engine.debugger.script import read_script as read_script
    from gradstep.engine.debugger.session import Session as Session
    from gradstep.engine.debugger.sum import Fold as Fold
    from gradstep.engine.debugger.sum import Row as Row
    from gradstep.engine.debugger.transcript import blocks as blocks
    from gradstep.engine.debugger.transcript import line as line
    from gradstep.engine.debugger.traveller import Move as Move
    from gradstep.engine.debugger.triaging import triage as triage
    from gradstep.engine.debugger.unattended import Ended as Ended
    from gradstep.engine.debugger.unattended import made_with as made_with
    from gradstep.engine.debugger.unattended import parameters as parameters
    from gradstep.engine.debugger.unattended import train as train

__getattr__, __all__ = face(__name__)
