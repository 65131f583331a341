"""What things are called: on the blackboard, and at the keyboard."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from graphs import EXAMPLES, REPEATABLE, Network, Program, network, programs, walkthrough
from hypothesis import HealthCheck, given, settings

from gradstep.engine.errors import CommandError
from gradstep.engine.graph.graph import Role
from gradstep.engine.graph.layers import Layer
from gradstep.engine.graph.names import Blackboard


def names(net: Network, value: str) -> list[str]:
    board, shown = Blackboard(net.graph), net.value(value)
    return [board.element(shown.id, flat) for flat in range(shown.size)]


def meant(net: Network, text: str) -> tuple[str, str, int | None]:
    """(value, kind, flat element) of a typed name."""
    target = Blackboard(net.graph).resolve(text)
    return target.value.name, target.kind, target.flat


def refused(net: Network, text: str) -> str:
    with pytest.raises(CommandError) as caught:
        Blackboard(net.graph).resolve(text)
    return str(caught.value)


def arrows(net: Network, value: str) -> list[str | None]:
    board, shown = Blackboard(net.graph), net.value(value)
    return [board.arrow(shown.id, flat) for flat in range(shown.size)]


def wide() -> Network:
    """A layer of 12 inputs and 10 neurons, then one of 2."""
    rng = np.random.default_rng(3)
    return network(
        {"x": rng.normal(size=12), "t": [0.0, 1.0]},
        {
            "W1": rng.normal(size=(10, 12)), "b1": np.zeros(10), "W2": rng.normal(size=(2, 10)), "b2": np.zeros(2),
        },
        {"z1": "W1 @ x + b1", "h": "tanh(z1)", "y": "W2 @ h + b2", "L": "mse(y, t)"},
    )  # fmt: skip


# On the blackboard --------------------------------------------------------------------------------


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


def test_layers_of_the_walkthrough() -> None:
    net = walkthrough()
    ids = {name: value.id for name, value in net.graph.by_name.items()}
    assert Blackboard(net.graph).layers == (
        Layer(ids["x"]),
        Layer(ids["t"]),
        Layer(ids["h"], ids["z1"], 0, ids["W1"], ids["b1"]),
        Layer(ids["y"], ids["z2"], 2, ids["W2"], ids["b2"]),
        Layer(ids["L"], -1, 4),
    )


def test_each_value_is_shown_by_its_layer() -> None:
    net = walkthrough()
    board = Blackboard(net.graph)
    shown = {n: net.graph.values[board.layer_of[v.id].output].name for n, v in net.graph.by_name.items()}
    expected = {"z1": "h", "W1": "h", "b1": "h", "z2": "y", "W2": "y", "b2": "y"}
    assert shown == {n: expected.get(n, n) for n in net.graph.by_name}


def test_a_sum_that_is_used_twice_is_a_layer_of_its_own() -> None:
    net = network({"x": [1.0, 2.0]}, {"W": np.eye(2)}, {"z": "W @ x", "h": "relu(z)", "s": "h + z", "L": "sum(s)"})
    layers = [net.graph.values[layer.output].name for layer in Blackboard(net.graph).layers]
    assert layers == ["x", "z", "h", "s", "L"]
    assert arrows(net, "W") == ["x₁ → z₁", "x₂ → z₁", "x₁ → z₂", "x₂ → z₂"]


def test_a_parameter_that_is_no_weight_is_a_layer_and_has_no_arrow() -> None:
    net = network({"x": [1.0, 2.0]}, {"s": [0.5, 0.5]}, {"y": "x * s", "L": "sum(y)"})
    layers = [net.graph.values[layer.output].name for layer in Blackboard(net.graph).layers]
    assert layers == ["x", "s", "y", "L"]
    assert arrows(net, "s") == [None, None]


def test_the_loss_is_a_layer_even_after_a_weighted_sum() -> None:
    net = network({"x": [1.0, 2.0]}, {"W": np.ones((1, 2))}, {"z": "W @ x", "L": "sigmoid(z)"})
    layers = [net.graph.values[layer.output].name for layer in Blackboard(net.graph).layers]
    assert layers == ["x", "z", "L"]


def test_the_loss_is_not_drawn_as_the_inside_of_what_follows_it() -> None:
    net = network({"x": [1.0, 2.0]}, {"W": np.ones((1, 2))}, {"L": "W @ x", "after": "sigmoid(L)"})
    layers = [net.graph.values[layer.output].name for layer in Blackboard(net.graph).layers]
    assert layers == ["x", "L", "after"]


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
    assert names(net, "y") == ["y₁", "y₂"]
    assert names(net, "b2") == ["b₂₁", "b₂₂"]
    assert board.gradient(W1, 12 * 7 + 3) == "∂L/∂W₁[7,3]"
    assert arrows(net, "W2")[13] == "h[3] → y₂"
    assert arrows(net, "W1")[12 * 7 + 3] == "x[3] → h[7]"


def test_a_layer_of_nine_is_still_written_short() -> None:
    net = network({"x": np.ones(9)}, {"W1": np.ones((9, 9))}, {"y": "W1 @ x", "L": "sum(y)"})
    assert names(net, "W1")[80] == "w₁₉₉"
    assert names(net, "y")[8] == "y₉"


def test_matrices_that_are_no_weights_are_written_as_numpy_does() -> None:
    net = network({"X": np.ones((4, 3))}, {"W": np.ones((2, 3))}, {"Y": "X @ W.T", "L": "sum(Y)"})
    assert names(net, "X")[5] == "X[1,2]"
    assert names(net, "Y")[3] == "Y[1,1]"
    assert names(net, "W")[5] == "w₂₃"
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


def test_unnamed_values_are_called_by_their_number() -> None:
    net = network({"x": [1.0, 2.0]}, {"w": [3.0, 4.0]}, {"L": "sum(x * w)"})
    board = Blackboard(net.graph)
    value = net.value("e#1")
    assert board.element(value.id, 1) == "e#1[1]"
    assert board.whole(value.id) == "e#1"
    assert meant(net, "e#1[1]") == ("e#1", "data", 1)
    assert meant(net, "e#1.grad[0]") == ("e#1", "grad", 0)


# At the keyboard ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("h", ("h", "data", None)), ("h[0]", ("h", "data", 0)), ("h[1]", ("h", "data", 1)), ("h[-1]", ("h", "data", 1)),
        ("h1", ("h", "data", 0)), ("h2", ("h", "data", 1)), ("h₂", ("h", "data", 1)), ("w112", ("W1", "data", 1)),
        ("w₁₂₁", ("W1", "data", 2)), ("w21", ("W2", "data", 0)), ("W2[0,1]", ("W2", "data", 1)), ("W2[0]", ("W2",
        "data", None)),
        ("W1", ("W1", "data", None)), ("W₁", ("W1", "data", None)), ("b1", ("b1", "data", None)), ("b11", ("b1",
        "data", 0)),
        ("b2", ("b2", "data", 0)), ("b2[0]", ("b2", "data", 0)), ("z2", ("z2", "data", 0)), ("z12", ("z1", "data", 1)),
        ("L", ("L", "data", 0)), ("y", ("y", "data", 0)), ("y[0]", ("y", "data", 0)), ("L.grad", ("L", "grad", 0)),
        ("W1.grad", ("W1", "grad", None)), ("W1.grad[0,1]", ("W1", "grad", 1)), ("W1.grad[1, -2]", ("W1", "grad", 2)),
        ("w112.grad", ("W1", "grad", 1)), ("b1.next", ("b1", "next", None)), ("b1.next[1]", ("b1", "next", 1)),
        ("h1.grad", ("h", "grad", 0)), ("∂L/∂h₁", ("h", "grad", 0)), ("∂L/∂h1", ("h", "grad", 0)), ("dL/dh1", ("h",
        "grad", 0)),
        ("∂L/∂w₁₁₂", ("W1", "grad", 1)), ("∂L/∂W1[0,1]", ("W1", "grad", 1)), ("∂L/∂W1", ("W1", "grad", None)),
        ("dL/dy", ("y", "grad", 0)), ("  h[0] ", ("h", "data", 0)), ("h [0]", ("h", "data", 0)), ("h[ 0 ]", ("h",
        "data", 0)),
    ],
)  # fmt: skip
def test_typed_names(text: str, expected: tuple[str, str, int | None]) -> None:
    assert meant(walkthrough(), text) == expected


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("q", ["unknown name 'q'"]),
        ("w113", ["unknown name 'w113'", "did you mean"]),
        ("hh", ["unknown name 'hh'", "did you mean 'h"]),
        ("h[2]", ["index 2", "out of range", "2"]),
        ("h[-3]", ["index -3", "out of range"]),
        ("W1[0,2]", ["index 2", "axis 1", "out of range"]),
        ("W1[2]", ["index 2", "axis 0", "out of range"]),
        ("h[0,0]", ["(2,)", "at most 1"]),
        ("L[0]", ["at most 0"]),
        ("h[a]", ["whole numbers"]),
        ("h[0.5]", ["whole numbers"]),
        ("h[]", ["whole numbers"]),
        ("h1[0]", ["one number already"]),
        ("h.foo", ["grad or next", "'foo'"]),
        ("h[0", ["no name"]),
        ("", ["no name"]),
        ("h h", ["no name"]),
        ("∂L/∂q", ["unknown name 'q'"]),
        ("dL/dh[7]", ["index 7"]),
    ],
)
def test_wrong_names(text: str, parts: list[str]) -> None:
    message = refused(walkthrough(), text)
    for part in parts:
        assert part in message


def test_an_exact_name_wins_over_a_short_one() -> None:
    net = network({}, {"h": [1.0, 2.0], "h1": 5.0}, {"L": "sum(h * h1)"})
    assert meant(net, "h1") == ("h1", "data", 0)
    assert meant(net, "h2") == ("h", "data", 1)
    assert names(net, "h") == ["h[0]", "h₂"]


def test_the_loss_is_known_as_loss_whatever_it_is_called() -> None:
    board = Blackboard(network({}, {"w": [1.0, 2.0]}, {"cost": "sum(w * w)"}, loss="cost").graph)
    for text, kind in (("loss", "data"), ("cost", "data"), ("loss.grad", "grad")):
        assert (board.resolve(text).value.name, board.resolve(text).kind, board.resolve(text).flat) == ("cost", kind, 0)
    for text in ("∂loss/∂w₂", "∂cost/∂w₂", "dloss/dw2"):
        assert (board.resolve(text).value.name, board.resolve(text).kind, board.resolve(text).flat) == ("w", "grad", 1)
    with pytest.raises(CommandError, match=r"'loss\[0\]': 'cost' has shape \(\)"):
        board.resolve("loss[0]")


def test_a_short_name_with_two_meanings_is_refused_with_both() -> None:
    net = network({"x": [1.0, 2.0]}, {"w": [3.0, 4.0], "W": np.ones((1, 2))}, {"y": "W @ x", "L": "sum(w * x) * y"})
    message = refused(net, "w1")
    assert "w[0]" in message
    assert "W[0,0]" in message
    assert names(net, "w") == ["w[0]", "w[1]"]
    assert names(net, "W") == ["W[0,0]", "W[0,1]"]
    assert meant(net, "w[0]") == ("w", "data", 0)
    assert meant(net, "W[0,0]") == ("W", "data", 0)


def test_names_with_two_digits_are_told_apart() -> None:
    net = network({}, {"z1": [1.0, 2.0], "z11": [3.0, 4.0], "z": np.ones(3)}, {"a": "sum(z1 * z11)", "L": "a * sum(z)"})
    board = Blackboard(net.graph)
    for name in ("z1", "z11", "z"):
        value = net.value(name)
        for flat in range(value.size):
            shown = board.element(value.id, flat)
            assert meant(net, shown) == (name, "data", flat), shown


def test_an_element_is_not_shown_by_the_name_of_another_array() -> None:
    """h₁ on the screen must not be the first of h where h1, shown as h₁, is an array too."""
    net = network({"x": [1.0, 2.0]}, {"h": [1.0, 2.0], "h1": [3.0, 4.0]}, {"L": "sum(h * h1 * x)"})
    board = Blackboard(net.graph)
    arrays = {board.whole(v.id) for v in net.graph.by_name.values()}
    assert not arrays & set(names(net, "h"))
    for flat, shown in enumerate(names(net, "h")):
        assert meant(net, shown) == ("h", "data", flat)


def test_decomposed_and_compatible_characters_are_the_same_name() -> None:
    net = network({}, {"größe": [1.0, 2.0], "\u03bc": 0.5}, {"L": "sum(größe) * \u03bc"})
    assert meant(net, unicodedata.normalize("NFD", "größe[1]")) == ("größe", "data", 1)
    # A formula reads the micro sign, which is on keyboards, as the Greek letter; so does a command.
    assert meant(net, "\u00b5") == ("\u03bc", "data", 0)


@given(programs())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_whatever_is_shown_can_be_typed(program: Program) -> None:
    net = program.network()
    board = Blackboard(net.graph)
    seen: dict[str, tuple[int, int]] = {}
    for value in net.graph.values:
        if value.role is Role.LITERAL:
            continue
        for flat in range(value.size):
            shown = board.element(value.id, flat)
            assert seen.setdefault(shown, (value.id, flat)) == (value.id, flat), f"'{shown}' is shown for two elements"
            for text, kind in (
                (shown, "data"),
                (board.typed(value.id, flat), "data"),
                (board.gradient(value.id, flat), "grad"),
            ):
                target = board.resolve(text)
                assert (target.value.id, target.kind, target.flat) == (value.id, kind, flat), text
        target = board.resolve(value.name)
        assert (target.value.id, target.kind) == (value.id, "data")


@given(programs())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_every_value_has_one_layer(program: Program) -> None:
    net = program.network()
    board = Blackboard(net.graph)
    shown = [v for layer in board.layers for v in (layer.output, layer.pre) if v >= 0]
    assert len(set(shown)) == len(shown)
    for value in net.graph.values:
        if value.role is not Role.LITERAL:
            layer = board.layer_of[value.id]
            assert value.id in (layer.output, layer.pre, layer.weight, layer.bias)
    assert net.graph.loss.id in [layer.output for layer in board.layers]
