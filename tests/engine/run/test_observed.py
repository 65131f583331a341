"""A trace of numbers that another program had."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import observations as seen

from gradstep.engine.files import find
from gradstep.engine.run.recording import Recording, record


def _recorded(folder: Path, **more: object) -> Recording:
    return record(find(str(seen.write(folder / "a.gradstep", **more))))  # type: ignore[arg-type]  # as they are named


def test_what_is_recorded_is_shown_as_it_is(tmp_path: Path) -> None:
    found = _recorded(tmp_path)
    trace, by_name = found.trace, found.graph.by_name
    for key, array in seen.numbers().items():
        kind, name = key.split(":")
        shown = (trace.data if kind == "value" else trace.grad)[by_name[name].id]
        assert shown is not None
        assert shown.tobytes() == array.tobytes(), key


def test_a_number_that_no_formula_gives_is_shown_all_the_same(tmp_path: Path) -> None:
    """As where a hook has changed a gradient there."""
    changed = seen.numbers() | {"gradient:enc.0": seen.UP * 3, "value:loss": np.array(17.0)}
    trace = _recorded(tmp_path, trace=changed).trace
    assert trace.loss == 17.0
    assert trace.gradient(trace.graph.by_name["enc.0"].id).tolist() == (seen.UP * 3).tolist()


def test_what_has_no_name_is_computed_from_what_is_recorded(tmp_path: Path) -> None:
    """The loss has a part, which was not recorded: it is computed of enc.0."""
    lines = seen.LINES | {"loss": "mean((enc.0 - t) ** 2)"}
    found = _recorded(tmp_path, lines=lines)
    part = found.trace.data[found.graph.by_name["loss:subtract"].id]
    np.testing.assert_array_equal(part, seen.Y - seen.T)
    computed = found.trace.gradient(found.graph.by_name["loss:subtract"].id)
    np.testing.assert_allclose(computed, (seen.Y - seen.T) * 2 / 2, rtol=1e-15)


def test_a_value_with_several_uses_has_the_parts_that_were_recorded(tmp_path: Path) -> None:
    lines = {"a": "x * 2", "b": "x * w", "loss": "sum(a + b)"}
    ones = np.ones(2)
    numbers = {
        "value:a": seen.X * 2, "gradient:a": ones, "value:b": seen.X * seen.W, "gradient:b": ones,
        "value:loss": np.array((seen.X * 2 + seen.X * seen.W).sum()), "gradient:w": seen.X,
        "gradient:x": 2 + seen.W, "part:a:x": ones * 2.0, "part:b:x": seen.W + 1e-3,
    }  # fmt: skip
    found = _recorded(tmp_path, lines=lines, trace=numbers)
    node = found.graph.nodes[found.graph.by_name["b"].node]
    assert found.trace.flow[node.id, 0].tolist() == (seen.W + 1e-3).tolist()
    assert found.trace.gradient(found.graph.by_name["x"].id).tolist() == (2 + seen.W).tolist()


def test_a_parameter_that_nothing_uses_has_the_gradient_that_was_recorded(tmp_path: Path) -> None:
    lines = {"loss": "mse(x, t)"}
    numbers = {"value:loss": np.array(0.5), "gradient:x": seen.UP, "gradient:w": np.array([3.0, 0.0])}
    trace = _recorded(tmp_path, lines=lines, trace=numbers).trace
    assert trace.gradient(trace.graph.by_name["w"].id).tolist() == [3.0, 0.0]
