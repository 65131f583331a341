"""What the screen shows can be typed: to commands, to conditions, to questions; and what is typed is shown back so."""

from __future__ import annotations

import pytest

from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError
from gradstep.engine.files import builtin, find
from gradstep.engine.graph import Element, Role
from gradstep.tui.network.names import leads
from tests.tui.driving import at, debugger, running, text, type_

#: Of each array so many elements, the first ones and the last.
_EACH = 2


@pytest.mark.parametrize("name", builtin())
def test_every_name_that_is_shown_can_be_typed_everywhere(name: str) -> None:
    session = Session(find(name))
    recording = session.recording
    board, graph = recording.board, recording.graph
    for value in graph.values:
        if value.role is Role.LITERAL:
            continue
        for flat in {*range(min(value.size, _EACH)), value.size - 1}:
            shown = board.element(value.id, flat)
            names = [shown]
            if graph.gets_gradient(value):
                slope = board.gradient(value.id, flat)
                names += [slope, "∂" + slope.partition("/∂")[2]]
            for typed in names:
                target = board.resolve(typed)
                assert (target.value.id, target.flat) == (value.id, flat), typed
                assert target.kind == ("grad" if typed != shown else "data")
                assert session.do(f"print {typed}").text.startswith(f"{typed} = "), typed
                if typed != shown or value.node >= 0:
                    said = session.do(f"break {typed}")
                    assert said.text.endswith(f": {typed}")
                    stop = session.stops.breakpoints.pop()
                    steps = [s.start + 1 + k for s in recording.timeline.sweeps if s.value == value.id
                             for k in stop.condition.mask(s, 0, s.size).nonzero()[0].tolist()]  # fmt: skip
                    assert len(steps) == 1, typed
                    session.goto(typed)
                    assert session.position.step == steps[0]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("break h₃", "'h₃' is out of range; there are h₁ to h₂"),
        ("goto h₃", "'h₃' is out of range; there are h₁ to h₂"),
        ("watch h₃", "is out of range; there are h₁ to h₂"),
        ("why ∂L/∂h₉", "is out of range; there are h₁ to h₂"),
        ("set w₂₉ = 1", "is out of range; there are w₂₁ to w₂₂"),
        ("break h[5]", "'h[5]' is out of range; its shape is (2,)"),
        ("break W1.grad[0,2]", "out of range; its shape is (2, 2)"),
        ("break grad == 0 on h₉", "'h₉' is out of range"),
        ("print h[2]", "index 2 is out of range"),
        ("break h₂[0]", "one number already"),
    ],
)
def test_what_is_out_of_range_is_refused_with_a_line(command: str, says: str) -> None:
    session = Session(find("walkthrough"))
    with pytest.raises(CommandError) as refused:
        session.do(command)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_keys_and_what_is_typed_use_the_names_of_the_screen() -> None:
    async with running("walkthrough") as pilot:
        screen = debugger(pilot)
        await pilot.press("B")
        await type_(pilot, "w₂₂")
        await pilot.press("g")
        await type_(pilot, "∂L/∂h₂")
        assert at(pilot).step == 14
        await pilot.press("b", "w", "6")
        await pilot.pause()
        assert [b.text for b in screen.session.stops.breakpoints] == ["w₂₂", "∂L/∂h₂"]
        assert "w₂₂ " in text(pilot)
        await pilot.press("b", "b")
        assert [b.text for b in screen.session.stops.breakpoints] == ["w₂₂", "∂L/∂h₂"]
        # The same place, written otherwise, is the same breakpoint.
        screen.session.do("delete 3")
        screen.session.do("break h.grad[1]")
        await pilot.press("b")
        assert [b.text for b in screen.session.stops.breakpoints] == ["w₂₂"]
        assert [w.text for w in screen.session.stops.watches] == ["∂L/∂h₂"]
        await pilot.press("e")
        await pilot.pause()
        assert "∂L/∂h₂" in str(pilot.app.screen.query_one("#dialog").border_title)


@pytest.mark.parametrize(
    ("name", "parameter", "said"),
    [
        ("exploding", "W", "6 uses"),  # W @ x, and five times W @ h
        ("shared-weight", "W", "2 uses"),
        ("gpt-block", "E", "2 uses"),  # looked up, and the same table again
        ("walkthrough", "W1", "x₁→h₁"),
        ("walkthrough", "b1", "→h₁"),
    ],
)
def test_a_weight_with_several_uses_does_not_say_one_of_them(name: str, parameter: str, said: str) -> None:
    recording = Session(find(name)).recording
    assert leads(recording, Element(recording.graph.by_name[parameter].id, 0)) == said
