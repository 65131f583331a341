"""The loss of sequences: against PyTorch, and against all paths counted out."""

from __future__ import annotations

import re
from itertools import groupby, product

import numpy as np
import pytest
from graphs import NetworkBuilder
from torch_cases import FAMILIES, check

from gradstep.engine.errors import ExpressionError, GradstepError
from gradstep.engine.files import loads
from gradstep.engine.ops.families.ctc import CtcPaths
from gradstep.engine.run.recording import record


@pytest.mark.parametrize("formula", FAMILIES["sequences"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("sequences", formula)


def read(path: tuple[int, ...]) -> list[int]:
    """What a path reads: repeated labels once, and no blanks."""
    return [label for label, _ in groupby(path) if label]


def test_it_is_the_sum_over_all_paths() -> None:
    rng = np.random.default_rng(1)
    logp = rng.normal(size=(4, 1, 3))
    for labels in ([1], [1, 1], [1, 2], [2, 1, 2], []):
        table = np.array([labels or [0.0]], dtype=float)
        xs = [logp, table, np.array([4.0]), np.array([float(len(labels))])]
        paths = [p for p in product(range(3), repeat=4) if read(p) == labels]
        total = sum(np.exp(sum(logp[t, 0, label] for t, label in enumerate(path))) for path in paths)
        assert CtcPaths().forward(xs) == pytest.approx(-np.log(total))
        through = np.zeros((4, 1, 3))
        for path in paths:
            for t, label in enumerate(path):
                through[t, 0, label] += np.exp(sum(logp[s, 0, one] for s, one in enumerate(path))) / total
        assert CtcPaths().vjp(0, np.ones(1), np.zeros(1), xs) == pytest.approx(-through)


def test_a_sequence_that_no_path_reads_is_infinite_and_may_be_left_out() -> None:
    xs = [np.log(np.full((1, 1, 3), 1 / 3)), np.array([[1.0, 2.0]]), np.array([1.0]), np.array([2.0])]
    assert CtcPaths().forward(xs).tolist() == [np.inf]
    assert not CtcPaths(zero_infinity=True).vjp(0, np.ones(1), np.ones(1), xs).any()


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("ctc_loss(p, t, blank=4)", "blank is a class from 0 to 3, not 4"),
        ("ctc_loss(p, t, reduction='max')", "reduction is 'mean', 'sum' or 'none', not 'max'"),
        ("ctc_loss(p, u)", "log_probs is (5, 2, 4), so targets is (2, S), or all labels in a row, but it is (3, 2)"),
        ("ctc_loss(p, t, (5, 5, 5))", "input_lengths"),
        ("ctc_loss(p, r)", "target_lengths say where each sequence ends"),
        ("ctc_loss(r, t)", "log_probs is (T, N, C) or (T, C), but it is (4,)"),
    ],
)
def test_what_does_not_fit_is_named_with_what_would(formula: str, said: str) -> None:
    builder = NetworkBuilder()
    builder.parameter("p", np.zeros((5, 2, 4)))
    for name, shape in (("t", (2, 2)), ("u", (3, 2)), ("r", (4,))):
        builder.input(name, np.ones(shape))
    with pytest.raises(ExpressionError, match=re.escape(said)):
        builder.line("y", formula)


@pytest.mark.parametrize(
    ("leaves", "formula", "said"),
    [
        ("y = [[1, 2], [1, 1]]", "ctc_loss(q, y)",
         "log_probs is (5, 3), of one sequence, so targets is (S,), but it is (2, 2)"),
        ("y = [1, 7]", "ctc_loss(q, y)", "targets are whole numbers from 0 to 2, but [1] is 7"),
        ("y = [1, 2]\nn = 7\nm = 2", "ctc_loss(q, y, n, m)",
         "input_lengths are whole numbers from 0 to 5, but it is 7"),
        ("y = [1, 2]\nn = [5, 5]\nm = 2", "ctc_loss(q, y, n, m)", "input_lengths is one number, but it is (2,)"),
    ],
)  # fmt: skip
def test_a_mistake_in_one_sequence_has_the_shapes_that_were_written(leaves: str, formula: str, said: str) -> None:
    rows = [[0.1, 0.2, 0.3]] * 5
    with pytest.raises(GradstepError, match=re.escape(said)):
        record(
            loads(f"""format = 1
[inputs]
{leaves}
[parameters]
p = {rows}
[graph]
q = "log_softmax(p)"
L = "{formula}"
""")
        )
