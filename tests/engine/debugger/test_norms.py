"""Gradients of parameters, module by module."""

from __future__ import annotations

import pytest

from gradstep.engine.debugger.norms import Norms
from gradstep.engine.files import loads
from gradstep.engine.run.recording import record


def norms(lines: str, parameters: str) -> Norms:
    text = f"format = 1\nloss = 'L'\n[inputs]\nx = [1.0]\n[parameters]\n{parameters}\n[graph]\n{lines}\n"
    return Norms(record(loads(text, "it")))


def test_a_module_has_the_norm_of_all_its_parameters() -> None:
    """∂L/∂a.w = 3, ∂L/∂a.b = 4: together 5."""
    found = norms("L = 'sum(3 * a.w * x + 4 * a.b + c)'", '"a.w" = [1.0]\n"a.b" = [1.0]\nc = [1.0]')
    assert dict(found.by_module) == {"a": 5.0, "c": 1.0}
    assert found.odd == {}
    assert list(found.lines())[1:] == ["    a  5", "    c  1"]


@pytest.mark.parametrize(
    ("factor", "says"),
    [("0", "exactly 0"), ("1e-4", "less than 1/1,000 of the median"), ("1e4", "more than 1,000 times the median")],
)
def test_what_is_far_from_the_others_is_odd(factor: str, says: str) -> None:
    found = norms(f"L = 'sum({factor} * a.w * x + b.w + c.w)'", "\n".join(f'"{k}.w" = [1.0]' for k in "abc"))
    assert dict(found.odd) == {"a": says}


def test_of_many_the_odd_ones_are_told(tmp_path: object) -> None:
    names = [f"m{k}" for k in range(20)]
    formula = " + ".join(f"{'0' if k == 17 else k + 1} * {name}.w" for k, name in enumerate(names))
    lines = list(norms(f"L = 'sum({formula})'", "\n".join(f'"{name}.w" = [1.0]' for name in names)).lines())
    assert len(lines) == 1 + 12 + 1
    assert "    m17  0  ✗ exactly 0" in lines
    assert lines[-1] == "    and 8 modules from 1 to 8"
