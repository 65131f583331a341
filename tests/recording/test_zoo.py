"""Models of all families, recorded: what is recorded is what autograd has, and what is explained is right."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from families import FAMILIES
from further import FURTHER
from measured import measure
from models import MODELS

#: So many lines of a model are not explained yet; it may only become fewer. The others are explained whole.
UNEXPLAINED = {"losses": 1, "volumes": 1, "custom": 1, "gaussian": 2}
#: Of the families, those for which something had to be mended; `measured.py` has all.
MENDED = ("packed", "transported", "speech", "gaussian")
ALL = MODELS | FURTHER | FAMILIES


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [*MODELS, *FURTHER, *MENDED])
def test_a_model_of_the_zoo(name: str, tmp_path: Path) -> None:
    found = measure(ALL[name], torch.float64, tmp_path)
    assert found.error <= 1e-9
    assert found.same, "a recorded step leaves other gradients"
    assert found.explained.ok, list(found.explained.lines())
    assert len(found.reasons) == len(found.explained.opaque) <= UNEXPLAINED.get(name, 0), found.reasons
    assert all(found.reasons.values())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["residual", "gpt", "lstm", "losses", "unet", "written_to", "recurrent"])
def test_in_single_precision(name: str, tmp_path: Path) -> None:
    found = measure(ALL[name], torch.float32, tmp_path)
    assert found.same
    assert found.explained.ok, list(found.explained.lines())
    assert len(found.explained.opaque) <= UNEXPLAINED.get(name, 0), found.reasons
