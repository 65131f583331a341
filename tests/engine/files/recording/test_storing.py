"""Arrays in a file, each as narrow as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from gradstep.engine.files.recording.mapped import arrays_in
from gradstep.engine.files.recording.storing import store
from gradstep.engine.run.later import Later


def test_others_read_what_is_written(tmp_path: Path) -> None:
    kinds = ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool")
    arrays = {kind: np.array([[1, 0], [0, 1]], kind) for kind in kinds}
    arrays |= {"none": np.zeros((0, 3)), "one": np.array(2.5), "half": np.array([0.5, np.nan, np.inf], "float32")}
    store(tmp_path / "a.safetensors", arrays, {"half": "float16"})
    found = load_file(tmp_path / "a.safetensors")
    assert {name: (a.dtype.name, a.shape) for name, a in found.items()} == {
        name: ("float16" if name == "half" else a.dtype.name, a.shape) for name, a in arrays.items()
    }
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def test_bfloat16_is_what_pytorch_reads(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    numbers = torch.tensor([1.0, -2.5, 3.14159, 1e-40, float("inf"), float("nan"), 3e38]).bfloat16()
    store(
        tmp_path / "a.safetensors",
        {"b": numbers.float().numpy(), "c": numbers.double().numpy()},
        {"b": "bfloat16", "c": "bfloat16"},
    )
    with safe_open(tmp_path / "a.safetensors", "pt") as file:
        for name in ("b", "c"):
            assert file.get_tensor(name).dtype is torch.bfloat16
            assert torch.equal(file.get_tensor(name)[:5], numbers[:5])
            assert torch.isnan(file.get_tensor(name)[5])
    np.testing.assert_array_equal(
        Later(arrays_in(tmp_path / "a.safetensors", np.dtype("float32")))["b"], numbers.float().numpy()
    )


@pytest.mark.parametrize(("kind", "number"), [("bfloat16", 1 + 2**-8), ("float16", 70000.0), ("bfloat16", 1 + 2**-30)])
def test_what_is_not_exact_in_a_narrow_type_is_stored_as_it_is(tmp_path: Path, kind: str, number: float) -> None:
    store(tmp_path / "a.safetensors", {"a": np.array([1.0, number])}, {"a": kind})
    assert load_file(tmp_path / "a.safetensors")["a"].tolist() == [1.0, number]
