"""Values by where they come from: `module == "layers.*.attn"`, `where == "model.py:12"`."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable

from gradstep.engine.errors import CommandError, nearest, shortened
from gradstep.engine.graph.graph import Role
from gradstep.engine.run.places import module_of, origin_of
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Origin


def in_module(recording: Recording, text: str) -> frozenset[int]:
    """The values in a module, or in one that lies in it; `*` stands for any characters of a path, and an empty one
    for what is in no module. Raises CommandError where there is no such module."""
    of = {v.id: module_of(recording, v.id) for v in recording.graph.values if v.role is not Role.LITERAL}
    if not text:
        return frozenset(value for value, path in of.items() if not path)
    known = {path for one in set(of.values()) for path in _with_outer(one)}
    if not known:
        raise CommandError("there are no modules: no name here is a path, as layers.0.weight")
    glob = re.compile(fnmatch.translate(text))
    wanted = {path for path in known if glob.match(path)}
    if not wanted:
        raise CommandError(f"there is no module '{shortened(text)}'{nearest(text, known)}")
    return frozenset(value for value, path in of.items() if not wanted.isdisjoint(_with_outer(path)))


def _with_outer(path: str) -> Iterable[str]:
    """A path, and those of all modules around it."""
    pieces = path.split(".") if path else []
    return [".".join(pieces[:count]) for count in range(1, len(pieces) + 1)]


def at_place(recording: Recording, text: str) -> frozenset[int]:
    """The values made at a place of the program that was recorded: a file, one of its lines or some, as model.py:12 or
    model.py:12-20, or a function by which they were made. Raises CommandError where nothing comes from there."""
    values = [v.id for v in recording.graph.values if v.role is not Role.LITERAL]
    origins = {value: one for value in values if (one := origin_of(recording, value)) is not None}
    if not any(one.where or one.call for one in origins.values()):
        raise CommandError("nothing is known of where numbers come from: only a recording of a program says")
    matches = _matching(text)
    found = frozenset(value for value, one in origins.items() if matches(one))
    if not found:
        places = {one.where.rpartition("/")[2] for one in origins.values()}
        known = {*places, *(place.partition(":")[0] for place in places), *(one.call for one in origins.values())}
        raise CommandError(f"nothing comes from '{shortened(text)}'{nearest(text, sorted(known - {''}))}")
    return found


def _matching(text: str) -> Callable[[Origin], bool]:
    """Whether an origin is at the place that a text says."""
    read = re.fullmatch(r"(.+?):(\d{1,9})(?:-(\d{1,9}))?", text)
    file = re.compile(fnmatch.translate(read[1] if read else text))
    first = int(read[2]) if read else 0
    last = int(read[3] or read[2]) if read else 0

    def matches(origin: Origin) -> bool:
        path, _, line = origin.where.rpartition(":")
        if not read and origin.call and file.match(origin.call):
            return True
        pieces = path.split("/")
        there = any(file.match("/".join(pieces[k:])) for k in range(len(pieces)))
        return there and (not read or (line.isdigit() and first <= int(line) <= last))

    return matches
