"""From plans to nodes: what stands in several places is made once, what goes before comes first, and what is kept."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import NetworkBuilder

from gradstep.engine.errors import ExpressionError


def built() -> NetworkBuilder:
    builder, rng = NetworkBuilder(), np.random.default_rng(0)
    builder.input("X", rng.normal(size=(4, 3)))
    builder.input("m", np.zeros(3))
    builder.input("v", np.ones(3))
    builder.parameter("p", np.ones(3))
    return builder


def names(builder: NetworkBuilder) -> list[str]:
    return [builder.graph.values[node.output].name for node in builder.graph.nodes]


def test_what_stands_in_several_places_is_one_node() -> None:
    builder = built()
    builder.line("y", "lp_pool1d(X, 2, 3)")
    assert names(builder).count("y:means") == 1
    assert "y:means2" not in names(builder)


def test_time_steps_come_in_their_order_and_under_their_words() -> None:
    builder, rng = built(), np.random.default_rng(1)
    builder.parameter("W", rng.normal(size=(2, 3)))
    builder.parameter("U", rng.normal(size=(2, 2)))
    builder.line("y", "rnn(X, W, U, bias=False)[0]")
    steps = [name for name in names(builder) if name.startswith("y:h")]
    assert steps == ["y:h", "y:h2", "y:h3", "y:h4"]
    assert names(builder)[-1] == "y"


def test_long_sequences_are_no_deep_recursion() -> None:
    builder = NetworkBuilder()
    builder.input("X", np.zeros((400, 1)))
    for name, shape in (("W", (4, 1)), ("U", (4, 1))):
        builder.parameter(name, np.zeros(shape))
    y = builder.line("y", "lstm(X, W, U, bias=False)[0]")
    assert y.shape == (400, 1)


def test_running_statistics_are_kept_and_come_first() -> None:
    builder = built()
    builder.line("y", "batch_norm(X, running_mean=m, running_var=v)")
    values = builder.graph.values
    kept = {values[leaf].name: values[now].name for leaf, now in builder.graph.keeps.items()}
    assert kept == {"m": "y:running_mean", "v": "y:running_var"}
    builder.line("L", "sum(y)")
    assert builder.done().graph.keeps == builder.graph.keeps


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("batch_norm(X, running_mean=p, running_var=v)", "it must be an array under [inputs]"),
        ("batch_norm(X, running_mean=m + 1, running_var=v)", "it must be an array under [inputs]"),
        ("batch_norm(batch_norm(X, running_mean=m, running_var=v), running_mean=m, running_var=v)", "'m' is kept by"),
        ("batch_norm(X, running_mean=m)", "running_mean and running_var go together"),
        ("batch_norm(X, training=False)", "it needs running_mean and running_var"),
        ("batch_norm(X, running_mean=m, running_var=X)", "running_var must have shape (3,), one number for each place"),
        ("batch_norm(X, m, v, p, p)", "option 'training' must be written out"),
    ],
)
def test_what_cannot_be_kept(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        built().line("y", text)
    assert said in str(caught.value)


def test_long_sequences_both_ways_are_no_deep_recursion() -> None:
    builder = NetworkBuilder()
    builder.input("X", np.zeros((400, 1)))
    for name, shape in (("W", (1, 1)), ("U", (1, 1)), ("V", (1, 1)), ("T", (1, 1))):
        builder.parameter(name, np.zeros(shape))
    assert builder.line("y", "rnn(X, W, U, V, T, bias=False, bidirectional=True)[0]").shape == (400, 2)


def test_what_is_on_the_way_is_of_the_type_that_pytorch_has_there() -> None:
    """One kernel rounds its result alone; what PyTorch makes of several is rounded by each, zeros that are not given
    among it."""
    builder = built()
    builder.line("h", "cast(X, 'bfloat16')")
    builder.line("W", "h[:2]")
    builder.line("U", "h[:2, :2]")
    builder.line("whole", "attention(h, h, h)")
    builder.line("parts", "normalize(h)")
    builder.line("steps", "rnn(h, W, U, bias=False)[0]")
    kinds = {value.name: value.kind for value in builder.graph.values}
    assert {kinds[name] for name in kinds if name.startswith("whole:")} == {""}
    assert {kinds[name] for name in kinds if name.startswith(("parts", "steps"))} == {"bfloat16"}
    assert kinds["whole"] == "bfloat16"


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("attention(h, X, X)", "': h is of bfloat16 and X of float64; cast one of them"),
        ("attention(X, X, h)", "': X is of float64 and h of bfloat16; cast one of them"),
        ("bilinear(X, X, stack(h[:3], h[:3]))", "of bfloat16"),
    ],
)
def test_weighted_sums_of_several_types_are_refused(formula: str, said: str) -> None:
    builder = built()
    builder.line("h", "cast(X, 'bfloat16')")
    with pytest.raises(ExpressionError) as refused:
        builder.line("y", formula)
    assert said in str(refused.value)
