"""Commands that say what there is."""

from __future__ import annotations

from debugging import fresh, refused

from gradstep.engine.notation import number


def test_the_log_tells_every_stop_edit_and_check() -> None:
    session = fresh("walkthrough")
    assert (session.do("log").text, session.do("log").data) == ("nothing yet", [])
    for line in ("break h.grad do print h.grad[0]", "tbreak y", "continue", "set b2[0] = 0.5", "continue", "undo"):
        session.do(line)
    session.do("nudge W1[0,0]")
    session.do("verify")
    data = session.do("log").data
    assert [(line["iteration"], line["step"]) for line in data] == [
        (1, 6), (1, 6), (1, 13), (1, 14), (1, 31), (1, 31), (1, 31),
    ]  # fmt: skip
    texts = [line["text"] for line in data]
    assert texts[0] == "breakpoint 2: y"
    assert texts[1].startswith("set b2[0] = 0.5: loss 0.0764 → ")
    assert texts[2].startswith("h.grad[0] = ")
    assert texts[4] == "undo b2[0] = 0.5"
    assert texts[5].startswith("∂L/∂w₁₁₁: backprop")
    assert texts[6].startswith("✓ 9 of 9 gradients")
    assert session.do("log").text.splitlines() == [f"step {d['step']}: {d['text']}" for d in data]


def test_the_log_says_in_which_iteration() -> None:
    session = fresh("xor-training", "break loss < 0.3", "train")
    k = session.position.iteration
    assert k > 1
    loss = float(session.recording.trace.data[session.recording.graph.loss.id])
    told = f"iteration {k}, step {session.position.step}: breakpoint 1: loss < 0.3 (loss = {loss:.4g} < 0.3)"
    assert session.do("log").text == told


def test_of_the_scenario() -> None:
    data = fresh("walkthrough", "set b2[0] = 0.5").do("info scenario").data
    assert {k: data[k] for k in ("name", "dtype", "samples", "parameters", "steps", "edits")} == {
        "name": "walkthrough", "dtype": "float64", "samples": 1, "parameters": 9, "steps": 31,
        "edits": ["b2[0] = 0.5"],
    }  # fmt: skip
    assert fresh("xor").do("info scenario").data["samples"] == 4


def test_of_the_position() -> None:
    session = fresh("fan-out", "goto h.grad[0]", "restart")
    assert session.do("info position").data == {
        "iteration": 1, "step": 24, "term": 1, "of": session.recording.timeline.total, "phase": "backward",
        "at": "h.grad[0]", "sample": 0,
    }  # fmt: skip
    assert session.do("info position").text.splitlines()[0].endswith("term 1 of 2")


def test_what_there_is_not_is_refused() -> None:
    assert "did you mean 'watch'?" in refused(fresh(), "info watches")
    assert "takes no argument" in refused(fresh(), "log all")


def test_a_loss_is_written_as_everywhere() -> None:
    session = fresh("walkthrough", "set b2[0] = 0.5")
    assert session.log[0].text.endswith(number(session.recording.trace.loss))
