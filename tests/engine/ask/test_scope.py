"""What is known at a moment, and names that point at numbers: against the steps that write them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from recordings import recording

from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment, Part, Reference
from gradstep.engine.run.timeline import Phase, Position

PLACES: list[tuple[str, str, tuple[int | slice, ...], str | None]] = [
    ("x", "data", (), None),
    ("h", "data", (), "h[1]"),
    ("h", "data", (0,), "h[0]"),
    ("h", "grad", (slice(0, 1),), "h.grad[0]"),
    ("W1", "grad", (slice(None), 0), "W1.grad[1,0]"),
    ("W1", "next", (1,), "W1.next[1,1]"),
    ("L", "data", (), "L"),
    ("L", "grad", (), "L"),  # 1 by definition, once there is a loss
]


@pytest.mark.parametrize(("name", "kind", "at", "last"), PLACES)
def test_numbers_are_known_once_the_last_of_them_is_written(
    name: str, kind: str, at: tuple[int | slice, ...], last: str | None
) -> None:
    rec = recording("walkthrough")
    reference = Reference(rec.graph.by_name[name], kind, at)
    expected = 0
    if last is not None:
        target = rec.board.resolve(last)
        phase = {"grad": Phase.BACKWARD, "next": Phase.UPDATE}.get(target.kind, Phase.FORWARD)
        phase = Phase.LOSS if last == "L" else phase
        step = rec.timeline.step_of(phase, target.value.id, target.flat or 0)
        assert step is not None
        expected = step
    assert reference.ready(rec) == expected
    places = ", ".join(f"{i.start}:{i.stop}".replace("None", "") if isinstance(i, slice) else str(i) for i in at)
    written = Query(f"{name}.{kind}[{places}]" if at else f"{name}.{kind}")
    known = [written(Moment(rec, s)).certain for s in range(rec.timeline.total + 1)]
    assert known == [s >= expected for s in range(rec.timeline.total + 1)]


def test_the_numbers_of_a_reference_are_those_of_the_scenario() -> None:
    rec = recording("walkthrough")
    values = rec.graph.by_name
    # As the walkthrough's file has them: given, and computed by PyTorch.
    assert Reference(values["W1"]).read(rec).tolist() == [[0.4, 0.3], [-0.2, 0.5]]
    assert Reference(values["W1"], transposed=True).read(rec).tolist() == [[0.4, -0.2], [0.3, 0.5]]
    assert Reference(values["W1"], at=(1, slice(None))).read(rec).tolist() == [-0.2, 0.5]
    assert Reference(values["h"], "grad", (1,)).read(rec) == pytest.approx(0.03721442186, rel=1e-9)
    assert Reference(values["W2"], "next").read(rec)[0] == pytest.approx([0.605023947, -0.3981392789], rel=1e-9)


def test_the_moment_of_a_step_under_way_is_that_before_it() -> None:
    rec = recording("walkthrough")
    assert Moment.at(rec, Position(7)).steps == 7
    assert Moment.at(rec, Position(7, 1)).steps == 6
    assert Moment.end(rec).steps == rec.timeline.total


@pytest.mark.parametrize(
    ("part", "text", "document"),
    [
        (Part(1.5), "1.5", 1.5),
        (Part(np.float64(0.25)), "0.25", 0.25),
        (Part(np.array([1.0, math.inf])), "[ 1., inf]", [1.0, "Infinity"]),
        (Part(True), "True", True),
        (Part(np.array([True, False])), "[ True, False]", [True, False]),
        (Part(math.nan), "nan", "NaN"),
        (Part(1.0, False), "not yet", None),
        (Part(np.array([1.0, 2.0]), np.array([True, False])), "not yet", None),
    ],
)
def test_a_value_is_told_to_people_and_to_programs(part: Part, text: str, document: object) -> None:
    assert str(part) == text
    assert part.document() == document


def test_what_is_not_known_does_not_hold() -> None:
    assert Part(np.array([True, True, False]), np.array([True, False, True])).holds.tolist() == [True, False, False]
    assert Part(np.array([True, False])).holds.tolist() == [True, False]
