"""The flight recorder: records nothing until something is wrong, and then the same steps once more.

Before each step it keeps what the step begins with: parameters, buffers, gradients, the optimiser's state and the
random numbers. Where a condition holds after a step, the last steps are run again from there, recorded; then everything
is put back to where the training was.
"""

from __future__ import annotations

import math
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import torch
from torch.utils import _pytree as pytree

from gradstep.engine.files import check_folder
from gradstep.torch.bodies import Body
from gradstep.torch.conditions import Health, condition
from gradstep.torch.extent import Extent, Order
from gradstep.torch.moments import Moment
from gradstep.torch.recording import recording

#: The ending of a recording.
_SUFFIX = ".gradstep"


class _Kept(NamedTuple):
    """A step: what it begins with, what carries it out again, the names of its inputs, and what was seen of it."""

    moment: Moment
    again: Callable[[], Any]
    inputs: Mapping[str, torch.Tensor]
    health: Health


class flight:  # it is called as a function is
    """Watches a training: `with watch(x, t): train_step(x, t)` carries out its body; `loss = watch(train_step, x, t)`
    calls `train_step(x, t)` and gives its result.

    `when` is a condition of `nonfinite` (the loss or a gradient is NaN or infinite), `loss` and `grad_norm`, as they
    are after backward(), as "nonfinite or grad_norm > 100". Where it holds for the first time, the last `keep` steps
    are recorded: the one in which it does as `path`, those before it as NAME-1.gradstep, NAME-2.gradstep and so on;
    `recorded` are these paths. On a GPU, which nobody waits for, that is known when the next step begins.

    A replay that is not bit for bit the same, as where the step reads a clock or kernels are not deterministic, is said
    in `differs`: the loss then, and again. The training goes on as if nothing had been recorded. What a step does
    besides is done again in a replay; of what has a state, as a scheduler, that is put back where the body of the
    `with` names it, or it is among the `also`. `more` is as for `record`.

    Raises ValueError where the condition, or the body of a `with`, cannot be read; CommandError where `path` cannot be
    written.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        *,
        optimizer: torch.optim.Optimizer | None = None,
        keep: int = 1,
        when: str = "nonfinite",
        path: str = "crash.gradstep",
        also: Sequence[Any] = (),
        level: str = "full",
        quiet: bool = False,
    ) -> None:
        if keep < 1:
            raise ValueError(f"keep is how many steps are recorded, from 1 on, not {keep}")
        self.path = path if path.endswith(_SUFFIX) else f"{path}{_SUFFIX}"
        check_folder(self.path)
        self.model, self.optimizer = model, optimizer
        self.recorded: list[str] = []
        self.differs: list[tuple[float, float]] = []
        self._when, self._text, self._also = condition(when), when, list(also)
        self._order = Order(self.path, optimizer, Extent(level), quiet)
        self._ring: deque[_Kept] = deque(maxlen=keep)
        self._late: Health | None = None
        self._step = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Carries out a step: a function with its arguments, or the body of a `with`, whose inputs these are."""
        if args and callable(args[0]) and not isinstance(args[0], torch.Tensor):
            return self._call(args[0], args[1:], kwargs)
        return self._carried_out(None if self.recorded else Body(sys._getframe(1)), args, kwargs)

    def _call(self, step: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.recorded:
            return step(*args, **kwargs)
        mine, options = pytree.tree_map_only(torch.Tensor, _own, (args, kwargs))
        with self.watched(lambda: step(*mine, **options), _names(mine, options), ()):
            return step(*args, **kwargs)

    @contextmanager
    def _carried_out(self, body: Body | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[None]:
        if body is None:
            yield
            return
        with self.watched(body, _names(args, kwargs), body.others):
            yield

    @contextmanager
    def watched(
        self, again: Callable[[], Any], inputs: Mapping[str, torch.Tensor], others: Sequence[Any]
    ) -> Iterator[None]:
        """Keeps what a step begins with, and looks at it when it is done, also where it raises."""
        if self._late is not None and self._judge(self._late):
            yield
            return
        known = {id(one): one for one in (self.optimizer, *self._also, *others) if one is not None}
        health = Health(self.model)
        self._ring.append(_Kept(Moment(self.model, list(known.values())), again, inputs, health))
        self._step += 1
        try:
            with health.watching():
                yield
        finally:
            if health.late:
                self._late = health
            else:
                self._judge(health)

    def _judge(self, health: Health) -> bool:
        """Records the kept steps where the condition holds."""
        self._late = None
        numbers = health.numbers()
        if not self._when(numbers):
            return False
        said = f"loss {numbers['loss']:g}, norm of the gradients {numbers['grad_norm']:g}"
        self._order.say(f"{self._text}: so it is in step {self._step:,} ({said}); it is run again, and recorded")
        self._record()
        return True

    def _record(self) -> None:
        """Runs the kept steps once more, recorded, and goes back to where the training was."""
        after = Moment(self.model, self._ring[-1].moment.others)
        for number, kept in enumerate(reversed(self._ring)):
            path = self.path if number == 0 else f"{self.path.removesuffix(_SUFFIX)}-{number}{_SUFFIX}"
            order = self._order._replace(path=path, about={"step": self._step - number, "when": self._text})
            kept.moment.restore()
            health = Health(self.model)
            # What the step raises it has raised before, and the training has seen it.
            with suppress(Exception), health.watching(), recording(self.model, kept.inputs, order):
                kept.again()
            self.recorded.append(path)
            then, again = kept.health.loss, health.loss
            if again != then and not (math.isnan(again) and math.isnan(then)):
                self.differs.append((then, again))
                self._order.say(f"{path}: run again the loss is {again:g}, and it was {then:g}")
        after.restore()
        self._ring.clear()


def _own(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.requires_grad else tensor.detach().clone()


def _names(args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """The inputs of a step by the names that they are to have."""
    found = {f"given_{k + 1}": one for k, one in enumerate(args) if isinstance(one, torch.Tensor)}
    return found | {name: one for name, one in kwargs.items() if isinstance(one, torch.Tensor)}
