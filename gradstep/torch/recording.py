"""The two ways to record a training step."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch

from gradstep.engine.files import check_folder, load, write_recording
from gradstep.engine.run import misses
from gradstep.engine.run import record as record_scenario
from gradstep.torch.backward import Backward, watched
from gradstep.torch.capture import Recorder
from gradstep.torch.optimizing import Optimizing, Training
from gradstep.torch.writing import Parts, Putting, text_of


@contextmanager
def record(
    path: str, model: torch.nn.Module, *, optimizer: torch.optim.Optimizer | None = None, **inputs: Any
) -> Iterator[None]:
    """Records the training step in its body: one forward and backward pass, or several that accumulate, and the update.

    `path` is the folder NAME.gradstep that is written when the body is left, in the place of a recording of that name.
    `inputs` are tensors by the names that they are to have. Where the body raises after a backward pass, the recording
    is written and the exception goes on. Raises CommandError, before anything is recorded, where the folder cannot be
    written, and after it where no backward pass was seen.
    """
    check_folder(path)
    recorder = Recorder(model, inputs)
    optimizing = None if optimizer is None else Optimizing(optimizer, recorder)
    with watched(recorder) as backward:
        try:
            with optimizing or nullcontext(), recorder:
                yield
        finally:
            if backward.passes:
                write(path, recorder, backward, optimizing)
    if not backward.passes:
        raise RuntimeError("nothing was recorded: there was no backward() in the body")


def record_step(
    model: torch.nn.Module, batch: Sequence[Any], loss_fn: Callable[..., torch.Tensor], path: str, **more: Any
) -> torch.Tensor:
    """Records one step without a loop: loss_fn(model(x), t).backward() for `batch` (x, t). The gradients of the model
    are those of this step afterwards. Returns the loss."""
    x, t = batch
    with record(path, model, x=x, t=t, **more):
        model.zero_grad()
        loss = loss_fn(model(x), t)
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
    return loss


def write(path: str, recorder: Recorder, backward: Backward, optimizing: Optimizing | None = None) -> None:
    """Writes what was seen, and opens it: what of the update is not as it was there is then shown as it moved."""
    recorder.settle()
    recorder.paused = True
    title = f"{type(recorder.model).__name__}, a recorded training step"
    with torch.no_grad():
        putting = Putting(recorder, backward)
        parts = putting.put()
        names = {key.node: name for key, name in putting.parameters.items()}
        training = Training(optimizing, backward, names)
        for (symbol, number), array in training.kept.items():
            if number in names:
                parts.trace[f"kept:{symbol}:{names[number]}"] = putting.arrays.plain(array)
        for number, array in training.after.items():
            if number in names:
                parts.trace[f"next:{names[number]}"] = putting.arrays.plain(array)
    about = _about(parts, backward, title) | {"updates": training.done, "moved": sorted(training.moved)}
    if optimizing is not None:
        about["optimizer"] = type(optimizing.optimizer).__name__
    leaves = {**parts.inputs, **parts.parameters}
    text = text_of(parts, title, training.lines)
    write_recording(path, text, leaves, parts.trace, about)
    found = record_scenario(load(Path(path)))
    assert found.scenario.observed is not None, "it is a recording"
    wrong = misses(found.update, found.scenario.observed)
    if wrong:
        write_recording(path, text, leaves, parts.trace, about | {"moved": sorted({*training.moved, *wrong})})


def _about(parts: Parts, backward: Backward, title: str) -> dict[str, Any]:
    """The manifest."""
    from importlib.metadata import version

    devices = sorted({str(seen.tensor.device) for seen in backward.recorder.by_key.values()})
    loss = float(parts.trace[f"value:{parts.loss}"]) if f"value:{parts.loss}" in parts.trace else math.nan
    return {
        "title": title,
        **({"loss": loss} if math.isfinite(loss) else {}),
        "gradstep": version("gradstep"),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "device": ", ".join(devices),
        "dtype": parts.dtype.name,
        "level": "full",
        "backward_passes": backward.passes,
        "lines": len(parts.lines),
        "parameters": sum(int(array.size) for array in parts.parameters.values()),
        "unexplained": parts.unexplained,
        "precision": parts.precision,
    }
