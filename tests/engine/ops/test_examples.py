"""Each operation has an example that runs as it is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradstep.engine.files import load
from gradstep.engine.ops import COMPOSITES, REGISTRY
from gradstep.engine.ops.examples import example
from gradstep.engine.run.recording import record


@pytest.mark.parametrize("name", sorted({*REGISTRY, *COMPOSITES}))
def test_the_example_of_an_operation_runs(name: str, tmp_path: Path) -> None:
    lines = list(example(REGISTRY.get(name) or COMPOSITES[name]))
    assert lines, "no numbers suit it"
    file = tmp_path / "example.toml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    trace = record(load(file)).trace
    assert trace.loss == trace.loss, "it is a number"
