"""Exports a network of PyTorch, imports it, and compares: outputs and the gradients of all parameters.

`python tests/importing/compared.py [NAME …]` does so with all of them, with both of PyTorch's exporters, in double and
in single precision, as they are trained and as they are used. The newer one needs `pip install onnxscript`.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from exportable import NETWORKS, Made
from safetensors.numpy import save_file

from gradstep.engine.errors import GradstepError
from gradstep.engine.files import find
from gradstep.engine.run.recording import Recording, record
from gradstep.onnx import Report, import_model


class Compared(NamedTuple):
    """What came of a network: what was imported, how far its output and gradients are from PyTorch's, relative to the
    largest number of each, and the parameters that the file does not have."""

    report: Report
    recording: Recording
    value: float
    gradient: float
    missing: list[str]


#: PyTorch's exporters: the older one of a network as it is used and as it is trained, and the newer one, which computes
#: what it can of parameters as well where it optimises.
HOW = ("older", "training", "newer", "optimised")


def export(made: Made, file: Path, how: str) -> None:
    """Writes a network in ONNX."""
    net, given = made
    names = [f"x{k}" for k in range(len(given))]
    training, newer = how == "training", how in ("newer", "optimised")
    net.train(training)
    mode = torch.onnx.TrainingMode.TRAINING if training else torch.onnx.TrainingMode.EVAL
    options = {"optimize": how == "optimised"} if newer else {"training": mode, "do_constant_folding": not training}
    logging.disable(logging.WARNING)
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net, given, str(file), dynamo=newer, input_names=names, output_names=["out"], external_data=False, **options
        )
    logging.disable(logging.NOTSET)


def compare(made: Made, folder: Path, how: str) -> Compared:
    """Exports, imports, runs here and there with the loss Σ out · w."""
    net, given = made
    file, numbers = folder / "net.onnx", folder / "given.safetensors"
    export(made, file, how)
    net.train(how == "training")
    out = net(*given)
    weight = torch.from_numpy(np.cos(np.arange(out.numel())).reshape(out.shape)).to(out.dtype)
    net.zero_grad()
    (out * weight).sum().backward()
    arrays = {f"x{k}": one.detach().numpy() for k, one in enumerate(given)} | {"weights_of_loss": weight.numpy()}
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, numbers)
    report = import_model(
        str(file), str(folder / "net"), "sum(OUT * weights_of_loss)", inputs=dict.fromkeys(arrays, str(numbers))
    )
    found = record(find(str(folder / "net")))
    result = found.graph.by_name[report.made.names[report.translation.results["out"]]]
    value = _error(found.trace.data[result.id], out.detach().numpy())
    missing, worst = list[str](), 0.0
    largest = max(float(one.grad.abs().max()) for one in net.parameters() if one.grad is not None)
    for name, parameter in net.named_parameters():
        ours = f"net.{name}" if name[0].isdigit() else name
        if ours not in report.made.parameters:
            missing.append(name)
            continue
        assert parameter.grad is not None
        gradient = found.trace.gradient(found.graph.by_name[ours].id)
        worst = max(worst, _error(gradient.reshape(parameter.shape), parameter.grad.numpy(), largest / 1000))
    return Compared(report, found, value, worst, missing)


def made_in(network: Callable[[], Made], dtype: torch.dtype) -> Made:
    """A network, and what goes in, in a precision."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        torch.manual_seed(0)
        return network()
    finally:
        torch.set_default_dtype(before)


def _error(ours: np.ndarray, theirs: np.ndarray, least: float = 1e-30) -> float:
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    return float(np.abs(ours - theirs).max() / max(float(np.abs(theirs).max()), least))


def main(names: list[str]) -> int:
    wrong = 0
    for name in names or NETWORKS:
        for how in HOW:
            for dtype in (torch.float64, torch.float32):
                label = f"{name:14} {how:9} {str(dtype)[6:]}"
                try:
                    with tempfile.TemporaryDirectory() as folder:
                        made = compare(made_in(NETWORKS[name], dtype), Path(folder), how)
                except GradstepError as error:
                    wrong += 1
                    print(f"{label} ✗ {error}", flush=True)
                    continue
                except Exception as error:  # the exporter's
                    print(f"{label} ? {type(error).__name__}: {' '.join(str(error).split())[:150]}", flush=True)
                    continue
                limit = 1e-10 if dtype is torch.float64 else 2e-4
                bad = made.value > limit or (made.gradient > limit and not made.missing)
                wrong += bad
                missing = f", not in the file: {', '.join(made.missing)}" if made.missing else ""
                print(
                    f"{label} {'✗' if bad else ' '} value {made.value:.0e} gradients {made.gradient:.0e} "
                    f"{len(made.report.made.lines)} lines{missing}", flush=True,
                )  # fmt: skip
    print(f"{wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
