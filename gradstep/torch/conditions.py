"""When a step is to be recorded: a condition of its loss and its gradients."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

_COMPARED: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip
#: What a condition may be about.
_NAMES = ("nonfinite", "loss", "grad_norm")


class Health:
    """What was seen of a step: the sum of the roots of its backward passes, and the gradients that they left."""

    def __init__(self, model: torch.nn.Module) -> None:
        self._model = model
        self._losses: list[torch.Tensor] = []
        self._norm: torch.Tensor | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Sees what goes through `backward()`; on a GPU without waiting for it."""
        autograd: Any = torch.autograd  # backward() and grad() look there for what runs them
        original, running = autograd._engine_run_backward, False

        def run(outputs: Any, *args: Any, **kwargs: Any) -> Any:
            nonlocal running
            if running or not kwargs.get("accumulate_grad", False):
                return original(outputs, *args, **kwargs)
            running = True
            try:
                found = original(outputs, *args, **kwargs)
            finally:
                running = False
            self._note(outputs)
            return found

        autograd._engine_run_backward = run
        try:
            yield
        finally:
            autograd._engine_run_backward = original

    def _note(self, outputs: Sequence[torch.Tensor]) -> None:
        with torch.no_grad():
            self._losses += [one.detach().double().sum() for one in outputs]
            gradients = [p.grad.detach() for p in self._model.parameters() if p.grad is not None]
            each = [torch.linalg.vector_norm(g.to_dense() if g.layout != torch.strided else g) for g in gradients]
            self._norm = torch.linalg.vector_norm(torch.stack([n.double() for n in each])) if each else None

    @property
    def late(self) -> bool:
        """Whether one would have to wait for a GPU to know."""
        return any(one.device.type not in ("cpu", "meta") for one in self._losses)

    @property
    def loss(self) -> float:
        return float(sum(float(one) for one in self._losses))

    def numbers(self) -> Mapping[str, float]:
        """By the names that conditions have."""
        loss, norm = self.loss, 0.0 if self._norm is None else float(self._norm)
        return {"nonfinite": float(not (math.isfinite(loss) and math.isfinite(norm))), "loss": loss, "grad_norm": norm}


def condition(text: str) -> Callable[[Mapping[str, float]], bool]:
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
