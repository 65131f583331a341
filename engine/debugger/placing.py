"""Where a value comes from in the program that was recorded, in one line."""

from __future__ import annotations

from gradstep.engine.files.source import source_line
from gradstep.engine.run.places import module_of, origin_of
from gradstep.engine.run.recording import Recording


def place_of(recording: Recording, value: int) -> str:
    """The module, the call, and the place with its line of source, as far as they are known; empty where none is."""
    found = origin_of(recording, value)
    if found is None:
        return ""
    place, source = found.where.rpartition("/")[2], source_line(found.where)
    return " · ".join(
        filter(None, (module_of(recording, value), found.call, f"{place}: {source}" if source else place))
    )
