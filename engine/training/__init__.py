"""The rules of an update: optimisers, schedules, clipping, batches.

Tested elsewhere: optimizers.descent, optimizers.matrices, optimizers.moments, optimizers.signs, optimizers.sizes —
because test_optimizer holds every optimiser against PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine import face

if TYPE_CHECKING:
    from gradstep.engine.training.clipping import LEFT as LEFT
    from gradstep.engine.training.optimizer import OPTIMIZERS as OPTIMIZERS
    from gradstep.engine.training.optimizer import Optimizer as Optimizer
    from gradstep.engine.training.options import Training as Training
    from gradstep.engine.training.schedules import SCHEDULES as SCHEDULES

__getattr__, __all__ = face(__name__)
