"""Arrays that are drawn, held against NumPy's own draws and the papers' rules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from leaves import F4, F8, made, refused


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@pytest.mark.parametrize("dtype", [F8, F4])
@pytest.mark.parametrize(
    ("init", "scale"),
    [
        ("he_normal", math.sqrt(2 / (5 * 6))),
        ("xavier_normal", math.sqrt(2 / (5 * 6 + 4 * 6))),
        ("normal(0, 0.25)", 0.25),
    ],
)
def test_normal_inits_are_numpys_draws_scaled_by_the_papers_rule(init: str, scale: float, dtype: Any) -> None:
    shape = (4, 5, 2, 3)
    expected = (generator(7).standard_normal(math.prod(shape)) * scale).reshape(shape).astype(dtype)
    np.testing.assert_array_equal(made({"init": init, "shape": list(shape), "seed": 7}, dtype), expected)


@pytest.mark.parametrize(
    ("init", "bound"), [("he_uniform", math.sqrt(6 / 5)), ("xavier_uniform", math.sqrt(6 / 9)), ("uniform(-2, 2)", 2.0)]
)
def test_uniform_inits_keep_their_bounds(init: str, bound: float) -> None:
    drawn = made({"init": init, "shape": [4, 5], "seed": 3})
    expected = (-bound + 2 * bound * generator(3).random(20)).reshape(4, 5)
    np.testing.assert_allclose(drawn, expected, rtol=1e-15)


def test_large_arrays_are_the_same_in_pieces() -> None:
    count = (1 << 20) + 7
    whole = 1 + 2 * generator(0).standard_normal(count)
    np.testing.assert_array_equal(made({"init": "normal(1, 2)", "shape": [count]}), whole)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (2, 3, 2)])
def test_orthogonal_is_orthogonal(shape: tuple[int, ...]) -> None:
    q = made({"init": "orthogonal", "shape": list(shape), "seed": 1}).reshape(shape[0], -1)
    small = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(small, np.eye(len(small)), atol=1e-12)


def test_constants() -> None:
    assert made({"init": "zeros", "shape": [2]}).tolist() == [0, 0]
    assert made({"init": "ones", "shape": []}) == 1
    assert made({"init": "constant", "value": 0.5, "shape": [1, 2]}).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"init": "he_norml", "shape": [2, 2]}, "did you mean 'he_normal'"),
        ({"init": "zeros"}, "'shape' is needed"),
        ({"init": "zeros", "shape": [-1]}, "'shape' is needed"),
        ({"init": "he_normal", "shape": [3]}, "(out, in, …)"),
        ({"init": "constant", "shape": [3]}, "needs value"),
        ({"init": "normal(std=1, std=2)", "shape": [3]}, "normal(mean, std)"),
        ({"init": "normal(sd=1)", "shape": [3]}, "normal(mean, std), not with 'sd'"),
        ({"init": "normal(1, 2, 3)", "shape": [3]}, "normal(mean, std)"),
        ({"init": "zeros(1)", "shape": [3]}, "zeros()"),
        ({"init": "normal(a, b)", "shape": [3]}, "are numbers"),
        ({"init": "zeros", "shape": [1], "seed": -1}, "seed"),
        ({"init": "zeros", "shape": [1], "sed": 1}, "did you mean 'seed'"),
        ({"init": 3, "shape": [1]}, "unknown init"),
        ({"init": "kaiming_uniform_", "shape": [1]}, "it is called 'he_uniform' here"),
        ({"init": "kaiming", "shape": [1]}, "it is called 'he_normal' here"),
        ({"init": "glorot_uniform", "shape": [1]}, "it is called 'xavier_uniform' here"),
        ({"init": "randn", "shape": [1]}, "it is called 'normal' here"),
        ({"init": "normal", "mean": "a", "std": 1, "shape": [1]}, "mean must be a number"),
    ],
)
def test_wrong_inits_are_told_what_is_right(spec: object, says: str) -> None:
    assert says in refused(spec)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"init": "normal"}, lambda rng: rng.standard_normal(5)),
        ({"init": "normal()"}, lambda rng: rng.standard_normal(5)),
        ({"init": "normal", "std": 0.5}, lambda rng: 0.5 * rng.standard_normal(5)),
        ({"init": "normal(2)"}, lambda rng: 2 + rng.standard_normal(5)),
        ({"init": "normal(std=0.5)"}, lambda rng: 0.5 * rng.standard_normal(5)),
        ({"init": "normal(std=0.5, mean=2)"}, lambda rng: 2 + 0.5 * rng.standard_normal(5)),
        ({"init": "uniform"}, lambda rng: rng.random(5)),
        ({"init": "uniform", "low": -1}, lambda rng: 2 * rng.random(5) - 1),
        ({"init": "uniform(high=3)"}, lambda rng: 3 * rng.random(5)),
    ],
)
def test_what_is_left_out_is_as_in_pytorch(spec: dict[str, Any], expected: Any) -> None:
    """N(0, 1) as torch.randn and torch.nn.init.normal_, U(0, 1) as torch.rand and torch.nn.init.uniform_."""
    np.testing.assert_allclose(made({**spec, "shape": [5], "seed": 3}), expected(generator(3)), rtol=1e-15)
