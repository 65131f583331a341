"""Which layers of a network are left out from afar, and shown by others: what formulas make on their way, and of a
network whose names are paths of modules, what is inside of the modules.

`fold` says how much: 0 nothing; 1 what formulas make; from 2 on, of all names with the same `fold` − 1 first pieces
only the last.
"""

from __future__ import annotations

from collections.abc import Mapping

from gradstep.engine.run import Recording
from gradstep.tui.kept import kept_of_network

#: How much is folded, in the order in which it is tried; of fewer layers nothing is seen.
INSIDE, _FEW = (5, 4, 3, 2), 4


def on_the_way(recording: Recording, value: int) -> bool:
    """Whether a value is what a formula makes on its way, without a name of its own."""
    whole = recording.graph.values[value]
    return whole.part and value != recording.graph.loss.id


def path(recording: Recording, value: int, fold: int) -> str:
    """The module that a value is shown as; its own name where it is in none."""
    name = recording.graph.values[value].name.partition(":")[0]
    return ".".join(name.split(".")[: fold - 1])


@kept_of_network
def last_of_modules(recording: Recording, fold: int) -> Mapping[str, int]:
    """The last value of each module."""
    values = recording.graph.values
    return {path(recording, v.id, fold): v.id for v in values if v.node >= 0 and not on_the_way(recording, v.id)}


def hidden(recording: Recording, value: int, fold: int) -> bool:
    """Whether a value is shown by another one."""
    if fold and on_the_way(recording, value):
        return True
    if fold < 2 or value == recording.graph.loss.id:
        return False
    whole = recording.graph.values[value]
    if whole.node < 0 and "." not in whole.name:
        return False
    return last_of_modules(recording, fold).get(path(recording, value, fold), value) != value


@kept_of_network
def folds(recording: Recording) -> tuple[int, ...]:
    """How a network can be folded into its modules: each time into fewer. None where names are no paths."""
    made = [v for v in recording.graph.values if v.node >= 0 and not on_the_way(recording, v.id)]
    if not any("." in v.name for v in made):
        return ()
    found, before = [], len(made)
    for fold in INSIDE:
        left = len(last_of_modules(recording, fold))
        if _FEW <= left < before:
            found.append(fold)
            before = left
    return tuple(found)
