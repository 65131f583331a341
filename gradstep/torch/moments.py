"""All that a step of a training begins with: kept, and put back."""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch


class Moment:
    """Parameters, buffers and gradients of a model, the random numbers, and the state of its optimiser and of whatever
    else has one, as schedulers and scalers do."""

    def __init__(self, model: torch.nn.Module, others: Sequence[Any]) -> None:
        self._model, self.others = model, list(others)
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else None
        with torch.no_grad():
            self._tensors = [(t, t.detach().clone()) for t in (*model.parameters(), *model.buffers())]
            self._gradients = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
        self._states = [copy.deepcopy(one.state_dict()) for one in self.others]
        self._random = torch.get_rng_state(), cuda, random.getstate(), np.random.get_state()

    def restore(self) -> None:
        """Puts everything back to where it was."""
        with torch.no_grad():
            for tensor, was in self._tensors:
                tensor.copy_(was)
            for p, grad in zip(self._model.parameters(), self._gradients, strict=True):
                p.grad = None if grad is None else grad.clone()
        for one, state in zip(self.others, self._states, strict=True):
            one.load_state_dict(copy.deepcopy(state))
        state, cuda, plain, numpy = self._random
        torch.set_rng_state(state)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
        random.setstate(plain)
        np.random.set_state(numpy)


def has_state(one: Any) -> bool:
    """Whether it has a state of its own that is kept and put back: an optimiser, a scheduler, a scaler."""
    return (
        not isinstance(one, type | torch.nn.Module) and hasattr(one, "state_dict") and hasattr(one, "load_state_dict")
    )
