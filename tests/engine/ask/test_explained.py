"""How much of a recording is explained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import observations as seen

from gradstep.engine.ask.explained import explained
from gradstep.engine.files import find
from gradstep.engine.run.recording import record


def test_opaque_lines_are_counted_and_named(tmp_path: Path) -> None:
    found = explained(record(find(str(seen.write(tmp_path / "a.gradstep")))))
    assert (found.total, found.checked, found.ok) == (2, 1, True)
    assert list(found.lines()) == [
        "✓ 1 of 2 lines explained: each by itself gives the value and the gradients that were recorded",
        "  enc.0 is wave, recorded and not explained",
    ]
    assert found.document()["opaque"] == [{"name": "enc.0", "op": "wave", "why": None}]


def test_what_differs_is_told_with_its_number(tmp_path: Path) -> None:
    changed = seen.numbers() | {"value:loss": np.array(17.0)}
    found = explained(record(find(str(seen.write(tmp_path / "a.gradstep", trace=changed)))))
    assert not found.ok
    assert next(found.lines()) == "✗ 1 of 2 lines explained, and 1 of them not as recorded"
    (failed,) = found.document()["failed"]
    assert (failed["line"], failed["recorded"]) == ("loss", 17.0)
    assert failed["computed"] == float(((seen.Y - seen.T) ** 2).mean())
