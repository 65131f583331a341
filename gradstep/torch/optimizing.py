"""What the optimiser does in a recorded step: its options, what it had kept, the numbers before and after.

An optimiser that gradstep knows is written as [training], which is held against the new numbers that were recorded;
the parameters for which it does not give them are shown as they moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import torch

from gradstep.engine.training import LEFT, OPTIMIZERS
from gradstep.torch.backward import Backward, dense
from gradstep.torch.capture import Recorder
from gradstep.torch.seen import Key

#: By the name of a class of torch.optim: what it is called here, and the symbols of what it keeps.
_KNOWN: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "SGD": ("sgd", {"momentum_buffer": "v"}),
    "Adam": ("adam", {"exp_avg": "m", "exp_avg_sq": "v", "max_exp_avg_sq": "u"}),
    "AdamW": ("adamw", {"exp_avg": "m", "exp_avg_sq": "v", "max_exp_avg_sq": "u"}),
    "RMSprop": ("rmsprop", {"square_avg": "v", "grad_avg": "a", "momentum_buffer": "b"}),
    "Adagrad": ("adagrad", {"sum": "s"}),
    "Adamax": ("adamax", {"exp_avg": "m", "exp_inf": "u"}),
    "Adadelta": ("adadelta", {"square_avg": "v", "acc_delta": "a"}),
}

#: Gradients that were shortened are off by so much of their length, at most: what bfloat16 rounds.
_ROUNDED = 2.0**-7


class Optimizing:
    """Watches an optimiser for the time of a recording."""

    def __init__(self, optimizer: torch.optim.Optimizer, recorder: Recorder) -> None:
        self.optimizer, self.recorder = optimizer, recorder
        self.steps = 0
        self.groups: list[dict[str, Any]] = []
        self.before: dict[int, dict[str, Any]] = {}
        self.gradients: dict[int, torch.Tensor] = {}
        self.after: dict[int, torch.Tensor] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Optimizing:
        self._stack.callback(self.optimizer.register_step_pre_hook(self._begins).remove)
        self._stack.callback(self.optimizer.register_step_post_hook(self._ends).remove)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _begins(self, _: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self.steps += 1
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if closure is None or self.steps > 1:
            self._pause()
            return None
        # The passes are made within the update: the first of them is recorded, and what comes after it is the update's.
        kwargs = {**kwargs, "closure": self._first(closure)}
        return args[:1], kwargs

    def _first(self, closure: Callable[[], Any]) -> Callable[[], Any]:
        """A closure that makes the passes, after which the optimiser goes on."""

        def once() -> Any:
            found = closure()
            if not self.recorder.paused:
                self._pause()
            return found

        return once

    def _pause(self) -> None:
        """What the optimiser begins with is kept; what it computes is no part of the network."""
        self.recorder.settle()
        self.recorder.paused = True
        if self.groups:
            return
        with torch.no_grad():
            self.groups = [{k: v for k, v in group.items() if k != "params"} for group in self.optimizer.param_groups]
            for parameter in self.parameters():
                kept = self.optimizer.state.get(parameter, {})
                self.before[id(parameter)] = {
                    k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in kept.items()
                }
                if parameter.grad is not None and not parameter.grad.is_nested:
                    self.gradients[id(parameter)] = dense(parameter.grad)

    def _ends(self, *_: object) -> None:
        if self.steps == 1:
            with torch.no_grad():
                self.after = {id(parameter): parameter.detach().clone() for parameter in self.parameters()}
        self.recorder.paused = False

    def parameters(self) -> Iterator[torch.Tensor]:
        """Those that are trained, in the optimiser's order."""
        for group in self.optimizer.param_groups:
            yield from group["params"]


class Training:
    """What is written of an optimiser's step: `lines` of [training], what was `kept` by symbol and the parameter's id,
    after so many updates as were `done`, and the names of parameters that can only be shown as they moved."""

    def __init__(self, watched: Optimizing | None, backward: Backward, names: Mapping[int, str]) -> None:
        self.lines: list[str] = []
        self.kept: dict[tuple[str, int], torch.Tensor] = {}
        self.done = 0
        self.after = {} if watched is None or watched.steps != 1 else watched.after
        self.moved = set(names.values())
        taken = _Taken.at_first(backward)
        if watched is not None and self.after:
            taken = _Taken(watched.gradients, {**backward.gradients, **backward.means}, backward.left)
            self._known(watched, taken, names)
        self.kept |= {(LEFT, number): one for number, one in taken.left.items()}

    def _known(self, watched: Optimizing, taken: _Taken, names: Mapping[int, str]) -> None:
        called, symbols = _KNOWN.get(type(watched.optimizer).__name__, ("", {}))
        module = type(watched.optimizer).__module__
        # Scaled gradients are divided again before the optimiser gets them, and a scenario does no such thing.
        if not called or not module.startswith("torch.optim") or watched.recorder.scale is not None:
            return
        self.done = max((int(state.get("step", 0)) for state in watched.before.values()), default=0)
        for parameter in watched.parameters():
            state = watched.before[id(parameter)]
            for key, symbol in symbols.items():
                if isinstance(state.get(key), torch.Tensor):
                    self.kept[symbol, id(parameter)] = state[key]
            self.moved.discard(names.get(id(parameter), ""))
        if called == "sgd":
            self.done = int(bool(self.kept))
        zeroed = ["zero_grad = false"] if taken.left else []
        self.lines = ["[training]", *taken.clipping(), *zeroed, *_training(called, watched, names)]


def _training(called: str, watched: Optimizing, names: Mapping[int, str]) -> list[str]:
    """[training], and a group for each further one."""
    found = [f'optimizer = "{called}"', *_options(called, watched.groups[0])]
    for options, group in zip(watched.groups[1:], watched.optimizer.param_groups[1:], strict=True):
        mine = [names[id(parameter)] for parameter in group["params"] if id(parameter) in names]
        if mine:
            listed = ", ".join(f'"{name}"' for name in mine)
            found += ["[[training.groups]]", f"parameters = [{listed}]", *_options(called, options)]
    return found


def _options(called: str, group: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_written(group[name])}" for name in OPTIMIZERS[called].options if _writable(group.get(name))]


def _writable(value: Any) -> bool:
    return value is not None and (
        isinstance(value, bool | int | float)
        or (isinstance(value, torch.Tensor) and value.numel() == 1)
        or (isinstance(value, tuple | list) and all(_writable(one) for one in value))
    )


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_written, value))}]"
    return repr(float(value))


class _Taken:
    """What the optimiser got for gradients, held against what arrived in the step and what was `left` from before: they
    are the sum of both times `factor`, but for `off` of their length. Nothing is left where that was zeroed between
    backward passes."""

    def __init__(
        self,
        gradients: Mapping[int, torch.Tensor],
        arrived: Mapping[Key, torch.Tensor],
        left: Mapping[int, torch.Tensor],
    ) -> None:
        self.gradients, self.arrived = gradients, arrived
        self.norm, self.factor, self.off = self._fit({})
        self.left: Mapping[int, torch.Tensor] = {}
        if any(number in gradients for number in left):
            fit = self._fit(left)
            # Where both fit, as when the same batch came twice, what needs no factor is what took place.
            alike = max(fit[2], self.off) <= _ROUNDED * self.factor * self.norm
            if abs(fit[1] - 1) < abs(self.factor - 1) if alike else not fit[2] >= self.off:
                self.left, (self.norm, self.factor, self.off) = left, fit

    @classmethod
    def at_first(cls, backward: Backward) -> _Taken:
        """What whichever optimiser got first; where none did, what the step has left."""
        gradients = {number: gradient for number, (gradient, _) in backward.taken.items()}
        arrived = {Key(number, -1): one for number, (_, one) in backward.taken.items() if one is not None}
        left = {number: one for number, one in backward.left.items() if number in gradients}
        return cls(gradients, arrived, left)

    def _fit(self, left: Mapping[int, torch.Tensor]) -> tuple[float, float, float]:
        """How long they are without a factor, the factor, and how far off that is."""
        pairs = []
        for number, taken in self.gradients.items():
            found = [one.double() for one in (self.arrived.get(Key(number, -1)), left.get(number)) if one is not None]
            if found:
                pairs.append((taken.double(), sum(found[1:], found[0])))
        norm = float(sum(float((o * o).sum()) for _, o in pairs)) ** 0.5
        dot = sum(float((g * o).sum()) for g, o in pairs)
        factor = dot / norm**2 if norm else 1.0
        return norm, factor, float(sum(float((g - factor * o).square().sum()) for g, o in pairs)) ** 0.5

    def clipping(self) -> list[str]:
        """How long all gradients together were made, where all were shortened by one factor and nothing else was done
        to them."""
        if not (0 < self.factor < 1 - 1e-5 and self.off <= _ROUNDED * self.factor * self.norm):
            return []
        return [f"clip_norm = {self.factor * (self.norm + 1e-6)!r}"]
