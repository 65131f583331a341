"""From disk and to disk: scenarios, arrays, data sets, weights, formats.

Tested elsewhere: arrays.leaf, shipped — because each of their few lines is what the sources of arrays and the built-in
scenarios are tested with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine import face

if TYPE_CHECKING:
    from gradstep.engine.files.arrays.packing import Packed as Packed
    from gradstep.engine.files.arrays.packing import packed as packed
    from gradstep.engine.files.arrays.packing import write_tensors as write_tensors
    from gradstep.engine.files.arrays.stored import array_in as array_in
    from gradstep.engine.files.arrays.stored import inside as inside
    from gradstep.engine.files.composing import LEAVES as LEAVES
    from gradstep.engine.files.composing import SCENARIO as SCENARIO
    from gradstep.engine.files.composing import scenario_text as scenario_text
    from gradstep.engine.files.draft import Draft as Draft
    from gradstep.engine.files.draft import Table as Table
    from gradstep.engine.files.finding import find as find
    from gradstep.engine.files.finding import load as load
    from gradstep.engine.files.finding import loads as loads
    from gradstep.engine.files.finding import starter as starter
    from gradstep.engine.files.finding import text_of as text_of
    from gradstep.engine.files.folders import check_new_folder as check_new_folder
    from gradstep.engine.files.folders import write_folder as write_folder
    from gradstep.engine.files.formats import FORMATS as FORMATS
    from gradstep.engine.files.formats import export as export
    from gradstep.engine.files.log import is_fault as is_fault
    from gradstep.engine.files.log import told as told
    from gradstep.engine.files.naming import Names as Names
    from gradstep.engine.files.opening import ordinary as ordinary
    from gradstep.engine.files.opening import reason as reason
    from gradstep.engine.files.recording.info import info as info
    from gradstep.engine.files.recording.joining import join as join
    from gradstep.engine.files.recording.manifest import LEVELS as LEVELS
    from gradstep.engine.files.recording.settling import settle as settle
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
