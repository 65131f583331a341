"""What an operation is, and the families that supply most of it.

An operation is one class of a few lines. Its family turns those lines into everything the debugger
asks: the vectorised forward and backward pass, and for any single element what feeds it (`row`)
and whom it feeds (`column`). A registry-driven test holds rows, columns, vjp and finite
differences against each other for every class found here.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, NamedTuple

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import (
    Array,
    Elements,
    Grid,
    Indices,
    Shape,
    Space,
    broadcast_strides,
    picked,
    ravel,
    strides,
    unravel,
)
from gradstep.engine.ops.causes import Cause

#: Every operation by the name that formulas use.
REGISTRY: dict[str, type[Op]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """One row or one column of an operation's Jacobian, structural zeros left out.

    `grid` are the elements at the other end: inputs of `slot` for a row, outputs for a column.
    `local(start, stop)` gives ∂y/∂x for links start to stop, shape (stop - start,). Where that
    is simply an element of another input, `factor` says which: its slot and its elements.
    """

    slot: int
    grid: Elements
    local: Callable[[int, int], Array]
    factor: tuple[int, Elements] | None = None


class Columns(NamedTuple):
    """Several columns of a Jacobian laid out one after the other: entry k says that the input element
    number `owner[k]` of those asked for feeds output `out[k]` with derivative `local[k]`. `factor`
    is the slot that supplies the derivatives, None where none does. Shapes (entries,)."""

    owner: Indices
    out: Indices
    local: Array
    factor: int | None


@dataclass(frozen=True)
class Op(ABC):
    """An operation y = f(x₀, x₁, …). Its options are the fields of the (frozen) dataclass; one
    without options needs no decorator, and a hundred of them would be felt at the start.

    `slots` name the inputs; the last `optional` of them may be left out. `notation` writes the
    operation with {0}, {1} … for its inputs, `slopes` the local derivative for each slot.
    `summed` are the slots whose elements, each times its local factor, add up to the output: the
    operations that have a running sum in the forward pass. An operation that `reduces` adds up
    summands that are no such products: a loss; `term` writes one of them. A `discrete` operation
    is constant between its jumps, and its result gets no gradient. A `gated` one lets through what
    it chooses: where its local derivative is 0 the gate is shut; a `rectifier` is one whose units die, shut for
    every sample. A `variadic` one takes any
    number of inputs in the place of its last slot.
    """

    name: ClassVar[str] = ""
    slots: ClassVar[tuple[str, ...]] = ("x",)
    optional: ClassVar[int] = 0
    notation: ClassVar[str] = ""
    slopes: ClassVar[tuple[str, ...]] = ()
    kink: ClassVar[str] = ""
    summed: ClassVar[tuple[int, ...]] = ()
    reduces: ClassVar[bool] = False
    discrete: ClassVar[bool] = False
    gated: ClassVar[bool] = False
    rectifier: ClassVar[bool] = False
    variadic: ClassVar[bool] = False
    term: ClassVar[str] = ""
    label: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "name" in cls.__dict__:
            REGISTRY[cls.name] = cls

    @classmethod
    def signature(cls) -> str:
        """How the operation is called, as in `linear(x, W, b)`; options with their defaults."""
        shown = list(cls.slots)
        for index in range(len(shown) - cls.optional, len(shown)):
            shown[index] = f"[{shown[index]}]"
        shown += [f"{f.name}={f.default!r}" for f in dataclasses.fields(cls)]
        return f"{cls.name}({', '.join(shown)})"

    def written(self, names: Sequence[str]) -> str:
        """The notation with names in it; an optional input that is left out is no summand."""
        template = self.notation
        for missing in range(len(names), len(self.slots)):
            template = template.replace(f" + {{{missing}}}", "")
        return template.format(*names)

    @abstractmethod
    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """The output's shape. Raises OpError where the inputs' shapes do not fit."""

    @abstractmethod
    def forward(self, xs: Sequence[Array]) -> Array:
        """The output, of the inputs' dtype and of `shape`."""

    @abstractmethod
    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        """gᵀ·∂y/∂x for x = xs[slot]: its gradient, in x's shape, when g is the output's."""

    @abstractmethod
    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        """The inputs of `slot` that feed y.flat[at], with ∂y[at]/∂x of each."""

    @abstractmethod
    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        """The outputs that x.flat[at], x = xs[slot], feeds, with ∂y/∂x[at] of each."""

    def columns(self, slot: int, start: int, stop: int, y: Array, xs: Sequence[Array]) -> Columns:
        """The columns of the elements `start` to `stop` (flat) of xs[slot], as `column` has them."""
        links = [self.column(slot, at, y, xs) for at in range(start, stop)]
        sizes = [link.grid.size for link in links]
        factor = next((link.factor[0] for link in links if link.factor is not None), None)
        return Columns(
            np.repeat(np.arange(stop - start, dtype=np.intp), sizes),
            np.concatenate([np.empty(0, np.intp), *(link.grid.take(0, link.grid.size) for link in links)]),
            np.concatenate([np.empty(0, y.dtype), *(link.local(0, link.grid.size) for link in links)]),
            factor,
        )

    def check(self, slot: int, x: Array, shapes: Sequence[Shape]) -> None:
        """Raises OpError if an input of these shapes cannot hold the numbers in `x`, as where it holds
        numbers of classes. `x` may have more rows than the input: the samples that batches are drawn from."""
        return

    #: Whether it is another one in each iteration of a training.
    varies: ClassVar[bool] = False

    def in_iteration(self, iteration: int) -> Op:
        """The operation as it is in an iteration, from 1 on."""
        return self

    def in_use(self) -> Op:
        """The operation as it is when a network is used and not trained."""
        return self

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        """Where it is a function of single numbers: what is wrong with it at these, if anything."""
        return None

    def deliberate(self, y: Array, xs: Sequence[Array]) -> Array | None:
        """Where y is −∞ because that is what the operation is for, as in a mask; None: nowhere."""
        return None

    def divisor(self, shapes: Sequence[Shape]) -> int:
        """How many terms it is the mean of; 1 where it is no mean. It is the `n` of `notation`."""
        return 1

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        """How ∂y/∂x[at], x = xs[slot], is written where the output is one number; `n` is the divisor."""
        return self.slopes[slot] if slot < len(self.slopes) else ""

    def summands(self, at: int, xs: Sequence[Array]) -> tuple[Elements, Callable[[int, int], Array]]:
        """Where `reduces`: the elements of slot 0 that enter output `at`, and what each adds."""
        raise OpError(f"{self.name} has no summands")


class Affine(Op):
    """An operation whose operands and output see a box of points through fixed strides: rows and
    columns are then the same question, with other axes held."""

    @abstractmethod
    def space(self, slot: int, shapes: Sequence[Shape]) -> Space:
        """The iteration space in which `slot` meets the output."""

    @abstractmethod
    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        """∂y/∂x[slot] at single points of the space: y and xs hold the elements read there. True
        and False stand for 1 and 0."""

    def factor(self, slot: int) -> int | None:
        """The slot whose element *is* the local derivative for `slot`, as in a product."""
        return None

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        space = self.space(slot, [x.shape for x in xs])
        return self._links(slot, space, space.out, at, space.operands[slot], y, xs)

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        space = self.space(slot, [x.shape for x in xs])
        return self._links(slot, space, space.operands[slot], at, space.out, y, xs)

    def columns(self, slot: int, start: int, stop: int, y: Array, xs: Sequence[Array]) -> Columns:
        space = self.space(slot, [x.shape for x in xs])
        held, elements = space.operands[slot], np.arange(start, stop, dtype=np.intp)
        bases = [np.zeros_like(elements) for _ in (space.out, *space.operands)]
        free = []
        for axis, (extent, stride) in enumerate(zip(space.extent, held, strict=True)):
            if stride:
                point = elements // stride % extent
                for base, seen in zip(bases, (space.out, *space.operands), strict=True):
                    base += point * seen[axis]
            elif extent != 1:
                free.append(axis)
        shape = tuple(space.extent[a] for a in free)
        count = prod(shape)
        out, *operands = (
            (base[:, None] + Grid(0, shape, tuple(seen[a] for a in free)).take(0, count)).reshape(-1)
            for base, seen in zip(bases, (space.out, *space.operands), strict=True)
        )
        read = [x.take(at) for x, at in zip(xs, operands, strict=False)]
        with np.errstate(all="ignore"):
            local = np.asarray(self.local(slot, y.take(out), read), dtype=y.dtype) * self.weight(xs)
        return Columns(np.repeat(np.arange(stop - start, dtype=np.intp), count), out, local, self.factor(slot))

    def weight(self, xs: Sequence[Array]) -> float:
        """What every local derivative is multiplied by; 1 but for a mean."""
        return 1.0

    def _links(self, slot: int, space: Space, held: Shape, at: int, far: Shape, y: Array, xs: Sequence[Array]) -> Links:
        point, free = space.hold(at, held)
        operands = [space.grid(point, free, s) for s in space.operands]
        out = space.grid(point, free, space.out)

        def local(start: int, stop: int) -> Array:
            read = [x.take(grid.take(start, stop)) for x, grid in zip(xs, operands, strict=False)]
            with np.errstate(all="ignore"):  # NaN and infinities flow as IEEE says
                return np.asarray(self.local(slot, y.take(out.take(start, stop)), read), dtype=y.dtype)

        other = self.factor(slot)
        return Links(slot, space.grid(point, free, far), local, None if other is None else (other, operands[other]))


def broadcast(shapes: Sequence[Shape], what: str) -> Shape:
    """The shape that `shapes` broadcast to, as NumPy does. Raises OpError naming the axis."""
    ndim = max((len(s) for s in shapes), default=0)
    padded = [(1,) * (ndim - len(s)) + tuple(s) for s in shapes]
    out = []
    for axis, lengths in enumerate(zip(*padded, strict=True)):
        wide = {n for n in lengths if n != 1}
        if len(wide) > 1:
            pair = " and ".join(map(shape_text, shapes))
            raise OpError(
                f"{what}: shapes {pair} do not broadcast: axis {axis - ndim} has "
                f"{' and '.join(map(str, sorted(wide)))}; lengths must be equal, or one of them 1"
            )
        out.append(wide.pop() if wide else 1)
    return tuple(out)


def shape_text(shape: Shape) -> str:
    """`(2, 3)`; a single number is `()`."""
    return str(tuple(shape))


def unbroadcast(g: Array, shape: Shape) -> Array:
    """The gradient of a value of `shape` that was broadcast to g's shape: a sum over the copies."""
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(a + extra for a, n in enumerate(shape) if n == 1 and g.shape[a + extra] != 1)
    return np.asarray(g.sum(axis=axes)).reshape(shape)


class Elementwise(Affine):
    """y = f(x₀, x₁, …) element by element, with NumPy's broadcasting.

    A class gives `forward` and `slope`; that slope is used for whole arrays and single elements
    alike, so the two cannot disagree.
    """

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        return broadcast(shapes, self.name) if len(shapes) > 1 else tuple(shapes[0])

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        x = xs[slot]
        g = g * self.local(slot, y, xs)
        return g if g.shape == x.shape else unbroadcast(g, x.shape)

    def space(self, slot: int, shapes: Sequence[Shape]) -> Space:
        out = self.shape(shapes)
        return Space(out, tuple(broadcast_strides(s, out) for s in shapes), strides(out))


class Reduce(Affine):
    """y = c · Σ f(x₀, x₁, …) over some axes of the inputs broadcast together.

    A class gives `terms` = f and `term_slope` = ∂f/∂x[slot]. c is 1, or 1/n where it `averages`, or
    what a class makes of `scale`.
    """

    reduces: ClassVar[bool] = True
    averages: ClassVar[bool] = False

    def axes(self, ndim: int) -> tuple[int, ...]:
        """The axes that are summed away; all of them unless a class says otherwise."""
        return tuple(range(ndim))

    def keeps(self) -> bool:
        """Whether summed axes stay with length 1."""
        return False

    def scale(self, count: int) -> float:
        """c, from the count of terms."""
        if not self.averages:
            return 1.0
        return 1 / count if count else float("nan")

    def divisor(self, shapes: Sequence[Shape]) -> int:
        return self._count(broadcast(shapes, self.name)) if self.averages else 1

    @abstractmethod
    def terms(self, xs: Sequence[Array]) -> Array:
        """f at every point, in the broadcast shape of xs."""

    @abstractmethod
    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        """∂f/∂x[slot], in a shape that broadcasts with xs."""

    def _count(self, joint: Shape) -> int:
        return prod(joint[a] for a in self.axes(len(joint)))

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        joint = broadcast(shapes, self.name)
        axes = self.axes(len(joint))
        if self.keeps():
            return tuple(1 if a in axes else n for a, n in enumerate(joint))
        return tuple(n for a, n in enumerate(joint) if a not in axes)

    def forward(self, xs: Sequence[Array]) -> Array:
        terms = self.terms(xs)
        total = terms.sum(axis=self.axes(terms.ndim), keepdims=self.keeps())
        return np.asarray(total * self.scale(self._count(terms.shape)), dtype=terms.dtype)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        joint = broadcast([x.shape for x in xs], self.name)
        axes = self.axes(len(joint))
        if not self.keeps() and g.ndim != len(joint):
            g = g.reshape(tuple(1 if a in axes else n for a, n in enumerate(joint)))
        flow = self.term_slope(slot, xs) * (g * self.scale(self._count(joint)))
        if flow.shape != joint:
            flow = np.broadcast_to(flow, joint)
        return unbroadcast(flow, xs[slot].shape)

    def space(self, slot: int, shapes: Sequence[Shape]) -> Space:
        joint = broadcast(shapes, self.name)
        axes = self.axes(len(joint))
        kept = strides(tuple(1 if a in axes else n for a, n in enumerate(joint)))
        return Space(joint, tuple(broadcast_strides(s, joint) for s in shapes), kept)

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        return self._scaled(super().row(slot, at, y, xs), xs)

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        return self._scaled(super().column(slot, at, y, xs), xs)

    def weight(self, xs: Sequence[Array]) -> float:
        return self.scale(self._count(broadcast([x.shape for x in xs], self.name)))

    def _scaled(self, links: Links, xs: Sequence[Array]) -> Links:
        scale = self.weight(xs)
        if scale == 1.0:
            return links
        inner = links.local

        def local(start: int, stop: int) -> Array:
            with np.errstate(all="ignore"):
                return inner(start, stop) * scale

        return dataclasses.replace(links, local=local, factor=None)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.broadcast_to(self.term_slope(slot, xs), xs[slot].shape)

    def summands(self, at: int, xs: Sequence[Array]) -> tuple[Elements, Callable[[int, int], Array]]:
        space = self.space(0, [x.shape for x in xs])
        point, free = space.hold(at, space.out)
        operands = [space.grid(point, free, s) for s in space.operands]
        scale = self.scale(self._count(space.extent))

        def read(start: int, stop: int) -> Array:
            read = [x.take(g.take(start, stop)) for x, g in zip(xs, operands, strict=True)]
            with np.errstate(all="ignore"):
                return np.asarray(self.terms(read) * scale)

        return operands[0], read


class Contract(Affine):
    """y = Σₖ a[…, k] · b[…, k]: a sum of products. The local derivative is the other factor."""

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return xs[1 - slot]

    def factor(self, slot: int) -> int | None:
        return 1 - slot if slot < 2 else None


def whole_numbers(what: str, x: Array, count: int) -> Array:
    """`x` as integers. Raises OpError, naming the first that is not a whole number from 0 to count − 1."""
    good = (x >= 0) & (x < count) & (x == np.floor(x))
    if not good.all():
        at = np.unravel_index(int(np.argmin(good)), x.shape)
        place = f"[{','.join(map(str, at))}]" if at else ""
        raise OpError(f"{what} are whole numbers from 0 to {count - 1}, but {place or 'it'} is {float(x[at]):g}")
    return x.astype(np.intp)


def none(like: Array) -> Callable[[int, int], Array]:
    """Local derivatives that are all 0."""
    return lambda start, stop: np.zeros(stop - start, dtype=like.dtype)


def ones(like: Array) -> Callable[[int, int], Array]:
    """Local derivatives that are all 1."""
    return lambda start, stop: np.ones(stop - start, dtype=like.dtype)


def normal_axes(name: str, axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """`axis` as a tuple of axes from 0 on; None means all. Raises OpError."""
    listed = tuple(range(ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis
    for one in listed:
        if not -ndim <= one < ndim:
            raise OpError(f"{name}: axis {one} is out of range for {ndim} axes")
    found = tuple(a % ndim for a in listed)
    if len(set(found)) != len(found):
        raise OpError(f"{name}: an axis is named twice in {axis!r}")
    return found


class Rowwise(Op):
    """An operation within groups: the elements along some axes, where every element may depend on
    every other. A class gives one formula, `entries`, for its Jacobian within a group.

    `axes` are those of a group. The output has x's shape, or `reduced`, one element a group.
    """

    reduced: ClassVar[bool] = False

    @abstractmethod
    def axes(self, ndim: int) -> tuple[int, ...]:
        """The axes of a group, from 0 on. Raises OpError."""

    def keeps(self) -> bool:
        """Whether reduced axes stay with length 1."""
        return False

    @abstractmethod
    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        """∂y[k]/∂x[j] within a group that holds x and y; k and j broadcast. A reduced operation
        has one output, y[0]."""

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        (x,) = shapes
        axes = self.axes(len(x))
        if not self.reduced:
            return tuple(x)
        if 0 in (x[a] for a in axes):
            raise OpError(f"{self.name}: there is nothing to choose from along axes {axes} of shape {shape_text(x)}")
        return tuple(1 if a in axes else n for a, n in enumerate(x) if self.keeps() or a not in axes)

    def grouped(self, x: Array) -> Array:
        """x as (…, n): one group on the last axis, in C order of its axes; a view or a copy."""
        axes = self.axes(x.ndim)
        rest = [a for a in range(x.ndim) if a not in axes]
        moved = x.transpose(rest + sorted(axes))
        return moved.reshape(*(x.shape[a] for a in rest), -1)

    def ungrouped(self, groups: Array, shape: Shape) -> Array:
        """The inverse of `grouped` for an array of `shape`."""
        axes = sorted(self.axes(len(shape)))
        rest = [a for a in range(len(shape)) if a not in axes]
        order = rest + axes
        moved = groups.reshape([shape[a] for a in order])
        return np.array(moved.transpose(np.argsort(order).tolist()), order="C")

    def _group(self, shape: Shape, index: tuple[int, ...]) -> tuple[Grid, int]:
        """The group around a multi-index of x, and which of its elements that is."""
        axes, steps = sorted(self.axes(len(shape))), strides(shape)
        base = sum(i * s for a, (i, s) in enumerate(zip(index, steps, strict=True)) if a not in axes)
        extent = tuple(shape[a] for a in axes)
        return Grid(base, extent, tuple(steps[a] for a in axes)), ravel(tuple(index[a] for a in axes), extent)

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        (x,) = xs
        if not self.reduced:
            group, k = self._group(x.shape, unravel(at, x.shape))
            return self._links(group, group, y, x, row=k)
        index = unravel(at, y.shape)
        if not self.keeps():
            axes, kept = self.axes(x.ndim), iter(index)
            index = tuple(0 if a in axes else next(kept) for a in range(x.ndim))
        group, _ = self._group(x.shape, index)
        return self._links(group, picked(at), y, x, row=0)

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        (x,) = xs
        group, j = self._group(x.shape, unravel(at, x.shape))
        if not self.reduced:
            return self._links(group, group, y, x, column=j)
        axes, index = self.axes(x.ndim), unravel(at, x.shape)
        out = tuple(0 if a in axes else i for a, i in enumerate(index) if self.keeps() or a not in axes)
        return self._links(group, picked(ravel(out, y.shape)), y, x, column=j)

    def _links(
        self, group: Grid, out: Elements, y: Array, x: Array, row: int | None = None, column: int | None = None
    ) -> Links:
        def local(start: int, stop: int) -> Array:
            there = np.arange(start, stop)
            k, j = (np.asarray(row), there) if row is not None else (there, np.asarray(column))
            with np.errstate(all="ignore"):
                found = self.entries(k, j, y.take(out.take(0, out.size)), x.take(group.take(0, group.size)))
            return np.broadcast_to(np.asarray(found, dtype=x.dtype), (stop - start,))

        return Links(0, group if row is not None else out, local)


class Move(Op):
    """Elements are moved and not computed: each output is one input, and its slope is 1.

    A class gives `source` and `target`, between flat positions.
    """

    @abstractmethod
    def source(self, at: int, shapes: Sequence[Shape]) -> tuple[int, int]:
        """The (slot, element) that output `at` is."""

    @abstractmethod
    def target(self, slot: int, at: int, shapes: Sequence[Shape]) -> int | None:
        """The output that an input's element becomes; None if it is left out."""

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        of, found = self.source(at, [x.shape for x in xs])
        return Links(slot, picked(found) if of == slot else picked(), ones(y))

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        found = self.target(slot, at, [x.shape for x in xs])
        return Links(slot, picked() if found is None else picked(found), ones(y))


class Masked(Op):
    """y = f(x) element by element with a slope that depends on the place only."""

    gated = True

    @abstractmethod
    def slopes_at(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        """∂y/∂x for every element of an array of `shape`."""

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        return tuple(shapes[0])

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return g * self.slopes_at(y.shape, y.dtype)

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        slope = self.slopes_at(y.shape, y.dtype).reshape(-1)[at : at + 1]
        return Links(slot, picked(at), lambda start, stop: slope[start:stop])

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        return self.row(slot, at, y, xs)
