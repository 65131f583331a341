"""Arrays that stay in their file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from gradstep.engine.errors import GraphError
from gradstep.engine.files.recording.mapped import arrays_in


def test_arrays_are_those_of_the_file_and_lie_in_it(tmp_path: Path) -> None:
    saved = {"value:a": np.arange(6.0).reshape(2, 3), "value:b": np.array(2.5), "value:c": np.zeros((0, 3))}
    save_file(saved, tmp_path / "trace.safetensors")
    found = arrays_in(tmp_path / "trace.safetensors", np.dtype("float64"))
    assert {key: (a.shape, a.tolist()) for key, a in found.items()} == {
        k: (a.shape, a.tolist()) for k, a in saved.items()
    }
    assert not any(array.flags.writeable or array.flags.owndata for array in found.values())


def test_another_type_is_refused(tmp_path: Path) -> None:
    save_file({"a": np.zeros(2, "float32")}, tmp_path / "trace.safetensors")
    with pytest.raises(GraphError, match=r"trace.safetensors: 'a' has numbers of type float32, not float64"):
        arrays_in(tmp_path / "trace.safetensors", np.dtype("float64"))


@pytest.mark.parametrize("content", [b"", b"\0" * 4, b"\xff" * 40, (2).to_bytes(8, "little") + b"[]"])
def test_what_is_no_such_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "trace.safetensors").write_bytes(content)
    with pytest.raises(GraphError, match=r"trace.safetensors"):
        arrays_in(tmp_path / "trace.safetensors", np.dtype("float64"))
