"""Recording in the loops of others: callbacks for Lightning's and Hugging Face's trainers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from importlib import import_module
from typing import Any

import torch
from torch.utils import _pytree as pytree

from gradstep.torch.extent import Extent, Order
from gradstep.torch.flying import flight
from gradstep.torch.recording import recording


class _Steps:
    """Which steps are recorded: those in `at`, counted from 0, each as a recording of its own; and, as a flight
    recorder does, the first in which `when` holds."""

    def __init__(self, at: Sequence[int], when: str | None, path: str, options: Mapping[str, Any]) -> None:
        self._at, self._when, self._path, self._options = frozenset(at), when, path, dict(options)
        self._level = str(self._options.get("level", "full"))
        self._watch: flight | None = None
        self._open = ExitStack()
        if when is not None and self._at:
            raise ValueError("at records certain steps, and when the first in which something holds: give one of them")
        if when is None and not self._at:
            raise ValueError('at=[0, 500] says which steps are recorded, or when="nonfinite" in which case')

    def begin(
        self,
        step: int,
        model: torch.nn.Module,
        optimizer: Any,
        inputs: Mapping[str, torch.Tensor],
        again: Callable[[], Any],
        others: Sequence[Any],
    ) -> None:
        """Before a step."""
        self.end()
        if self._when is None:
            if step in self._at:
                order = Order(self._path.format(step=step), optimizer, Extent(self._level), about={"step": step})
                self._open.enter_context(recording(model, inputs, order))
            return
        if self._watch is None:
            self._watch = flight(
                model, optimizer=optimizer, when=self._when, path=self._path.format(step="crash"), **self._options
            )
        if not self._watch.recorded:
            self._open.enter_context(self._watch.watched(again, inputs, others))

    def end(self, error: BaseException | None = None) -> None:
        """After it, or where it raises."""
        stack = self._open.pop_all()
        if error is None:
            stack.close()
        else:
            stack.__exit__(type(error), error, error.__traceback__)


def Lightning(  # it is used as a class is
    at: Sequence[int] = (), when: str | None = None, path: str = "step-{step}.gradstep", **options: Any
) -> Any:
    """A callback for Lightning's Trainer, `Trainer(callbacks=[gs.Lightning(at=[0, 500])])`: records the batches `at`,
    by trainer.global_step, as `path`; or with `when`, a condition as of `flight`, the first in which it holds, run once
    more. `options` are `level`, and for `when` `keep`. Raises ImportError where Lightning is not installed."""
    base = _one_of("Lightning", "lightning.pytorch", "pytorch_lightning").Callback
    steps = _Steps(at, when, path, options)

    class Recording(base):  # type: ignore[misc,valid-type]  # whichever of the two is installed
        """Records steps of a training."""

        def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
            optimizer: Any = trainer.optimizers[0] if trainer.optimizers else None

            def again() -> None:
                with trainer.precision_plugin.train_step_context():
                    made = pl_module.training_step(batch, batch_idx)
                loss = made["loss"] if isinstance(made, Mapping) else made
                if pl_module.automatic_optimization and loss is not None:
                    (loss / trainer.accumulate_grad_batches).backward()
                    optimizer.step()

            steps.begin(trainer.global_step, pl_module, optimizer, _named(batch), again, trainer.optimizers[1:])

        def on_train_batch_end(self, *_: Any) -> None:
            steps.end()

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            steps.end(exception)

    return Recording()


def HuggingFace(  # it is used as a class is
    at: Sequence[int] = (), when: str | None = None, path: str = "step-{step}.gradstep", **options: Any
) -> Any:
    """A callback for the Trainer of transformers, `Trainer(callbacks=[gs.HuggingFace(when="nonfinite")])`: as
    `Lightning`, by state.global_step. A step that is run again has the loss that the model itself gives. Raises
    ImportError where transformers is not installed."""
    base = _one_of("transformers", "transformers").TrainerCallback
    steps = _Steps(at, when, path, options)

    class Recording(base):  # type: ignore[misc,valid-type]  # of a library that may be missing
        """Records steps of a training."""

        def on_step_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            model, wrapped = given["model"], given.get("optimizer")
            optimizer: Any = getattr(wrapped, "optimizer", wrapped)
            calls: list[tuple[Any, Any]] = []
            handle = model.register_forward_pre_hook(lambda _, a, k: calls.append((a, k)), with_kwargs=True)

            def again() -> None:
                handle.remove()
                for a, k in calls:
                    made = model(*a, **k)
                    ((made["loss"] if isinstance(made, Mapping) else made[0]) / len(calls)).backward()
                optimizer.step()

            steps.begin(state.global_step, model, optimizer, {}, again, [])
            self._handle = handle

        def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            self._handle.remove()
            steps.end()

    return Recording()


def _named(batch: Any) -> dict[str, torch.Tensor]:
    """The tensors of a batch, by names: its own, or x and t of two."""
    if isinstance(batch, Mapping):
        return {str(name): one for name, one in batch.items() if isinstance(one, torch.Tensor)}
    found = [one for one in pytree.tree_leaves(batch) if isinstance(one, torch.Tensor)]
    names = ("x", "t") if len(found) == 2 else ("x",) if len(found) == 1 else ()
    return dict(zip(names, found, strict=False)) or {f"given_{k + 1}": one for k, one in enumerate(found)}


def _one_of(name: str, *modules: str) -> Any:
    """The first of some modules that is installed. Raises ImportError."""
    for module in modules:
        try:
            return import_module(module)
        except ImportError:
            continue
    raise ImportError(f"{name} is not installed: this callback is for its Trainer")
