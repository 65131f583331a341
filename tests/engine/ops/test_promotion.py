"""Of which type a result is, and what its numbers are: as PyTorch has it, over all pairs of types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from gradstep.engine.errors import ExpressionError
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.formulas import Formulas
from gradstep.engine.graph.graph import Role
from gradstep.engine.ops.promotion import KINDS, WHOLE, held, is_whole, promoted, result

#: The types of a file in each of its own types: what is wider it cannot hold.
TYPES = {"float32": [kind for kind in KINDS if kind != "float64"], "float64": list(KINDS)}
#: Two rows of numbers that every type holds, and what a type of few bits does not hold of their sums and products.
A, B = [0.0, 1.0, 5.0, 100.0, 3.0], [1.0, 1.0, 2.0, 90.0, 0.0]


def tensor(numbers: Any, kind: str) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64).to(getattr(torch, kind))


@pytest.fixture(params=["float32", "float64"])
def own(request: pytest.FixtureRequest) -> Iterator[str]:
    """The type of a file, which is what PyTorch calls the default."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, request.param))
    yield request.param
    torch.set_default_dtype(before)


def named(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def test_the_smallest_type_that_holds_two() -> None:
    for a, b in product(KINDS, KINDS):
        assert promoted((a, b)) == named(torch.promote_types(getattr(torch, a), getattr(torch, b))), (a, b)


def test_arrays_count_before_single_numbers_and_those_before_numbers_of_a_formula(own: str) -> None:
    numbers = {"bool": True, "int64": 2, own: 2.5}
    for a, b in product(TYPES[own], TYPES[own]):
        both = [[0.0, 1.0], 1.0]
        for one, other in product(both, both):
            arrays = [kind for kind, x in ((a, one), (b, other)) if isinstance(x, list)]
            single = [kind for kind, x in ((a, one), (b, other)) if not isinstance(x, list)]
            expected = torch.result_type(tensor(one, a), tensor(other, b))
            assert result(arrays, single, ()) == named(expected), (a, b, one, other)
        for kind, number in numbers.items():
            for one in both:
                expected = torch.result_type(tensor(one, a), number)
                array = isinstance(one, list)
                assert result([a] if array else [], [] if array else [a], [kind]) == named(expected), (a, number, one)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_type_holds(kind: str) -> None:
    numbers = [0.0, 1.0, -1.0, 127.0, 128.0, -129.0, 255.0, 256.0, 300.0, 32768.0, 2.0**31, -(2.0**31) - 1, 2.5, -2.5]
    if kind == "float16":
        numbers = numbers[:10]
    of = torch.tensor(numbers, dtype=torch.float64)
    of = (
        of.to(torch.int64).to(getattr(torch, kind))
        if is_whole(kind) and kind != "bool"
        else of.to(getattr(torch, kind))
    )
    assert held(np.array(numbers), kind).tolist() == of.double().tolist()


def computed(own: str, formula: str, **leaves: tuple[Any, str]) -> tuple[str, Any]:
    """The type of a formula of leaves, and its numbers."""
    builder = GraphBuilder(np.dtype(own))
    data = {}
    for name, (numbers, kind) in leaves.items():
        array = np.array(numbers, dtype=own)
        value = builder.leaf(name, array.shape, Role.INPUT, False, "" if kind == own else kind)
        data[value.id] = array
    made = Formulas(builder).add("y", formula)
    data |= {v.id: np.asarray(v.number, own) for v in builder.values if v.number is not None}
    with np.errstate(all="ignore"):
        for node in builder.nodes:
            data[node.output] = np.asarray(node.op.forward([data[i] for i in node.inputs]))
    assert data[made.id].dtype == own
    return made.kind or own, data[made.id].tolist()


#: What is written between two arrays, and what it is in PyTorch.
BETWEEN: dict[str, Callable[[Any, Any], torch.Tensor]] = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a * b": lambda a, b: a * b,
    "a / b": lambda a, b: a / b,
    "a > b": lambda a, b: a > b,
    "a >= b": lambda a, b: a >= b,
    "a < b": lambda a, b: a < b,
    "a <= b": lambda a, b: a <= b,
    "a == b": lambda a, b: a == b,
    "a != b": lambda a, b: a != b,
    "maximum(a, b)": torch.maximum,
    "minimum(a, b)": torch.minimum,
    "fmax(a, b)": torch.fmax,
    "fmin(a, b)": torch.fmin,
    "atan2(a, b)": torch.atan2,
    "where(a > b, a, b)": lambda a, b: torch.where(a > b, a, b),
    "copysign(a, b)": torch.copysign,
    "remainder(a, b + 2)": lambda a, b: torch.remainder(a, b + 2),
    "fmod(a, b + 2)": lambda a, b: torch.fmod(a, b + 2),
    **{
        f"div(a - 50, b - 7, rounding_mode='{mode}')": lambda a, b, mode=mode: torch.div(
            a - 50, b - 7, rounding_mode=mode
        )
        for mode in ("floor", "trunc")
    },
    "floor_divide(a, b + 2)": lambda a, b: torch.floor_divide(a, b + 2),
    "(a - 50) // (b - 7)": lambda a, b: (a - 50) // (b - 7),
    "(a - 50) % (b - 7)": lambda a, b: (a - 50) % (b - 7),
    "fmod(a - 50, b - 7)": lambda a, b: torch.fmod(a - 50, b - 7),
    "concat(a, b)": lambda a, b: torch.cat([a, b]),
    "(a != 0) * (b != 0)": torch.logical_and,
    "maximum(a != 0, b != 0)": torch.logical_or,
    "(a != 0) != (b != 0)": torch.logical_xor,
}


@pytest.mark.parametrize("formula", BETWEEN)
def test_two_arrays_of_all_types(own: str, formula: str) -> None:
    close = formula.startswith("atan2") or "/" in formula
    for a, b in product(TYPES[own], TYPES[own]):
        try:
            expected = BETWEEN[formula](tensor(A, a), tensor(B, b))
        except RuntimeError:
            continue  # PyTorch has it not for these
        kind, numbers = computed(own, formula, a=(tensor(A, a).tolist(), a), b=(tensor(B, b).tolist(), b))
        assert kind == named(expected.dtype), (a, b)
        rtol = 1e-6 if close else 0.0
        np.testing.assert_allclose(numbers, expected.double().tolist(), rtol=rtol, err_msg=f"{a} {b}")


#: What is made of one array, beside what takes numbers that are written.
OF_ONE: dict[str, Callable[[Any], torch.Tensor]] = {
    "a + 2": lambda a: a + 2,
    "a + 2.5": lambda a: a + 2.5,
    "a + true": lambda a: a + True,
    "2 * a": lambda a: 2 * a,
    "a / 2": lambda a: a / 2,
    "1 - a": lambda a: 1 - a,
    "a ** 2": lambda a: a**2,
    "a > 1": lambda a: a > 1,
    "-a": lambda a: -a,
    "a // 3": lambda a: a // 3,
    "a // 2.5": lambda a: a // 2.5,
    "a % 7": lambda a: a % 7,
    "50 // (a - 7)": lambda a: 50 // (a - 7),
    "where(a > 1, a, 0)": lambda a: torch.where(a > 1, a, 0),
    "where(a > 1, 1, 0)": lambda a: torch.where(a > 1, 1, 0),
    "where(a > 1, 1.0, 0)": lambda a: torch.where(a > 1, 1.0, 0),
    "maximum(a, a * 2)": lambda a: torch.maximum(a, a * 2),
    "abs(a)": torch.abs,
    "sign(a)": torch.sign,
    "floor(a)": torch.floor,
    "ceil(a)": torch.ceil,
    "trunc(a)": torch.trunc,
    "round(a)": torch.round,
    "exp(a / 100)": lambda a: torch.exp(a / 100),
    "sqrt(a)": torch.sqrt,
    "sigmoid(a)": torch.sigmoid,
    "isnan(a)": torch.isnan,
    "isfinite(a)": torch.isfinite,
    "relu(a)": torch.relu,
    "relu6(a)": torch.nn.functional.relu6,
    "clip(a, 1, 3)": lambda a: torch.clip(a, 1, 3),
    "clip(a, 1.5, 3)": lambda a: torch.clip(a, 1.5, 3),
    "sum(a)": torch.sum,
    "prod(a + 1)": lambda a: torch.prod(a + 1),
    "cumsum(a, 0)": lambda a: torch.cumsum(a, 0),
    "cumprod(a, 0)": lambda a: torch.cumprod(a, 0),
    "max(a)": torch.max,
    "min(a, 0)": lambda a: torch.amin(a, 0),
    "argmax(a)": torch.argmax,
    "argsort(a)": torch.argsort,
    "median(a)": torch.median,
    "a[1:3]": lambda a: a[1:3],
    "a[[0, 2]]": lambda a: a[[0, 2]],
    "flip(a, 0)": lambda a: torch.flip(a, (0,)),
    "reshape(a, (5, 1))": lambda a: a.reshape(5, 1),
    "stack(a, a)": lambda a: torch.stack([a, a]),
    "pad(a, (1, 1))": lambda a: torch.nn.functional.pad(a, (1, 1)),
    "tril(reshape(a[0:4], (2, 2)))": lambda a: torch.tril(a[:4].reshape(2, 2)),
    "nan_to_num(a)": torch.nan_to_num,
    "detach(a)": lambda a: a.detach(),
    "gather(a, argsort(a), 0)": lambda a: torch.gather(a, 0, torch.argsort(a)),
    "reshape(a, (5, 1)) @ reshape(a, (1, 5))": lambda a: a.reshape(5, 1) @ a.reshape(1, 5),
    "sum(a > 1)": lambda a: torch.sum(a > 1),
    "sort(a)[0]": lambda a: torch.sort(a)[0],
    "sort(a)[1]": lambda a: torch.sort(a)[1],
    "topk(a, 2)[1]": lambda a: torch.topk(a, 2)[1],
    **{f"cast(a - 2, '{kind}')": lambda a, kind=kind: (a - 2).to(getattr(torch, kind)) for kind in WHOLE},
    **{f"cast(a / 3, '{kind}')": lambda a, kind=kind: (a / 3).to(getattr(torch, kind)) for kind in WHOLE},
    "cast(cast(a, 'int32'), 'float16') / 3": lambda a: a.to(torch.int32).to(torch.float16) / 3,
    "scatter_add(a, argsort(a), a, 0)": lambda a: a.scatter_add(0, torch.argsort(a), a),
}  # fmt: skip


@pytest.mark.parametrize("formula", OF_ONE)
def test_one_array_of_each_type(own: str, formula: str) -> None:
    for a in TYPES[own]:
        try:
            expected = OF_ONE[formula](tensor(A, a))
        except RuntimeError:
            continue
        kind, numbers = computed(own, formula, a=(tensor(A, a).tolist(), a))
        assert kind == named(expected.dtype), a
        rtol = 4 * float(np.finfo(own).eps) if not is_whole(kind) and kind == own else 0.0
        rtol = max(rtol, 1e-6 if own == "float32" else 0.0)
        np.testing.assert_allclose(numbers, expected.double().tolist(), rtol=rtol, err_msg=a)


@pytest.mark.parametrize(
    ("formula", "said"),
    [("a - a", "subtract: truths are not subtracted; where just one of two holds is written a != b"),
     ("a // a", "floor_divide: truths have no quotient; cast one of them to int64"),
     ("a % a", "remainder: truths have no quotient; cast one of them to int64"),
     ("-a", "negative: a truth has no sign; its opposite is written x == 0")],
)  # fmt: skip
def test_truths_are_not_subtracted(formula: str, said: str) -> None:
    """As in PyTorch, which raises RuntimeError."""
    with pytest.raises(ExpressionError, match=f"'{formula}': {said}".replace("(", r"\(")):
        computed("float64", formula, a=([0.0, 1.0], "bool"))


def test_single_arrays_and_arrays_of_all_types(own: str) -> None:
    """Those without axes count where their category is a higher one."""
    for a, b in product(TYPES[own], TYPES[own]):
        expected = tensor(A, a) * tensor(1.0, b)
        kind, numbers = computed(own, "a * b", a=(tensor(A, a).tolist(), a), b=(1.0, b))
        assert (kind, numbers) == (named(expected.dtype), expected.double().tolist()), (a, b)
