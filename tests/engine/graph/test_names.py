"""What things are called on the blackboard."""

from __future__ import annotations

import numpy as np
import pytest
from boards import arrows, meant, names, wide
from graphs import network, walkthrough

from gradstep.engine.errors import CommandError
from gradstep.engine.files import builtin, find, loads
from gradstep.engine.graph.graph import Role
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.run.recording import record


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", "x₁ x₂"), ("t", "t"), ("W1", "w₁₁₁ w₁₁₂ w₁₂₁ w₁₂₂"), ("b1", "b₁₁ b₁₂"), ("z1", "z₁₁ z₁₂"), ("h", "h₁ h₂"),
        ("W2", "w₂₁ w₂₂"), ("b2", "b₂"), ("z2", "z₂"), ("y", "y"), ("L", "L"),
    ],
)  # fmt: skip
def test_the_walkthroughs_names(value: str, expected: str) -> None:
    assert names(walkthrough(), value) == expected.split()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", "x"),
        ("W1", "W₁"),
        ("b1", "b₁"),
        ("z1", "z₁"),
        ("h", "h"),
        ("W2", "W₂"),
        ("z2", "z₂"),
        ("y", "y"),
        ("L", "L"),
    ],
)
def test_the_walkthroughs_arrays(value: str, expected: str) -> None:
    net = walkthrough()
    assert Blackboard(net.graph).whole(net.value(value).id) == expected


def test_gradients_are_fractions() -> None:
    net = walkthrough()
    board = Blackboard(net.graph)
    assert board.loss == "L"
    assert board.gradient(net.value("h").id, 0) == "∂L/∂h₁"
    assert board.gradient(net.value("W1").id, 1) == "∂L/∂w₁₁₂"
    assert board.gradient(net.value("b2").id, 0) == "∂L/∂b₂"


@pytest.mark.parametrize(
    ("value", "flat", "expected"),
    [
        ("W1", 1, "W1[0,1]"),
        ("W1", 2, "W1[1,0]"),
        ("h", 1, "h[1]"),
        ("b2", 0, "b2[0]"),
        ("W2", 1, "W2[0,1]"),
        ("L", 0, "L"),
    ],
)
def test_names_to_type(value: str, flat: int, expected: str) -> None:
    net = walkthrough()
    assert Blackboard(net.graph).typed(net.value(value).id, flat) == expected


def test_arrows_of_the_walkthrough() -> None:
    net = walkthrough()
    assert arrows(net, "W1") == ["x₁ → h₁", "x₂ → h₁", "x₁ → h₂", "x₂ → h₂"]
    assert arrows(net, "b1") == ["→ h₁", "→ h₂"]
    assert arrows(net, "W2") == ["h₁ → y", "h₂ → y"]
    assert arrows(net, "b2") == ["→ y"]
    for name in ("x", "t", "z1", "h", "z2", "y", "L"):
        assert set(arrows(net, name)) == {None}


def test_one_weight_between_one_input_and_one_neuron_has_no_subscript() -> None:
    net = network({"x": [1.0]}, {"W": [[2.0]], "W1": [[3.0]]}, {"h": "W @ x", "y": "W1 @ h", "L": "sum(y)"})
    assert names(net, "W") == ["w"]
    assert names(net, "W1") == ["w₁"]
    assert names(net, "x") == ["x"]


def test_long_names_keep_their_letters() -> None:
    net = network(
        {"input": [1.0, 2.0]}, {"weight1": np.ones((2, 2)), "bias": [0.0, 0.0]},
        {"hidden": "tanh(weight1 @ input + bias)", "loss": "sum(hidden)"}, loss="loss",
    )  # fmt: skip
    assert names(net, "weight1")[1] == "weight₁₁₂"
    assert names(net, "bias") == ["bias₁", "bias₂"]
    assert Blackboard(net.graph).gradient(net.value("hidden").id, 0) == "∂loss/∂hidden₁"
    assert meant(net, "∂loss/∂hidden₂") == ("hidden", "grad", 1)
    assert meant(net, "dloss/dhidden2") == ("hidden", "grad", 1)
    assert meant(net, "weight112") == ("weight1", "data", 1)


def test_only_a_single_letter_is_made_small() -> None:
    net = network(
        {"x": [1.0, 2.0]}, {"Gain": np.eye(2), "V": np.eye(2)}, {"y": "V @ x", "z": "Gain @ y", "L": "sum(z)"}
    )
    assert names(net, "Gain")[1] == "Gain₁₂"
    assert names(net, "V")[1] == "v₁₂"


def test_layers_wider_than_nine_are_written_as_numpy_does() -> None:
    net = wide()
    board = Blackboard(net.graph)
    W1 = net.value("W1").id
    assert board.element(W1, 0) == "W₁[0,0]"
    assert board.element(W1, 9 * 12 + 11) == "W₁[9,11]"
    assert names(net, "x")[11] == "x[11]"
    assert names(net, "h")[0] == "h[0]"
    assert names(net, "z1")[9] == "z₁[9]"
    assert names(net, "b1")[0] == "b₁[0]"
    assert names(net, "W2")[0] == "W₂[0,0]"
    assert names(net, "W2")[13] == "W₂[1,3]"
    assert names(net, "y") == ["y[0]", "y[1]"]
    assert names(net, "b2") == ["b₂[0]", "b₂[1]"]
    assert board.gradient(W1, 12 * 7 + 3) == "∂L/∂W₁[7,3]"
    assert arrows(net, "W2")[13] == "h[3] → y[1]"
    assert arrows(net, "W1")[12 * 7 + 3] == "x[3] → h[7]"


def test_a_layer_of_nine_is_still_written_short() -> None:
    net = network({"x": np.ones(9)}, {"W1": np.ones((9, 9))}, {"y": "W1 @ x", "L": "sum(y)"})
    assert names(net, "W1")[80] == "w₁₉₉"
    assert names(net, "y")[8] == "y₉"


def test_with_samples_all_is_written_as_numpy_does() -> None:
    net = network({"X": np.ones((4, 3))}, {"W": np.ones((2, 3))}, {"Y": "X @ W.T", "L": "sum(Y)"})
    assert names(net, "X")[5] == "X[1,2]"
    assert names(net, "Y")[3] == "Y[1,1]"
    assert names(net, "W")[5] == "W[1,2]"
    assert arrows(net, "W")[5] == "X[…,2] → Y[…,1]"


@pytest.mark.parametrize("shape", [(2, 2), (1, 3), (3, 1), (1, 1), (2, 2, 2)])
def test_every_element_of_an_array_has_a_name(shape: tuple[int, ...]) -> None:
    net = network({"A": np.ones(shape)}, {"B": np.ones(shape)}, {"C": "A * B", "L": "sum(C)"})
    for value in ("A", "B", "C"):
        found = names(net, value)
        assert len(set(found)) == len(found)
        for flat, name in enumerate(found):
            assert meant(net, name) == (value, "data", flat)


def test_numbers_in_a_formula_are_themselves() -> None:
    net = network({}, {"w": 3.0}, {"L": "w * -0.5"})
    (literal,) = [v for v in net.graph.values if v.role is Role.LITERAL]
    assert Blackboard(net.graph).element(literal.id, 0) == "−0.5"


def test_a_part_of_a_formula_is_called_after_its_line_and_its_operation() -> None:
    net = network({"x": [1.0, 2.0]}, {"w": [3.0, 4.0]}, {"h1": "sum(x * w + w * w)", "L": "-h1 * 2"})
    board = Blackboard(net.graph)
    # Of h1:multiply2 a subscript would be one more digit: all are written with brackets.
    shown = {"h1:multiply": "h₁:multiply", "h1:multiply2": "h₁:multiply2", "h1:add": "h₁:add"}
    for name, whole in shown.items():
        value = net.value(name)
        assert value.part
        assert board.whole(value.id) == whole
        assert board.element(value.id, 1) == whole + "[1]"
        for typed in (name, whole):
            assert meant(net, f"{typed}[1]") == (name, "data", 1)
            assert meant(net, f"{typed}.grad[0]") == (name, "grad", 0)
            assert meant(net, f"∂L/∂{typed}[0]") == (name, "grad", 0)
    assert board.element(net.value("L:negative").id, 0) == "L:negative"  # a single number has no index
    assert not net.value("h1").part


def test_what_is_shown_can_be_typed_in_every_line_of_every_scenario() -> None:
    for name in builtin():
        graph = find(name).graph
        board = Blackboard(graph)
        for value in graph.by_name.values():
            for flat in range(min(value.size, 12)):
                for shown in (board.element(value.id, flat), board.typed(value.id, flat)):
                    assert board.resolve(shown).value is value, (name, shown)
                    assert board.resolve(shown).flat == flat


def test_names_with_two_digits_are_told_apart() -> None:
    net = network({}, {"z1": [1.0, 2.0], "z11": [3.0, 4.0], "z": np.ones(3)}, {"a": "sum(z1 * z11)", "L": "a * sum(z)"})
    board = Blackboard(net.graph)
    for name in ("z1", "z11", "z"):
        value = net.value(name)
        for flat in range(value.size):
            shown = board.element(value.id, flat)
            assert meant(net, shown) == (name, "data", flat), shown


def test_a_part_has_subscripts_where_all_have_them() -> None:
    net = network({"x": [1.0, 2.0]}, {"w": [3.0, 4.0]}, {"h1": "sum(x * w)", "L": "-h1 * 2"})
    assert names(net, "h1:multiply") == ["h₁:multiply₁", "h₁:multiply₂"]
    for typed in ("h₁:multiply₂", "h1:multiply2", "h1:multiply[1]"):
        assert meant(net, typed) == ("h1:multiply", "data", 1)
        assert meant(net, f"∂L/∂{typed}") == ("h1:multiply", "grad", 1)


@pytest.mark.parametrize("name", builtin())
def test_nothing_is_counted_from_one_beside_what_is_counted_from_zero(name: str) -> None:
    graph = find(name).graph
    board = Blackboard(graph)
    names = [board.element(v.id, v.size - 1) for v in graph.values if v.role is not Role.LITERAL and v.size > 1]
    assert len({name.endswith("]") for name in names}) <= 1


def test_an_element_is_not_shown_by_the_name_of_another_array() -> None:
    """h₁ on the screen must not be the first of h where h1, shown as h₁, is an array too."""
    net = network({"x": [1.0, 2.0]}, {"h": [1.0, 2.0], "h1": [3.0, 4.0]}, {"L": "sum(h * h1 * x)"})
    board = Blackboard(net.graph)
    arrays = {board.whole(v.id) for v in net.graph.by_name.values()}
    assert not arrays & set(names(net, "h"))
    for flat, shown in enumerate(names(net, "h")):
        assert meant(net, shown) == ("h", "data", flat)


def test_names_with_dots() -> None:
    """As modules have them. Python finds numbers and attributes there; what stands behind the last dot may be an array
    of the value."""
    text = (
        'format = 1\nloss = "loss"\n[inputs]\nx = [1.0, 2.0]\n[parameters]\n"enc.0.weight" = [[1.0, 0.5],\n'
        "[0.25, 3.0]]\n"
        '"head.weight" = [2.0, 4.0]\n[graph]\n"enc.0" = "enc.0.weight @ x"\nhead = "enc.0 * head.weight"\n'
        'loss = "sum(enc.0.weight.T) + sum(head)"'
    )
    recording = record(loads(text))
    board, graph = recording.board, recording.graph
    assert recording.trace.loss == 4.75 + 2 * 2.0 + 4 * 6.25
    for typed, name, kind, index in (
        ("enc.0.weight.grad[1,0]", "enc.0.weight", "grad", (1, 0)),
        ("enc.0[1]", "enc.0", "data", (1,)),
        ("head.weight.next", "head.weight", "next", None),
        ("∂loss/∂enc.0.weight[0,1]", "enc.0.weight", "grad", (0, 1)),
    ):
        found = board.resolve(typed)
        assert (found.value.name, found.kind, found.index) == (name, kind, index)
    assert board.element(graph.by_name["enc.0.weight"].id, 1) == "enc.0.weight[0,1]"
    with pytest.raises(CommandError, match=r"unknown name 'enc.0.weigth'; did you mean 'enc.0.weight'\?"):
        board.resolve("enc.0.weigth")
    with pytest.raises(CommandError, match="after the point comes grad or next, not 'foo'"):
        Blackboard(walkthrough().graph).resolve("x.foo")
