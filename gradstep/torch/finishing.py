"""From what was seen of a step to its recording on the disk."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from gradstep.engine.files import Names, settle, write_recording
from gradstep.engine.notation import amount, plain
from gradstep.torch.backward import Backward, together
from gradstep.torch.capture import Recorder
from gradstep.torch.extent import Order
from gradstep.torch.optimizing import Optimizing, Training
from gradstep.torch.parameters import only_parameters
from gradstep.torch.seen import Key
from gradstep.torch.writing import Parts, Putting, text_of
from gradstep.torch.written import Array, Arrays


def finish(
    order: Order,
    rows: Sequence[int],
    recorder: Recorder,
    backward: Backward,
    optimizing: Optimizing | None,
    raised: BaseException | None,
) -> None:
    """Writes what was seen, and opens it: what of the update is not as it was there is then shown as it moved. Raises
    CommandError where it cannot be written."""
    recorder.settle()
    recorder.paused = True
    with torch.no_grad():
        backward.takes(backward.trained())
        parts, by_key = _parts(order, recorder, backward)
        names = {key.node: name for key, name in by_key.items()}
        training = Training(optimizing, backward, names)
        _put_update(parts, training, backward, names)
    rank, among = together() or (0, 1)
    step = "a recorded training step" + (f" of rank {rank} of {among}" if among > 1 else "")
    title = f"{type(recorder.model).__name__}, {step}{order.extent.title(rows, parts.samples)}"
    about = _about(parts, recorder, backward, title) | order.extent.about(rows) | dict(order.about)
    about |= {"updates": training.done, "moved": sorted(training.moved)}
    if optimizing is not None:
        about["optimizer"] = type(optimizing.optimizer).__name__
    if raised is not None:
        about["raised"] = f"{type(raised).__name__}: {raised}".partition("\n")[0].rstrip(": ")
    trace = order.extent.cut(parts, rows)
    leaves = {**parts.inputs, **parts.parameters}
    text, kinds = text_of(parts, title, training.lines), _kinds(parts, trace)
    order.say(f"writing {amount(_size({**leaves, **trace}, kinds))} to {order.path}")
    size = write_recording(order.path, text, leaves, trace, about, kinds)
    if training.lines:
        settle(order.path, training.moved)
    ended = f", up to {about['raised']}" if raised is not None else ""
    order.say(f"{order.path} has {amount(size)}, {len(parts.lines):,} lines{ended}")


def _parts(order: Order, recorder: Recorder, backward: Backward) -> tuple[Parts, dict[Key, str]]:
    if order.extent.level == "params":
        return only_parameters(recorder, backward)
    putting = Putting(recorder, backward)
    return putting.put(), putting.parameters


def _put_update(parts: Parts, training: Training, backward: Backward, names: Mapping[int, str]) -> None:
    """What the optimiser had kept, and what it made of the parameters; and the gradients that several processes have
    together, which it got."""
    arrays = Arrays(parts.dtype)
    for key, array in backward.means.items():
        if key.node in names:
            parts.trace[f"mean:{names[key.node]}"] = arrays.plain(array)
    for (symbol, number), array in training.kept.items():
        if number in names:
            parts.trace[f"kept:{symbol}:{names[number]}"] = arrays.plain(array)
    for number, array in training.after.items():
        if number in names:
            parts.trace[f"next:{names[number]}"] = arrays.plain(array)


def _kinds(parts: Parts, trace: Mapping[str, Array]) -> dict[str, str]:
    """Of leaves, and of what is in the trace, the type that it had where that is another one than the graph's."""
    found = dict(parts.precision)
    for key in trace:
        kind = parts.precision.get(key.rpartition(":")[2])
        if kind is not None and not key.startswith("kept:"):
            found[key] = kind
    return found


def _size(arrays: Mapping[str, Array], kinds: Mapping[str, str]) -> int:
    """How many bytes they take, where narrow types are exact."""
    return sum(a.size * (2 if kinds.get(k, "").endswith("float16") else a.itemsize) for k, a in arrays.items())


def _about(parts: Parts, recorder: Recorder, backward: Backward, title: str) -> dict[str, Any]:
    """The manifest."""
    from importlib.metadata import version

    devices = sorted({str(seen.tensor.device) for seen in recorder.by_key.values()})
    loss = float(parts.trace[f"value:{parts.loss}"]) if f"value:{parts.loss}" in parts.trace else math.nan
    return {
        "title": title,
        "model": type(recorder.model).__name__,
        **({"loss": loss} if math.isfinite(loss) else {}),
        "gradstep": version("gradstep"),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "device": ", ".join(devices),
        **({} if (rank := together()) is None else {"rank": rank[0], "world_size": rank[1]}),
        **({"loss_scale": recorder.scale} if recorder.scale is not None else {}),
        "dtype": parts.dtype.name,
        "backward_passes": backward.passes,
        **({"zeroed_after": backward.zeroed} if backward.zeroed else {}),
        "lines": len(parts.lines),
        "parameters": sum(int(array.size) for array in parts.parameters.values()),
        "frozen": _frozen(recorder),
        "gradient_norms": {name: _norm(parts.trace[f"gradient:{name}"]) for name in parts.parameters},
        "unexplained": parts.unexplained,
        "precision": parts.precision,
        **({"computed_in": parts.computed_in} if parts.computed_in else {}),
    }


def _frozen(recorder: Recorder) -> list[str]:
    """The parameters that no gradient is computed for, under such names as the others have."""
    names = Names()
    taken = [(names.take(name), p.requires_grad) for name, p in recorder.model.named_parameters()]
    return [name for name, trained in taken if not trained]


def _norm(gradient: Array) -> Any:
    with np.errstate(all="ignore"):
        return plain(float(np.linalg.norm(gradient.reshape(-1).astype(np.float64))))
