"""Complex numbers, as pairs of real ones along a last axis, and Fourier transforms of them.

PyTorch's gradient of a complex number is that of its real part and of its imaginary part, as a complex number; so of a
pair it is the pair of the gradients, and what is written here in pairs has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils import _pytree as pytree

from gradstep.torch.formulas.table import Rule, Unwritten, Writer, listed, number, shape_of
from gradstep.torch.seen import Called, Ref

#: By the name of an operation beneath, one of whose inputs or outputs is complex.
COMPLEX: dict[str, Rule] = {}
#: A Fourier transform is a weighted sum here, whose matrix has no more numbers.
_MOST = 1 << 22


def is_complex(call: Called) -> bool:
    """Whether complex numbers enter a call, or come out of it."""
    given = (one.seen for one in pytree.tree_leaves((call.args, dict(call.kwargs))) if isinstance(one, Ref))
    return any(one is not None and one.dtype.is_complex for one in (*given, *call.outputs))


def _rule(*names: str) -> Callable[[Rule], Rule]:
    def put(rule: Rule) -> Rule:
        COMPLEX.update(dict.fromkeys(names, rule))
        return rule

    return put


def _pairs(argument: Any) -> bool:
    return isinstance(argument, Ref) and argument.seen.dtype.is_complex


def _parts(argument: Any, write: Writer) -> tuple[str, str]:
    """The real and the imaginary part of an argument."""
    if isinstance(argument, complex):
        return number(argument.real), number(argument.imag)
    if not _pairs(argument):
        return write(argument), "0.0"
    x, axes = write(argument), ":, " * len(shape_of(argument))
    return f"{x}[{axes}0]", f"{x}[{axes}1]"


def _made(call: Called) -> tuple[int, ...]:
    """The shape of the pairs that come out."""
    found = call.outputs[0]
    if found is None:
        raise Unwritten("nothing comes out")
    return found.extent


def _pair(real: str, imaginary: str, call: Called) -> str:
    shape = _made(call)[:-1]
    return f"stack(expand({real}, {listed(shape)}), expand({imaginary}, {listed(shape)}), axis={len(shape)})"


@_rule(
    "view", "_unsafe_view", "reshape", "unsqueeze", "squeeze", "clone", "alias", "contiguous", "lift_fresh", "detach",
    "view_as_real", "view_as_complex", "_to_copy",
)  # fmt: skip
def _same(call: Called, write: Writer) -> str:
    if call.name.startswith("_to_copy") and not (_pairs(call.args[0]) and _made(call) == call.args[0].seen.extent):
        return _pair(*_parts(call.args[0], write), call)
    return f"reshape({write(call.args[0])}, {listed(_made(call))})"


@_rule("expand")
def _expand(call: Called, write: Writer) -> str:
    return f"expand({write(call.args[0])}, {listed(_made(call))})"


@_rule("complex")
def _complex(call: Called, write: Writer) -> str:
    return _pair(write(call.args[0]), write(call.args[1]), call)


@_rule("polar")
def _polar(call: Called, write: Writer) -> str:
    r, angle = map(write, call.args[:2])
    return _pair(f"{r} * cos({angle})", f"{r} * sin({angle})", call)


@_rule("abs")
def _abs(call: Called, write: Writer) -> str:
    return f"norm({write(call.args[0])}, p=2, axis=-1)"


@_rule("angle")
def _angle(call: Called, write: Writer) -> str:
    a, b = _parts(call.args[0], write)
    return f"atan2({b}, {a})"


@_rule("real", "imag")
def _one(call: Called, write: Writer) -> str:
    return _parts(call.args[0], write)[call.name.startswith("imag")]


@_rule("_conj", "conj_physical", "_conj_physical")
def _conj(call: Called, write: Writer) -> str:
    return f"{write(call.args[0])} * {write.constant(torch.tensor([1.0, -1.0]), 'conjugate')}"


@_rule("neg")
def _neg(call: Called, write: Writer) -> str:
    return f"-{write(call.args[0])}"


@_rule("exp")
def _exp(call: Called, write: Writer) -> str:
    a, b = _parts(call.args[0], write)
    return _pair(f"exp({a}) * cos({b})", f"exp({a}) * sin({b})", call)


@_rule("add", "sub")
def _add(call: Called, write: Writer) -> str:
    sign, alpha = "+" if call.name.startswith("add") else "-", call.option("alpha", 1)
    (a, b), (c, d) = (_parts(one, write) for one in call.args[:2])
    factor = "" if alpha == 1 else f"{number(alpha)} * "
    return _pair(f"{a} {sign} {factor}{c}", f"{b} {sign} {factor}{d}", call)


@_rule("mul")
def _mul(call: Called, write: Writer) -> str:
    return _pair(*_product(call.args[0], call.args[1], write, "{} * {}"), call)


@_rule("mm", "bmm", "matmul", "mv", "dot")
def _matmul(call: Called, write: Writer) -> str:
    return _pair(*_product(call.args[0], call.args[1], write, "matmul({}, {})"), call)


def _product(x: Any, y: Any, write: Writer, how: str) -> tuple[str, str]:
    (a, b), (c, d) = _parts(x, write), _parts(y, write)
    if b == "0.0":
        return how.format(a, c), how.format(a, d)
    if d == "0.0":
        return how.format(a, c), how.format(b, c)
    return f"{how.format(a, c)} - {how.format(b, d)}", f"{how.format(a, d)} + {how.format(b, c)}"


@_rule("div")
def _div(call: Called, write: Writer) -> str:
    (a, b), (c, d) = (_parts(one, write) for one in call.args[:2])
    if d == "0.0":
        return _pair(f"{a} / {c}", f"{b} / {c}", call)
    size = f"({c} ** 2 + {d} ** 2)"
    return _pair(f"({a} * {c} + {b} * {d}) / {size}", f"({b} * {c} - {a} * {d}) / {size}", call)


@_rule("reciprocal")
def _reciprocal(call: Called, write: Writer) -> str:
    a, b = _parts(call.args[0], write)
    return _pair(f"{a} / ({a} ** 2 + {b} ** 2)", f"-{b} / ({a} ** 2 + {b} ** 2)", call)


@_rule("sum", "mean")
def _sum(call: Called, write: Writer) -> str:
    rank, dims = len(shape_of(call.args[0])), call.option("dim")
    axes = (
        range(rank) if dims is None or dims == [] else [a % rank for a in ([dims] if isinstance(dims, int) else dims)]
    )
    keep = bool(call.option("keepdim", False))
    return f"{call.name.partition('.')[0]}({write(call.args[0])}, axis={listed(axes)}, keepdims={keep})"


@_rule("t", "transpose", "permute")
def _transpose(call: Called, write: Writer) -> str:
    rank, name = len(shape_of(call.args[0])), call.name.partition(".")[0].rstrip("_")
    order = list(range(rank))
    if name == "permute":
        order = [a % rank for a in call.args[1]]
    else:
        i, j = (a % rank for a in (call.args[1:3] if name == "transpose" else (0, -1)))
        order[i], order[j] = order[j], order[i]
    return f"transpose({write(call.args[0])}, {listed([*order, rank])})"


@_rule("select", "slice")
def _part(call: Called, write: Writer) -> str:
    shape = shape_of(call.args[0])
    axis = (call.args[1] if len(call.args) > 1 else 0) % len(shape)
    if call.name.startswith("select"):
        inside = str(call.args[2] % shape[axis])
    else:
        start, stop, step = slice(call.option("start"), call.option("end"), call.option("step", 1)).indices(shape[axis])
        inside = f"{start}:{stop}:{step}"
    return f"{write(call.args[0])}[{':, ' * axis}{inside}]"


@_rule("cat", "stack")
def _join(call: Called, write: Writer) -> str:
    name = "concat" if call.name.startswith("cat") else "stack"
    axis = int(call.option("dim", 0)) % (len(_made(call)) - 1)
    return f"{name}({', '.join(map(write, call.args[0]))}, axis={axis})"


@_rule("constant_pad_nd")
def _pad(call: Called, write: Writer) -> str:
    if call.option("value", 0) != 0:
        raise Unwritten("complex numbers around complex numbers")
    return f"pad({write(call.args[0])}, {listed([0, 0, *call.args[1]])})"


@_rule("_fft_c2c", "_fft_r2c", "_fft_c2r")
def _fourier(call: Called, write: Writer) -> str:
    """One axis after the other; of what is real on one side the last of them."""
    name, norm, how = call.name.partition(".")[0], call.args[2], call.args[3]
    aten, found = torch.ops.aten, (write(call.args[0]), shape_of(call.args[0]))
    *others, last = (int(axis) % len(found[1]) for axis in call.args[1])

    def between(forward: bool, axes: Sequence[int], found: tuple[str, tuple[int, ...]]) -> tuple[str, tuple[int, ...]]:
        for axis in axes:
            found = _along(*found, axis, lambda z: aten._fft_c2c.default(z, [1], norm, forward), write, True)
        return found

    if name == "_fft_c2c":
        return between(how, [*others, last], found)[0]
    if name == "_fft_c2r":
        found = between(False, others, found)
        return _along(*found, last, lambda z: aten._fft_c2r.default(z, [1], norm, how), write, True)[0]
    found = _along(*found, last, lambda z: aten._fft_r2c.default(z, [1], norm, how), write, False)
    return between(True, others, found)[0]


def _along(
    x: str, shape: tuple[int, ...], axis: int, func: Callable[[Any], Any], write: Writer, pairs: bool
) -> tuple[str, tuple[int, ...]]:
    """A transform along an axis, as a weighted sum of real numbers: what it makes of each of them when that is 1 and
    all others are 0. What it makes, and of which shape that is."""
    n, rank, others = shape[axis], len(shape), [k for k in range(len(shape)) if k != axis]
    single = torch.eye(2 * n if pairs else n, dtype=torch.float64)
    made = func(torch.view_as_complex(single.reshape(-1, n, 2)) if pairs else single)
    m, weights = made.shape[1], torch.view_as_real(made).flatten(1) if made.is_complex() else made
    if weights.numel() > _MOST:
        raise Unwritten(f"a Fourier transform of {n:,} numbers, whose weights would be {weights.numel():,}")
    there = [shape[k] for k in others]
    moved = f"transpose({x}, {listed([*others, axis, *([rank] if pairs else [])])})"
    summed = f"matmul(reshape({moved}, {listed([*there, len(single)])}), {write.constant(weights, 'fourier')})"
    back = [*[k if k < axis else k - 1 for k in range(rank)]]
    back[axis] = rank - 1
    pair = made.is_complex()
    whole = f"reshape({summed}, {listed([*there, m, *([2] if pair else [])])})"
    return f"transpose({whole}, {listed([*back, *([rank] if pair else [])])})", (*shape[:axis], m, *shape[axis + 1 :])
