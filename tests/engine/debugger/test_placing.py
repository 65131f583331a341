"""Where a value comes from, in one line, with the line of source where that can be read."""

from __future__ import annotations

from pathlib import Path

from gradstep.engine.debugger.placing import place_of
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import loads
from gradstep.engine.run.recording import record

TEXT = """format = 1
[inputs]
m = [0.0, 1.0]
[parameters]
x = [3.0, 1.0]
[graph]
h = "x * m"
L = "sum(h)"
[origin]
h = {{ op = "mul", module = "net.1", call = "mul", where = "{}:2" }}
"""


def test_it_has_module_call_and_line(tmp_path: Path) -> None:
    program = tmp_path / "train.py"
    program.write_text("import torch\n    h = x * m\n")
    rec = record(loads(TEXT.format(program)))
    graph = rec.graph
    assert place_of(rec, graph.by_name["h"].id) == "net.1 · mul · train.py:2: h = x * m"
    assert place_of(rec, graph.by_name["L"].id) == ""


def test_why_says_where_a_gradient_becomes_0(tmp_path: Path) -> None:
    program = tmp_path / "train.py"
    program.write_text("import torch\n    h = x * m\n")
    said = Session(loads(TEXT.format(program))).do("why x.grad[0]").text.splitlines()
    assert said[-1] == "  from: net.1 · mul · train.py:2: h = x * m"
    assert not any(
        "from:" in line for line in Session(loads(TEXT.format(program))).do("why x.grad[1]").text.splitlines()
    )
