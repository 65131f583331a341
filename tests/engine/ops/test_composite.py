"""Operations that expand into several."""

from __future__ import annotations

from typing import Any

import pytest

from gradstep.engine.errors import OpError
from gradstep.engine.ops.composite import COMPOSITES, Composite, Given, Plan
from gradstep.engine.ops.op import REGISTRY


def plan_of(x: Given, gain: Given | None = None, bias: Given | None = None, *, eps: float = 1e-5) -> Plan:
    """What it is.

    And more.
    """
    return eps if gain is None else gain


def test_a_function_says_how_it_is_called() -> None:
    made = Composite(plan_of, {})
    assert (made.name, made.slots, made.optional) == ("plan_of", ("x", "gain", "bias"), 2)
    assert made.options() == {"eps": 1e-5}
    assert made.signature() == "plan_of(x, [gain], [bias], eps=1e-05)"
    assert made.summary == "What it is."
    assert not made.variadic


def test_options_are_set_before_inputs_are_given() -> None:
    x, gain = Given("x", (3,)), Given("gain", (3,))
    assert Composite(plan_of, {})(eps=0.5)(x=x) == 0.5
    assert Composite(plan_of, {})()(x=x, gain=gain) is gain


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("glu", {"axis": 0.5}, "glu: axis is a whole number, not 0.5"),
        ("glu", {"axis": (0,)}, r"axis is a whole number, not \(0,\)"),
        ("glu", {"axis": ...}, "axis is a whole number, not Ellipsis"),
        ("glu", {"axis": "x"}, "axis is a whole number, not 'x'"),
        ("glu", {"axis": True}, "axis is a whole number, not True"),
        ("layer_norm", {"eps": None}, "layer_norm: eps is a number, not None"),
        ("rms_norm", {"eps": "x"}, "rms_norm: eps is a number or None, not 'x'"),
        ("attention", {"is_causal": 1}, "attention: is_causal is True or False, not 1"),
    ],
)
def test_an_option_of_another_kind_is_refused(name: str, options: dict[str, Any], says: str) -> None:
    with pytest.raises(OpError, match=says):
        COMPOSITES[name](**options)


@pytest.mark.parametrize("name", sorted(COMPOSITES))
def test_the_houses_own_say_what_they_are_made_of(name: str) -> None:
    made = COMPOSITES[name]
    assert made.name == name
    assert name not in REGISTRY
    assert made.summary.endswith(".")
    assert 0 <= made.optional < len(made.slots)


@pytest.mark.parametrize(
    ("name", "shapes", "named"),
    [
        ("batch_norm", {"x": (3,)}, "x must be (samples, channels, …), but it is (3,)"),
        (
            "batch_norm",
            {"x": (4, 3), "gain": (4,)},
            "gain must have shape (3,), one number for each place on axis 1 of x (4, 3), but it has shape (4,)",
        ),
        ("layer_norm", {"x": (4, 3), "bias": (1,)}, "bias must have shape (3,)"),
        ("layer_norm", {"x": (4, 3), "gain": ()}, "but it is a single number; an option is written by its name"),
        ("rms_norm", {"x": (4, 3), "gain": ()}, "rms_norm: gain must have shape (3,)"),
        ("rms_norm", {"x": ()}, "rms_norm works along the last axis, but x is a single number"),
        ("cross_entropy", {"logits": (2, 3), "t": (3,)}, "cross_entropy: logits is (2, 3), so t is one-hot (2, 3) or"),
        ("attention", {"q": (3,), "k": (2, 3), "v": (2, 3)}, "q must be (…, positions, width), but it is (3,)"),
        ("attention", {"q": (2, 3), "k": (2, 4), "v": (2, 3)}, "q (2, 3) and k (2, 4) must have the same width"),
        ("attention", {"q": (2, 3), "k": (2, 3), "v": (5, 3)}, "v (5, 3) the same number of positions"),
    ],
)
def test_shapes_that_do_not_go_together_are_named(name: str, shapes: dict[str, tuple[int, ...]], named: str) -> None:
    with pytest.raises(OpError) as caught:
        COMPOSITES[name]()(**{slot: Given(slot, shape) for slot, shape in shapes.items()})
    assert named in str(caught.value)


@pytest.mark.parametrize("name", sorted(COMPOSITES))
def test_every_option_may_be_what_it_is_by_default(name: str) -> None:
    """So all of their kinds are known."""
    made = COMPOSITES[name]
    assert callable(made(**made.options()))


def test_a_whole_number_is_one_with_decimals_where_such_are_taken() -> None:
    value = Composite(plan_of, {})(eps=1)(x=Given("x", (3,)))
    assert (value, type(value)) == (1.0, float)
