"""Claims about whole arrays."""

from __future__ import annotations

import re

import numpy as np

from gradstep.engine.run.timeline import Phase
from wordings.facts import Array, Facts
from wordings.grammar import number, rounds, says


def array(f: Facts) -> Array:
    found = f.trace.grad[f.here.value] if f.frame.phase is not Phase.FORWARD else f.trace.data[f.here.value]
    assert found is not None
    return np.asarray(found, dtype=float)


def is_largest(f: Facts, name: str, text: str) -> bool:
    sizes = np.abs(array(f))
    value = f.known(name)
    return (
        value is not None and rounds(text, value[0]) and abs(value[0]) >= np.max(sizes[np.isfinite(sizes)], initial=0)
    )


@says("The largest in size is <g> = <n>\\.", "The (first) that is NaN is <g> = <n>\\.")
def largest(f: Facts, m: re.Match[str]) -> bool:
    *first, name, text = m.groups()
    bad = np.flatnonzero(np.isnan(array(f)))
    found = f.element(name.removeprefix(f"∂{f.recording.board.loss}/∂"))
    return is_largest(f, name, text) if not first else found is not None and found.flat == bad[0]


@says("<k> numbers?\\.")
def how_many(f: Facts, m: re.Match[str]) -> bool:
    return number(m[1]) == array(f).size


@says("The largest in size, <g> = <n>, adds up <k> terms\\.")
def largest_sum(f: Facts, m: re.Match[str]) -> bool:
    found = f.element(m[1].partition("/∂")[2])
    assert found is not None
    least, most, sure = f.uses(found)
    return is_largest(f, m[1], m[2]) and (number(m[3]) == most if sure else number(m[3]) >= least)


@says(
    "<k> of <k> gates (is|are) shut: (?:they give 0, and no gradient will pass there|nothing passes there)\\.",
    "<k> of <k> gates (is) shut: it gives 0, and no gradient will pass there\\.",
)
def gates(f: Facts, m: re.Match[str]) -> bool:
    """Of a rectifier: the one that computes the array, or that it enters."""
    here = f.graph.values[f.here.value]
    before = here.id if f.frame.phase is Phase.BACKWARD else f.graph.nodes[here.node].inputs[0]
    shut = int(np.count_nonzero(f.trace.data[before] <= 0))
    return number(m[1]) == shut and number(m[2]) == here.size and (m[3] == "is") == (shut == 1)


@says("None of <k> gates is shut\\.")
def all_open(f: Facts, m: re.Match[str]) -> bool:
    return number(m[1]) == f.graph.values[f.here.value].size and not (f.trace.data[f.node.inputs[0]] <= 0).any()


@says("Each adds up <k> inputs times their weights(?:, plus (a bias|\\S+))?\\.")
def each(f: Facts, m: re.Match[str]) -> bool:
    return number(m[1]) == f.graph.values[f.node.inputs[1]].shape[-1] != 1 and bool(m[2]) == (len(f.node.inputs) == 3)


@says("Each is its one input times its weight(?:, plus (a bias|\\S+))?\\.")
def each_one(f: Facts, m: re.Match[str]) -> bool:
    return f.graph.values[f.node.inputs[1]].shape[-1] == 1 and bool(m[1]) == (len(f.node.inputs) == 3)


@says("Where its gradient is (largest in size|first NaN), <x>: <n> → <n>\\.")
def moves(f: Facts, m: re.Match[str]) -> bool:
    found = f.element(m[2])
    assert found is not None
    new = float(f.recording.updated(*found)[0])
    size = abs(f.gradient(found))
    here = bool(np.isnan(size)) if m[1] == "first NaN" else bool(size >= np.abs(array(f)).max())
    return here and rounds(m[3], f.number(found)) and rounds(m[4], new)


@says("First at <x>:")
def first(f: Facts, m: re.Match[str]) -> bool:
    found, size = f.element(m[1]), array(f).reshape(-1)
    return found is not None and not np.isfinite(size[found.flat])
