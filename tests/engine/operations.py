"""Examples of every operation, and its Jacobian in four ways. Examples are found by trying shapes."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest
from graphs import Array

from gradstep.engine.errors import OpError
from gradstep.engine.index import Shape
from gradstep.engine.ops import REGISTRY, Links, Op
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.reduction import AxisReduce
from gradstep.engine.ops.families.taking import Listed
from gradstep.engine.ops.narrow import unrounded
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.ops.rowwise import Rowwise

Shapes = tuple[Shape, ...]

#: Shapes that are tried on operations for which nothing below says better.
POOL: tuple[Shape, ...] = ((), (1,), (3,), (2, 3), (2, 1), (1, 3), (3, 2), (2, 3, 2))

#: What each family should be seen with, by its number of inputs.
ONE: tuple[Shapes, ...] = (((),), ((1,),), ((5,),), ((2, 3),), ((2, 1, 3),))
TWO: tuple[Shapes, ...] = (
    ((), ()),
    ((3,), (3,)),
    ((), (2, 2)),
    ((2, 3), ()),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 3), (2, 1)),
    ((2, 1), (1, 3)),
    ((1,), (4,)),
    ((4, 1, 2), (3, 1)),
)
PAIRS: tuple[Shapes, ...] = (
    ((), ()),
    ((1,), (1,)),
    ((4,), (4,)),
    ((2, 3), (2, 3)),
    ((1,), (3,)),
    ((3,), ()),
    ((), (2, 3)),
    ((2, 3), (1, 1)),
)
REDUCED: tuple[Shapes, ...] = (((),), ((1,),), ((5,),), ((2, 3),), ((3, 1),), ((2, 3, 4),), ((1, 3, 1),))

_POOLS = ("max", "avg", "adaptive_max", "adaptive_avg")
#: Shapes for operations with rules of their own.
BY_NAME: dict[str, tuple[Shapes, ...]] = {
    **dict.fromkeys(
        ("inv", "det", "logabsdet", "cholesky", "eigenvectors"), (((2, 2),), ((1, 1),), ((3, 3),), ((2, 3, 3),))
    ),
    "linear": (
        ((3,), (2, 3)),
        ((3,), (2, 3), (2,)),
        ((1,), (4, 1), (4,)),
        ((4,), (1, 4), (1,)),
        ((1,), (1, 1), (1,)),
        ((1,), (1, 1)),
        ((4, 3), (2, 3)),
        ((4, 3), (2, 3), (2,)),
        ((1, 3), (2, 3), (2,)),
        ((4, 1), (1, 1), (1,)),
        ((2, 4, 3), (5, 3), (5,)),
    ),
    "matmul": (
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3, 4)),
        ((1, 3), (3, 1)),
        ((2, 2, 3), (3, 2)),
        ((2, 2, 3), (2, 3, 2)),
        ((2, 1, 2, 3), (3, 3, 2)),
        ((2, 3), (4, 3, 1)),
        ((2, 2, 3), (3,)),
    ),
    "embedding": (((4, 3), (5,)), ((4, 3), ()), ((3, 1), (2, 2)), ((1, 2), (3,))),
    "conv2d": (
        ((1, 3, 3), (1, 1, 2, 2)),
        ((2, 4, 5), (3, 2, 2, 3), (3,)),
        ((2, 1, 4, 4), (2, 1, 3, 3), (2,)),
        ((2, 2, 3, 3), (1, 2, 3, 3)),
        ((1, 4, 4), (2, 1, 1, 1), (2,)),
    ),
    "conv1d": (((1, 4), (2, 1, 2)), ((2, 2, 5), (2, 1, 3), (2,)), ((2, 4), (3, 2, 1))),
    "conv3d": (((1, 2, 3, 2), (1, 1, 2, 2, 1)), ((2, 2, 2, 2), (2, 1, 1, 2, 1), (2,))),
    "conv_transpose1d": (((1, 4), (1, 2, 2)), ((2, 2, 3), (2, 1, 3), (1,)), ((2, 2, 3), (2, 1, 3), (2,))),
    "conv_transpose2d": (
        ((1, 2, 3), (1, 2, 2, 2)),
        ((2, 2, 2), (2, 2, 1, 3), (2,)),
        ((2, 2, 2, 2), (2, 1, 3, 2), (1,)),
        ((2, 2, 2, 2), (2, 1, 3, 2), (2,)),
    ),
    "conv_transpose3d": (((1, 2, 2, 1), (1, 2, 2, 1, 2)), ((2, 1, 2, 2), (2, 1, 1, 2, 2), (2,))),
    **dict.fromkeys((f"{kind}_pool2d" for kind in _POOLS), (((4, 4),), ((1, 4, 5),), ((2, 2, 3, 3),))),
    **dict.fromkeys((f"{kind}_pool1d" for kind in _POOLS), (((2, 4),), ((1, 2, 5),))),
    **dict.fromkeys((f"{kind}_pool3d" for kind in _POOLS), (((1, 2, 3, 2),), ((2, 1, 3, 2, 3),))),
    "interpolate": (((1, 2, 4),), ((2, 1, 3, 2),), ((1, 1, 2, 3, 2),)),
    "pad": (((3,),), ((2, 3),), ((2, 1, 3),)),
    "unfold": (((1, 3, 4),), ((2, 2, 3, 2),)),
    "grid_sample": (((2, 2, 3, 2), (2, 2, 1, 2)), ((1, 1, 2, 3, 2), (1, 1, 2, 1, 3))),
    "affine_grid": (((1, 2, 3),), ((2, 3, 4),)),
    "ctc_paths": (((5, 2, 3), (2, 2), (2,), (2,)), ((4, 2, 3), (3,), (2,), (2,))),
    "nll": (
        *(((3,), (3,)), ((3,), ()), ((3,), (1,)), ((4, 3), (4,)), ((4, 3), (4, 3)), ((2, 3, 2), (2, 2))),
        *(
            ((2, 2, 3), (2, 2)),
            ((2, 3, 2), (2, 3, 2)),
            ((4, 3), (4,), (3,)),
            ((3,), (), (3,)),
            ((2, 3, 2), (2, 2), (3,)),
        ),
    ),
    "bce": (*((s, t) for s, t in PAIRS[2:7]), ((4,), (4,), (4,)), ((2, 3), (2, 3), (3,)), ((2, 3), (2, 3), ())),
    "bce_with_logits": (
        *((s, t) for s, t in PAIRS[2:7]),
        *(((4,), (4,), (4,)), ((2, 3), (2, 3), (3,)), ((2, 3), (2, 3), (2, 1), (3,)), ((4,), (4,), (), ())),
    ),
    "causal_mask": (((1, 1),), ((3, 3),), ((2, 4),), ((2, 3, 2),)),
    "standardize": (((5,),), ((5, 4),), ((4, 5, 6),)),
    "rms_normalize": (((5,),), ((5, 4),), ((4, 5, 6),)),
    "reshape": (((4,),), ((2, 2),), ((2, 3, 2),), ((1,),), ((),)),
    "index": (((3,),), ((3, 4),), ((2, 3, 4),)),
    "concat": (((3,), (2,)), ((2, 3), (2, 3)), ((2, 3), (1, 3), (2, 3)), ((2, 1), (2, 2))),
    "rot90": (((2, 3),), ((2, 3, 2),), ((1, 2),)),
    "tile": (((),), ((3,),), ((2, 3),), ((2, 1, 3),)),
    "expand": (((),), ((1,),), ((3,),), ((2, 1),), ((1, 3),), ((2,),)),
    "diagonal": (((2, 3),), ((3, 3),), ((2, 3, 2),)),
    "diag_embed": (((3,),), ((2, 3),), ((1,),)),
    "tril": (((2, 3),), ((3, 3),), ((2, 3, 2),)),
    "triu": (((2, 3),), ((3, 3),), ((2, 3, 2),)),
    **dict.fromkeys(
        ("flip", "roll", "cumsum", "cumprod", "logcumsumexp"), (((),), ((1,),), ((4,),), ((2, 3),), ((2, 3, 2),))
    ),
    "repeat_interleave": (((),), ((3,),), ((2, 3),)),
    "stack": (((), ()), ((3,), (3,)), ((2, 3), (2, 3), (2, 3))),
    "contract": (((2, 3), (3, 2)), ((3,), (3,)), ((2, 3), (2, 3)), ((2,), (3,)), ((2, 2, 3), (2, 3)), ((2, 3), (2,))),
    "windows": (((4,),), ((3, 4),), ((2, 3, 2),)),
    "rotary": (((3, 4),), ((2, 3, 2),), ((1, 6),)),
    "band_mask": (((3, 3),), ((2, 4),), ((2, 3, 2),)),
    "unpool": (((3, 4), (2, 3), (2, 3)), ((4, 3), (2, 3), (2, 3))),
    "take_at": (((3, 4), (2,)), ((2, 3, 2), (2, 2)), ((3, 2), (2, 1), (2,)), ((3,), ()), ((2, 3),), ((2, 3, 2),)),
    "take": (((3,), (2,)), ((2, 3), (2, 2)), ((2,), ())),
    "index_select": (((3, 2), (2,)), ((2, 3, 2), (3,)), ((4,), ())),
    "gather": (((3, 2), (2, 2)), ((2, 3, 2), (2, 1, 2)), ((3,), (4,))),
    **dict.fromkeys(("sorted", "argsort"), (((),), ((4,),), ((2, 3),), ((2, 3, 2),))),
    **dict.fromkeys(
        ("running_max", "running_min", "running_argmax", "running_argmin"), (((),), ((4,),), ((2, 3),), ((2, 3, 2),))
    ),
    "median_along": (((),), ((4,),), ((2, 3),), ((2, 3, 2),)),
    **dict.fromkeys(
        ("scatter", "scatter_add", "scatter_reduce"),
        (((3, 2), (2, 2), (2, 2)), ((2, 3), (2, 2), (3, 3)), ((2, 2, 2), (2, 1, 2), ()), ((3,), (2,), (2,))),
    ),
    **dict.fromkeys(
        ("index_copy", "index_add", "index_reduce"),
        (
            ((3, 2), (2,), (2, 2)),
            ((2, 3), (2,), (2, 2)),
            ((3, 2), (2,), (2, 3)),
            ((3,), (3,), (3,)),
            ((2, 2), (1,), ()),
        ),
    ),
    "slice_scatter": (((3, 2), (2, 2)), ((3, 2), (3, 2)), ((3,), (2,)), ((2, 3), ()), ((2, 4), (2, 2))),
    "select_scatter": (((3, 2), (2,)), ((3,), ()), ((2, 3, 2), (3, 2))),
    "diagonal_scatter": (((3, 2), (2,)), ((3, 3), (2,)), ((2, 3), ())),
    "masked_scatter": (((3, 2), (3, 2), (6,)), ((2, 3), (3,), (2, 3)), ((2,), (), (2,))),
    "put": (((3, 2), (2,), (2,)), ((2, 2), (2, 2), (4,)), ((3,), (), (1,))),
    "index_put": (((3, 2), (2, 2), (2,)), ((3, 2), (), (2,), (2,)), ((2, 2, 2), (2,), (2, 1), (2,))),
}

#: What slots are called whose numbers say where something is.
NUMBERS = ("ids", "mask", "targets", "input_lengths", "target_lengths")


def _positive(rng: np.random.Generator, shape: Shape) -> Array:
    """Symmetric matrices with eigenvalues above 0 that lie apart."""
    factor = np.tril(rng.uniform(-0.8, 0.8, shape), -1) + np.eye(shape[-1]) * np.arange(1, shape[-1] + 1)
    return factor @ factor.swapaxes(-1, -2)


#: Inputs that are no free numbers: (name, slot) → from a generator and a shape.
GIVEN: dict[tuple[str, int], Callable[[np.random.Generator, Shape], Array]] = {
    ("cholesky", 0): lambda rng, shape: _positive(rng, shape),
    ("eigenvectors", 0): lambda rng, shape: _positive(rng, shape),
    ("embedding", 1): lambda rng, shape: rng.integers(0, 1, shape, endpoint=False).astype(float),
    ("nll", 1): lambda rng, shape: np.where(rng.random(shape) < 0.2, -100.0, rng.integers(0, 3, shape)),
    ("bce", 0): lambda rng, shape: rng.uniform(0.1, 0.9, shape),
    ("bce", 1): lambda rng, shape: rng.uniform(0.1, 0.9, shape),
    ("acosh", 0): lambda rng, shape: rng.uniform(1.1, 3, shape),
    **{
        (name, slot): lambda rng, shape: rng.integers(0, 1, shape, endpoint=True).astype(float)
        for name, cls in REGISTRY.items()
        for slot in range(1, 5)
        if cls.slots[min(slot, len(cls.slots) - 1)] in NUMBERS and name not in ("embedding", "unpool")
    },
    ("ctc_paths", 1): lambda rng, shape: rng.integers(1, 3, shape).astype(float),
    ("ctc_paths", 2): lambda rng, shape: 4.0 - rng.permutation(np.arange(np.prod(shape, dtype=int))).reshape(shape),
    ("ctc_paths", 3): lambda rng, shape: 1.0 + rng.permutation(np.arange(np.prod(shape, dtype=int))).reshape(shape),
    # Several in one place are equal; here each has a place of its own, along both axes.
    ("unpool", 1): lambda rng, shape: np.add.outer(*(np.arange(n) for n in shape)) % 3.0,
    **{(name, 0): lambda rng, shape: rng.uniform(-0.9, 0.9, shape) for name in ("asin", "acos", "atanh")},
    ("logit", 0): lambda rng, shape: rng.uniform(0.1, 0.9, shape),
}

#: Values to try for an option, by its name; an option that is not here keeps its default.
OPTIONS: dict[str, tuple[Any, ...]] = {
    "scale": (-1.0, 0.25),
    "dtype": ("float16", "bfloat16", "float32"),
    "axis": (None, 0, 1, -1, -2, (0,), (0, 1), (-1, 0), (0, 2), (2, 0, 1), ()),
    "keepdims": (False, True),
    "axes": (None, (1, 0), (0, 2, 1), (-1, 0, 1)),
    "to": ((-1,), (2, -1), (4, 3), (2, 2), (2, 4, 3), ()),
    "start_dim": (0, 1, -2),
    "end_dim": (-1, 1),
    "min": (None, -1.0, 0.5),
    "max": (None, 1.0),
    "at": (
        *((), (0,), (-1,), ((None, None, None), 1), ((1, None, 2),), ((None, None, -1), (0, 3, 2)), (1, (2, 0, -1))),
        *((..., 0), (None, 0, ..., None), ((0, 2, None), ...)),
        *((None, 0), (0, 1), (0, None, 0), (Listed((1, 0, 1), (3,)),), (None, Listed((0, -1), (2, 1)))),
        *((Listed((True, False), (2,)), Listed((1,), (1,))), (0, Listed((1, 0), (2,)))),
    ),
    "equation": ("ij,jk->ik", "i,i->", "ij,ij->j", "i,j->ji", "abc,bc->ab", "abc,bc->a", "i,i->i", "ij,k->ijk"),
    "base": (10000.0, 5.0),
    "safe": (False, True),
    "interleaved": (False, True),
    "dims": (None, 2),
    "left": (-1, 0, 1),
    "right": (-1, 1),
    "descending": (False, True),
    "skip_nan": (False, True),
    "reduce": ("sum", "prod", "mean", "amax", "amin"),
    "include_self": (True, False),
    "accumulate": (False, True),
    "start": (None, 1),
    "end": (None, 3, -1),
    "step": (1, 2),
    "index": (0, -1),
    "padding": (0, 1),
    "stride": (1, 2),
    "kernel_size": (1, 2, 3),
    "dilation": (1, 2),
    "groups": (1, 2),
    "output_padding": (0, 1),
    "ceil_mode": (False, True),
    "count_include_pad": (True, False),
    "divisor_override": (None, 3),
    "output_size": (1, 3, (2,), (2, 3), (None, 2), (1, 2, 3)),
    "scale_factor": (None, 1.7, 0.5),
    "size": (None, 1, 2, 3, (5,), (2, 3), (1, 1, 2, 3), (2, 1, 2, 1, 3)),
    "mode": (
        *("nearest", "nearest-exact", "area", "linear", "bilinear", "trilinear", "bicubic"),
        *("constant", "reflect", "replicate", "circular"),
    ),
    "align_corners": (None, True),
    "padding_mode": ("zeros", "border", "reflection"),
    "zero_infinity": (False, True),
    "antialias": (False, True),
    "pad": ((1, 2), (-1, 1), (1, 0, 0, 1), (0, 0)),
    "seed": (0, 3),
    "p": (0.5, 2.0, 3.0, 1.0, 0, float("inf"), float("-inf"), 1.5),
    "correction": (1, 0, 0.5),
    "approximate": ("none", "tanh"),
    "decimals": (0, 1, -1),
    "eps": (None, 1e-5, 0.05),
    "lambd": (0.5, 0.75),
    "min_val": (-1.0, 0.5),
    "max_val": (1.0,),
    "value": (0.0, 2.0),
    "shifts": (1, -2, (1, 2)),
    "k": (1, 2, -1),
    "reps": ((2,), (1, 2), (2, 1, 2), 3),
    "repeats": (1, 2),
    "offset": (0, 1, -1),
    "axis1": (0, -2),
    "axis2": (1, -1),
    "diagonal": (0, 1, -1),
    "reduction": ("mean", "sum", "none"),
    "label_smoothing": (0.0, 0.2),
    "beta": (1.0, 0.5),
    "delta": (1.0, 0.5),
}


def _several(op: Any, shapes: Shapes) -> bool:
    """Whether each group has at least two numbers: of one the variance is 0 or none."""
    return bool(np.prod([shapes[0][a] for a in op.axes(len(shapes[0]))], dtype=int) > 1)


#: What shapes an operation is seen with besides, with its options.
SUITS: dict[str, Callable[[Any, Shapes], bool]] = {"var": _several, "std": _several}


@dataclasses.dataclass(frozen=True)
class Example:
    """An operation, and shapes of inputs it takes."""

    op: Op
    shapes: Shapes

    def inputs(self, dtype: Any = np.float64) -> list[Array]:
        """Numbers of both signs, away from 0, or positive ones where the operation needs them."""
        for low, signed in ((0.4, True), (0.4, False), (0.05, False)):
            rng = np.random.default_rng(zlib.crc32(f"{self.op.name} {self.shapes}".encode()))
            xs = []
            for slot, shape in enumerate(self.shapes):
                x = low + (1.7 - low) * rng.random(shape)
                x = np.asarray(np.where(rng.random(shape) < 0.5, -x, x) if signed else x)
                given = GIVEN.get((self.op.name, slot))
                xs.append(x if given is None or self.same(slot) else np.asarray(given(rng, shape)))
            with np.errstate(all="ignore"):
                usable = not np.isnan(self.op.forward(xs)).any()
            if usable:
                return [x.astype(dtype) for x in xs]
        pytest.fail(f"{self}: no inputs were found that '{self.op.name}' maps to finite numbers; see Example.inputs")

    def same(self, slot: int) -> bool:
        """Whether nll's target is a distribution in the shape of its input, and not class numbers."""
        return self.op.name == "nll" and self.shapes[0] == self.shapes[slot] != (1,)

    def free(self, slot: int) -> bool:
        """Whether a slot takes any number, so that it can be moved by a little."""
        named = self.op.slots[min(slot, len(self.op.slots) - 1)]
        return (named not in NUMBERS and (self.op.name, slot) != ("nll", 1)) or self.same(slot)

    def __str__(self) -> str:
        given = ", ".join(f"{k}={v}" for k, v in dataclasses.asdict(self.op).items())
        return f"{self.op.name}{f'[{given}]' if given else ''} {' '.join(map(str, self.shapes))}"


def instances(cls: type[Op]) -> Iterator[Op]:
    """The operation with every combination of the options above."""
    tried = {}
    for field in dataclasses.fields(cls):
        if field.name in OPTIONS:
            tried[field.name] = OPTIONS[field.name]
        elif field.default is dataclasses.MISSING:
            return  # the test for missing examples says so
    for values in product(*tried.values()):
        with contextlib.suppress(OpError):
            # What rounding makes of gradients has tests of its own.
            yield unrounded(cls(**dict(zip(tried, values, strict=True))))


def wanted_shapes(cls: type[Op]) -> Sequence[Shapes]:
    """Shapes of the family, or else all of the pool's that the operation's rule may take."""
    if cls.name in BY_NAME:
        return BY_NAME[cls.name]
    if issubclass(cls, AxisReduce | Rowwise):
        return REDUCED
    if issubclass(cls, Elementwise) and len(cls.slots) <= 2:
        return ONE if len(cls.slots) == 1 else TWO
    if issubclass(cls, Reduce) and len(cls.slots) == 2:
        return PAIRS
    counts = range(len(cls.slots) - cls.optional, len(cls.slots) + 1)
    return [shapes for count in counts for shapes in product(POOL, repeat=count)]


@cache
def examples(name: str) -> tuple[Example, ...]:
    """Up to 40 different examples of one operation; fewer of those that only have other axes than another one."""
    found = []
    for op in instances(REGISTRY[name]):
        for shapes in wanted_shapes(REGISTRY[name]):
            # Anything but an OpError is a mistake, and another test's to find.
            with contextlib.suppress(Exception):
                op.shape(shapes)
                if SUITS.get(name, lambda *_: True)(op, shapes):
                    found.append(Example(op, shapes))
    step = max(len(found) / (8 if re.search("[13]d$", name) else 24 if name.endswith("2d") else 40), 1)
    kept = [found[int(k * step)] for k in range(int(len(found) / step))]
    missing = {len(e.shapes) for e in found} - {len(e.shapes) for e in kept}  # where shapes and steps fall together
    return (*kept, *(next(e for e in found if len(e.shapes) == count) for count in sorted(missing)))


#: Examples of all operations, named by what they are.
ALL = [pytest.param(e, id=str(e)) for name in sorted(REGISTRY) for e in examples(name)]
NAMES = sorted(REGISTRY)


def every_example(test: Callable[..., None]) -> Callable[..., None]:
    """A test of an `example`, made one for each operation that looks at all of its examples: for each example one of
    its own would take longer to collect and to report than to run. What fails says with which."""

    @functools.wraps(test)
    def over(name: str, **others: Any) -> None:
        for example in examples(name):
            try:
                test(example=example, **others)
            except BaseException as failed:
                failed.add_note(f"with {example}")
                raise

    signature = inspect.signature(test)
    given = [inspect.Parameter("name", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    given += [p for p in signature.parameters.values() if p.name != "example"]
    over.__signature__ = signature.replace(parameters=given)  # type: ignore[attr-defined]  # pytest reads it
    return pytest.mark.parametrize("name", NAMES)(over)


BINARY = [n for n in NAMES if issubclass(REGISTRY[n], Elementwise) and len(REGISTRY[n].slots) == 2]


def linked(links: Links, dtype: Any) -> tuple[Array, Array]:
    """The far elements of some links and the local derivatives, read in two pieces."""
    count = links.grid.size
    half = count // 2
    pieces = [links.local(0, half), links.local(half, count)]
    for piece, length in zip(pieces, (half, count - half), strict=True):
        assert piece.shape == (length,)
        assert piece.dtype == dtype
    return links.grid.take(0, count), np.concatenate(pieces)


def by_rows(op: Op, slot: int, y: Array, xs: list[Array]) -> Array:
    jacobian = np.zeros((y.size, xs[slot].size))
    for at in range(y.size):
        inputs, local = linked(op.row(slot, at, y, xs), y.dtype)
        np.add.at(jacobian[at], inputs, local)
    return jacobian


def by_columns(op: Op, slot: int, y: Array, xs: list[Array]) -> Array:
    jacobian = np.zeros((y.size, xs[slot].size))
    for at in range(xs[slot].size):
        outputs, local = linked(op.column(slot, at, y, xs), y.dtype)
        np.add.at(jacobian[:, at], outputs, local)
    return jacobian


def by_vjp(op: Op, slot: int, y: Array, xs: list[Array]) -> Array:
    jacobian = np.zeros((y.size, xs[slot].size))
    for at in range(y.size):
        g = np.zeros(y.size, dtype=y.dtype)
        g[at] = 1
        back = np.asarray(op.vjp(slot, g.reshape(y.shape), y, xs))
        assert back.shape == xs[slot].shape
        assert back.dtype == y.dtype
        jacobian[at] = back.reshape(-1)
    return jacobian


#: The slopes that somebody wants, of operations whose gradient is no derivative.
AGREED: dict[str, Callable[[Any], float]] = {
    "detach": lambda op: 0.0,
    "scale_gradient": lambda op: op.scale,
    "cast": lambda op: 1.0,
}


def by_differences(op: Op, slot: int, xs: list[Array], h: float = 1e-5) -> Array:
    """Central differences, from the forward pass alone; where the gradient is agreed upon, what was agreed."""
    if op.agreed:
        assert op.name in AGREED, f"say in AGREED what the slope of {op.name} is to be"
        return AGREED[op.name](op) * np.eye(xs[slot].size)
    columns = []
    for at in range(xs[slot].size):
        ends = []
        for step in (h, -h):
            moved = [x.copy() for x in xs]
            moved[slot].reshape(-1)[at] += step
            ends.append(np.array(op.forward(moved), dtype=np.float64).reshape(-1))
        with np.errstate(invalid="ignore"):  # a mask's −∞ stays −∞
            columns.append(np.where(ends[0] == ends[1], 0, (ends[0] - ends[1]) / (2 * h)))
    return np.stack(columns, axis=1)


def slope(op: Op, slot: int, *numbers: float) -> float:
    """The slope at one point, through the backward pass; the same through a single element."""
    xs = [np.asarray(v, dtype=np.float64) for v in numbers]
    with np.errstate(all="ignore"):
        y = np.asarray(op.forward(xs))
        found = float(op.vjp(slot, np.ones_like(y), y, xs))
        single = float(op.column(slot, 0, y, xs).local(0, 1)[0])
    assert found == single or (found != found and single != single)
    return found
