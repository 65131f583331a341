"""A whole run, written out for other programs and for people. One module a format.

Importing this costs nothing; a format's module is loaded when it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradstep.engine.run.recording import Recording

#: Each format and the module whose `write(recording)` gives its text.
FORMATS: Mapping[str, str] = {"json": "gradstep.engine.files.formats.json"}


def export(recording: Recording, kind: str) -> str:
    """The run as text of one of FORMATS, ending in a line end."""
    written: str = import_module(FORMATS[kind]).write(recording)
    return written
