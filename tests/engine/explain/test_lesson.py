"""The longer explanation of a step. That each is true and plain is tested with sentences; here what it says."""

from __future__ import annotations

from graphs import at, network, recorded, walkthrough
from trainings import small

from gradstep.engine.explain import lesson
from gradstep.engine.explain.hops import hops
from gradstep.engine.graph.graph import Node
from gradstep.engine.run.recording import Recording, record


def node_of(recording: Recording, name: str) -> Node:
    return recording.graph.nodes[recording.graph.by_name[name].node]


def backward(recording: Recording, name: str, flat: int = 0) -> tuple[str, ...]:
    element = at(recording, name, flat)
    return lesson.backward(recording, element, *hops(recording, element, 5))


def test_a_value_is_told_with_the_rules_of_its_local_gradients() -> None:
    recording = recorded(walkthrough())
    first, *_ = lesson.forward(recording, node_of(recording, "z1"), 1)
    assert first.startswith("z₁₂ is a weighted sum")
    assert first.endswith("the bias is added once.")
    first, slope, convention, *_ = lesson.forward(recording, node_of(recording, "h"), 0)
    assert first == "ReLU: h₁ = max(0, z₁₁)."
    assert slope == "The local gradient is ∂h/∂z₁ = 1 if z₁ > 0, else 0."
    assert convention.startswith("By convention, at 0")
    # Of an input that gets no gradient no rule is told.
    product = recorded(network({"x": 3.0}, {"w": 2.0}, {"p": "w * x", "L": "p * 1"}))
    told = " ".join(lesson.forward(product, node_of(product, "p"), 0))
    assert "∂p/∂w = x" in told
    assert "∂p/∂x" not in told


def test_a_gradient_is_told_as_one_way_as_several_or_as_none() -> None:
    one = backward(recorded(walkthrough()), "z2")
    assert "z₂ acts on L only through y." in one[1]
    assert "(local, ∂y/∂z₂)" in one[1]
    recording = recorded(network({}, {"x": 2.0, "u": 1.0}, {"a": "x * 3", "b": "x * 5", "L": "a + b"}))
    assert backward(recording, "x")[1].startswith("x acts on L in 2 ways.")
    assert backward(recording, "u")[1] == "Nothing on the way to L uses u, so it is exactly 0."


def test_an_update_is_told_line_by_line_where_its_rule_has_several() -> None:
    plain = record(small("lr = 0.05\nbatch_size = 8"))
    told = lesson.update(plain, at(plain, "W1", 3))
    assert "the learning rate η = 0.05 times the gradient: gradient descent." in told[1]
    adam = record(small('optimizer = "adam"\nlr = 0.01'))
    told = lesson.update(adam, at(adam, "W1", 3))
    assert "learning rate η = 0.01" in told[1]
    assert told[1].count(".") > len(adam.update.lines(adam.graph.parameters[0].id))
