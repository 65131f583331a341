"""Whatever others call something, here it gets a name that a scenario reads, and one of its own."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gradstep.engine.files import loads
from gradstep.engine.files.naming import Names


def test_paths_stay_as_they_are() -> None:
    assert Names().take("layers.0.fc.weight") == "layers.0.fc.weight"


def test_what_is_kept_or_taken_gets_a_number() -> None:
    names = Names()
    assert [names.take("fc"), names.take("fc"), names.take("fc2"), names.take("fc2")] == ["fc", "fc2", "fc2_2", "fc2_3"]
    assert names.take("loss") != "loss"  # only the loss is called so


def test_what_is_no_name_becomes_one() -> None:
    names = Names()
    assert names.take("0.weight") == "net.0.weight"
    assert names.take("onnx::MatMul_3") == "onnx_MatMul_3"
    assert names.take("for") == "for_"
    assert names.take("h.grad") == "h.grad_"
    assert len(names.take("x" * 100_000)) < 1000


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=8))
def test_a_scenario_reads_any_of_them(wishes: list[str]) -> None:
    names = Names()
    taken = [names.take(wish) for wish in wishes]
    assert len(set(taken)) == len(taken)
    leaves = "\n".join(f'"{name}" = 1.0' for name in taken)
    loss = " + ".join([*taken, "0.0"])
    found = loads(f'format = 1\nloss = "loss"\n[parameters]\n{leaves}\n[graph]\nloss = "{loss}"\n')
    assert [value.name for value in found.graph.parameters] == taken
