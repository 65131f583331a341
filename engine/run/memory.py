"""How much memory a run takes, before any of it is taken; and how much there is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gradstep.engine.graph.graph import Graph, Value

#: Of what is free so much is left alone: for the program itself, and for what others take meanwhile.
_SPARE = 0.1
_allowed: int | None = None


class Needs(NamedTuple):
    """What a run of a graph takes, in bytes: its values, its gradients (with the parts in which that of a value with
    several uses arrives), and the most that one operation needs besides, for as long as it runs. `largest` is the
    value that takes most."""

    values: int
    gradients: int
    besides: int
    largest: Value

    @property
    def total(self) -> int:
        return self.values + self.gradients + self.besides


def needs(graph: Graph) -> Needs:
    """What one iteration of a graph takes. Counted from shapes and the dtype; nothing is allocated."""
    item = graph.dtype.itemsize
    gradients = sum(value.size for value in graph.values if graph.gets_gradient(value))
    parts = sum(
        graph.values[value].size for _, _, slots in graph.pullbacks for _, value, joined in slots if joined is not None
    )
    besides = max((_besides(graph, node.id) for node in graph.nodes), default=0)
    largest = max(graph.values, key=lambda value: value.size)
    return Needs(sum(value.size for value in graph.values) * item, (gradients + parts) * item, besides * item, largest)


def _besides(graph: Graph, node: int) -> int:
    found = graph.nodes[node]
    return found.op.workspace([graph.values[i].shape for i in found.inputs], graph.values[found.output].shape)


def allow(amount: int | None) -> None:
    """Sets how many bytes a run may take; None for what the machine has free."""
    global _allowed
    _allowed = amount


def budget() -> int | None:
    """How many bytes a run may take: what was allowed, else what is free, less a little. None where the system does
    not tell."""
    if _allowed is not None:
        return _allowed
    free = min(_free(), default=None)
    return None if free is None else int(free * (1 - _SPARE))


def _free() -> Iterator[int]:
    """All that bounds what this process can still take, as far as the system tells."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                yield int(line.split()[1]) << 10
    except OSError:
        # Not Linux: all that there is, which is the best that the standard library knows.
        names = getattr(os, "sysconf_names", {})
        if "SC_PHYS_PAGES" in names and "SC_PAGE_SIZE" in names:
            yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    yield from _in_group()
    try:
        import resource
    except ImportError:
        return
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY:
        yield soft - _mapped()


def _in_group() -> Iterator[int]:
    """What the control group (version 2, as containers have) leaves."""
    folder = Path("/sys/fs/cgroup")
    try:
        most = (folder / "memory.max").read_text().strip()
        if most != "max":
            yield int(most) - int((folder / "memory.current").read_text())
    except (OSError, ValueError):
        return


def _mapped() -> int:
    """The address space that is taken already."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
