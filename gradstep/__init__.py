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
    from gradstep.engine.check import check
    from gradstep.engine.errors import CommandError, GradstepError, GraphError, OpError, ScenarioError
    from gradstep.engine.frame import Frame
    from gradstep.engine.scenario import Scenario, find, load, loads
    from gradstep.engine.session import Session
    from gradstep.engine.timeline import Grain, Phase, Position

_HOMES = {
    "check": "check",
    **dict.fromkeys(("CommandError", "GradstepError", "GraphError", "OpError", "ScenarioError"), "errors"),
    "Frame": "frame",
    **dict.fromkeys(("Scenario", "find", "load", "loads"), "scenario"),
    "Session": "session",
    **dict.fromkeys(("Grain", "Phase", "Position"), "timeline"),
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
