"""Whole numbers have all their digits, or are refused: never others than they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from gradstep.engine.debugger import Session
from gradstep.engine.errors import GradstepError
from gradstep.engine.files import load, loads
from gradstep.engine.run.recording import record

TEXT = """format = 1
dtype = "{own}"
[inputs]
n = {n}
v = [1.0, 2.0]
[parameters]
w = 1.0
[graph]
q = "{q}"
L = "w * 2"
"""
#: What is made of whole numbers, here and in PyTorch.
MADE = {
    "n + 1": lambda n: n + 1, "n * n": lambda n: n * n, "sum(n)": torch.sum, "cumsum(n, 0)": lambda n: n.cumsum(0),
    "prod(n)": torch.prod, "n // 3": lambda n: n // 3, "n % 1000003": lambda n: n % 1000003, "-n": lambda n: -n,
    "n - 16777216": lambda n: n - 16777216, "n == 16777216": lambda n: n == 16777216, "max(n)": torch.max,
    "n ** 2": lambda n: n**2, "n @ n": lambda n: n @ n, "n + 16777217": lambda n: n + 16777217,
}  # fmt: skip


@pytest.mark.parametrize("own", ["float32", "float64"])
@pytest.mark.parametrize("numbers", [[16777216, 16777215], [5, -3], [94906267, 3], [4611686018427387904, 2]])
@pytest.mark.parametrize("formula", MADE)
def test_what_is_made_of_them_is_exact_or_refused(formula: str, numbers: list[int], own: str) -> None:
    expected = MADE[formula](torch.tensor(numbers))
    given = f'{{ value = {numbers}, dtype = "int64" }}'
    try:
        recording = record(loads(TEXT.format(own=own, n=given, q=formula)))
    except GradstepError as error:
        assert str(error).startswith("scenario.toml:")  # noqa: PT017  # both are right
        assert "does not hold" in str(error)  # noqa: PT017  # so it is refused
        kind = getattr(torch, own)
        held = [torch.tensor(one).to(kind).to(torch.int64).tolist() for one in (*numbers, 16777217)]
        whole = expected.to(torch.int64)
        assert held != [*numbers, 16777217] or whole.to(kind).to(torch.int64).tolist() != whole.tolist()
        return
    value = recording.graph.by_name["q"]
    assert (value.kind or own) == str(expected.dtype).removeprefix("torch.")
    assert recording.trace.shown(value.id).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("own", "written", "lost"),
    [("float32", "[3, 16777217]", "16,777,217"), ("float64", "9007199254740993", "9,007,199,254,740,993"),
     ("float64", '{ value = [9223372036854775807], dtype = "int64" }', "9,223,372,036,854,775,807")],
)  # fmt: skip
def test_what_is_written_is_exact_or_refused(own: str, written: str, lost: str) -> None:
    with pytest.raises(GradstepError, match=f"^scenario.toml:4:5: 'n': the file computes in {own}, which .*{lost}"):
        loads(TEXT.format(own=own, n=written, q="n * 1"))


def test_what_only_chooses_has_all_its_digits() -> None:
    scenario = loads(TEXT.format(own="float32", n="[1, 0]", q="take(v, n) * w"))
    assert scenario.leaves[scenario.graph.by_name["n"].id].dtype == np.int64


@pytest.mark.parametrize("own", ["float32", "float64"])
def test_arrays_in_files_too(own: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(TEXT.format(own=own, n='{ file = "n.npy" }', q="n * 1"), encoding="utf-8")
    np.save(tmp_path / "n.npy", np.array([16777216, -(2**24)]))
    assert record(load(path)).trace.data[0].tolist() == [2**24, -(2**24)]
    np.save(tmp_path / "n.npy", np.array([2**53 + 1, 0]))
    with pytest.raises(GradstepError, match="does not hold 9,007,199,254,740,993"):
        load(path)


def test_what_is_set_by_hand_too() -> None:
    session = Session(loads(TEXT.format(own="float32", n='{ value = [1, 2], dtype = "int64" }', q="n * 1")))
    with pytest.raises(GradstepError, match="does not hold 16,777,217"):
        session.do("set n[0] = 16777217")
