"""What these benchmarks use of the engine, under the names that it has here, or else under those that it had before
each room had its folder: so an older tree is measured by the same code."""

from __future__ import annotations

from typing import Any

from gradstep.engine.errors import CommandError, GradstepError, ScenarioError
from gradstep.engine.index import read_only

Plan: Any = None
#: Whether this is an older tree: it cannot read all formulas.
OLDER = False
try:
    from gradstep.engine.debugger.commands.table import run as command
    from gradstep.engine.debugger.session import Session
    from gradstep.engine.files import load, loads
    from gradstep.engine.history.history import History
    from gradstep.engine.run.passes import run
    from gradstep.engine.run.plan import Plan
    from gradstep.engine.run.scenario import Scenario
    from gradstep.engine.run.trace import Trace
except ImportError:
    OLDER = True
    from gradstep.engine.commands import run as command
    from gradstep.engine.history import History
    from gradstep.engine.scenario import Scenario, load, loads
    from gradstep.engine.session import Session
    from gradstep.engine.trace import Trace, run


__all__ = [
    "OLDER",
    "CommandError",
    "GradstepError",
    "History",
    "Plan",
    "Scenario",
    "ScenarioError",
    "Session",
    "Trace",
    "command",
    "load",
    "loads",
    "read_only",
    "run",
]
