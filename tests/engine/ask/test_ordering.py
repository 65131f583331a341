"""Parameters in an order, against NumPy's own sorts of all numbers at once."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.ask import ordering
from gradstep.engine.ask.ordering import ORDERS, check_filter, in_order
from gradstep.engine.errors import CommandError
from gradstep.engine.files import find, loads
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.timeline import Phase


def everything(recording: Recording) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]]]:
    parameters = recording.graph.parameters
    data = np.concatenate([recording.trace.data[p.id].reshape(-1) for p in parameters])
    grads = np.concatenate([recording.trace.gradient(p.id).reshape(-1) for p in parameters])
    return data, grads, [(p.id, flat) for p in parameters for flat in range(p.size)]


@pytest.mark.parametrize("piece", [1 << 20, 3])
def test_each_order_is_numpys(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "_PIECE", piece)
    recording = record(find("fan-out"))
    end = recording.timeline.total
    w, g, elements = everything(recording)
    keys = [np.arange(len(w)), -abs(g), abs(g), -abs(w), -abs(g) / abs(w)]
    for order, key in enumerate(keys):
        expected = [elements[k] for k in np.argsort(key, kind="stable")]
        assert [tuple(e) for e in in_order(recording, order, "", end)] == expected, ORDERS[order].title


def test_of_many_only_the_first_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "_PIECE", 100)
    monkeypatch.setattr(ordering, "_KEPT", 20)
    recording = record(find("digits"))
    end = recording.timeline.total
    _, g, elements = everything(recording)
    expected = [elements[k] for k in np.argsort(-abs(g), kind="stable")[:20]]
    assert [tuple(e) for e in in_order(recording, 1, "", end)] == expected


def test_gradients_that_are_not_known_yet_come_last_and_nan_first() -> None:
    recording = record(find("fan-out"))
    first = recording.graph.by_name["W2"]  # the parameter whose gradient comes first
    sweep = recording.timeline.sweep_of(Phase.BACKWARD, first.id)
    assert sweep is not None
    assert in_order(recording, 1, "", sweep.stop - 1) == in_order(recording, 1, "", 0) == in_order(recording, 0, "", 0)
    found = in_order(recording, 1, "", sweep.stop)
    assert {e.value for e in found[: first.size]} == {first.id}
    assert [e for e in in_order(recording, 0, "", 0) if e.value != first.id] == list(found[first.size :])
    broken = record(loads('format = 1\n[parameters]\nv = [1.0, -1.0, 3.0]\n[graph]\nL = "sum(log(v))"\n'))
    assert in_order(broken, 3, "", 99)[0].flat == 2
    # ∂ log v is 1/v: 1, −1 and ⅓. All are finite, unlike log(−1).
    assert [e.flat for e in in_order(broken, 2, "", 99)] == [2, 0, 1]


def test_a_filter_lists_what_it_names() -> None:
    recording = record(find("fan-out"))
    end = recording.timeline.total
    found = in_order(recording, 0, "W2[0,*]", end)
    value = recording.graph.by_name["W2"]
    assert [tuple(e) for e in found] == [(value.id, k) for k in range(value.shape[1])]
    assert check_filter(recording, "  b* ") == "b*"
    assert check_filter(recording, "") == ""
    with pytest.raises(CommandError, match="'h' names no parameter"):
        check_filter(recording, "h")
