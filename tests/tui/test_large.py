"""A network of a million weights and more: what a key touches, what is allocated, and that the screen
never waits. Nothing here looks at a clock."""

from __future__ import annotations

import threading
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from driving import at, debugger, running, text
from textual import events

from gradstep.engine.ask import search
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import Interrupted
from gradstep.engine.files import find, load, loads
from gradstep.engine.history.history import History
from gradstep.engine.ops.affine import Affine
from gradstep.engine.run.passes import run
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.timeline import Grain, Position
from gradstep.tui.app import Gradstep
from gradstep.tui.loading import Loading
from gradstep.tui.panels.base import Panel
from gradstep.tui.screens.opening import Opening
from gradstep.tui.screens.scenery import Scenery
from gradstep.tui.view import Zoom

WIDE = """format = 1
dtype = "float32"
batch = ["x", "t"]
[inputs]
x = { shape = [8, 1024], init = "normal(0, 1)", seed = 1 }
t = { shape = [8, 10], init = "zeros" }
[parameters]
W1 = { shape = [1024, 1024], init = "he_normal", seed = 2 }
W2 = { shape = [10, 1024], init = "he_normal", seed = 3 }
[graph]
z = "x @ W1.T"
h = "relu(z)"
y = "h @ W2.T"
L = "mse(y, t)"
"""
#: Bytes of the large weight matrix.
WEIGHTS = 4 << 20


@lru_cache(maxsize=1)
def wide() -> Scenario:
    return loads(WIDE)


def allocated(call: Callable[[], object]) -> int:
    """The most bytes that a call holds at a time, beyond what there was before."""
    call()  # once, so that what is found out once is found out
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


async def allocated_by(call: Callable[[], Awaitable[None]]) -> int:
    """The same of a call that is awaited."""
    await call()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        await call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("zoom", list(Zoom), ids=lambda z: z.value)
async def test_a_key_makes_no_array_of_the_size_of_a_layer_of_weights(zoom: Zoom) -> None:
    app = Gradstep(wide())
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        screen = debugger(pilot)
        for where in ("h[3,7]", "h.grad[3,7]", "W1.grad[500,3]", "W1.next[500,3]"):
            screen.session.goto(where)
            screen.scenery.change(zoom=zoom, selection=None)

            async def there_and_back() -> None:
                await screen.time.step("element", 1)
                await screen.time.step("element", -1)

            assert await allocated_by(there_and_back) < WEIGHTS // 4, where


def test_a_search_looks_at_slices_only() -> None:
    session = Session(wide())
    session.stops.add("nonfinite", session.recording)
    session.stops.add("value > 1e30", session.recording)

    def search() -> None:
        session.goto("start")
        session.run(True)

    assert allocated(search) < 24 << 20  # masks and a few temporaries of 2**20 elements each
    assert session.stop is not None
    assert session.stop.reason == "end"


def test_the_loss_after_the_update_needs_one_parameter_at_a_time() -> None:
    recording = Session(wide()).recording
    new = {p.id: recording.updated(p.id) for p in recording.graph.parameters}
    expected = run(recording.graph, {**recording.scenario.leaves, **new})

    def after() -> float:
        recording.memory.clear()
        return recording.next_loss()

    assert after() == expected.loss
    assert allocated(after) < 1.5 * WEIGHTS


async def test_a_step_touches_the_terms_of_one_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the network's size: counted in the one place where links are made."""
    counts = []
    original = Affine._links

    def counted(self: Affine, slot: int, space: object, held: object, at: int, *rest: object) -> object:
        links = original(self, slot, space, held, at, *rest)  # type: ignore[arg-type]
        local = links.local

        def read(start: int, stop: int) -> object:
            counts.append(stop - start)
            return local(start, stop)

        object.__setattr__(links, "local", read)
        return links

    monkeypatch.setattr(Affine, "_links", counted)
    app = Gradstep(wide())
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        screen = debugger(pilot)
        screen.session.goto("h.grad[3,7]")
        screen.scenery.change(zoom=Zoom.LAYER)
        screen.scenery.show()
        counts.clear()
        await screen.time.step("element", 1)
        # Its ten terms, looked at by a handful of readers, and the thousand weights into the neuron.
        assert sum(counts) < 4 * 1024


async def test_a_key_repaints_few_lines() -> None:
    for name, most in (("walkthrough", 46), ("digits", 60)):
        async with running(name) as pilot:
            screen = debugger(pilot)
            screen.scenery.change(zoom=Zoom.LAYER)
            screen.session.goto("backward")
            screen.scenery.show()
            await pilot.pause()
            lines = []
            for _ in range(20):
                before = {panel: list(panel._strips) for panel in screen.query().results(Panel)}  # type: ignore[type-abstract]
                await pilot.press("n")
                lines.append(
                    sum(a is not b for panel, old in before.items() for a, b in zip(panel._strips, old, strict=True))
                )
            assert sorted(lines)[len(lines) // 2] <= most, lines


# Keys that come faster than they can be shown -------------------------------------------------------


async def test_a_held_key_drops_frames_and_no_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running("digits") as pilot:
        screen = debugger(pilot)
        painted = []
        original = Scenery.paint

        def slow(self: Scenery) -> None:
            time.sleep(0.02)
            painted.append(self.session.position)
            original(self)

        monkeypatch.setattr(Scenery, "paint", slow)
        screen.scenery.change(zoom=Zoom.LAYER)
        for _ in range(200):
            pilot.app.post_message(events.Key("space", " "))
        while at(pilot).step < 200:
            await pilot.pause(0.01)
        await pilot.pause(0.05)
        assert at(pilot) == Position(200)
        assert len(painted) < 100
        assert painted[-1] == Position(200)
        assert "step 200/" in text(pilot).replace("\n", " ") or "200" in text(pilot)


async def test_single_keys_are_each_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running("walkthrough") as pilot:
        painted = []
        original = Scenery.paint

        def counted(self: Scenery) -> None:
            painted.append(self.session.position.step)
            original(self)

        monkeypatch.setattr(Scenery, "paint", counted)
        for _ in range(5):
            await pilot.press("space")
            await pilot.pause()
        assert painted[-1] == 5
        assert set(painted) == {1, 2, 3, 4, 5}


# Opening ---------------------------------------------------------------------------------------------


async def test_a_network_that_takes_long_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    original = Loading._go_on

    def waiting(self: Loading, share: float) -> bool:
        more = original(self, share)
        if share > 0.3:
            go.wait(20)
        return more

    monkeypatch.setattr(Loading, "_go_on", waiting)
    loading = Loading("digits")
    app = Gradstep(loading)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause(0.6)
        assert isinstance(app.screen, Opening)
        assert "forward and backward pass" in str(app.screen.query_one("#opening").render())
        go.set()
        while isinstance(app.screen, Opening):
            await pilot.pause(0.05)
        await pilot.pause()
        assert "digits" in text(pilot)


async def test_leaving_while_it_opens_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    original = Loading._go_on

    def waiting(self: Loading, share: float) -> bool:
        go.wait(20)
        return original(self, share)

    monkeypatch.setattr(Loading, "_go_on", waiting)
    loading = Loading("digits")
    app = Gradstep(loading)
    async with app.run_test() as pilot:
        await pilot.press("ctrl+c")
    go.set()
    assert loading.wait(20)
    with pytest.raises(Interrupted):
        loading.session()


async def test_what_goes_wrong_while_loading_ends_the_program_with_its_message(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text('format = 1\n[parameters]\nw = 1.0\n[graph]\nL = "w * w"\n[debug]\nstart = "nowhere"\n')
    loading = Loading(str(bad))
    app = Gradstep.__new__(Gradstep)
    assert loading.wait(20)
    with pytest.raises(Exception, match="nowhere"):
        Gradstep.__init__(app, loading)


def test_a_run_can_be_stopped_between_two_nodes_and_nothing_has_changed() -> None:
    session = Session(find("digits"))
    before = session.recording
    shares: list[float] = []

    def once(share: float) -> bool:
        shares.append(share)
        return len(shares) < 4

    with pytest.raises(Interrupted):
        session.edit("W1[0,0] = 3", once)
    assert session.recording is before
    assert not session.edits
    session.edit("W1[0,0] = 3")
    edited = session.recording
    session.edit("W1[0,1] = 3")
    with pytest.raises(Interrupted):
        session.undo(lambda share: False)
    assert len(session.edits) == 2
    session.undo()
    assert (session.recording.trace.loss, len(session.edits)) == (edited.trace.loss, 1)


def test_marks_of_breakpoints_cost_nothing_on_a_long_run() -> None:
    session = Session(wide())
    breakpoint = session.stops.add("grad == 0", session.recording)
    assert session.recording.timeline.total > search.MARKED
    assert search.holding(session.recording, (breakpoint.condition,)) == frozenset()


def test_arrays_beside_a_scenario_are_not_copied(tmp_path: Path) -> None:
    array = np.ones((64, 64), np.float32)
    np.save(tmp_path / "w.npy", array)
    file = tmp_path / "s.toml"
    file.write_text(
        'format = 1\ndtype = "float32"\n[parameters]\nw = { file = "w.npy" }\n[graph]\nL = "sum(w * w)"\n',
        encoding="utf-8",
    )
    scenario = load(file)
    session = Session(scenario)
    session.step(Grain.ARRAY)
    leaf = scenario.leaves[scenario.graph.by_name["w"].id]
    assert session.recording.trace.data[scenario.graph.by_name["w"].id] is leaf


async def test_of_a_network_that_is_only_looked_at_nothing_beyond_the_iteration_is_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(History, "_begun", lambda self: pytest.fail("the next parameters, as large as all others"))
    async with Gradstep(find("digits")).run_test(size=(160, 45)) as pilot:
        for key in ("space", "end", "space", "9", "8", "5", "home", "c", "C"):
            await pilot.press(key)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
