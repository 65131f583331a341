"""The terms of a sum that are to blame for it, and what they make of their factors."""

from __future__ import annotations

from math import inf, isnan, nan

import numpy as np
import pytest

from gradstep.engine.explain.culprit.parts import Culprit, Of, Part, carried, of_terms, to_blame
from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array, Grid
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.terms import Segment


def segment(upstream: list[float], local: list[float]) -> Segment:
    up, slope = np.array(upstream), np.array(local)

    def read(start: int, stop: int) -> tuple[Array, Array, Array]:
        with np.errstate(all="ignore"):
            return up[start:stop], slope[start:stop], (up * slope)[start:stop]

    return Segment(0, 0, 5, Grid(10, (len(upstream),), (1,)), read)


@pytest.mark.parametrize(
    ("upstream", "local", "numbers"),
    [
        ([1.0, 2.0], [3.0, 4.0], []),
        ([1.0, inf, nan, inf], [1.0, 1.0, 1.0, -1.0], [2]),
        ([1.0, inf, 2.0, inf, inf], [1.0, 1.0, 1.0, -1.0, 1.0], [1, 3]),
        ([1.0, -inf, 2.0, inf], [1.0, 1.0, 1.0, 1.0], [1, 3]),
        ([1.0, 0.0, inf], [1.0, inf, 1.0], [1]),
        ([1e200], [1e200], [0]),
    ],
)
def test_a_nan_is_to_blame_before_an_infinity_and_then_one_of_either_sign(
    upstream: list[float], local: list[float], numbers: list[int]
) -> None:
    found = to_blame([segment(upstream, local)])
    assert sorted(term.number for term in found) == numbers
    for term in found:
        assert term.via == Element(5, 10 + term.number)


@pytest.mark.parametrize(
    ("upstream", "local", "cause", "parts"),
    [
        (0.0, inf, Cause.ZERO_TIMES_INFINITE, 2),
        (inf, 0.0, Cause.ZERO_TIMES_INFINITE, 2),
        (nan, inf, Cause.CARRIED, 1),
        (2.0, inf, Cause.CARRIED, 1),
        (1e200, 1e200, Cause.OVERFLOW, 0),
    ],
)
def test_what_a_product_is_blamed_on(upstream: float, local: float, cause: Cause, parts: int) -> None:
    terms = to_blame([segment([upstream], [local])])
    first, second = (Part(x, Of.VALUE, Element(k, 0)) for k, x in enumerate((upstream, local)))
    found = of_terms(terms, [(first, second)])
    assert (found.cause, len(found.parts)) == (cause, parts)
    if cause is Cause.CARRIED:
        assert found.source is not None
        assert isnan(found.source.number) or found.source.number == inf


def test_only_what_is_carried_on_or_given_has_a_source() -> None:
    part = Part(inf, Of.VALUE, Element(0, 0))
    assert carried(part).source == part
    assert Culprit(Cause.GIVEN, (part,)).source == part
    assert Culprit(Cause.STEEP, (part,)).source is None
    assert Culprit(Cause.GIVEN).source is None
