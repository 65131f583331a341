"""The rules of an update: optimisers, schedules, clipping, batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine import face

if TYPE_CHECKING:
    pass

__getattr__, __all__ = face(__name__)
