"""Arrays that stay in their file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from gradstep.engine.errors import GraphError
from gradstep.engine.files.recording.mapped import arrays_in
from gradstep.engine.run.later import Later


def test_arrays_are_those_of_the_file_and_lie_in_it(tmp_path: Path) -> None:
    saved = {"value:a": np.arange(6.0).reshape(2, 3), "value:b": np.array(2.5), "value:c": np.zeros((0, 3))}
    save_file(saved, tmp_path / "trace.safetensors")
    found = Later(arrays_in(tmp_path / "trace.safetensors", np.dtype("float64")))
    assert {key: (a.shape, a.tolist()) for key, a in found.items()} == {
        k: (a.shape, a.tolist()) for k, a in saved.items()
    }
    assert not any(array.flags.writeable or array.flags.owndata for array in found.values())


def test_another_type_is_refused(tmp_path: Path) -> None:
    for kind, own in (("float64", "float32"), ("int64", "float64")):
        save_file({"a": np.zeros(2, kind)}, tmp_path / "trace.safetensors")
        with pytest.raises(GraphError, match=rf"trace.safetensors: 'a' has numbers of type {kind}, not {own}"):
            arrays_in(tmp_path / "trace.safetensors", np.dtype(own))


def test_narrower_numbers_are_what_they_were(tmp_path: Path) -> None:
    """bfloat16 as PyTorch writes it: 1, −2.5 and the smallest number above 0, by their bits."""
    header = (
        b'{"b":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]},"h":{"dtype":"F16","shape":[2],"data_offsets":[6,10]}}'
    )
    bits = np.array([0x3F80, 0xC020, 0x0001], "<u2").tobytes() + np.array([0.1, 65504.0], "<f2").tobytes()
    (tmp_path / "trace.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bits)
    found = Later(arrays_in(tmp_path / "trace.safetensors", np.dtype("float32")))
    assert {key for key in found if found.unmade(key)} == {"b", "h"}  # nothing is read yet
    assert found["b"].tolist() == [1.0, -2.5, 2.0**-133]
    assert found["h"].tolist() == [float(np.float16(0.1)), 65504.0]
    assert {array.dtype.name for array in found.values()} == {"float32"}
    assert found["b"] is found["b"]
    assert not any(map(found.unmade, found))


@pytest.mark.parametrize("content", [b"", b"\0" * 4, b"\xff" * 40, (2).to_bytes(8, "little") + b"[]"])
def test_what_is_no_such_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "trace.safetensors").write_bytes(content)
    with pytest.raises(GraphError, match=r"trace.safetensors"):
        arrays_in(tmp_path / "trace.safetensors", np.dtype("float64"))
