"""From disk and to disk: scenarios, arrays, data sets, weights, formats.

Tested elsewhere: arrays.leaf, shipped — because each of their few lines is what the sources of arrays and the built-in
scenarios are tested with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine import face

if TYPE_CHECKING:
    from gradstep.engine.files.draft import Draft as Draft
    from gradstep.engine.files.draft import Table as Table
    from gradstep.engine.files.finding import find as find
    from gradstep.engine.files.finding import load as load
    from gradstep.engine.files.finding import loads as loads
    from gradstep.engine.files.finding import starter as starter
    from gradstep.engine.files.finding import text_of as text_of
    from gradstep.engine.files.formats import FORMATS as FORMATS
    from gradstep.engine.files.formats import export as export
    from gradstep.engine.files.log import is_fault as is_fault
    from gradstep.engine.files.log import told as told
    from gradstep.engine.files.recording.info import info as info
    from gradstep.engine.files.recording.manifest import LEVELS as LEVELS
    from gradstep.engine.files.recording.writing import amend_recording as amend_recording
    from gradstep.engine.files.recording.writing import check_folder as check_folder
    from gradstep.engine.files.recording.writing import write_recording as write_recording
    from gradstep.engine.files.schema import json_schema as json_schema
    from gradstep.engine.files.shipped import builtin as builtin
    from gradstep.engine.files.stopping import stops_of as stops_of
    from gradstep.engine.files.tables.names import KEPT as KEPT
    from gradstep.engine.files.weights import check_output as check_output
    from gradstep.engine.files.weights import save_weights as save_weights
    from gradstep.engine.files.writing import check_place as check_place
    from gradstep.engine.files.writing import write_new as write_new
    from gradstep.engine.files.writing import write_over as write_over

__getattr__, __all__ = face(__name__)
