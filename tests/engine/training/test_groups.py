"""Groups of parameters."""

from __future__ import annotations

from gradstep.engine.training.groups import Group, Groups
from gradstep.engine.training.optimizer import OPTIMIZERS


def test_a_parameter_is_in_the_first_group_that_names_it_else_in_group_0() -> None:
    sgd, adam, lion = (OPTIMIZERS[name]() for name in ("sgd", "adam", "lion"))
    groups = Groups(sgd, [Group(("W*", "b1"), adam), Group(("W2", "b?"), lion)])
    assert [groups.of(name) for name in ("W1", "W2", "b1", "b2", "w1", "gain")] == [1, 1, 1, 2, 0, 0]
    assert groups.optimizers == (sgd, adam, lion)
    assert Groups(sgd).of("W1") == 0
