"""Scores that are left out on purpose: found for the masks that people write, and not for what is wrong."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from debugging import fresh

from gradstep.engine.debugger.session import Session
from gradstep.engine.diagnosis.diagnosing import diagnose_iteration
from gradstep.engine.explain import masks, nonfinite
from gradstep.engine.files import loads
from gradstep.engine.index import Array
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.timeline import Phase

INPUTS = """keep = [[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
add = [[0.0, 0.0, -inf], [0.0, -inf, -inf]]
low = -inf
least = -3.4028234663852886e38
v = [[1.0, 2.0, 3.0], [0.5, -1.0, 4.0]]
bert = [[0.0, 0.0, -1e4], [0.0, -1e4, -1e4]]
t = [0, 0]
"""


def scored(*lines: str, inputs: str = INPUTS, more: str = "") -> Recording:
    """A network of scores s, each line a formula."""
    graph = "\n".join('{} = "{}"'.format(*map(str.strip, line.split("=", 1))) for line in lines)
    s = "s = [[1.0, 2.0, 0.5], [3.0, 1.0, -1.0]]"
    head = f'format = 1\ndtype = "float32"\n[inputs]\n{inputs}\n[parameters]\n{s}\n[graph]\n{graph}\n{more}'
    return record(loads(head))


#: What is left out.
LEFT_OUT = np.array([[False, False, True], [False, True, True]])
#: The masks that people write, each a line that makes `a` of the scores `s`.
WRITTEN = {
    "added": "a = s + add",
    "the other way round": "a = add + s",
    "after the scores are scaled": "a = s / 1.5 + add",
    "of the logarithm of what is kept": "a = s + log(keep)",
    "chosen": "a = where(keep, s, low)",
    "chosen with a large number": "a = where(keep == 0, -1e9, s)",
    "a large number taken off": "a = s - (1 - keep) * 1e9",
    "a large number added": "a = s + (keep - 1) * 1e9",
    "the least number of the dtype": "a = s + (1 - keep) * least",
    "two of the least number": "a = s + (1 - keep) * least + (1 - keep) * least",
    "as in BERT": "a = s + bert",
    "moved after it": "a = transpose(s + add).T",
}
USED = {"softmax": ["p = softmax(a)", "L = sum(p * v)"], "classes": ["p = log_softmax(a)", "L = nll(p, t)"]}


def where(found: Mapping[int, Array], rec: Recording, name: str) -> Array:
    value = rec.graph.by_name[name]
    return found.get(value.id, np.zeros(value.shape, bool))


@pytest.mark.parametrize("line", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("used", USED)
def test_a_mask_is_no_trouble_however_it_is_written(line: str, used: str) -> None:
    rec = scored(line, *USED[used])
    a = rec.trace.data[rec.graph.by_name["a"].id]
    assert np.array_equal(a < -5e3, LEFT_OUT)
    assert np.array_equal(where(masks.masked(rec), rec, "a"), LEFT_OUT)
    assert np.array_equal(where(masks.deliberate(rec), rec, "a"), np.isneginf(a))
    for phase in (Phase.FORWARD, Phase.BACKWARD, Phase.UPDATE):
        assert nonfinite.first(rec, phase) is None
    # Exactly 0 for what is left out, and where only one score is left: neither is told as something to mend.
    assert (rec.trace.gradient(rec.graph.by_name["s"].id)[1] == 0).all()
    assert not [found for found in diagnose_iteration(rec) if found.kind in ("nonfinite", "zero")]


def test_a_mask_stops_nothing() -> None:
    session = Session(scored("a = s + add", *USED["softmax"]).scenario)
    session.do("break nonfinite")
    assert "end" in session.do("continue").text
    session = fresh("attention-head", "break nonfinite")
    assert "end" in session.do("continue").text


@pytest.mark.parametrize("line", ["a = s + none", "a = where(all, s, low)", "a = s + log(all)"])
def test_a_row_that_is_wholly_masked_is_told_of_the_row(line: str) -> None:
    none = "none = [[-inf, -inf, -inf], [0.0, 0.0, -inf]]\nall = [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]]\n"
    rec = scored(line, "p = softmax(a)", "L = sum(p * v)", inputs=INPUTS + none)
    p = rec.trace.data[rec.graph.by_name["p"].id]
    assert np.isnan(p[0]).all()
    assert np.isfinite(p[1]).all()
    found = nonfinite.first(rec, Phase.FORWARD)
    assert found is not None
    assert (rec.typed(found.element), found.blame.cause) == ("p[0,0]", Cause.MASKED_ROW)
    (first, *_) = [one for one in diagnose_iteration(rec) if one.kind == "nonfinite"]
    assert first.at == "p[0,0]"
    assert "all scores of this row are −∞: softmax is 0/0" in first.text
    assert "at least one score of every row" in first.hint


def test_what_a_mask_leaves_out_and_is_used_all_the_same_is_told_where_it_is_used() -> None:
    # A one-hot target multiplies: 0 · −∞. The class that is right is masked: the loss is ∞.
    one = INPUTS + "one = [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]\n"
    rec = scored("a = s + add", "L = nll(log_softmax(a), one)", inputs=one)
    found = nonfinite.first(rec, Phase.FORWARD)
    assert found is not None
    assert (rec.typed(found.element), found.blame.cause) == ("L", Cause.ZERO_TIMES_INFINITE)
    rec = scored("a = s + add", "L = nll(log_softmax(a), t)", inputs=INPUTS.replace("t = [0, 0]", "t = [2, 0]"))
    found = nonfinite.first(rec, Phase.FORWARD)
    assert found is not None
    assert (rec.typed(found.element), found.value) == ("L", np.inf)
    assert nonfinite.origin(rec, found).blame.cause is Cause.MASKED


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["a = s + add", "L = sum(a)"], "a[0,2]"),  # added up, and not shared
        (["a = log(s - 1)", "p = softmax(a)", "L = sum(p * v)"], "a[0,0]"),  # a parameter has a part in it
        (["a = s + (1 - keep) * low", "p = softmax(a)", "L = sum(p * v)"], "a:multiply[0,0]"),  # 0 · ∞
    ],
)
def test_what_is_no_mask_is_told(lines: list[str], name: str) -> None:
    rec = scored(*lines)
    found = nonfinite.first(rec, Phase.FORWARD)
    assert found is not None
    assert rec.typed(found.element) == name


def test_numbers_that_are_only_small_are_no_mask() -> None:
    rec = scored("a = s * 100", "p = softmax(a)", "L = sum(p * v)")
    assert not where(masks.masked(rec), rec, "a").any()
    rec = scored("a = s + add", "p = softmax(a)", "L = sum(p * v)", inputs=INPUTS.replace("-inf", "-100.0"))
    assert not where(masks.masked(rec), rec, "a").any()


def test_a_trained_mask_is_counted_in_no_iteration() -> None:
    session = Session(scored("a = s + add", *USED["softmax"], more="[training]\nsteps = 40\n").scenario)
    session.do("train 40")
    summaries = session.history.summaries
    a = session.recording.graph.by_name["a"].id
    assert (summaries.nonfinite(Phase.FORWARD, a).high == 0).all()
    assert (summaries.least(Phase.FORWARD, a).low == -np.inf).all()
