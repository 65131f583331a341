"""The two ways to record a training step."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from gradstep.engine.files import check_folder, write_recording
from gradstep.torch.backward import Backward, watched
from gradstep.torch.capture import Recorder
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
    with watched(recorder) as backward:
        try:
            with recorder:
                yield
        finally:
            if backward.passes:
                write(path, recorder, backward)
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


def write(path: str, recorder: Recorder, backward: Backward) -> None:
    """Writes what was seen."""
    recorder.settle()
    with torch.no_grad():
        parts = Putting(recorder, backward).put()
    title = f"{type(recorder.model).__name__}, a recorded training step"
    write_recording(
        path,
        text_of(parts, title, iter(())),
        {**parts.inputs, **parts.parameters},
        parts.trace,
        _about(parts, backward),
    )


def _about(parts: Parts, backward: Backward) -> dict[str, Any]:
    """The manifest."""
    from importlib.metadata import version

    devices = sorted({str(seen.tensor.device) for seen in backward.recorder.by_key.values()})
    return {
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
