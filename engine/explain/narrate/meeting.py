"""What an element feeds, where the gradient of several terms meets at it."""

from __future__ import annotations

from math import prod

from gradstep.engine.graph.element import Element
from gradstep.engine.index import Grid
from gradstep.engine.notation import counted
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.run.reading import gradient_segments
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.terms import Segment

#: So many elements, or arrays, are named.
_NAMED = 3


def feeds(recording: Recording, element: Element) -> str:
    """`feeds 2 neurons`, `feeds 9 elements of c`, `enters L 2 times`: of an element of several terms."""
    board, value = recording.board, recording.graph.values[element.value]
    parts = [s for s in gradient_segments(recording.trace, value, element.flat) if s.count]
    count = sum(part.count for part in parts)
    targets = list(dict.fromkeys(part.target(k) for part in parts[:_NAMED] for k in range(min(part.count, _NAMED))))
    if len(targets) == 1 and all(_at_one(part) for part in parts):
        return f"enters {board.element(*targets[0])} {counted(count, 'time')}"
    if len(parts) == 1:
        node = recording.graph.nodes[parts[0].node]
        if isinstance(node.op, Linear) and parts[0].slot == 0:
            return f"feeds {counted(count, 'neuron')}"
        return f"feeds {counted(_different(parts[0]), 'element')} of {board.whole(parts[0].via_value)}"
    if count == len(targets) and count <= _NAMED:
        return f"feeds {_listed([board.element(*target) for target in targets])}"
    arrays = list(dict.fromkeys(board.whole(part.via_value) for part in parts))
    if all(part.count == 1 for part in parts) and len(arrays) > _NAMED:
        return f"is used {counted(count, 'time')}"
    return f"feeds {_listed(arrays) if len(arrays) <= _NAMED else counted(len(arrays), 'array')}"


def _listed(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _at_one(part: Segment) -> bool:
    """Whether all terms come through one element."""
    return _different(part) == 1


def _different(part: Segment) -> int:
    """Through how many elements the terms come."""
    if not isinstance(part.via, Grid):
        return part.count
    return prod(n for n, stride in zip(part.via.shape, part.via.strides, strict=True) if stride)
