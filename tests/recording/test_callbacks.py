"""Recording in the loops of others, where these are installed; and closures, in which they make their passes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F

import gradstep.torch as gs
from gradstep.engine.ask.explained import explained
from gradstep.engine.files import find
from gradstep.engine.run.recording import record


@pytest.mark.parametrize("name", ["SGD", "LBFGS"])
def test_passes_in_a_closure_are_recorded(name: str, tmp_path: Path) -> None:
    """The first of them, and the update as it was; all is as it would be without."""
    left = []
    for recorded in (False, True):
        torch.manual_seed(0)
        net, x, t = nn.Linear(3, 2).double(), torch.randn(4, 3).double(), torch.randint(0, 2, (4,))
        optimizer = getattr(torch.optim, name)(net.parameters(), lr=0.1)
        first: list[Any] = []

        def closure(net: nn.Module = net, x: Any = x, t: Any = t, first: Any = first, o: Any = optimizer) -> Any:
            o.zero_grad()
            loss = F.cross_entropy(net(x), t)
            loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
            first.append((loss.item(), net.weight.grad.clone()))  # type: ignore[union-attr,operator]  # there is one
            return loss

        if recorded:
            with gs.record(str(tmp_path / "a.gradstep"), net, optimizer=optimizer, x=x, t=t, quiet=True):
                optimizer.step(closure)
        else:
            optimizer.step(closure)
        left.append(net.weight.detach().clone())
    assert torch.equal(*left)
    found = record(find(str(tmp_path / "a.gradstep")))
    weight = found.graph.by_name["weight"].id
    assert found.trace.loss == first[0][0]
    np.testing.assert_array_equal(found.trace.gradient(weight), first[0][1].numpy())
    np.testing.assert_allclose(found.updated(weight), left[1].numpy(), rtol=1e-14)
    assert explained(found).ok


def test_steps_are_chosen_one_way(tmp_path: Path) -> None:
    from gradstep.torch.callbacks import _Steps

    for at, when, says in (((1,), "nonfinite", "give one of them"), ((), None, "says which steps are recorded")):
        with pytest.raises(ValueError, match=says):
            _Steps(at, when, str(tmp_path / "a.gradstep"), {})


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in ("lightning.pytorch", "lightning", "pytorch_lightning", "transformers"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match="Lightning is not installed"):
        gs.Lightning(at=[0])
    with pytest.raises(ImportError, match="transformers is not installed"):
        gs.HuggingFace(at=[0])


@pytest.mark.parametrize("options", [{"at": [1]}, {"when": "grad_norm > 1e-9", "keep": 1}])
def test_lightning(options: dict[str, Any], tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lightning = pytest.importorskip("lightning.pytorch", reason="Lightning is not among what tests install")

    class Net(lightning.LightningModule):  # type: ignore[misc,name-defined]  # of a library that may be missing
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.2), nn.ReLU(), nn.Linear(8, 3))
            self.losses: list[float] = []

        def training_step(self, batch: Any, number: int) -> torch.Tensor:
            loss = F.cross_entropy(self.net(batch[0]), batch[1])
            self.losses.append(loss.item())
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), 0.1)

    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    runs = []
    for callbacks in ([], [gs.Lightning(path=str(tmp_path / "step-{step}.gradstep"), **options)]):
        torch.manual_seed(0)
        data = torch.utils.data.TensorDataset(torch.randn(12, 6), torch.randint(0, 3, (12,)))
        net, trainer = Net(), lightning.Trainer(max_epochs=1, accelerator="cpu", callbacks=callbacks, **quiet)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer.fit(net, torch.utils.data.DataLoader(data, 4))
        runs.append((net, [p.detach().clone() for p in net.parameters()]))
    assert all(torch.equal(a, b) for a, b in zip(runs[0][1], runs[1][1], strict=True))
    (path,) = tmp_path.iterdir()
    found = record(find(str(path)))
    assert path.name == ("step-1.gradstep" if "at" in options else "step-crash.gradstep")
    assert found.trace.loss == pytest.approx(runs[0][0].losses[1 if "at" in options else 0], rel=1e-6)
    assert {"net.0.weight", "x", "t"} <= found.graph.by_name.keys()
    assert explained(found).ok


@pytest.mark.parametrize("options", [{"at": [1]}, {"when": "grad_norm > 1e-9"}])
def test_hugging_face(options: dict[str, Any], tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformers = pytest.importorskip("transformers", reason="transformers is not among what tests install")
        pytest.importorskip("accelerate", reason="accelerate is not among what tests install")
    config = transformers.GPT2Config(vocab_size=20, n_embd=8, n_layer=1, n_head=2, n_positions=8)
    torch.manual_seed(0)
    model = transformers.GPT2LMHeadModel(config)
    data = [{"input_ids": ids, "labels": ids} for ids in torch.randint(0, 20, (6, 5))]
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path / "out"), max_steps=2, per_device_train_batch_size=2, report_to=[], use_cpu=True,
        save_strategy="no", disable_tqdm=True,
    )  # fmt: skip
    callback = gs.HuggingFace(path=str(tmp_path / "step-{step}.gradstep"), **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformers.Trainer(model=model, args=arguments, train_dataset=data, callbacks=[callback]).train()
    (path,) = tmp_path.glob("*.gradstep")
    found = record(find(str(path)))
    assert any("attn" in value.name for value in found.graph.values)
    assert explained(found).ok
