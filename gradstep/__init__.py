"""gradstep: the time-travel debugger for backpropagation.

    import gradstep

    session = gradstep.Session(gradstep.find("walkthrough"))
    session.goto("h.grad[1]")
    session.frame().caption

Names are loaded when they are first used, so importing this costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from gradstep.engine.debugger.check import check
    from gradstep.engine.debugger.frame import Frame
    from gradstep.engine.debugger.session import Session
    from gradstep.engine.errors import CommandError, GradstepError, GraphError, OpError, ScenarioError
    from gradstep.engine.files.reading import Scenario, find, load, loads
    from gradstep.engine.run.timeline import Grain, Phase, Position

_HOMES = {
    "check": "debugger.check",
    **dict.fromkeys(("CommandError", "GradstepError", "GraphError", "OpError", "ScenarioError"), "errors"),
    "Frame": "debugger.frame",
    **dict.fromkeys(("Scenario", "find", "load", "loads"), "files.reading"),
    "Session": "debugger.session",
    **dict.fromkeys(("Grain", "Phase", "Position"), "run.timeline"),
}

__all__ = [
    "CommandError",
    "Frame",
    "GradstepError",
    "Grain",
    "GraphError",
    "OpError",
    "Phase",
    "Position",
    "Scenario",
    "ScenarioError",
    "Session",
    "__version__",
    "check",
    "find",
    "load",
    "loads",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("gradstep")
    if name not in _HOMES:
        raise AttributeError(f"module 'gradstep' has no attribute '{name}'")
    return getattr(import_module(f"gradstep.engine.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
