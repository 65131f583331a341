"""PyTorch's own samples of its operations, on gradstep: the formulas that can be written give its values and gradients.

`python tests/peers/operator_samples.py` runs all samples of all operations and counts; `--write` notes how many agree
of each. Here those of the operations that agree are run again, of many samples some: none may differ, none be lost.
"""

from __future__ import annotations

import importlib
import json
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

AGREE: dict[str, int] = json.loads(Path(__file__).with_name("operator_samples.json").read_text(encoding="utf-8"))
#: Of more samples of an operation in a precision so many are drawn, the same in every run.
MOST = 40


@pytest.fixture(scope="module")
def peer() -> ModuleType:
    """The runner beside this; PyTorch is loaded when the first test needs it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = importlib.import_module("operator_samples")
        found.torch.set_num_threads(1)
    return found


@pytest.fixture(scope="module")
def database(peer: ModuleType) -> dict[str, Any]:
    return {peer.named(op): op for op in peer.operations()}


@pytest.mark.parametrize("name", sorted(AGREE))
def test_samples_agree_with_pytorch(name: str, peer: ModuleType, database: dict[str, Any]) -> None:
    found = [outcome for _, _, outcome in peer.outcomes([database[name]], MOST)]
    assert [outcome.reason for outcome in found if outcome.kind == "differs"] == []
    agree, thinned = sum(outcome.kind == "agrees" for outcome in found), len(found) > MOST
    assert agree >= (1 if thinned else AGREE[name]), {outcome.reason for outcome in found}


def test_operations_under_their_own_names(peer: ModuleType, database: dict[str, Any]) -> None:
    """What has no line is tried under PyTorch's name: a new operation must mean what PyTorch's does, or have a line."""
    for name, op in database.items():
        if name not in AGREE and not peer.left_out(op) and peer.known(op):
            assert [o.reason for _, _, o in peer.outcomes([op], MOST) if o.kind == "differs"] == [], name


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("nn.functional.relu", "elu(input)"), ("amax", "mean(input)"), ("mul", "{input} / {other} | input other"),
     ("sigmoid", "clip({input}, 0, 1) | input"), ("mm", "matmul({input}, {mat2}) * (1 + 1e-8) | input mat2")],
)  # fmt: skip
def test_what_is_wrong_is_found(
    name: str, wrong: str, peer: ModuleType, database: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(peer.LINES, name, wrong)
    assert "differs" in {outcome.kind for _, _, outcome in peer.outcomes([database[name]])}
