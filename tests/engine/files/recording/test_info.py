"""What is in a recording, without its arrays."""

from __future__ import annotations

from pathlib import Path

import observations as seen
import pytest

from gradstep.engine.errors import ScenarioError
from gradstep.engine.files.recording.info import info


def test_what_is_told(tmp_path: Path) -> None:
    about = {"title": "a wave", "lines": 2, "unexplained": {"enc.0": "nobody knows"}, "dtype": "float64", "loss": 0.5}
    folder = seen.write(tmp_path / "a.gradstep", about=about)
    found = info(str(folder))
    assert dict(found.arrays) == {"value": 2, "gradient": 3}
    assert found.leaves == {"x": (2,), "w": (2,), "t": (2,)}
    lines = list(found.lines())
    assert lines[0] == f"{folder}: a wave"
    assert lines[1:3] == ["  made by    torch 2.13.0", "  numbers    float64, loss 0.5"]
    assert lines[3:5] == [
        "  holds      all values and gradients",
        "  arrays     3 gradients, 2 values; 3 to start from",
    ]
    assert lines[6:] == ["  explained  1 of 2 lines", "    enc.0: nobody knows"]
    assert found.document()["leaves"] == {"x": [2], "w": [2], "t": [2]}


def test_what_is_told_of_a_part_of_a_step(tmp_path: Path) -> None:
    """The norm over all is √(3² + 4²)."""
    about = {
        "level": "full", "samples": [1], "keep": ["enc.*"], "raised": "ValueError: no",
        "gradient_norms": {"x": 3.0, "w": "NaN", "v": 4.0},
    }  # fmt: skip
    lines = list(info(str(seen.write(tmp_path / "a.gradstep", about=about))).lines())
    assert (
        "  holds      values of enc.* of the samples 1, and the gradients of parameters; all else is computed again"
        in lines
    )
    assert "  ended      by ValueError: no, after the backward pass" in lines
    assert "  gradients  not finite in w" in lines
    assert "  gradients  norm 5 of the others; largest v 4, x 3" in lines


def test_no_number_is_read(tmp_path: Path) -> None:
    """Numbers that are damaged are not seen; a header that is, is."""
    folder = seen.write(tmp_path / "a.gradstep")
    content = bytearray((folder / "trace.safetensors").read_bytes())
    content[-8:] = b"\xff" * 8
    (folder / "trace.safetensors").write_bytes(content)
    assert info(str(folder)).arrays["value"] == 2
    content[8:12] = b"\xff" * 4
    (folder / "trace.safetensors").write_bytes(content)
    with pytest.raises(ScenarioError, match=r"trace.safetensors cannot be read: its header is damaged"):
        info(str(folder))


def test_what_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="it is no recording"):
        info(str(tmp_path))
