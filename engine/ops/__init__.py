"""What an operation is: its value, its gradient, and who feeds whom.

`op` says what one has to answer; `affine`, `elementwise`, `reduce`, `loss`, `rowwise`, `moving`, `choosing` and
`putting` answer for whole kinds of them. The operations themselves live in `families`.

Tested elsewhere: rowwise — because test_op holds every operation that is made of them against differences.
Tested elsewhere: choosing — because test_op holds every operation that chooses against differences.
Tested elsewhere: putting — because test_op holds every operation that puts against differences.
Tested elsewhere: ranking — because the tests of sorting and places hold it against PyTorch.
Tested elsewhere: causes — because it only names what the tests of explain find.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine import face

if TYPE_CHECKING:
    from gradstep.engine.ops.composite import COMPOSITES as COMPOSITES
    from gradstep.engine.ops.links import Links as Links
    from gradstep.engine.ops.listing import described as described
    from gradstep.engine.ops.listing import explained as explained
    from gradstep.engine.ops.op import REGISTRY as REGISTRY
    from gradstep.engine.ops.op import Op as Op
    from gradstep.engine.ops.precision import EPS as EPS

__getattr__, __all__ = face(__name__)
