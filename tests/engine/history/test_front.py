"""A training goes on from where it is, whatever has come in between."""

from __future__ import annotations

import pytest
from histories import check, whole
from trainings import small

from gradstep.engine.ask import whatif
from gradstep.engine.errors import OpError
from gradstep.engine.files import loads
from gradstep.engine.history.compiled import Compiled
from gradstep.engine.history.history import History


def test_an_edit_is_made_and_what_follows_goes_on_from_there() -> None:
    scenario = small('optimizer = "momentum"\nlr = 0.05\nbatch_size = 8\nshuffle = 7')
    edits: dict[int, list[whatif.Edit]] = {}
    found = []
    for made in (lambda h: h.make(30), lambda h: whole(h, 30)):
        history = History(scenario)
        made(history)
        for k, text in ((11, "W1[0,0] = 2.5"), (20, "op h = tanh")):
            if k not in edits:
                edits[k] = [whatif.read_edit(history.recording(k), text)]
            history = history.with_edits({i: e for i, e in edits.items() if i <= k})
            made(history)
        found.append(history)
    check(*found)


def test_what_stops_in_the_middle_of_an_iteration_leaves_the_training_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history = History(small('optimizer = "adam"\nbatch_size = 8'))
    history.make(20)
    make = Compiled.make

    def stopped(self: Compiled, iteration: int) -> None:
        make(self, iteration) if iteration < 25 else self._updates.step(self._state, iteration, 0.0)
        if iteration == 25:
            raise KeyboardInterrupt

    monkeypatch.setattr(Compiled, "make", stopped)
    with pytest.raises(KeyboardInterrupt):
        history.make(40)
    assert history.made == history.summaries.last == 24
    monkeypatch.setattr(Compiled, "make", make)
    history.make(40)
    check(history, whole(History(history.scenario), 40))


def test_a_mistake_in_the_numbers_is_told_and_nothing_is_made() -> None:
    """A class number moves on by an update, and is none any more."""
    lines = (
        "[parameters]\nw = [[1.0, 2.0]]\nt = [1.0]\n[graph]\nL = 'cross_entropy(w, t) + mean(t)'\n[training]\nlr = 0.25"
    )
    history = History(loads(f"format = 1\n{lines}"))
    for _ in range(2):
        with pytest.raises(OpError, match=r"^scenario.toml:6:6: 'cross_entropy\(w, t\)': class numbers"):
            history.make(5)
        assert history.made == history.summaries.last == 1


def test_what_is_let_go_of_is_taken_up_again() -> None:
    """Of a network that is large beside the budget nothing is kept between two calls but the start of the next one."""
    history = History(small('optimizer = "adam"\nbatch_size = 8'), budget=1000)
    for to in (3, 17, 40):
        history.make(to)
        assert history._begun().front._compiled is None
    check(history, whole(History(history.scenario, budget=1000), 40))
