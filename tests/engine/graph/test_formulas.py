"""Formulas: what is read, what is refused, and where the finger points."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from formula_lines import compute, leaves, outcome, read, refused
from graphs import NetworkBuilder
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradstep.engine.errors import ExpressionError
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.formulas import Formulas
from gradstep.engine.graph.graph import Role

# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')", "__import__('os').system('true')", "eval('1')", "exec('1')", "open('f')", "print(x)",
        "globals()", "getattr(x, 'T')", "type(x)", "x.__class__", "x.shape", "x.data", "x.T.base", "W.T.T",
        "lambda: x", "(lambda: x)()", "[x for x in c]", "{x for x in c}", "{x: x for x in c}", "(x for x in c)",
        "sum(x for x in c)", "f'{x}'", "f'{__import__(\"os\")}'", "'text'", "b'text'", "'a' 'b'",
        "x[..., ...]",
        "(z := x)", "True", "False", "None", "...", "1j", "x + 1j", "x * None", "x if x else c",
        "x and c", "x or c", "not x", "~x", "x < c < 1", "x is c", "x in c", "x << c",
        "x >> c",
        "x & c", "x | c", "x ^ c", "[x]", "[x, c]", "(x, c)", "x, c", "{x}", "{1: x}", "()", "[]", "{}", "await x",
        "yield x", "*x", "**x", "sum(*x)", "sum(**x)", "x()", "1()", "sum(x)(c)", "x.T()", "x.sum()", "sum.T", "sum",
        "x = c", "x += c", "x; c", "import os", "del x", "pass", "return x", "assert x", "x: int", "@x", "x!", "x $ c",
        "x ? c", "x ++", "++", "x +", "x + * c", "x c", "2 x", "x + )", "(x", "x]", "\\", "x \\", "'", "\"x", "'''",
        "`x`",
        "", " ", "\n", "()()", "x.", ".T", "x..T", "0b", "1e", "1__0", "0123", "x\x00", "x + \x00", "#", "# x",
    ],
)  # fmt: skip
def test_whatever_is_no_formula_is_refused(text: str) -> None:
    refused(text)


def test_nothing_is_evaluated(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr("builtins.touched", lambda *_: ran.append("ran") or 1.0, raising=False)
    calls = (
        *("touched()", "x + touched(1)", "[touched() for _ in (1,)]", "f'{touched()}'", "(lambda: touched())()"),
        *("sum(x, axis=touched())", "linear(x, touched())", "touched", "x[touched()]", "touched() @ x"),
    )
    for text in calls:
        refused(text)
    refused("print('hello')")
    assert not ran
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + inf", [np.inf] * 3), ("x - inf", [-np.inf] * 3), ("x * 0 + nan", [np.nan] * 3),
        ("where(x > 1e9, x, -inf)", [-np.inf] * 3), ("where(x < inf, 1, 0)", [1.0] * 3),
        ("where(x == nan, 1, 2)", [2.0] * 3), ("where(true, c, x) * 0 + 1", [1.0] * 3),
        ("x * 0 + True", [1.0] * 3), ("x * 0 + true + false", [1.0] * 3), ("x * 0 - Inf", [-np.inf] * 3),
        ("maximum(x, -inf) * 0", [0.0] * 3), ("x + math.inf", [np.inf] * 3), ("x + np.nan", [np.nan] * 3),
        ("x - float('inf')", [-np.inf] * 3), ('x + float("-inf")', [-np.inf] * 3),
        ("x * 0 * 2 + torch.inf", [np.inf] * 3),
    ],
)  # fmt: skip
def test_infinities_nan_and_truth_values_are_numbers(text: str, expected: list[float]) -> None:
    np.testing.assert_array_equal(compute(text).data("y"), expected)


def test_a_value_of_ones_own_goes_before_a_word() -> None:
    builder = leaves()
    builder.input("inf", 2.0)
    assert [builder.graph.values[i].name for i in builder.graph.nodes[builder.line("y", "x * inf").node].inputs] == [
        "x", "inf",
    ]  # fmt: skip
    assert builder.line("z", "x * nan").name == "z"


def test_a_refusal_says_what_there_is() -> None:
    assert "a formula has names, numbers" in str(refused("[x]"))
    assert "'[x]'" in str(refused("[x]"))


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("zz", 0), ("  zz", 2), ("x + zz", 4), ("x * (c - zz)", 9), ("relu(zz)", 5), ("relu(-zz)", 6), ("W @ zz", 4),
        ("W @ x + zz", 8), ("zz + W @ x", 0), ("linear(x, W, zz)", 13), ("sum(exp(zz), axis=0)", 8), ("x + zz[0]", 4),
        ("x + foo(c)", 4), ("relu(x.shape)", 5), ("x + 'a'", 4), ("x * None", 4), ("relu(x) + (lambda: c)", 11),
        ("x + mse(x)", 4), ("x + sum(c, axis=9)", 4), ("x * (c + b)", 5), ("k * (x @ W)", 5), ("k * (W @ c + b + x)",
        5),
        ("x c", 2), ("x + )", 4), ("x + (c", 4), ("x = c", 2), ("x $ c", 2), ("x + 'a", 4),
        ("größe + zz", 8), ("σ * σ + zz", 8), ("größe * (σ + zz)", 13), ("σ + größe[0]", 4), ("σ σ", 2), ("größe + )",
        8),
        ("σ + foo(größe)", 4), ("relu(σ.shape)", 5), ("größe + ß", 8), ("σ = größe", 2),
        ("x +\n zz", 5), ("x +\n  c +\n zz", 11), ("\n\n zz", 3), ("σ +\r\n zz", 6), ("x +\n)", 4), ("(σ +\n σ) * zz",
        11),
        ("\tzz", 1), (" \t größe + zz", 11), ("\u00a0x + zz", 5),
    ],
)  # fmt: skip
def test_the_column_is_where_the_mistake_is(text: str, column: int) -> None:
    assert refused(text).column == column


@pytest.mark.parametrize(
    ("text", "hint"), [("W2 @ x", "W"), ("sigmod(x)", "sigmoid"), ("grosse + x", "größe"), ("Relu(x)", "relu")]
)
def test_unknown_words_get_the_nearest_known_one(text: str, hint: str) -> None:
    assert f"did you mean '{hint}'?" in str(refused(text))


def test_an_operation_is_no_value() -> None:
    message = str(refused("tanh(relu)"))
    assert "relu(x)" in message


def test_a_name_is_known_below_its_own_line_only() -> None:
    builder = leaves()
    with pytest.raises(ExpressionError, match="unknown name 'y'"):
        builder.line("y", "y + 1")
    builder.line("z", "x * 2")
    builder.line("u", "z * 2")
    assert builder.graph.nodes[-1].inputs[0] == builder.graph.names["z"].id


@pytest.mark.parametrize("text", ["3", "-2.5", "1 + 2", "2 ** 0.5 / 3", "+1"])
def test_a_constant_is_no_line(text: str) -> None:
    assert "constant" in str(refused(text))


@pytest.mark.parametrize("text", ["x", "+x", "(x)", " x "])
def test_a_second_name_for_a_value_is_no_line(text: str) -> None:
    assert "'x' itself" in str(refused(text))


@pytest.mark.parametrize("text", ["2 .T", "W[x > 0]", "W[0.5]", "W['a']", "W[0, 0, 0]", "W[99]", "x[1:2:0]", "W[()]T"])
def test_parts_and_transposes_of_what_has_none_are_refused(text: str) -> None:
    refused(text)


def test_shapes_that_disagree_are_named_with_the_part_of_the_formula() -> None:
    error = refused("k * (x + b)")
    for part in ("x + b", "(3,)", "(2,)"):
        assert part in str(error)
    assert error.column == 5
    error = refused("relu(W @ b)")
    for part in ("W @ b", "(2, 3)", "(2,)"):
        assert part in str(error)
    error = refused("mse(X, x)")
    for part in ("mse(X, x)", "(4, 3)", "(3,)"):
        assert part in str(error)
    error = refused("W @ x + c")
    for part in ("W @ x + c", "(2,)", "(3,)"):
        assert part in str(error)


# What nodes are made ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        ("W @ x", ["x", "W"]), ("W @ x + b", ["x", "W", "b"]), ("b + W @ x", ["x", "W", "b"]),
        ("x @ W.T", ["x", "W"]), ("x @ W.T + b", ["x", "W", "b"]), ("b + x @ W.T", ["x", "W", "b"]),
        ("X @ W.T", ["X", "W"]), ("X @ W.T + b", ["X", "W", "b"]), ("b + X @ W.T", ["X", "W", "b"]),
        ("linear(x, W)", ["x", "W"]), ("linear(x, W, b)", ["x", "W", "b"]), ("linear(X, W, b)", ["X", "W", "b"]),
        ("(W @ x) + (b)", ["x", "W", "b"]), ("+(W @ x + b)", ["x", "W", "b"]),
    ],
)  # fmt: skip
def test_a_weighted_sum_is_one_node_however_it_is_written(text: str, inputs: list[str]) -> None:
    assert read(text) == [("linear", inputs, "y")]


@pytest.mark.parametrize(
    "text", ["W @ x + b", "b + W @ x", "x @ W.T + b", "b + x @ W.T", "linear(x, W, b)", "(W @ x) * 1 + b"]
)
def test_all_ways_to_write_a_weighted_sum_have_one_result(text: str) -> None:
    net, plain = compute(text), compute("W @ x + b")
    W, x, b = plain.data("W"), plain.data("x"), plain.data("b")
    expected = [sum(W[i, j] * x[j] for j in range(3)) + b[i] for i in range(2)]
    assert net.data("y") == pytest.approx(expected, rel=1e-14)
    for name in ("W", "b"):
        np.testing.assert_allclose(net.grad(name), plain.grad(name), rtol=1e-14)


def test_what_is_no_bias_is_added_in_a_node_of_its_own() -> None:
    assert read("W @ x + 1") == [("linear", ["x", "W"], "y:linear"), ("add", ["y:linear", "1"], "y")]
    assert read("W @ x + k") == [("linear", ["x", "W"], "y:linear"), ("add", ["y:linear", "k"], "y")]
    assert read("k + W @ x") == [("linear", ["x", "W"], "y:linear"), ("add", ["k", "y:linear"], "y")]
    assert read("W @ x - b") == [("linear", ["x", "W"], "y:linear"), ("subtract", ["y:linear", "b"], "y")]


@pytest.mark.parametrize("text", ["X @ W.T + W @ x", "W @ x + W @ c", "W @ x + (W @ c + b)", "b + W @ x + W @ c"])
def test_sums_of_weighted_sums_have_the_right_value(text: str) -> None:
    net = compute(text)
    known = {name: net.data(name) for name in ("x", "X", "W", "b", "c")}
    np.testing.assert_allclose(net.data("y"), eval(text, {}, known), rtol=1e-13)


def test_nested_operations_are_named_in_the_order_in_which_they_are_computed() -> None:
    assert read("relu(x) + exp(c)") == [
        ("relu", ["x"], "y:relu"),
        ("exp", ["c"], "y:exp"),
        ("add", ["y:relu", "y:exp"], "y"),
    ]
    assert read("exp(-(x + c) ** 2)") == [
        ("add", ["x", "c"], "y:add"),
        ("power", ["y:add", "2"], "y:power"),
        ("negative", ["y:power"], "y:negative"),
        ("exp", ["y:negative"], "y"),
    ]
    assert read("x * c + c * c + x * x * x") == [
        ("multiply", ["x", "c"], "y:multiply"),
        ("multiply", ["c", "c"], "y:multiply2"),
        ("add", ["y:multiply", "y:multiply2"], "y:add"),
        ("multiply", ["x", "x"], "y:multiply3"),
        ("multiply", ["y:multiply3", "x"], "y:multiply4"),
        ("add", ["y:add", "y:multiply4"], "y"),
    ]


def test_the_parts_of_a_line_are_named_whatever_other_lines_there_are() -> None:
    builder = leaves()
    for name, text in (("u", "exp(x * c)"), ("v", "tanh(u)"), ("w", "log(exp(exp(v)))")):
        builder.line(name, text)
    names = [builder.graph.values[n.output].name for n in builder.graph.nodes]
    assert names == ["u:multiply", "u", "v", "w:exp", "w:exp2", "w"]
    assert [n.line for n in builder.graph.nodes] == ["u", "u", "v", "w", "w", "w"]
    assert [n.text for n in builder.graph.nodes][:2] == ["x * c", "exp(x * c)"]


def test_a_part_of_a_formula_cannot_be_written_in_a_formula() -> None:
    builder = leaves()
    builder.line("u", "exp(x * c)")
    with pytest.raises(
        ExpressionError, match="u:multiply is a part of the formula of u; to use it, give it"
    ) as refused:
        builder.line("v", "x + u:multiply")
    assert refused.value.column == 4


def test_the_parts_of_what_expands_have_words_of_their_own() -> None:
    builder = leaves()
    builder.line("a", "attention(X, X, X, is_causal=True) * 2")
    builder.line("b", "attention(X, X, X)")
    builder.line("n", "tanh(layer_norm(X, x, c))")
    builder.line("L", "cross_entropy(x, c)")
    assert [builder.graph.values[node.output].name for node in builder.graph.nodes] == [
        "a:transpose", "a:products", "a:scores", "a:masked", "a:weights", "a:attention", "a",
        "b:transpose", "b:products", "b:scores", "b:weights", "b",
        "n:standardize", "n:multiply", "n:layer_norm", "n",
        "L:logp", "L",
    ]  # fmt: skip


def test_literals() -> None:
    builder = leaves()
    builder.line("y", "x * 2 + 2 - 0.5")
    literals = [v for v in builder.graph.values if v.role is Role.LITERAL]
    assert [v.number for v in literals] == [2.0, 0.5]
    assert all(not v.differentiable and v.shape == () for v in literals)
    assert not {v.name for v in literals} & set(builder.graph.names)


@pytest.mark.parametrize(
    ("text", "number"),
    [("x * -3", -3.0), ("x * (1 + 2 * 3)", 7.0), ("x * 2 ** 0.5", math.sqrt(2)), ("x * (1 / 3)", 1 / 3),
    ("x * -2 ** 2", -4.0),
     ("x * 2 ** -1", 0.5), ("x * +5", 5.0), ("x * 1e-3", 0.001), ("x * 1_000", 1000.0), ("x * (7 - 2 - 1)", 4.0)],
)  # fmt: skip
def test_numbers_are_folded(text: str, number: float) -> None:
    builder = leaves()
    builder.line("y", text)
    assert len(builder.graph.nodes) == 1
    assert [v.number for v in builder.graph.values if v.role is Role.LITERAL] == [number]


@pytest.mark.parametrize(
    ("text", "number"),
    [("x * (1 / inf)", 0.0), ("x * (2 * -inf)", -math.inf), ("x * (inf - inf)", math.nan), ("x * (0 / 0)", math.nan)],
)
def test_folding_goes_as_ieee_754_says_without_a_warning(text: str, number: float) -> None:
    builder = leaves()
    builder.line("y", text)
    (literal,) = [v for v in builder.graph.values if v.role is Role.LITERAL]
    assert literal.number == number or (math.isnan(number) and literal.number != literal.number)


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("x * 1e999", 4, "the number is too large; infinity is written inf"),
        ("x * 10**10**10", 4, "'10 ** 10 ** 10' is infinite; write inf if it is meant"),
        ("x * (1 / 0)", 5, "'1 / 0' is infinite"),
        ("größe * (-1 / 0)", 9, "'-1 / 0' is infinite"),
        ("x + -(2 * 1e308)", 6, "is infinite"),
        ("x[0x" + "f" * 5000 + "]", 2, "the number is too large"),
        ("clip(x, 0, 1e400)", 11, "the number is too large"),
        ("clip(x, 0, " + "9" * 400 + ")", 11, "the number is too large"),
        ("x * 1e400j", 4, "the number is too large"),
    ],
)
def test_an_infinity_that_is_not_written_as_one_is_refused(text: str, column: int, says: str) -> None:
    error = refused(text)
    assert says in str(error)
    assert error.column == column


def test_a_number_is_held_in_the_dtype_of_the_graph() -> None:
    builder = GraphBuilder(np.dtype("f4"))
    builder.leaf("x", (2,), Role.PARAMETER, True)
    with pytest.raises(ExpressionError, match=r"1e\+39 is too large for float32"):
        Formulas(builder).add("y", "x + 1e39")
    assert Formulas(builder).add("y", "x + 3e38 - inf").shape == (2,)


def test_minus_zero_is_not_zero() -> None:
    net = compute("x * 0 + k / -0.0")
    assert net.data("y").tolist() == [-math.inf] * 3


def test_two_literals_that_differ_are_two_values() -> None:
    net = compute("k * 0.1234567 - k * 0.1234568")
    assert net.data("y") == pytest.approx(-1.5e-7, rel=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "x + c * x - c / x", "x - (c - x)", "(x + c) * (x - c)", "x / c / k", "x / (c / k)", "c ** 2 ** k",
        "(c ** 2) ** k",
        "-c ** 2", "(-c) ** 2", "- -x", "2 - x", "2 / c", "2 ** x", "c ** -1", "x * c + 1 / (1 + c)", "k * X + c",
        "X * c - k",
        "x -c", "x --c", "x+-c", "σ * größe + x", "(((x + c)))", "+x + +c", "3 * x ** 2 - 2 * x + 1",
    ],
)  # fmt: skip
def test_operators_bind_as_in_python(text: str) -> None:
    net = compute(text)
    known = {name: net.data(name) for name in ("x", "X", "W", "b", "c", "k", "σ", "größe")}
    np.testing.assert_allclose(net.data("y"), eval(text, {}, known), rtol=1e-14)


# Any text -----------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    ["x", "c", "W", "b", "X", "k", "σ", "größe", "zz", "y:add", "1", "0.5", "1e9", "-", "+", "*", "**", "/", "@", ".T",
    "(", ")",
     ",", "=", "[", "]", "{", "}", ":", " ", "\n", "'", "sum", "relu", "linear", "axis", "keepdims", "mse", "True",
     "None", "if",
     "else", "lambda", "for", "in", ":=", "f'", "\\", "#", "…", "é", "\u0301", "\U0001d54f", "1j", "0x", "_", "."]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join))
@example("sum(x,axis={[]:1})")
@example("0x1for x in c")
@settings(max_examples=400, deadline=None, derandomize=True)
def test_any_text_is_read_or_refused_with_a_column_inside_it(text: str) -> None:
    made = outcome(text)
    if isinstance(made, ExpressionError):
        assert 0 <= made.column <= len(text)
        assert str(made)
    else:
        assert made.name == "y"
        assert made.role is Role.NODE


@given(st.text(max_size=30))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_characters_at_all_are_read_or_refused(text: str) -> None:
    made = outcome(text)
    assert not isinstance(made, ExpressionError) or 0 <= made.column <= len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x > 0.5", lambda x: (x > 0.5) * 1.0),
        ("masked_fill(x, x <= 0.5, -1)", lambda x: np.where(x <= 0.5, -1, x)),
        ("x * (x != 0) - (x == x)", lambda x: x * (x != 0) - 1),
        ("sum(x >= 0)", lambda x: (x >= 0).sum()),
        ("(x > 0) == (x > 1)", lambda x: ((x > 0) == (x > 1)) * 1.0),
    ],
)
def test_a_comparison_is_a_value(text: str, expected: Callable[[np.ndarray], np.ndarray]) -> None:
    numbers = np.array([0.0, 0.5, 1.5, -2.0])
    builder = NetworkBuilder()
    builder.parameter("x", numbers)
    builder.line("y", text)
    builder.line("L", "sum(y + 0 * x)")
    net = builder.done()
    assert net.data("y").tolist() == np.asarray(expected(numbers)).tolist()


@pytest.mark.parametrize("text", ["mse_loss(x, W)", "l1_loss(W, x)", "ctc_loss(W, x, blank=9)"])
def test_a_call_that_is_made_of_others_is_named_once(text: str) -> None:
    assert str(refused(text)).count(text) == 1
