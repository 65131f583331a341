"""The flight recorder: records nothing until something is wrong, and then the same steps once more.

Before each step it keeps what the step begins with: parameters, buffers, gradients, the optimiser's state and the
random numbers. Where a condition holds after a step, the last steps are run again from there, recorded; then everything
is put back to where the training was.
"""

from __future__ import annotations

import ast
import copy
import math
import operator
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils import _pytree as pytree

from gradstep.engine.files import check_folder
from gradstep.torch.recording import record

_COMPARED: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip
#: What a condition may be about.
_NAMES = ("nonfinite", "loss", "grad_norm")


class _Moment(NamedTuple):
    """All that a step begins with, and the step."""

    tensors: Sequence[tuple[torch.Tensor, torch.Tensor]]
    gradients: Sequence[torch.Tensor | None]
    optimizer: Any
    rng: tuple[Any, ...]
    step: Callable[..., Any]
    given: tuple[tuple[Any, ...], dict[str, Any]]


class flight:  # it is called as a function is
    """Watches a training: `loss = watch(train_step, x, t)` calls `train_step(x, t)` and gives its result, a loss.

    `when` is a condition of `nonfinite` (the loss or a gradient is NaN or infinite), `loss` and `grad_norm`, as
    "nonfinite or grad_norm > 100". Where it holds for the first time, the last `keep` steps are recorded: the one in
    which it does as `path`, those before it as NAME-1.gradstep, NAME-2.gradstep and so on; `recorded` are these paths.
    A replay that is not bit for bit the same, as where the step reads a clock or kernels are not deterministic, is said
    in `differs`: the loss then, and again. The training goes on as if nothing had been recorded.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        *,
        optimizer: torch.optim.Optimizer | None = None,
        keep: int = 1,
        when: str = "nonfinite",
        path: str = "crash.gradstep",
    ) -> None:
        if keep < 1:
            raise ValueError(f"keep is how many steps are recorded, from 1 on, not {keep}")
        check_folder(path)
        self.model, self.optimizer, self.path = model, optimizer, path
        self.recorded: list[str] = []
        self.differs: list[tuple[float, float]] = []
        self._when = _condition(when)
        self._ring: deque[tuple[_Moment, float]] = deque(maxlen=keep)

    def __call__(self, step: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Carries out a step."""
        if self.recorded:
            return step(*args, **kwargs)
        moment = self._moment(step, args, kwargs)
        result = step(*args, **kwargs)
        loss = _number(result)
        self._ring.append((moment, loss))
        if self._when(self._health(loss)):
            self._record()
        return result

    def _health(self, loss: float) -> Mapping[str, float]:
        squares = [p.grad.detach().float().square().sum() for p in self.model.parameters() if p.grad is not None]
        norm = (
            math.sqrt(float(torch.stack(squares).sum()))
            if squares and _finite(squares)
            else math.nan
            if squares
            else 0.0
        )
        bad = not math.isfinite(loss) or not math.isfinite(norm)
        return {"nonfinite": float(bad), "loss": loss, "grad_norm": norm}

    def _record(self) -> None:
        """Runs the kept steps once more, recorded, and goes back to where the training was."""
        after = self._moment(lambda: None, (), {})
        for number, (moment, loss) in enumerate(reversed(self._ring)):
            path = self.path if number == 0 else f"{self.path.removesuffix('.gradstep')}-{number}.gradstep"
            self._restore(moment)
            args, kwargs = moment.given
            names = {f"given_{k + 1}": value for k, value in enumerate(args) if isinstance(value, torch.Tensor)}
            names |= {name: value for name, value in kwargs.items() if isinstance(value, torch.Tensor)}
            with record(path, self.model, optimizer=self.optimizer, **names):
                again = _number(moment.step(*args, **kwargs))
            self.recorded.append(path)
            if again != loss and not (math.isnan(again) and math.isnan(loss)):
                self.differs.append((loss, again))
        self._restore(after)
        self._ring.clear()

    # What there is -------------------------------------------------------------------------------

    def _moment(self, step: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Moment:
        there = [*self.model.parameters(), *self.model.buffers()]
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else None
        with torch.no_grad():
            return _Moment(
                [(tensor, tensor.detach().clone()) for tensor in there],
                [None if p.grad is None else p.grad.clone() for p in self.model.parameters()],
                None if self.optimizer is None else copy.deepcopy(self.optimizer.state_dict()),
                (torch.get_rng_state(), cuda, random.getstate(), np.random.get_state()),
                step,
                pytree.tree_map_only(
                    torch.Tensor, lambda t: t if t.requires_grad else t.detach().clone(), (args, kwargs)
                ),
            )

    def _restore(self, moment: _Moment) -> None:
        with torch.no_grad():
            for tensor, was in moment.tensors:
                tensor.copy_(was)
            for p, grad in zip(self.model.parameters(), moment.gradients, strict=True):
                p.grad = None if grad is None else grad.clone()
        if self.optimizer is not None:
            self.optimizer.load_state_dict(copy.deepcopy(moment.optimizer))
        state, cuda, plain, numpy = moment.rng
        torch.set_rng_state(state)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
        random.setstate(plain)
        np.random.set_state(numpy)


def _finite(squares: Sequence[torch.Tensor]) -> bool:
    return bool(torch.isfinite(torch.stack(list(squares)).sum()))


def _number(result: Any) -> float:
    """The loss that a step gives; NaN is one, and where it gives none it is 0."""
    for one in pytree.tree_leaves(result):
        if isinstance(one, torch.Tensor) and one.numel() == 1:
            return float(one.detach())
        if isinstance(one, float):
            return one
    return 0.0


def _condition(text: str) -> Callable[[Mapping[str, float]], bool]:
    """A condition, read as data. Raises ValueError where it cannot be."""
    try:
        tree = ast.parse(text, mode="eval").body
        _of(tree)(dict.fromkeys(_NAMES, 0.0))
    except (SyntaxError, KeyError, TypeError, AttributeError):
        raise ValueError(
            f"'{text}' is no condition; it has {', '.join(_NAMES)}, as in nonfinite or grad_norm > 100"
        ) from None
    found = _of(tree)
    return lambda health: bool(found(health))


def _of(node: ast.expr) -> Callable[[Mapping[str, float]], Any]:
    match node:
        case ast.BoolOp(op=op, values=values):
            parts = [_of(one) for one in values]
            return lambda h: (any if isinstance(op, ast.Or) else all)(part(h) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            part = _of(inner)
            return lambda h: not part(h)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            a, b, act = _of(left), _of(right), _COMPARED[type(op)]
            return lambda h: act(a(h), b(h))
        case ast.Name(id=name) if name in _NAMES:
            return lambda h: h[name]
        case ast.Constant(value=int() | float() as value):
            return lambda h: value
    raise TypeError
