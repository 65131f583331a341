"""The debugger's commands: what each does to the session, says to people, and gives to programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import walkthrough

from gradstep.engine.ask import whatif
from gradstep.engine.debugger import commands, script
from gradstep.engine.debugger.commands import COMMANDS, SHORT, Result
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError
from gradstep.engine.files import builtin, find, load, loads
from gradstep.engine.run.passes import run
from gradstep.engine.run.timeline import Position


def fresh(name: str = "walkthrough", *lines: str) -> Session:
    session = Session(find(name))
    for line in lines:
        commands.run(session, line)
    return session


def do(session: Session, line: str) -> Result:
    return commands.run(session, line)


def refused(session: Session, line: str) -> str:
    before = (session.position, len(session.edits), len(session.stops.breakpoints), len(session.stops.watches))
    with pytest.raises(CommandError) as error:
        commands.run(session, line)
    assert (session.position, len(session.edits), len(session.stops.breakpoints), len(session.stops.watches)) == before
    return str(error.value)


# Time ---------------------------------------------------------------------------------------------

MOVES = [
    ("step 14", "back 14"), ("n 3", "N 3"), ("into 2", "outof 2"), ("s", "S"), ("layer 3", "rlayer 3"), ("] 2", "[ 2"),
    ("phase", "rphase"), ("p", "P"),
]  # fmt: skip


@pytest.mark.parametrize(("onward", "back"), MOVES)
def test_every_move_has_its_inverse(onward: str, back: str) -> None:
    session = fresh()
    assert do(session, onward).moved
    assert session.position != Position(0)
    do(session, back)
    assert session.position == Position(0)


def test_goto_goes_where_it_says() -> None:
    session = fresh()
    for where, step in (("h.grad[1]", 14), ("loss", 7), ("50%", 16), ("+3", 19), ("-10", 9), ("end", 31), ("start", 0)):
        do(session, f"goto {where}")
        assert session.position.step == step
    assert do(session, "g 14").text.startswith("step 14/31  BACKWARD  gradient of h₂")


def test_a_short_name_for_every_key_of_the_documentation() -> None:
    assert set(SHORT.values()) <= set(COMMANDS)
    contract = (
        "step back into outof finish restart layer rlayer phase rphase continue rcontinue goto break tbreak delete"
    )
    contract += (
        " enable disable watch unwatch when why paths print terms set undo redo revert nudge verify findings info"
    )
    assert set(f"{contract} sample export save open quit".split()) <= set(COMMANDS)


def test_places_that_were_left_by_a_jump_are_found_again() -> None:
    session = fresh("walkthrough", "goto 5", "goto 20", "goto loss")
    do(session, "previous")
    assert session.position.step == 20
    do(session, "previous")
    do(session, "following")
    assert session.position.step == 20
    do(session, "bookmark here")
    do(session, "goto 3")
    do(session, "goto here")
    assert session.position.step == 20


# Stops --------------------------------------------------------------------------------------------


def test_running_to_breakpoints_and_back() -> None:
    session = fresh("sign-flip", "break flip(W2)")
    result = do(session, "continue")
    assert result.stop is not None
    assert result.stop.reason == "breakpoint"
    assert result.stop.breakpoint == 1
    assert commands.place(session) == "h.grad[1]"
    assert do(session, "c").stop == ("end", None, "the end of the iteration")
    assert session.position.step == session.recording.timeline.total
    do(session, "C")
    assert commands.place(session) == "h.grad[1]"
    assert do(session, "rcontinue").stop == ("start", None, "the beginning")
    assert session.position == Position(0)
    assert session.stops.breakpoints[0].hits == 2


def test_temporary_disabled_and_ignored_breakpoints() -> None:
    session = fresh("walkthrough", "tbreak h.grad", "break z*", "disable 2")
    do(session, "c")
    assert commands.place(session) == "h.grad[0]"
    assert [b.number for b in session.stops.breakpoints] == [2]
    do(session, "goto start")
    do(session, "enable 2")
    do(session, "ignore 2 2")
    do(session, "c")
    assert commands.place(session) == "z2[0]"
    assert session.stops.breakpoints[0].hits == 3
    do(session, "delete 2")
    assert do(session, "c").stop == ("end", None, "the end of the iteration")


def test_a_breakpoint_on_terms_stops_right_after_the_term() -> None:
    session = fresh("fan-out", "break contribution > 0 and terms > 1")
    do(session, "c")
    frame = session.frame()
    assert frame.sum.terms is not None
    assert session.position.step == 24
    # The first of the two terms is negative, so it holds for the last one: the sum is then complete.
    assert session.position.term is None
    session = fresh("fan-out", "break contribution < 0 and terms > 1", "continue")
    assert session.position == Position(24, 1)


def test_log_points_say_and_do_not_stop() -> None:
    session = fresh("walkthrough", "break h.grad do print h.grad[0] * 2")
    result = do(session, "continue")
    assert result.stop is not None
    assert result.stop.reason == "end"
    grad = session.recording.trace.grad[session.recording.graph.by_name["h"].id]
    assert grad is not None
    assert [line.step for line in session.log.said] == [13, 14]
    assert f"{2 * grad[0]}" in session.log.said[0].text


def test_watches_say_when_they_change_and_stop_there() -> None:
    session = fresh("walkthrough", "watch norm(W1.grad)", "watch h")
    assert do(session, "info watch").text == "norm(W1.grad) = not yet\nh = not yet"
    stops = [(do(session, "c").stop, session.position.step) for _ in range(4)]
    assert [(stop.reason if stop else "", step) for stop, step in stops] == [
        ("watch", 3), ("watch", 4), ("watch", 20), ("end", 31)
    ]  # fmt: skip
    do(session, "goto 20")
    assert "just changed" in do(session, "info watch").text.splitlines()[0]
    do(session, "unwatch h")
    assert [w.text for w in session.stops.watches] == ["norm(W1.grad)"]


def test_a_scenarios_own_breakpoints_and_watches_are_set(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "scenarios/01-walkthrough.toml").read_text(encoding="utf-8")
    text = (
        text.replace("[debug]", '[debug]\nbreakpoints = ["h.grad"]\nwatch = ["loss"]')
        if "[debug]" in text
        else (text + '\n[debug]\nbreakpoints = ["h.grad"]\nwatch = ["loss"]\n')
    )
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    session = Session(load(tmp_path / "a.toml"))
    session.goto("start")
    assert [(do(session, "c").stop, session.position.step)[1] for _ in range(3)] == [7, 13, 14]


# When, why, paths ---------------------------------------------------------------------------------


def test_when_goes_back_to_where_it_became_true() -> None:
    session = fresh("dead-relu", "goto end")
    found = do(session, "when W1.grad[1,0] == 0")
    assert session.position.step == 19
    assert "gate shut, at step 16" in found.text
    do(session, "goto end")
    do(session, "when value > 0.6")
    frame = session.frame()
    assert frame.story.equation is not None
    assert frame.story.equation.result > 0.6


def test_when_a_neurons_gradient_became_zero_lands_on_the_gate() -> None:
    session = fresh("dead-relu", "goto end")
    found = do(session, "when h.grad[1] == 0")
    assert commands.place(session) == "z1.grad[1]"
    assert "was never true; but of the sum into the same neuron" in found.text
    assert "gate shut, here" in found.text


def test_when_finds_the_cause_of_a_nan() -> None:
    session = fresh("log-of-zero", "goto e#1.grad")
    assert "log of 0" in do(session, "when isinf(value)").text


def test_when_it_was_never_true_one_stays() -> None:
    session = fresh("walkthrough", "goto 20")
    assert "it never is in this iteration" in refused(session, "when loss > 100")
    assert "it will be at step 31" in refused(session, "when b2.next < 0.21 and b2.next > 0.2")


def test_why_multiplies_up_to_the_gradient() -> None:
    session = fresh()
    data = do(session, "why W1.grad[1,0]").data
    assert data["reason"] is None
    for link in data["chain"]:
        assert link["product"] == pytest.approx(link["upstream"] * link["local"], rel=1e-12)
    assert data["chain"][0]["product"] == pytest.approx(0.018607, rel=1e-4)  # as printed in the walkthrough: 0.019
    assert data["chain"][0]["name"] == "W1.grad[1,0]"


def test_why_a_gradient_is_zero_has_its_reason() -> None:
    data = do(fresh("dead-relu"), "why W1.grad[1,0]").data
    assert "gate at h₂ is shut" in data["reason"]
    assert [link["worst"] for link in data["chain"]].count(True) == 1


def test_paths_add_up() -> None:
    data = do(fresh("fan-out"), "paths W1[0,0] 10").data
    assert data["count"] == 2 == len(data["paths"])
    assert sum(p["product"] for p in data["paths"]) == pytest.approx(data["sum"], rel=1e-12)
    assert sum(p["share"] for p in data["paths"]) == pytest.approx(1, rel=1e-12)
    for path in data["paths"]:
        assert np.prod(path["factors"]) == pytest.approx(path["product"], rel=1e-12)
    assert "the skip brings −0.7132" in do(fresh("residual"), "paths a[0]").text


@pytest.mark.parametrize("name", ["L", "cost", "loss"])
def test_every_question_knows_the_loss_whatever_it_is_called(name: str) -> None:
    text = f"""format = 1
[inputs]
x = [1.0, 2.0]
[parameters]
w = [0.5, -0.5]
[graph]
h = "x * w"
{name} = "sum(h * h)"
"""
    session, loss = Session(loads(text)), 0.5**2 + 1
    assert do(session, "goto loss").text.startswith("step 5/")
    assert do(session, "print loss").data == loss
    assert do(session, "watch loss").text == f"loss = {loss}"
    assert do(session, "terms loss").data["sum"] == loss
    assert [row["contribution"] for row in do(session, "terms loss").data["rows"]] == [0.25, 1]
    assert do(session, "why loss").data == {"chain": [], "reason": None}
    assert do(session, "why loss.grad").text == f"∂{name}/∂{name} = +1.0000"
    assert do(session, "paths loss").data["count"] == 1
    assert do(session, "nudge loss").data["rel_error"] == pytest.approx(0, abs=1e-6)
    assert do(session, "set loss = 3").data["loss"] == [loss, 3]


def test_terms_are_the_rows_of_a_sum() -> None:
    data = do(fresh("fan-out"), "terms h.grad[0]").data
    assert [row["via"] for row in data["rows"]] == ["z2[0]", "z2[1]"]
    assert data["rows"][-1]["running"] == pytest.approx(data["sum"], rel=1e-12)
    for row in data["rows"]:
        assert row["contribution"] == row["upstream"] * row["local"]
    forward = do(fresh(), "terms z1[0]").data
    assert [(row["via"], row["contribution"]) for row in forward["rows"]] == [
        ("x[0]", 0.2), ("x[1]", pytest.approx(0.24)), ("b1[0]", 0.1)
    ]  # fmt: skip
    assert do(fresh(), "terms W1[0,1]").data["sum"] == pytest.approx(-0.0447, abs=5e-5)


# What-if ------------------------------------------------------------------------------------------


def leaves_with(name: str, array: Any) -> Any:
    net = walkthrough()
    return run(net.graph, {**net.leaves, net.value(name).id: np.asarray(array, dtype=float)})


@pytest.mark.parametrize(
    ("line", "name", "array"),
    [
        ("set W2[0,1] = 0.4", "W2", [[0.6, 0.4]]),
        ("set x = [1, 2]", "x", [1.0, 2.0]),
        ("set W1[:,0] = 0", "W1", [[0.0, 0.3], [0.0, 0.5]]),
        ("set b1 = -b1", "b1", [-0.1, 0.1]),
        ("set t = t + 1", "t", [2.0]),
    ],
)
def test_an_edit_is_a_run_with_another_number(line: str, name: str, array: Any) -> None:
    session = fresh("walkthrough", "goto 14")
    do(session, line)
    expected = leaves_with(name, array)
    assert session.position.step == 14
    for got, wanted in zip(session.recording.trace.data, expected.data, strict=True):
        assert np.array_equal(got, wanted)
    for got, wanted in zip(session.recording.trace.grad, expected.grad, strict=True):
        assert (got is None and wanted is None) or np.array_equal(got, wanted)  # type: ignore[arg-type]


def test_a_number_in_the_middle_and_a_gradient_are_given() -> None:
    session = fresh("walkthrough", "set h[1] = 1")
    trace, graph = session.recording.trace, session.recording.graph
    assert trace.data[graph.by_name["h"].id].tolist() == [0.54, 1.0]
    assert trace.data[graph.by_name["z2"].id][0] == pytest.approx(0.6 * 0.54 - 0.4 * 1 + 0.2)
    session = fresh("walkthrough", "set h.grad[1] = 0.5")
    trace = session.recording.trace
    by_name = session.recording.graph.by_name
    assert trace.grad[by_name["W1"].id].tolist()[1] == pytest.approx([0.25, 0.4])  # type: ignore[union-attr]
    assert trace.grad[by_name["W2"].id] is session.base.trace.grad[by_name["W2"].id]


def test_only_what_depends_on_an_edit_is_computed_again() -> None:
    session = fresh("residual", "set h[0] = 3")
    graph, base, trace = session.recording.graph, session.base.trace, session.recording.trace
    after = {graph.by_name["h"].id}
    for node in graph.nodes:
        if after & set(node.inputs):
            after.add(node.output)
    for value in graph.values:
        assert (trace.data[value.id] is base.data[value.id]) == (value.id not in after), value.name


def test_undo_redo_and_revert() -> None:
    session = fresh("walkthrough", "set W2[0,1] = 0.4", "set x[0] = 2")
    both = session.recording.trace.loss
    do(session, "undo")
    one = session.recording.trace.loss
    assert one == leaves_with("W2", [[0.6, 0.4]]).loss != both
    do(session, "redo")
    assert session.recording.trace.loss == both
    assert do(session, "revert").data["changed"] == 0
    assert session.recording is session.base
    do(session, "redo")
    assert session.recording.trace.loss == one
    assert "no edit to undo" in refused(fresh(), "undo")
    assert "no edit to redo" in refused(fresh(), "redo")


def test_another_operation_counts_as_an_edit() -> None:
    session = fresh("dead-relu", "set op h = leaky_relu(slope=0.1)")
    h = session.recording.trace.data[session.recording.graph.by_name["h"].id]
    assert h.tolist() == pytest.approx([0.54, -0.095])
    assert "op h" in do(session, "info scenario").text
    do(session, "undo")
    assert session.recording is session.base


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("set q = 1", "unknown name 'q'"),
        ("set W2 = [1, 2, 3]", "has shape (3,), but W2 has shape (1, 2)"),
        ("set h[9] = 1", "index 9 is out of range"),
        ("set y.next = 3", "only parameters are updated"),
        ("set L.grad = 2", "1 by definition"),
        ("set x.grad = 2", "has no gradient"),
        ("set op h = relux", "did you mean 'relu'?"),
        ("set op z1 = relu", "does not take the 3 inputs"),
        ("set op h = softmax(axis=7)", "axis 7"),
        ("set op h = sum", "which the rest does not fit"),
        ("set op x = relu", "no operation computes 'x'"),
        ("set W2[0,1]", "an edit is written NAME = VALUE"),
        ("set W2[0,1] = 'a'", "no number"),
    ],
)
def test_an_edit_that_cannot_be_made_changes_nothing(line: str, says: str) -> None:
    assert says in refused(fresh(), line)


def test_breakpoints_stay_with_an_edited_run() -> None:
    session = fresh("dead-relu", "break dead", "set W1[1,:] = 0.5")
    assert do(session, "continue").stop == ("end", None, "the end of the iteration")
    do(session, "revert")
    do(session, "goto start")
    assert do(session, "continue").stop is not None
    assert commands.place(session) == "h[1]"


def test_an_edited_scenario_is_saved_under_a_new_name(tmp_path: Path) -> None:
    session = fresh("walkthrough", "set W2[0,1] = 0.4", "set op h = tanh", "break flip on *.grad", "watch loss")
    file = tmp_path / "mine.toml"
    do(session, f"save {file}")
    again = Session(load(file))
    assert again.recording.trace.loss == session.recording.trace.loss
    assert [b.text for b in again.stops.breakpoints] == ["flip on *.grad"]
    assert [w.text for w in again.stops.watches] == ["loss"]
    assert "exists already" in refused(session, f"save {file}")
    do(session, "set h[0] = 1")
    assert "which a scenario file cannot say" in refused(session, f"save {tmp_path / 'other.toml'}")
    assert not (tmp_path / "other.toml").exists()


@pytest.mark.parametrize("name", list(builtin()))
def test_every_scenario_is_saved_and_read_again(name: str, tmp_path: Path) -> None:
    session = fresh(name)
    do(session, f"save {tmp_path / 'a.toml'}")
    again = Session(load(tmp_path / "a.toml")).recording.trace
    for a, b in zip(again.data, session.recording.trace.data, strict=True):
        assert np.array_equal(a, b, equal_nan=True)


# Errors and documents -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("bogus", "unknown command 'bogus'"),
        ("stepp 3", "did you mean 'step'?"),
        ("step x", "step: how often is a whole number from 1 on, not 'x'"),
        ("step 0", "from 1 on"),
        ("finish 3", "finish: it takes no argument"),
        ("goto nowhere", "goto: unknown name 'nowhere'"),
        ("break", "a condition is needed"),
        ("break grad =", "cannot read"),
        ("break h do dance", "after 'do' comes print EXPR"),
        ("delete 7", "there are no breakpoints"),
        ("delete x", "the number of a breakpoint"),
        ("watch bogus", "watch: unknown name 'bogus'"),
        ("unwatch h", "is not watched"),
        ("print", "an expression is needed"),
        ("print h +", "cannot read"),
        ("why x[0]", "why: 'x' has no gradient"),
        ("why h", "name one, as in h[0]"),
        ("paths h[0] x", "how many is a whole number"),
        ("terms nothing", "unknown name 'nothing'"),
        ("info stuff", "there are breakpoints, watch, scenario, position"),
        ("sample 4", "there is no sample 4"),
        ("sample x", "a number from 0, or all"),
        ("export xml a", "there are the formats"),
        ("open nowhere", "no such file or built-in scenario"),
        ("nudge h.grad[0] big", "EPS is a number"),
        ("bookmark 3", "a bookmark's name"),
    ],
)
def test_errors_name_the_command_and_what_is_wrong(line: str, says: str) -> None:
    assert says in refused(fresh(), line)


def test_opening_another_scenario_and_a_bad_one() -> None:
    session = fresh("walkthrough", "break h", "set x = [1, 1]")
    do(session, "open fan-out")
    assert session.recording.scenario.name == "fan-out"
    assert not session.edits
    assert not session.stops.breakpoints


def documents(*lines: str, name: str = "walkthrough") -> list[dict[str, Any]]:
    said: list[str] = []
    script.carry_out(Session(find(name)), [[line] for line in lines], True, said.append)
    return [json.loads(text) for text in said]


def test_a_json_line_says_where_one_is() -> None:
    first, second, third, bad = documents("step 14", "print h[0]", "continue", "bogus")
    assert first == {
        "command": "step 14",
        "ok": True,
        "step": 14,
        "phase": "backward",
        "at": "h.grad[1]",
        "stop": None,
        "result": None,
    }
    assert second["result"] == 0.54
    assert third["stop"] == {"reason": "end", "breakpoint": None, "text": "the end of the iteration"}
    assert bad["ok"] is False
    assert "unknown command" in bad["error"]


def test_what_is_not_computed_yet_is_null() -> None:
    early, late, array = documents("print h.grad", "goto end", "print W1.grad")
    assert early["result"] is None
    assert late["step"] == 31
    assert np.asarray(array["result"]).shape == (2, 2)


def test_results_of_nan_are_texts() -> None:
    assert documents("goto end", "print l", name="log-of-zero")[1]["result"][0] == "-Infinity"


def test_a_script_stops_where_it_fails_and_the_next_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("# comment\n\nstep 3\nbogus\nstep 100\n", encoding="utf-8")
    session, said = Session(find("walkthrough")), []
    parts = [script.read_script(str(tmp_path / "a")), ["step 2"]]
    assert not script.carry_out(session, parts, False, said.append)
    assert session.position.step == 5
    assert f"{tmp_path / 'a'}:4: unknown command 'bogus'" in "\n".join(said)


def test_nothing_recomputes_what_an_edit_cannot_reach() -> None:
    """Counted: which operations run again after an edit of a bias near the end."""
    session = fresh("walkthrough")
    edited = whatif.apply_edits(session.base, [whatif.read_edit(session.base, "b2 = 0.5")])
    kept = [a is b for a, b in zip(edited.trace.data, session.base.trace.data, strict=True)]
    changed = {v.name for v, same in zip(session.base.graph.values, kept, strict=True) if not same}
    assert changed == {"b2", "z2", "y", "L"}


def test_find_lists_where_a_condition_holds() -> None:
    data = do(fresh("dead-relu"), "find zero").data
    assert [row["at"] for row in data] == ["W2.grad[0,1]", "z1.grad[1]", "W1.grad[1,0]", "W1.grad[1,1]", "b1.grad[1]"]
    assert {row["value"] for row in data} == {0.0}
    assert do(fresh(), "find zero").text == "it holds at no step"


def test_findings_take_other_thresholds() -> None:
    assert do(fresh("vanishing"), "findings").data[0]["kind"] == "vanish"
    kinds = {one["kind"] for one in do(fresh("vanishing"), "findings vanish=1e-9").data}
    assert "vanish" not in kinds
    assert do(fresh("walkthrough"), "findings").data == []
    assert "vanish" in {one["kind"] for one in do(fresh("walkthrough"), "findings vanish=0.9").data}
    assert "did you mean 'vanish'?" in refused(fresh(), "findings vanisch=1")
    assert "KIND=VALUE" in refused(fresh(), "findings vanish=small")


def test_what_is_found_watched_and_saved_through_iterations(tmp_path: Path) -> None:
    session = Session(find("xor-training"))
    do(session, "train 30")
    assert do(session, "info position").data["iteration"] == 30
    losses = session.history.summaries.loss.low
    found = do(session, "find loss > previous").data
    rose = [k + 1 for k in range(1, 30) if losses[k] > losses[k - 1]]
    assert [one["iteration"] for one in found] == rose[:20]
    do(session, "watch W1.grad[0,0]")
    seen = session.stops.watches[-1].seen
    assert len(seen) > 20
    for k, value in seen.items():
        grad = session.history.recording(k).trace.grad[session.recording.graph.by_name["W1"].id]
        assert grad is not None
        assert value == grad[0, 0]
    do(session, "goto @12 start")
    do(session, "set W1[0,0] = 0.5")
    with pytest.raises(CommandError, match="made in iteration 12, which a scenario file cannot say"):
        do(session, f"save {tmp_path / 'x.toml'}")
    do(session, "revert")
    do(session, f"save {tmp_path / 'x.toml'}")
    assert Session(load(tmp_path / "x.toml")).runs.last == 400


def test_train_and_moves_refuse_what_makes_no_sense() -> None:
    session = fresh("walkthrough", "train")
    assert session.position == Position(31)
    for line, says in (
        ("train", "1 iteration made already; say how many more"),
        ("train 0", "a whole number from 1 on"),
        ("iterate x", "a whole number from 1 on"),
        ("goto @0", "counted from 1"),
        ("goto @x", "written @12"),
        ("goto @3 h[9]", "out of range"),
    ):
        assert says in refused(session, line)
    assert session.history.made == 1


def test_training_counts_the_iteration_one_is_in_as_the_first() -> None:
    session = fresh("xor-training", "train 300")
    assert session.position.iteration == session.history.made == 300
    do(session, "train 10")
    assert session.position.iteration == 310
    do(session, "iterate")  # into the middle of it: the rest of it counts as one
    do(session, "goto @311 3")
    do(session, "train 2")
    assert session.position == Position(session.recording.timeline.total, None, 312)
    do(session, "goto @40")
    do(session, "train 5")  # seen from the past, all that is made is behind one
    assert session.position.iteration == 317


def test_training_stops_at_what_is_ahead_in_the_iteration_one_is_in() -> None:
    session = fresh("xor-training", "break W2.grad", "train")
    first = session.position
    assert first.iteration == 1
    do(session, "train")
    assert session.position.iteration == 1
    assert session.position.step > first.step


def test_what_an_edit_did_is_said_in_whole_words() -> None:
    session = fresh("walkthrough", "set W1[0,0] = 0.5")
    assert "as in the original run: no number differs" in do(session, "undo").text
    do(session, "redo")
    assert do(session, "revert").text.startswith("1 edit taken back")


def test_when_says_how_far_it_looked() -> None:
    session = fresh("death-of-a-relu", "train")
    assert "it never is in the 100 iterations that are made" in refused(session, "when loss > 1e9")
    do(session, "goto @3 start")
    assert "it will be in iteration 18, at step 55" in refused(session, "when dead(h[2])")


def test_find_says_that_it_lists_the_first_ones() -> None:
    found = do(fresh("death-of-a-relu", "train"), "find dead(h[2])")
    assert found.text.endswith("these are the first 20; a narrower condition finds later ones")
    assert len(found.data) == 20
