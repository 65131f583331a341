"""The debugger's commands: text → a call of the session → a result, for people and for programs.

One function a command; its help is its docstring. The screen's `:` line, `gradstep run` and scripts all come here.
"""

from __future__ import annotations

from gradstep.engine.debugger.commands import files, info, questions, stops, table, time, whatif
from gradstep.engine.debugger.commands.table import COMMANDS, SHORT, Command, GoOn, Result, place, run

# In the order in which `help` lists them.
for _module in (time, stops, questions, whatif, info, files, table):
    table.enter(_module)

__all__ = ["COMMANDS", "SHORT", "Command", "GoOn", "Result", "place", "run"]
