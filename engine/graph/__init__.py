"""The network as data, and its names.

Tested elsewhere: element — because it is a pair of numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine import face

if TYPE_CHECKING:
    from gradstep.engine.graph.builder import GraphBuilder as GraphBuilder
    from gradstep.engine.graph.element import Element as Element
    from gradstep.engine.graph.formulas import Formulas as Formulas
    from gradstep.engine.graph.graph import Node as Node
    from gradstep.engine.graph.graph import Role as Role
    from gradstep.engine.graph.graph import Value as Value
    from gradstep.engine.graph.layers import Layer as Layer

__getattr__, __all__ = face(__name__)
