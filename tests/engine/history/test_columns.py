"""Where in its row each number of an iteration stands."""

from __future__ import annotations

from trainings import small

from gradstep.engine.files import find, loads
from gradstep.engine.history.columns import FIRST, LARGE, UNITS, Columns
from gradstep.engine.history.history import History
from gradstep.engine.run.recording import record
from gradstep.engine.run.timeline import Phase


def test_every_column_stands_for_one_thing() -> None:
    columns = Columns(History(small()).start)
    count, parameters = len(columns.sweeps), len(columns.parameters)
    blocks = [columns.norm, columns.low, columns.high, columns.bad, columns.moved]
    assert blocks == [FIRST + k * count for k in range(5)]
    assert columns.width == columns.moved + parameters
    assert sorted(columns.place.values()) == list(range(count))
    assert {(s.phase, s.value) for s in columns.sweeps} == {
        (s.phase, s.value) for s in columns.recording.timeline.sweeps if s.size
    }
    assert [columns.order[p.id] for p in columns.parameters] == list(range(parameters))


def test_small_arrays_stand_first_one_after_the_other() -> None:
    columns = Columns(History(small()).start)
    sizes = [s.size for s in columns.sweeps[: columns.small]]
    assert columns.ends.tolist() == [sum(sizes[:k]) for k in range(len(sizes) + 1)]
    kept = [(s.phase, s.value) for s in columns.sweeps[: columns.small]]
    packed = [value for value, _, _ in columns.recording.graph.packed]
    # At the end gradients, then new numbers, of all small parameters.
    rows = [(phase, value) for phase in (Phase.BACKWARD, Phase.UPDATE) for value in packed]
    assert kept[-len(rows) :] == rows


def test_what_has_no_elements_has_no_columns_and_no_parameters_are_none() -> None:
    empty = loads(
        'format = 1\n[inputs]\nx = [1.0, 2.0]\n[parameters]\nw = { init = "zeros", shape = [0] }\n'
        '[graph]\nL = "sum(x) + sum(w)"\n'
    )
    columns = Columns(record(empty))
    assert columns.parameters == []
    assert all(s.size for s in columns.sweeps)
    fixed = Columns(record(loads('format = 1\n[inputs]\nx = [1.0, 2.0]\n[graph]\nL = "sum(x)"\n')))
    assert fixed.width == fixed.moved


def test_units_are_counted_where_there_are_gates_and_layers_and_not_too_many() -> None:
    columns = Columns(History(small()).start)
    graph = columns.recording.graph
    assert [graph.values[v].name for v in columns.counted] == ["z1"]
    found = columns.counted[graph.by_name["z1"].id]
    assert (found.axis, found.units, found.shape) == (0, slice(0, 6), (8, 6))
    assert found.start == columns.ends[columns.place[Phase.FORWARD, graph.by_name["z1"].id]]
    assert columns.units == 6

    def rectified(units: int) -> Columns:
        text = (
            f'format = 1\n[parameters]\nw = {{ init = "normal(0, 1)", shape = [{units}], seed = 1 }}\n'
            '[graph]\nz = "2 * w"\nh = "relu(z)"\nL = "sum(h)"\n'
        )
        return Columns(record(loads(text)))

    assert rectified(UNITS).units == UNITS
    assert rectified(UNITS + 1).counted == {}


def test_a_large_network_is_measured_array_by_array() -> None:
    columns = Columns(record(find("digits")))
    assert all((s.size <= LARGE) == (k < columns.small) for k, s in enumerate(columns.sweeps))
