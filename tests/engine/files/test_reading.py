"""Scenario files: what they mean, and that every mistake is said at its place."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradstep.engine.debugger.checking import check
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import GradstepError, ScenarioError
from gradstep.engine.files.finding import MAX_BYTES, builtin, find, load, loads
from gradstep.engine.training.batches import drawn

COMPLETE = (Path(__file__).parents[3] / "scenarios/01-walkthrough.toml").read_text(encoding="utf-8")
SMALL = 'format = 1\n[parameters]\nw = [2.0, 3.0]\n[graph]\nh = "w * w"\nL = "sum(h)"\n'


def problems(text: str) -> list[str]:
    """`LINE:COLUMN: text` of every problem."""
    with pytest.raises(ScenarioError) as refused:
        loads(text, file="f.toml")
    return [str(p).removeprefix("f.toml:") for p in refused.value.problems]


def test_a_scenario_says_what_its_file_says() -> None:
    scenario = find("walkthrough")
    graph = scenario.graph
    assert graph.loss.name == "L"
    assert graph.dtype == np.float64
    assert scenario.leaves[graph.by_name["W1"].id].tolist() == [[0.4, 0.3], [-0.2, 0.5]]
    assert [v.name for v in graph.parameters] == ["W1", "b1", "W2", "b2"]
    assert (scenario.training.optimizer.name, scenario.training.lr(1)) == ("sgd", 0.1)
    assert all(not array.flags.writeable for array in scenario.leaves.values())


def test_defaults() -> None:
    scenario = loads(SMALL)
    assert scenario.graph.loss.name == "L"
    assert scenario.batch == ()
    assert scenario.start is None
    assert not scenario.expectations
    assert loads(SMALL.replace("format = 1", 'format = 1\ndtype = "float32"')).graph.dtype == np.float32


def test_inputs_get_gradients_only_when_asked() -> None:
    text = 'format = 1\n{}[inputs]\nx = [2.0, 3.0]\n[graph]\nL = "sum(x * x)"\n'
    assert not loads(text.format("")).graph.by_name["x"].differentiable
    assert loads(text.format("input_gradients = true\n")).graph.by_name["x"].differentiable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["1:1: [graph] is missing", "1:1: the format is missing"]),
        (SMALL.replace("1", "2", 1), ["1:10: format 2 is not known"]),
        (SMALL.replace("sum(h)", "sum(hh)"), ["6:10: unknown name 'hh'; did you mean 'h'?"]),
        (SMALL.replace("sum(h)", "summ(h)"), ["6:6: unknown operation 'summ'; did you mean 'sum'?"]),
        (SMALL.replace('"sum(h)"', "'sum(h'"), ["6:9: cannot read 'sum(h'"]),
        (SMALL.replace('"sum(h)"', '"""\n  sum(h) + hh"""'), ["7:12: unknown name 'hh'"]),
        (SMALL.replace('"sum(h)"', '"\\u0073um(hh)"'), ["6:15: unknown name 'hh'"]),
        (SMALL.replace('"sum(h)"', '"sum(h) + größe"'), ["6:15: unknown name 'größe'"]),
        (SMALL.replace("sum(h)", "h"), ["6:6: 'L' is only another name for 'h'"]),
        (SMALL.replace('L = "sum(h)"\n', ""), ["5:5: the loss must be one number, but 'h' has shape (2,)"]),
        (SMALL.replace("[2.0, 3.0]", "[2.0, [3.0]]"), ["3:5: 'w': expected numbers only in this array"]),
        (SMALL.replace("[2.0, 3.0]", "true"), ["3:5: 'w': expected a number, nested arrays of numbers or a table"]),
        (SMALL.replace("w = [", '"q q" = 1\nw = ['), ["3:2: 'q q' is no name"]),
        (SMALL.replace("w = [", "start = 1\nw = ["), ["3:1: 'start' is kept for the moment of that name"]),
        (SMALL + '[inputs]\nw = 3\n', ["3:1: 'w' is named twice"]),
        (SMALL.replace('h = "w * w"', 'h = "h * w"'), ["5:6: 'h' uses itself"]),
        (SMALL.replace('h = "w * w"', 'h = "w * L"'), ["5:10: 'h' uses 'L', which is computed further down"]),
        (SMALL.replace("format = 1", "format = 1\nlos = 'L'"), ["2:1: unknown key 'los'; did you mean 'loss'?"]),
        (SMALL.replace("format = 1", "format = 1\nloss = 'K'"), ["2:8: unknown name 'K'"]),
        (SMALL.replace("format = 1", "format = 1\nloss = 'w'"), ["2:8: the loss must be one number"]),
        (SMALL + "[training]\noptimizer = 'sdg'\n", ["not 'sdg'; did you mean 'sgd'?"]),
        (SMALL + "[training]\nlr = nan\n", ["8:6: lr must be a finite number"]),
        (SMALL + "[training]\nbatch_size = 2\n", ["8:14: batch_size draws from the inputs named in batch"]),
        (SMALL + "[debug]\nstart = 99\n", ["8:9: start: there is no step 99"]),
        (SMALL + "[[notes]]\nat = 'h'\n", ["7:3: a note needs 'text'"]),
        (SMALL + "[[notes]]\nat = 'zz'\ntext = ''\n", ["8:6: at: unknown name 'zz'"]),
        (SMALL + "[[expect]]\nof = 'h'\nvalue = 3\n", ["9:9: value has shape (), but h has shape (2,)"]),
        (SMALL + "[[expect]]\nof = 'h.next'\nvalue = 3\n", ["8:6: no step writes h.next: only parameters are updated"]),
        (SMALL + "[[expect]]\nof = 'L'\nvalue = 13\n[[expect]]\nof = 'K'\nvalue = 1\n", ["11:6: unknown name 'K'"]),
        ("format = 1\n[graph\n", ["2:7: not TOML: "]),
        ("format = ", ["1:10: not TOML: "]),
    ],
)  # fmt: skip
def test_a_mistake_is_said_at_its_place(text: str, expected: list[str]) -> None:
    found = problems(text)
    assert len(found) == len(expected), found
    for said, wanted in zip(found, expected, strict=True):
        assert said.startswith(wanted) or wanted in said, said


def test_all_mistakes_at_once_in_the_order_of_the_file_and_no_echo_of_one() -> None:
    text = (
        'format = 1\ndtype = "float16"\n[parameters]\nw = [1.0, true]\nv = 2.0\n[graph]\n'
        'a = "w * 2"\nb = "v +"\nc = "b * vv"\nd = "vv * 2"\ne = "a + b + d"\nL = "sum(e)"\n[training]\nlr = "x"\n'
    )
    assert [p.split(" ")[0] for p in problems(text)] == ["2:9:", "4:5:", "8:9:", "10:6:", "14:6:"]


def test_only_the_first_twenty_are_listed() -> None:
    lines = "\n".join(f'k{n} = "zz{n}"' for n in range(40))
    assert len(problems(f"format = 1\n[graph]\n{lines}\n")) == 20


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_columns_do_not_depend_on_line_ends(ends: str) -> None:
    text = SMALL.replace("sum(h)", "sum(hh)").replace("\n", ends)
    assert problems(text)[0].startswith("6:10:")


def test_shapes_that_disagree_are_both_named() -> None:
    text = SMALL.replace('h = "w * w"', 'h = "w * b"').replace("[graph]", "b = [1.0, 2.0, 3.0]\n[graph]")
    (said,) = problems(text)
    assert said.startswith("6:6:")
    assert all(part in said for part in ("'w * b'", "(2,)", "(3,)", "axis -1"))


def test_limits() -> None:
    assert "10,000 characters" not in problems(SMALL.replace("sum(h)", "sum(h)" + " " * 10_001))[0].split(":")[0]
    assert "10,000" in problems(SMALL.replace("sum(h)", "sum(h)" + " " * 10_001))[0]
    assert "200 levels" in problems(SMALL.replace("sum(h)", "-" * 300 + "L"))[0]
    many = "\n".join(f'k{n} = "w * w"' for n in range(4097))
    assert "at most 4,096" in problems(f"format = 1\n[parameters]\nw = 1.0\n[graph]\n{many}\n")[0]
    huge = "format = 1\n[parameters]\nw = { shape = [40000000, 40000], init = 'zeros' }\n[graph]\nL = 'sum(w)'\n"
    tracemalloc.start()
    try:
        assert "of memory" in problems(huge)[0]
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_batches() -> None:
    head = "format = 1\nbatch = {}\n[inputs]\nx = [[1.0], [2.0]]\nt = [1.0, 2.0, 3.0]\nk = 1.0\n"
    text = head + '[parameters]\nw = [3.0]\n[graph]\nL = "sum(x * w)"\n'
    assert loads(text.format('["x"]')).samples == 2
    assert "differ in their number of samples" in problems(text.format('["x", "t"]'))[0]
    assert "single number" in problems(text.format('["k"]'))[0]
    assert "is no input" in problems(text.format('["w"]'))[0]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    def said(path: Path) -> str:
        with pytest.raises(ScenarioError) as refused:
            load(path)
        return str(refused.value)

    assert "No such file" in said(tmp_path / "none.toml")
    assert "Is a directory" in said(tmp_path)
    bad = tmp_path / "bad.toml"
    bad.write_bytes(b"format = 1\ntitle = '\xff'\n")
    assert ":2:10: byte 0xff is not UTF-8" in said(bad)
    bad.write_bytes(b"#" * (MAX_BYTES + 1))
    assert "16 MiB" in said(bad)
    bad.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    assert load(bad).graph.loss.name == "L"


def test_names_of_files_are_shown_and_not_obeyed() -> None:
    with pytest.raises(ScenarioError) as refused:
        loads("format = 2", file="a\x1b[31m\u202eb.toml")
    assert "\x1b" not in str(refused.value)
    assert "a\\x1b[31m\\u202eb.toml:1:10" in str(refused.value)


TRAINED = """format = 1
batch = ["x", "t"]
[inputs]
x = [[1.0], [2.0], [3.0], [4.0]]
t = [[1.0], [2.0], [3.0], [4.0]]
[parameters]
w = [[1.0]]
[graph]
y = "x @ w"
L = "mse(y, t)"
[{}]
"""


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("step = 3", "12:1: unknown key 'step'; did you mean 'steps'?"),
        ("optimizer = 'adm'", "12:13: optimizer must be 'sgd' or 'momentum' or "),
        ("lr = nan", "12:6: lr must be a finite number, not nan"),
        ("optimizer = 'adam'\nmomentum = 0.9", "13:1: 'momentum' belongs to optimizer = \"sgd\" or "),
        ("optimizer = 'adam'\nbetas = [0.9, 1.0]", "13:9: betas must be two numbers from 0 to below 1"),
        ("nesterov = true", "12:12: nesterov needs a momentum and no dampening"),
        ("nesterov = true\nmomentum = 0.9\ndampening = 0.1", "12:12: nesterov needs a momentum and no dampening"),
        ("schedule = 'step'", "12:12: the schedule 'step' needs step_size"),
        ("schedule = 'warmup'", "12:12: schedule must be 'constant' or 'step' or 'cosine', not 'warmup'; a warm-up is"),
        ("step_size = 3", "12:1: 'step_size' belongs to schedule = \"step\""),
        ("warmup = -1", "12:10: warmup must be a whole number from 0 on"),
        ("clip_norm = 0", "12:13: clip_norm must be a number above 0"),
        ("zero_grad = 0", "12:13: zero_grad must be true or false, not 0"),
        ("steps = 1.5", "12:9: steps must be a whole number from 1 on"),
        ("batch_size = 9", "12:14: batch_size 9 is more than the 4 samples"),
        ("validation = 1.0", "12:14: validation must be a share above 0 and below 1"),
        ("validation = 0.01", "12:14: validation 0.01 holds back 0 of the 4 samples"),
        ("validate = 3", "12:12: validate says how often"),
        ("shuffle = 1", "12:11: shuffle draws batches in another order; batch_size"),
    ],
)
def test_a_training_that_makes_no_sense_is_refused_where_it_stands(lines: str, expected: str) -> None:
    (problem,) = problems(TRAINED.format("training") + lines + "\n")
    assert problem.startswith(expected)


def test_what_a_file_breaks_at_is_refused_where_it_stands() -> None:
    text = TRAINED.format("debug") + 'breakpoints = ["loss < 1", "dead(zz[1])"]\nwatch = ["losss"]\n'
    for read in (Session, check):
        with pytest.raises(ScenarioError) as refused:
            read(loads(text, file="f.toml"))
        assert [str(p).removeprefix("f.toml:") for p in refused.value.problems] == [
            "12:28: unknown name 'zz'",
            "13:10: unknown name 'losss'",
        ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("stepz = 3", "12:1: unknown key 'stepz'; did you mean 'steps'?"),
        ("lr = 'a'", "12:6: lr must be a finite number, not 'a'"),
        ("batch_size = 2", "12:1: both trainings have the same batch_size; it stands in [training]"),
    ],
)
def test_the_other_training_of_a_diff_is_checked_as_well(lines: str, expected: str) -> None:
    (problem,) = problems(TRAINED.format("against") + lines + "\n")
    assert problem.startswith(expected)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("[[expect]]\niteration = 0\nof = 'L'\nvalue = 1\n", "13:13: iteration must be a whole number from 1 on"),
        ("[[notes]]\nat = '@0 L'\ntext = 'a'\n", "13:6: at: iterations are counted from 1"),
        ("[[notes]]\nat = '@x L'\ntext = 'a'\n", "13:6: at: '@x' is no iteration"),
        ("[debug]\nstart = '@3 zz'\n", "13:9: start: unknown name 'zz'"),
    ],
)
def test_places_in_other_iterations_are_checked(lines: str, expected: str) -> None:
    (problem,) = problems(TRAINED.format("training") + lines)
    assert problem.startswith(expected)


def test_unknown_scenarios_get_the_nearest() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'walkthrough'"):
        find("walktrough")


@given(st.text(max_size=200) | st.text(alphabet="[]=\"'\n.,x1{}w#", max_size=80))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_text_is_read_or_refused(text: str) -> None:
    for body in (text, SMALL + text, f'format = 1\n[graph]\nL = "{text}"'):
        try:
            Session(loads(body))
        except GradstepError:
            continue


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["init", "shape", "file", "a"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from(["x", "w", "lr", "of", "value", "at", "text", "start", "steps"]), VALUES, max_size=3
    )
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_values_anywhere_are_read_or_refused(table: dict[str, object]) -> None:
    import tomlkit

    def clean(value: object) -> object:
        if isinstance(value, dict):
            return {k: clean(v) for k, v in value.items() if v is not None}
        return [clean(v) for v in value if v is not None] if isinstance(value, list) else value

    for name in ("inputs", "training", "debug", "expect", "notes"):
        body = clean(table)
        document = tomlkit.parse(SMALL)
        document[name] = [body] if name in ("expect", "notes") else body
        try:
            loads(document.as_string())
        except ScenarioError:
            continue


@pytest.mark.parametrize("name", builtin())
def test_built_in_scenarios_are_complete(name: str) -> None:
    scenario = find(name)
    assert scenario.title
    assert scenario.description
    assert scenario.source
    assert scenario.notes
    assert scenario.expectations


# Batches ------------------------------------------------------------------------------------------

DRAWN = """format = 1
batch = ["x", "t"]
[inputs]
x = [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
t = [0, 1, 2, 3, 4]
[parameters]
w = [1.0, -1.0]
[graph]
L = "mse(x @ w, t)"
[training]
"""


def test_a_batch_is_drawn_in_file_order() -> None:
    scenario = loads(DRAWN + "batch_size = 2\n")
    x, t = (scenario.graph.by_name[name].id for name in "xt")
    assert scenario.samples == 2
    assert scenario.leaves[x].tolist() == [[0, 1], [2, 3]]
    assert scenario.leaves[t].tolist() == [0, 1]
    assert scenario.pool[t].tolist() == [0, 1, 2, 3, 4]
    assert not scenario.leaves[x].flags.writeable


def test_inputs_of_a_shuffled_batch_stay_together() -> None:
    orders = set()
    for seed in range(8):
        scenario = loads(DRAWN + f"batch_size = 3\nshuffle = {seed}\n")
        x, t = (scenario.leaves[scenario.graph.by_name[name].id] for name in "xt")
        assert (x[:, 0] == 2 * t).all()
        orders.add(tuple(t.tolist()))
    assert len(orders) > 1


def test_each_pass_takes_every_sample_once_and_in_its_own_order() -> None:
    passes = [[drawn(12, 4, 7, 3 * epoch + k) for k in (1, 2, 3)] for epoch in range(4)]
    orders = [np.concatenate(batches) for batches in passes]
    for order in orders:
        assert sorted(order) == list(range(12))
    assert len({tuple(order) for order in orders}) == 4
    assert np.array_equal(drawn(12, 4, 7, 5), drawn(12, 4, 7, 5))
    assert [np.arange(5)[drawn(5, 2, None, k)].tolist() for k in (1, 2, 3)] == [[0, 1], [2, 3], [0, 1]]


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        ("batch_size = 6\n", 11, "batch_size 6 is more than the 5 samples"),
        ("batch_size = 0\n", 11, "batch_size must be a whole number from 1 on"),
        ("shuffle = -1\n", 11, "shuffle must be a whole number from 0 on"),
    ],
)
def test_batches_that_cannot_be_drawn_are_refused(change: str, line: int, says: str) -> None:
    with pytest.raises(ScenarioError, match=says) as error:
        loads(DRAWN + change)
    assert error.value.problems[0].line == line
