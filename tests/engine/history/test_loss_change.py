"""What is said of why a loss has changed."""

from __future__ import annotations

import pytest
from trainings import small

from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.engine.history.history import History
from gradstep.engine.history.loss_change import LossChange
from gradstep.engine.history.loss_parts import loss_change

BATCHES = 'optimizer = "sgd"\nlr = 0.05\nbatch_size = 8\nshuffle = 7\nvalidation = 0.25\n'


def at(training: str, iteration: int) -> LossChange:
    history = History(small(training))
    history.make(iteration)
    return loss_change(history, iteration)


def test_at_the_first_iteration_there_is_none_before() -> None:
    for name in ("walkthrough", "xor-training"):
        found = Session(find(name)).why("loss")
        assert isinstance(found, LossChange)
        assert "there is no iteration before" in next(found.lines())
        document = found.document()
        assert (document["before"], document["parts"], document["parameters"]) == (None, {}, [])
        assert document["terms"][0]["loss"] == pytest.approx(document["loss"], rel=1e-12)


def test_parts_and_terms_and_samples_add_up_in_the_document() -> None:
    document = at(BATCHES, 5).document()
    assert sum(document["parts"].values()) == pytest.approx(document["change"], abs=1e-12)
    assert document["first_order"] + document["higher_orders"] == pytest.approx(document["parts"]["update"], abs=1e-12)
    assert sum(one["first_order"] for one in document["parameters"]) == pytest.approx(document["first_order"])
    assert sum(one["loss"] for one in document["samples"]) == pytest.approx(document["loss"])
    assert (document["chain"], document["reason"]) == ([], None)


def test_samples_of_a_batch_are_named_with_their_row_of_the_data() -> None:
    history = History(small(BATCHES))
    history.make(5)
    graph, whole = history.start.graph, small('optimizer = "sgd"')
    x = graph.by_name["x"].id
    for one in loss_change(history, 5).document()["samples"]:
        mine = history.recording(5).trace.data[x][one["sample"]]
        assert (mine == whole.leaves[x][one["row"]]).all()
    assert at('optimizer = "sgd"\nlr = 0.05', 3).document()["samples"][0]["row"] is None  # all of them, as they are


def test_where_the_samples_did_it_those_that_add_most_come_first() -> None:
    found = at(BATCHES, 5)
    assert found.samples is not None
    assert found.samples_changed is not None
    sizes = found.samples if abs(found.parts["samples"]) > abs(found.parts["update"]) else found.samples_changed
    assert [abs(sizes[k]) for k in found.ranked] == sorted(map(abs, sizes), reverse=True)
    alone = at('optimizer = "sgd"\nlr = 0.05', 3)
    assert alone.samples_changed is not None
    changes = [abs(alone.samples_changed[k]) for k in alone.ranked]
    assert changes == sorted(changes, reverse=True)


def test_a_loss_that_is_not_finite_has_its_reason() -> None:
    session = Session(find("learning-rate-too-large"))
    session.do("delete 1")
    session.do("train")
    session.do("goto @121 end")
    found = session.do("why loss")
    assert "it overflows" in found.data["reason"]
    assert found.data["loss"] == "Infinity"
    assert "it was 5.5e37 in iteration 120" in found.text.splitlines()[0]
    session.do("goto @125 end")
    found = session.do("why loss")
    assert "it was +∞ in iteration 124 already" in found.text.splitlines()[0]
    assert (found.data["before"], found.data["parts"]) == ("Infinity", {})


def test_all_terms_of_a_loss_are_told() -> None:
    text = """format = 1
[inputs]
x = [1.0, 2.0]
[parameters]
w = [0.5, -0.5]
[graph]
fit = "sum((x * w - 1) ** 2)"
L = "fit + 0.1 * sum(w * w)"
[training]
lr = 0.1
steps = 2
"""
    session = Session(loads(text))
    session.do("iterate")
    terms = {one["name"]: one for one in session.do("why L").data["terms"]}
    # w − 0.1 · (2 x (x w − 1) + 0.2 w) = 0.5 + 0.1 − 0.01, −0.5 + 0.8 + 0.01
    w = (0.59, 0.31)
    assert terms["L:multiply"]["loss"] == pytest.approx(0.1 * (w[0] ** 2 + w[1] ** 2))
    assert terms["L:multiply"]["change"] == pytest.approx(0.1 * (w[0] ** 2 + w[1] ** 2) - 0.05)
    assert terms["fit:power"]["loss"] == pytest.approx((w[0] - 1) ** 2 + (2 * w[1] - 1) ** 2)
