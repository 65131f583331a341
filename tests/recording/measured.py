"""Records a model of the zoo and compares: with a plain run of autograd, and line by line.

`python tests/recording/measured.py` does so with all of them, in double and in single precision, counts the operations
that are not explained and says why each is not; `NAME ...` only with these; `--device cuda` on a device of that kind.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from families import FAMILIES
from further import FURTHER
from models import MODELS, Made

import gradstep.torch as gs
from gradstep.engine.ask.explained import Explained, explained
from gradstep.engine.files import find
from gradstep.engine.run.recording import Recording, record


class Measured(NamedTuple):
    """What came of a model: the recording; the largest relative error of a parameter's gradient; whether all gradients
    that the recorded step left are bit for bit those of a plain one; what is explained; and the reasons of what is
    not."""

    recording: Recording
    error: float
    same: bool
    explained: Explained
    reasons: dict[str, str]


def measure(make: Callable[[], Made], dtype: torch.dtype, folder: Path, seed: int = 0, device: str = "cpu") -> Measured:
    """Runs a model's step twice from the same random numbers, plain and recorded."""
    before, threads = torch.get_default_dtype(), torch.get_num_threads()
    torch.set_default_dtype(dtype)
    torch.set_default_device(device)
    torch.set_num_threads(1)
    try:
        torch.manual_seed(seed)
        model, step = make()
        buffers = [b.clone() for b in model.buffers()]
        torch.manual_seed(seed + 1)
        step().backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
        plain = {name: p.grad for name, p in model.named_parameters()}
        model.zero_grad()
        for buffer, was in zip(model.buffers(), buffers, strict=True):
            buffer.copy_(was)
        torch.manual_seed(seed + 1)
        # With the update: what was computed from the parameters before it is recorded as it was then.
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        with gs.record(str(folder / "zoo.gradstep"), model, optimizer=optimizer, quiet=True):
            step().backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
            optimizer.step()
    finally:
        torch.set_default_dtype(before)
        torch.set_default_device(None)
        torch.set_num_threads(threads)
    same = all(_same(p.grad, plain[name]) for name, p in model.named_parameters())
    found = record(find(str(folder / "zoo.gradstep")))
    observed = found.scenario.observed
    assert observed is not None
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    error = max(_error(found, k, plain[name]) for k, (name, _) in enumerate(trained))
    return Measured(found, error, same, explained(found), dict(observed.about["unexplained"]))


def _same(a: torch.Tensor | None, b: torch.Tensor | None) -> bool:
    return a is b is None or (a is not None and b is not None and torch.equal(a, b))


def _error(found: Recording, number: int, plain: torch.Tensor | None) -> float:
    """How far a recorded gradient is from that of the plain run; parameters stand in the model's order."""
    recorded = found.trace.gradient(found.graph.parameters[number].id)
    plain = torch.view_as_real(plain) if plain is not None and plain.is_complex() else plain  # a pair for each number
    wanted = np.zeros(recorded.shape) if plain is None else plain.to_dense().double().cpu().numpy()
    assert recorded.shape == wanted.shape
    return float(np.abs(recorded - wanted).max() / max(np.abs(wanted).max(), 1e-30))


def main(names: Sequence[str], device: str = "cpu") -> int:
    warnings.filterwarnings("ignore")
    lines = opaque = wrong = 0
    models = MODELS | FURTHER | FAMILIES
    for name in names or models:
        for dtype in (torch.float64, torch.float32):
            with tempfile.TemporaryDirectory() as folder:
                found = measure(models[name], dtype, Path(folder), device=device)
            lines, opaque = lines + found.explained.total, opaque + len(found.explained.opaque)
            bad = found.error > 1e-9 or not found.same or not found.explained.ok
            wrong += bad
            print(
                f"{name:13} {str(dtype)[6:]}  {found.explained.checked:4} of {found.explained.total:4} lines explained,"
                f" gradients {'the same bits' if found.same else 'OTHER BITS'}, off by {found.error:.0e}"
            )
            for line, difference in found.explained.differences:
                print(f"    ✗ {line}: {difference} ({difference.error:.1e})")
            for line, why in found.reasons.items():
                print(f"    {line}: {why}")
    print(f"{opaque} of {lines} lines are not explained ({opaque / lines:.1%}); {wrong} recordings are wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("names", nargs="*")
    words.add_argument("--device", default="cpu")
    given = words.parse_args()
    if given.device != "cpu":  # some kernels add up in the order in which their threads end
        torch.use_deterministic_algorithms(True, warn_only=True)
    raise SystemExit(main(given.names, given.device))
