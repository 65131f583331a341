"""gradstep: the time-travel debugger for backpropagation.

    import gradstep

    session = gradstep.Session(gradstep.find("walkthrough"))
    session.goto("h.grad[1]")
    session.frame().story.caption
    session.why("W1.grad[1,0]").reason
    session.value("abs(W1.grad).max()").value

What is exported here keeps its names and meanings; modules inside of `gradstep.engine` promise nothing.

Names are loaded when they are first used, so importing this costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradstep.engine import face as _face

if TYPE_CHECKING:
    from gradstep.engine.ask import Breakpoint as Breakpoint
    from gradstep.engine.ask import Stop as Stop
    from gradstep.engine.debugger import Frame as Frame
    from gradstep.engine.debugger import Result as Result
    from gradstep.engine.debugger import Session as Session
    from gradstep.engine.debugger import check as check
    from gradstep.engine.diagnosis import Diagnosis as Diagnosis
    from gradstep.engine.diagnosis import Finding as Finding
    from gradstep.engine.errors import CommandError as CommandError
    from gradstep.engine.errors import GradstepError as GradstepError
    from gradstep.engine.errors import GraphError as GraphError
    from gradstep.engine.errors import OpError as OpError
    from gradstep.engine.errors import ScenarioError as ScenarioError
    from gradstep.engine.files import find as find
    from gradstep.engine.files import load as load
    from gradstep.engine.files import loads as loads
    from gradstep.engine.run import Grain as Grain
    from gradstep.engine.run import Phase as Phase
    from gradstep.engine.run import Position as Position
    from gradstep.engine.run import Recording as Recording
    from gradstep.engine.run import Scenario as Scenario

    __version__: str

_lazily, _names = _face(__name__)
__all__ = [*_names, "__version__"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # here, because it loads for longer than all the rest

        return version("gradstep")
    return _lazily(name)


def __dir__() -> list[str]:
    return __all__
