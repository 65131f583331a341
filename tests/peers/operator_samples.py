"""Runs the samples of PyTorch's operator database on gradstep, value and gradient, and counts.

    python tests/peers/operator_samples.py                 all samples of all operations (some minutes)
    python tests/peers/operator_samples.py --only softmax  those of operations with that in their name
    python tests/peers/operator_samples.py --reasons       what cannot be written, and why
    python tests/peers/operator_samples.py --write         how many agree of each operation, for the test beside this

Each sample of `torch.testing._internal.common_methods_invocations.op_db` is written as a formula (see
operator_lines.py). It agrees, or cannot be written, and then gradstep says why; or it differs, which fails. The loss
is the sum of all outputs, each times a weight of its own. Needs torch==2.13.0.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

sys.path[:0] = [str(Path(__file__).parents[1] / "engine"), str(Path(__file__).parent)]

from graphs import NetworkBuilder  # noqa: E402  # beside the tests of the engine
from operator_formulas import Given, Unwritable  # noqa: E402
from operator_lines import LINES  # noqa: E402

from gradstep.engine.errors import GradstepError  # noqa: E402
from gradstep.engine.graph.calls import called  # noqa: E402

#: What gradients may differ by, relative to the largest.
TOLERANCE = {torch.float64: 1e-10, torch.float32: 2e-4}

#: How many samples of each operation agree.
AGREE = Path(__file__).with_suffix(".json")
#: What no formula is meant for, by how the names of the operations begin.
LEFT_OUT = {
    "inner and backward operations": ("_", "native_", "torch.ops.", "max_pool2d_with_indices_backward"),
    "linear algebra": (
        "linalg.", "cholesky", "lu", "svd", "qr", "geqrf", "ormqr", "pinverse", "logdet", "matrix_exp", "pca_lowrank",
        "triangular_solve", "cdist", "cov", "corrcoef", "nn.functional.pdist",
    ),
    "Fourier transforms": ("fft.", "stft", "istft"),
    "special functions": (
        "special.", "polygamma", "mvlgamma", "lgamma", "digamma", "igamma", "i0", "erfinv", "sinc", "polar",
        "float_power",
    ),
    "complex numbers": (
        "complex", "real", "imag", "conj", "resolve_", "view_as_", "angle", "nn.functional.silu.complex",
    ),
    "sparse and masked arrays": ("sparse.", "to_sparse", "masked."),
    "memory and not numbers": (
        "as_strided", "resize", "contiguous", "alias_copy", "empty", "new_", "jiterator", "item",
    ),
    "drawn by a generator": (
        "normal", "bernoulli", "cauchy", "exponential", "geometric", "log_normal", "uniform", "rand", "multinomial",
        "nn.functional.alpha_dropout", "nn.functional.feature_alpha_dropout", "nn.functional.dropout2d",
        "nn.functional.dropout3d", "nn.functional.rrelu", "nn.functional.fractional_max",
    ),
}  # fmt: skip


#: Of these the first result is compared; that of another name here.
FIRST_ALONE = ("max", "min", *(f"nn.functional.{kind}max_pool{d}d" for kind in ("", "adaptive_") for d in (1, 2, 3)))


class Outcome(NamedTuple):
    """What came of one sample: "agrees", "cannot" or "differs", and why."""

    kind: str
    reason: str = ""


def named(op: Any) -> str:
    return op.name + (f".{op.variant_test_name}" if op.variant_test_name else "")


def left_out(op: Any) -> str:
    """Why an operation is not tried at all; empty where it is."""
    if named(op) in LINES:
        return ""
    for reason, starts in LEFT_OUT.items():
        if named(op).startswith(starts):
            return reason
    return "" if op.supports_autograd and torch.float64 in op.dtypes else "no gradient"


def known(op: Any) -> bool:
    """Whether gradstep has something of an operation's name."""
    return called(op.name.rpartition(".")[2]) is not None


# Formulas -----------------------------------------------------------------------------------------


class Leaves:
    """Tensors as they come, each with a name for a formula."""

    def __init__(self) -> None:
        self.tensors: dict[str, torch.Tensor] = {}

    def text(self, value: Any) -> str:
        """A value as a formula has it."""
        if isinstance(value, torch.Tensor):
            name = next((n for n, t in self.tensors.items() if t is value), f"x{len(self.tensors)}")
            self.tensors[name] = value
            return name
        if isinstance(value, list | tuple):
            listed = [self.text(v) for v in value]
            return f"({', '.join(listed)}{',' if len(listed) == 1 else ''})"
        if isinstance(value, torch.dtype):
            raise Unwritable("another dtype than that of all")
        if value is None or value is ... or isinstance(value, bool | int | float | str | slice):
            return repr(value)
        raise Unwritable(f"{type(value).__name__} as an argument")


def formula(op: Any, sample: Any, out: torch.Tensor) -> tuple[str, dict[str, torch.Tensor]]:
    """A sample as a formula, and its tensors by name. Raises Unwritable."""
    given, name = [sample.input, *sample.args], op.name.rpartition(".")[2]
    line = LINES.get(named(op)) or f"{name}({', '.join(f'argument{k}=?' for k in range(len(given)))})"
    text, make = (line, None) if isinstance(line, str) else line
    call = re.fullmatch(r"(\w+)\((.*)\)", text)
    places = call[2].replace(",", " ") if call else text.rpartition(" | ")[2]
    defaults = dict(p.partition("=")[::2] for p in places.split())
    if len(given) > len(defaults):
        raise Unwritable(f"{name}: more arguments than {' '.join(defaults)}")
    values = dict(zip(defaults, given, strict=False)) | dict(sample.kwargs)
    values = {k: v for k, v in values.items() if v is not out.dtype}  # the one that all have
    leaves = Leaves()
    texts = {k: leaves.text(v) for k, v in values.items() if v is not None and defaults.get(k) != "*"}
    first = sample.input[0] if isinstance(sample.input, list | tuple) else sample.input
    if make is None and call is None:  # a template
        template = text.rpartition(" | ")[0]
        unused = [k for k, t in texts.items() if f"{{{k}}}" not in template and t != defaults.get(k)]
        if unused:
            raise Unwritable(f"{name}: no {' and '.join(unused)}")
        return template.format(**{k: d for k, d in defaults.items() if d} | texts), leaves.tensors
    texts = {k: t for k, t in texts.items() if not defaults.get(k) or t != defaults[k]}
    if make is not None:
        return make(Given(values, texts, tuple(first.shape), tuple(out.shape), name)), leaves.tensors
    assert call is not None, "a line is a call, a template or a function"
    by_place = [k for k in texts if k == "tensors" or defaults.get(k) == "?"]
    parts = [texts[k] if k in by_place else f"{k}={texts[k]}" for k in texts]
    return f"{call[1]}({', '.join(parts)})", leaves.tensors


# Both sides ---------------------------------------------------------------------------------------


def tried(op: Any, sample: Any, dtype: torch.dtype) -> Outcome:
    """Computes a sample here and there, and compares."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            outs, alone = results(op, sample)
        except (RuntimeError, IndexError, TypeError, ValueError) as error:
            return Outcome("cannot", f"PyTorch refuses it: {type(error).__name__}")
        if not outs:
            return Outcome("cannot", f"{op.name}: no result, or one that is no array")
        if named(op) in LINES:
            outs = [one if one.is_floating_point() or one.is_complex() else one.to(dtype) for one in outs]
        if any(one.dtype != dtype for one in outs):
            other = next(one.dtype for one in outs if one.dtype != dtype)
            return Outcome("cannot", f"{op.name}: its result is {str(other).removeprefix('torch.')}")
        try:
            text, tensors = formula(op, sample, outs[0])
            found = computed(text, tensors, outs, dtype, alone)
        except Unwritable as error:
            return Outcome("cannot", str(error))
        except GradstepError as error:
            return Outcome("cannot", _reason(error))
        theirs = compared(outs, tensors)
        wrong = next((name for name in found if not _same(found[name], theirs[name], TOLERANCE[dtype])), None)
        if wrong is not None and dtype is torch.float32:
            # PyTorch's own single precision may be the one that is off: its doubles decide.
            fine = sample.transform(lambda x: doubled(x) if isinstance(x, torch.Tensor) else x)
            exact = compared(results(op, fine)[0], formula(op, fine, outs[0])[1])
            wrong = None if all(_same(found[name], exact[name], TOLERANCE[dtype]) for name in found) else wrong
    if wrong is None:
        return Outcome("agrees")
    what = f"gradient of {wrong}" if wrong in tensors else "value"
    return Outcome("differs", f"{what} of {text}: {found[wrong].tolist()} here, {theirs[wrong].tolist()} there"[:600])


def results(op: Any, sample: Any) -> tuple[list[torch.Tensor], bool]:
    """What an operation makes of a sample, and whether that is one alone; nothing where it is no array."""
    out = op(sample.input, *sample.args, **sample.kwargs)
    if isinstance(out, list | tuple) and op.name in FIRST_ALONE:
        out = out[0]
    outs = [out] if isinstance(out, torch.Tensor) else list(out) if isinstance(out, list | tuple) else []
    return (outs if all(isinstance(one, torch.Tensor) for one in outs) else []), isinstance(out, torch.Tensor)


def doubled(x: torch.Tensor) -> torch.Tensor:
    """A tensor in double precision, which gets a gradient where it did."""
    return x.detach().double().requires_grad_(x.requires_grad) if x.dtype is torch.float32 else x


def compared(outs: Sequence[torch.Tensor], tensors: dict[str, torch.Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    """PyTorch's results y0, y1 … and the gradients of what needs one, by name."""
    wanted = {name: t for name, t in tensors.items() if t.requires_grad}
    pulled = [one for one in outs if one.requires_grad]
    weights = [torch.from_numpy(weight(tuple(one.shape))).to(one.dtype) for one in pulled]
    grads = torch.autograd.grad(pulled, list(wanted.values()), weights, allow_unused=True) if wanted and pulled else ()
    found = {name: np.zeros(tuple(t.shape)) for name, t in wanted.items()}
    found |= {name: g.numpy(force=True) for name, g in zip(wanted, grads, strict=False) if g is not None}
    return found | {f"y{k}": one.detach().numpy(force=True) for k, one in enumerate(outs)}


def weight(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """What each element of a result is multiplied by in the loss."""
    size = int(np.prod(shape, dtype=int))
    return np.linspace(0.5, 1.5, max(size, 1))[:size].reshape(shape)


def computed(
    text: str, tensors: dict[str, torch.Tensor], outs: Sequence[torch.Tensor], dtype: torch.dtype, alone: bool
) -> dict[str, np.ndarray[Any, Any]]:
    """The results y0, y1 … of a formula, which is one `alone` or several, and the gradients of what needs one. Raises
    GradstepError."""
    builder = NetworkBuilder(np.dtype(str(dtype).removeprefix("torch.")))
    for name, tensor in tensors.items():
        if tensor.is_complex():
            raise Unwritable("complex numbers")
        make = builder.parameter if tensor.requires_grad else builder.input
        make(name, tensor.numpy(force=True))
    names = [f"y{k}" for k in range(len(outs))]
    builder.line(", ".join(names), text if alone or len(names) > 1 else f"{text}[0]")
    terms = []
    for name, out in zip(names, outs, strict=True):
        y = builder.graph.names[name]
        if y.shape != tuple(out.shape):
            raise Unwritable(f"{text.partition('(')[0]}: another shape, {y.shape} for {tuple(out.shape)}")
        builder.input(f"weight_{name}", weight(y.shape))
        terms += [f"sum({name} * weight_{name})"] if out.requires_grad or len(names) == 1 else []
    builder.line("L", " + ".join(terms) if len(terms) != 1 else terms[0])
    net = builder.done()
    return {k: net.data(k) for k in names} | {name: net.grad(name) for name, t in tensors.items() if t.requires_grad}


def _same(ours: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any], tolerance: float) -> bool:
    if ours.shape != theirs.shape:
        return False
    a, b = ours.astype(float), theirs.astype(float)
    finite = np.isfinite(a) & np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    size = max(float(np.abs(b[finite]).max(initial=0)), 1e-300)
    return bool((np.abs(a[finite] - b[finite]) <= tolerance * max(size, 0.1)).all())


def _reason(error: GradstepError) -> str:
    """Why gradstep refuses a formula, without the numbers of this one."""
    said = re.sub(r"^'.*?': ", "", str(error)).partition("; ")[0]
    return re.sub(r"\bx\d+\b|(?<!\w)-?\d[\d.]*(e[+-]\d+)?\b", "N", said)


# Samples ------------------------------------------------------------------------------------------


def operations(only: str = "") -> list[Any]:
    """All operations of the database, or those with `only` in their names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_methods_invocations import op_db
    return [op for op in op_db if only in named(op)]


def samples(op: Any, dtype: torch.dtype) -> list[Any]:
    """The samples of an operation, the same in every run."""
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)  # PyTorch's makers of samples draw from it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(op.sample_inputs("cpu", dtype, requires_grad=True)) if dtype in op.dtypes else []


def outcomes(ops: Sequence[Any], most: int = 0) -> Iterator[tuple[str, torch.dtype, Outcome]]:
    """What came of the samples of each operation and precision; of more than `most` of some, always the same."""
    for op in ops:
        for dtype in TOLERANCE:
            found = samples(op, dtype)
            if most and len(found) > most:
                found = random.Random(0).sample(found, most)
            for sample in found:
                yield named(op), dtype, tried(op, sample, dtype)


def main() -> int:
    """Counts, and says what differs; the exit status is 1 if anything does."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", metavar="NAME")
    parser.add_argument("--reasons", action="store_true")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    ops = operations(asked.only)
    wanted = [op for op in ops if not left_out(op)]
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    agree: Counter[str] = Counter()
    for name, dtype, (kind, reason) in outcomes(wanted):
        kinds[kind] += 1
        agree[name] += kind == "agrees"
        if kind == "differs":
            print(f"{name} ({str(dtype).removeprefix('torch.')}): {reason}", flush=True)
        elif kind == "cannot":
            reasons[f"{reason}"] += 1
    if asked.reasons:
        for reason, count in reasons.most_common():
            print(f"{count:6,}  {reason}")
    listed = ", ".join(f"{kinds[k]:,} {k}" for k in ("agrees", "cannot", "differs"))
    print(f"{sum(kinds.values()):,} samples of {len(wanted)} operations: {listed}")
    print(f"at least one sample agrees of {len(+agree)} operations")
    gone = Counter(filter(None, map(left_out, ops)))
    print(f"left out: {', '.join(f'{count} of {reason}' for reason, count in gone.most_common())}")
    if asked.write:
        AGREE.write_text(json.dumps(dict(sorted((+agree).items())), indent=0) + "\n", encoding="utf-8")
    return int(bool(kinds["differs"]))


if __name__ == "__main__":
    sys.exit(main())
