"""One page about what is wrong with a step."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import observations as seen
import pytest

from gradstep.engine.debugger.triaging import triage
from gradstep.engine.files import find, loads
from gradstep.engine.notation import json_line


def test_of_what_is_healthy_it_says_that_and_nothing_else() -> None:
    page = triage(find("xor"))
    assert page.ok
    assert page.commands == ()
    lines = list(page.lines())
    assert len(lines) == 3
    assert lines[2].startswith("nothing is wrong: ")


def test_the_first_number_that_is_not_finite_is_told_once() -> None:
    """ln 0, which the scenario of that name is about."""
    page = triage(find("log-of-zero"))
    text = "\n".join(page.lines())
    assert not page.ok
    assert text.count("the logarithm of 0 is −∞") == 1
    assert "✗ not finite, first at l[0], step 1: " in text
    assert page.commands[0] == "gradstep run log-of-zero -c 'goto end' -c 'when first nonfinite'"
    document = json.loads(json_line(page.document()))
    assert (document["ok"], document["nonfinite"]["at"], document["nonfinite"]["value"]) == (False, "l[0]", "-Infinity")


#: y = w·x; w is a parameter of an optimiser that is given other numbers, or none, or not all parameters.
_LINES = {"loss": "mse(w * x, t)"}
_GRADIENT = (seen.W * seen.X - seen.T) * seen.X


@pytest.mark.parametrize(
    ("following", "rate", "ok", "says"),
    [
        (seen.W - 0.5 * _GRADIENT, 0.5, True, ""),
        (seen.W, 0.5, False, "not moved by the update, though there is a gradient: w"),
        (seen.W, 0.0, True, "not moved by the update, though there is a gradient: the rate is 0: w"),
    ],
)
def test_what_an_update_leaves_as_it_was(
    following: np.ndarray, rate: float, ok: bool, says: str, tmp_path: Path
) -> None:
    trace = {
        "next:w": following, "gradient:w": _GRADIENT, "value:loss": np.array(((seen.W * seen.X - seen.T) ** 2).mean()),
    }  # fmt: skip
    about = {"optimizer": "SGD", "step": 7, "device": "cpu", "moved": [] if ok else ["w"]}
    folder = seen.write(tmp_path / "a.gradstep", _LINES, trace, about, ("w",), f"[training]\nlr = {rate}")
    page = triage(find(str(folder)))
    text = "\n".join(page.lines())
    assert page.ok is ok, text
    assert "step 7, loss " in text
    assert says in text
    assert bool(page.unmoved) is bool(says)


def test_what_the_optimiser_was_not_given(tmp_path: Path) -> None:
    trace = {"next:w": seen.W - 1, "gradient:w": _GRADIENT, "gradient:x": (seen.W * seen.X - seen.T) * seen.W}
    folder = seen.write(tmp_path / "a.gradstep", _LINES, trace, {"optimizer": "Own"}, ("x", "w"))
    page = triage(find(str(folder)))
    assert page.left_out == ("x",)
    assert "  not given to this optimiser: x" in list(page.lines())


def test_a_line_that_does_not_explain_what_was_recorded_is_wrong(tmp_path: Path) -> None:
    trace = {"value:loss": np.array(9.0), "gradient:w": _GRADIENT}
    page = triage(find(str(seen.write(tmp_path / "a.gradstep", _LINES, trace, None, ("w",)))))
    assert not page.ok
    assert "loss was 9 there" in "\n".join(page.lines())


def test_findings_of_one_kind_are_told_once() -> None:
    leaves = "[inputs]\nx = [1.0]\n[parameters]\nw = [2.0]\na = [1.0]\nb = [1.0]\n"
    text = f"format = 1\nloss = 'L'\n{leaves}[graph]\nL = 'sum(w * x)'\n"
    page = triage(loads(text, "unused"))
    told = "\n".join(page.lines())
    assert told.count("unused_parameter") == 1
    assert "    also at b" in told
    assert "gradient 0 in all elements: a, b" in told
