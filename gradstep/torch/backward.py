"""Sees the backward pass: what arrives at each autograd node, and what it passes on along each of its edges.

`backward()` and all its relatives go through one function of PyTorch, which is watched; hooks are put on the nodes
behind the roots just before it runs, and taken off when it is through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode, _get_current_dispatch_mode, _pop_mode, _push_mode

from gradstep.torch.capture import Recorder
from gradstep.torch.seen import Key, Seen


@dataclass(eq=False)
class Step:
    """An autograd node: what it is, the keys that its edges lead to, and what went along them."""

    node: Any
    edges: list[Key | None]
    passed: list[torch.Tensor | None] = field(default_factory=list)


@dataclass(eq=False)
class Backward:
    """What was seen of all backward passes: the roots with the gradients that they began with, the nodes behind them,
    and the gradients of tensors. `failed` is what one of them ended with, where it did not get through. With
    `parameters_only` nothing is noted of what lies between. `means` are the gradients of parameters as processes that
    train together have them, averaged: the hooks see what each process has by itself. There are none where gradients of
    a step before stood there already. `left` is what stood in `.grad` of those that are `trained` when the first pass
    began, by the parameter's id, where it was not 0: the passes add to it. `zeroed` is after how many passes gradients
    were zeroed that these had brought, the last time. Of those with something left `taken` is what their gradient was
    when an optimiser first took it, or the step ended; and what of it had arrived by then."""

    recorder: Recorder
    trained: Callable[[], Iterable[torch.Tensor]] = tuple
    roots: list[tuple[Seen, torch.Tensor | None]] = field(default_factory=list)
    steps: dict[int, Step] = field(default_factory=dict)
    gradients: dict[Key, torch.Tensor] = field(default_factory=dict)
    passes: int = 0
    failed: BaseException | None = None
    parameters_only: bool = False
    means: dict[Key, torch.Tensor] = field(default_factory=dict)
    left: dict[int, torch.Tensor] = field(default_factory=dict)
    zeroed: int = 0
    taken: dict[int, tuple[torch.Tensor, torch.Tensor | None]] = field(default_factory=dict)
    _anew: bool = True

    def begin(self, tensors: Sequence[torch.Tensor], given: Sequence[torch.Tensor | None]) -> list[Any]:
        """Notes the roots and puts hooks on all that is behind them; what takes them off again."""
        recorder = self.recorder
        recorder.settle()
        if not self.passes and together() is not None:
            self._anew = not any(p.grad is not None and bool(p.grad.any()) for p in recorder.model.parameters())
        if not self.passes:
            self.left = {id(p): dense(p.grad) for p in self.trained() if p.grad is not None and _holds(p.grad)}
        elif any(
            (found := self.gradients.get(Key(id(p), -1))) is not None
            and not (p.grad is not None and _holds(p.grad))
            and bool(found.any())
            for p in self.trained()
        ):
            self.zeroed = self.passes
        self.passes += 1
        for tensor, gradient in zip(tensors, given, strict=False):
            self.roots.append((recorder.now(tensor), None if gradient is None else gradient.detach().clone()))
        leaves, handles = self._parameters(), []
        if self.parameters_only:
            return [node.register_prehook(self._arriving(key)) for key, node in leaves.items()]
        behind = [tensor.grad_fn for tensor in tensors if tensor.grad_fn is not None]
        reached = set()
        while behind:
            node = behind.pop()
            if id(node) in reached:
                continue
            reached.add(id(node))
            recorder.nodes[id(node)] = node
            if node.name() == "torch::autograd::AccumulateGrad":
                leaves[Key(id(getattr(node, "variable")), -1)] = node  # noqa: B009  # torch does not annotate it
                continue
            step = self.steps.setdefault(id(node), Step(node, [_edge(recorder, *e) for e in node.next_functions]))
            handles.append(node.register_prehook(self._arriving(Key(id(node), 0))))
            handles.append(node.register_hook(self._passing(step)))
            behind += [n for n, _ in node.next_functions if n is not None]
        return [*handles, *(node.register_prehook(self._arriving(key)) for key, node in leaves.items())]

    def _parameters(self) -> dict[Key, Any]:
        """The nodes that add to the gradients of parameters. A backward pass within this one, as that of a checkpoint,
        goes through the same."""
        trained = [p for p in self.recorder.model.parameters() if p.requires_grad and p.grad_fn is None]
        found = {Key(id(p), -1): torch.autograd.graph.get_gradient_edge(p).node for p in trained}
        self.recorder.nodes |= {id(node): node for node in found.values()}
        return found

    def ended(self) -> None:
        """Notes the gradients that all processes have together, where there are several."""
        if together() is None or not self._anew:
            return
        for p in self.recorder.model.parameters():
            if p.requires_grad and p.grad is not None and p.grad.layout is torch.strided:
                self.means[Key(id(p), -1)] = p.grad.detach().clone()

    def takes(self, parameters: Iterable[torch.Tensor]) -> None:
        """Notes the gradients of parameters that something was left in, where they are used for the first time."""
        for p in parameters:
            if self.passes and id(p) in self.left and id(p) not in self.taken and p.grad is not None:
                self.taken[id(p)] = dense(p.grad), self.gradients.get(Key(id(p), -1))

    def _arriving(self, key: Key) -> Callable[[Any], None]:
        def arrives(gradients: Sequence[torch.Tensor | None]) -> None:
            for number, gradient in enumerate(gradients):
                if gradient is not None and not gradient.is_nested:
                    at = key if key.output < 0 else key._replace(output=number)
                    self.gradients[at] = _more(self.gradients.get(at), gradient)

        return arrives

    def _passing(self, step: Step) -> Callable[[Any, Any], None]:
        def passes(inputs: Sequence[torch.Tensor | None], _: object) -> None:
            before = step.passed or [None] * len(inputs)
            step.passed = [b if g is None or g.is_nested else _more(b, g) for b, g in zip(before, inputs, strict=True)]

        return passes


def _edge(recorder: Recorder, node: Any, output: int) -> Key | None:
    if node is None:
        return None
    recorder.nodes[id(node)] = node
    leaf = getattr(node, "variable", None) if node.name() == "torch::autograd::AccumulateGrad" else None
    return Key(id(node), output) if leaf is None else Key(id(leaf), -1)


def dense(gradient: torch.Tensor) -> torch.Tensor:
    """A copy of a gradient, also where only the rows of it were kept that are not 0."""
    mine = gradient.detach()
    return mine.clone() if mine.layout is torch.strided else mine.to_dense()


def _more(before: torch.Tensor | None, gradient: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        mine = dense(gradient)
        return mine if before is None else before + mine


def _holds(gradient: torch.Tensor) -> bool:
    """Whether there is anything in it that a backward pass would be added to."""
    if gradient.is_nested:
        return False
    return bool((gradient if gradient.layout is torch.strided else gradient.coalesce().values()).any())


def together() -> tuple[int, int] | None:
    """Which of several processes this is that train together, and of how many; None where there are none."""
    distributed: Any = torch.distributed
    if not (distributed.is_available() and distributed.is_initialized()):
        return None
    return distributed.get_rank(), distributed.get_world_size()


@contextmanager
def watched(
    recorder: Recorder, trained: Callable[[], Iterable[torch.Tensor]] = tuple, parameters_only: bool = False
) -> Iterator[Backward]:
    """All backward passes until it is left; `trained` are the parameters of the model, and of its optimiser."""
    autograd: Any = torch.autograd  # backward() and grad() look there for what runs them
    found = Backward(recorder, trained, parameters_only=parameters_only)
    original = autograd._engine_run_backward
    running = False

    def run(outputs: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal running
        if running or recorder.paused or not kwargs.get("accumulate_grad", False):
            return original(outputs, *args, **kwargs)
        recorder.paused = running = True
        handles: list[Any] = []
        try:
            with torch._C.DisableTorchFunction():
                handles = found.begin(outputs, _not_ones(outputs, args[0] if args else ()))
                recorder.snapshot()
            with _aside(recorder.mode):
                made = original(outputs, *args, **kwargs)
            with torch._C.DisableTorchFunction(), torch.no_grad():
                found.ended()
            return made
        except BaseException as error:
            found.failed = error
            raise
        finally:
            running = recorder.paused = False
            for handle in handles:
                handle.remove()

    autograd._engine_run_backward = run
    updates = register_optimizer_step_pre_hook(lambda optimizer, *_: found.takes(_parameters_in(optimizer)))
    try:
        yield found
    finally:
        updates.remove()
        autograd._engine_run_backward = original


def _parameters_in(optimizer: torch.optim.Optimizer) -> Iterator[torch.Tensor]:
    for group in optimizer.param_groups:
        yield from group["params"]


@contextmanager
def _aside(mode: TorchDispatchMode | None) -> Iterator[None]:
    """Without a mode, where no other one is above it: while any is on, PyTorch computes some gradients, as that of
    prod, in another way, which has other bits."""
    if mode is None or _get_current_dispatch_mode() is not mode:
        yield
        return
    _pop_mode()
    try:
        yield
    finally:
        _push_mode(mode)


def _not_ones(outputs: Sequence[torch.Tensor], given: Sequence[torch.Tensor | None]) -> list[torch.Tensor | None]:
    """The gradients that roots begin with, where they are not the 1 of a loss."""
    pairs = zip(outputs, given, strict=True)
    return [None if g is None or (t.numel() == 1 and bool((g == 1).all())) else g for t, g in pairs]
