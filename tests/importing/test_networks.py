"""What PyTorch exports is, once imported, the same network: its outputs, and the gradients of all its parameters."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from compared import compare, made_in
from exportable import NETWORKS

from gradstep.engine.debugger import check

#: How far numbers may be from PyTorch's, relative to the largest.
LIMITS = {torch.float64: 1e-10, torch.float32: 2e-4}


@pytest.mark.parametrize(
    ("name", "how", "dtype"),
    [
        ("mlp", "older", torch.float64),
        ("cnn", "training", torch.float64),  # with batch norm of the batch
        ("resnet", "training", torch.float32),
        ("mobilenet", "training", torch.float64),
        ("unet_nearest", "training", torch.float64),
        ("unet_bilinear", "older", torch.float64),
        ("gpt", "training", torch.float32),  # with a table at both ends
        ("vit", "training", torch.float64),
        ("lstm", "training", torch.float64),
        ("bilstm", "training", torch.float64),
        ("gru", "training", torch.float64),
        ("rnn", "training", torch.float64),
        ("activations", "older", torch.float32),  # some of its numbers are in the file as float32
        ("masked", "training", torch.float32),
        ("tied", "older", torch.float64),
        ("pieces", "training", torch.float64),
    ],
)
def test_outputs_and_gradients_are_those_of_pytorch(tmp_path: Path, name: str, how: str, dtype: torch.dtype) -> None:
    made = compare(made_in(NETWORKS[name], dtype), tmp_path, how)
    assert not made.missing
    assert made.value <= LIMITS[dtype]
    assert made.gradient <= LIMITS[dtype]
    assert any("." in name for name in made.report.made.parameters) == (name not in ("pieces",))


def test_batch_norm_of_running_statistics_is_read(tmp_path: Path) -> None:
    """The exporter makes it a part of the convolution before, so the parameters of both are others."""
    made = compare(made_in(NETWORKS["cnn"], torch.float64), tmp_path, "older")
    assert made.value <= 1e-10
    assert made.missing == ["1.weight", "1.bias"]


def test_what_is_imported_is_checked_as_any_scenario(tmp_path: Path) -> None:
    made = compare(made_in(NETWORKS["mlp"], torch.float64), tmp_path, "older")
    found = check(made.recording.scenario)
    assert found.ok
