"""The two ways to record a training step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch

from gradstep.engine.errors import GradstepError
from gradstep.engine.files import LEVELS, check_folder
from gradstep.engine.notation import amount
from gradstep.torch.backward import Backward, watched
from gradstep.torch.capture import Recorder, unwrapped
from gradstep.torch.extent import Extent, Order
from gradstep.torch.finishing import finish
from gradstep.torch.optimizing import Optimizing


@contextmanager
def record(
    path: str,
    model: torch.nn.Module,
    *,
    optimizer: torch.optim.Optimizer | None = None,
    level: str = "full",
    samples: int | Sequence[int] | None = None,
    keep: str | Sequence[str] | None = None,
    quiet: bool = False,
    **inputs: Any,
) -> Iterator[None]:
    """Records the training step in its body: one forward and backward pass, or several that accumulate, and the update.

    `path` is the folder NAME.gradstep that is written when the body is left, in the place of a recording of that name.
    `inputs` are tensors by the names that they are to have. How large it gets is said before and after, on standard
    error, unless it is to be `quiet`.

    `level` is "full", all values and gradients; "graph", what the step starts from and the gradients of parameters, all
    else is computed again when it is opened; or "params", the parameters, their gradients and their update alone. At
    level full `samples=4` or `samples=[0, 7]` keeps only those samples of the batch, and `keep="h.5.*"` only values
    whose names are such; the others are computed again.

    Where the body raises after a backward pass, the recording is written, says so, and the exception goes on; where it
    raises before or in one, nothing is written. Raises CommandError and ValueError, before anything is recorded, where
    the folder cannot be written or the options do not fit; and RuntimeError after it where no backward pass was seen.
    """
    with recording(model, inputs, Order(path, optimizer, Extent(level, samples, keep), quiet)):
        yield


@contextmanager
def recording(model: torch.nn.Module, inputs: Mapping[str, Any], order: Order) -> Iterator[None]:
    """Records the training step in its body, as `order` says."""
    model = unwrapped(model)
    check_folder(order.path)
    rows, light = order.extent.rows(inputs), order.extent.level == "params"
    order.say(_beginning(model, order))
    recorder = Recorder(model, inputs)
    optimizing = None if order.optimizer is None else Optimizing(order.optimizer, recorder)
    raised: BaseException | None = None
    with watched(recorder, lambda: _trained(model, optimizing), parameters_only=light) as backward:
        try:
            with optimizing or nullcontext(), nullcontext() if light else recorder:
                yield
        except BaseException as error:
            raised = error
            raise
        finally:
            _end(lambda: finish(order, rows, recorder, backward, optimizing, raised), order, backward, raised)


def _trained(model: torch.nn.Module, optimizing: Optimizing | None) -> list[torch.Tensor]:
    """The parameters of a model, and those that its optimiser has beside them."""
    given = [] if optimizing is None else list(optimizing.parameters())
    return list({id(p): p for p in (*model.parameters(), *given)}.values())


def _end(write: Callable[[], None], order: Order, backward: Backward, raised: BaseException | None) -> None:
    """Writes what was seen, where it is all of a step. What the body raises is never in the place of something else.
    Raises RuntimeError where there is nothing to write."""
    why = ""
    if backward.failed is not None:
        why = f"backward() did not get through: {_named(backward.failed)}"
    elif not backward.passes:
        why = "there was no backward() in the body" if raised is None else f"{_named(raised)} came before backward()"
    if not why and raised is None:
        write()
    elif not why:
        try:
            write()
        except (GradstepError, RuntimeError, OSError) as error:
            order.say(f"{order.path} was not written: {error}")
    elif raised is None:
        raise RuntimeError(f"nothing was recorded: {why}")
    else:
        order.say(f"nothing was recorded in {order.path}: {why}")


def _named(error: BaseException) -> str:
    text = str(error).partition("\n")[0]
    return f"{type(error).__name__}{f' ({text})' if text else ''}"


def _beginning(model: torch.nn.Module, order: Order) -> str:
    parameters = list(model.parameters())
    count, size = sum(p.numel() for p in parameters), sum(p.numel() * p.element_size() for p in parameters)
    cut = order.extent.samples is not None or order.extent.keep is not None
    holds = "a part of its values and gradients" if cut else LEVELS[order.extent.level]
    return f"recording {type(model).__name__} ({count:,} parameters, {amount(size)}) to {order.path}: {holds}"


def record_step(
    model: torch.nn.Module, batch: Sequence[Any], loss_fn: Callable[..., torch.Tensor], path: str, **more: Any
) -> torch.Tensor:
    """Records one step without a loop: loss_fn(model(x), t).backward() for `batch` (x, t). The gradients of the model
    are those of this step afterwards. Where x is several arguments it is a tuple, or a dict of them by name; `more` is
    as for `record`. Returns the loss. Raises ValueError where the batch is none of two."""
    if isinstance(batch, torch.Tensor) or len(batch) != 2:
        raise ValueError("batch is (x, t): what the model gets, and what its result is held against")
    x, t = batch
    inputs = {str(name): given for name, given in x.items()} if isinstance(x, Mapping) else {"x": x}
    with record(path, model, **inputs, t=t, **more):
        model.zero_grad()
        made = model(**x) if isinstance(x, Mapping) else model(*x) if isinstance(x, tuple) else model(x)
        loss = loss_fn(made, t)
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
    return loss
