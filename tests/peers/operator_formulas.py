"""Formulas of PyTorch's operations that depend on shapes, or on more than one option: each a function of what is given,
for the table in operator_lines.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


class Unwritable(Exception):
    """There is no formula for it; the message says which one, or which option, is missing."""


@dataclass(frozen=True)
class Given:
    """What an operation is called with: for each of its parameters the value, and as text in the formula; the shape
    of its first input, and of its result; and its name."""

    values: Mapping[str, Any]
    texts: Mapping[str, str]
    shape: tuple[int, ...]
    out: tuple[int, ...]
    name: str = ""

    def __getitem__(self, name: str) -> str:
        return self.texts[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)


def reshaped(g: Given) -> str:
    return f"reshape({g['input']}, {g.out})"


def turned(g: Given) -> str:
    """The last two axes in each other's place."""
    ndim = len(g.shape)
    return f"transpose({g['input']}, {(*range(ndim - 2), *range(ndim - 1, max(ndim - 3, -1), -1))})"


def moved(g: Given) -> str:
    ndim = len(g.shape)
    ends = [[v] if isinstance(v, int) else list(v) for v in (g.get("source"), g.get("destination"))]
    source, target = ([a % max(ndim, 1) for a in end] for end in ends)
    rest = iter(a for a in range(ndim) if a not in source)
    order = tuple(source[target.index(k)] if k in target else next(rest) for k in range(ndim))
    return f"transpose({g['input']}, {order})"


def part(axis: Any, inside: str) -> str:
    """`[:, inside]` on an axis from 0 on."""
    return f"[{', '.join([*[':'] * axis, inside])}]"


def selected(g: Given) -> str:
    return g["input"] + part(g.get("dim") % len(g.shape), g["index"])


def narrowed(g: Given) -> str:
    axis, start, length = g.get("dim") % len(g.shape), g.get("start"), g.get("length")
    start = int(start) % max(g.shape[axis], 1)
    return g["input"] + part(axis, f"{start}:{start + length}")


def indexed(g: Given) -> str:
    index = g.get("index")
    listed = index if isinstance(index, tuple) else (index,)
    return f"{g['input']}[{', '.join(_inside(i, g) for i in listed)}]"


def _inside(part: Any, g: Given) -> str:
    """A part of an index as a formula has it; arrays are written out."""
    if isinstance(part, slice):
        return ":".join("" if e is None else str(e) for e in (part.start, part.stop, part.step))
    if part is ...:
        return "..."
    if isinstance(part, bool):
        raise Unwritable("index: no new axis that may be left out")
    return repr(part.tolist() if hasattr(part, "tolist") else part)


def selected_by_mask(g: Given) -> str:
    """How many elements a mask leaves is known where it is written out."""
    import torch

    mask, x = torch.broadcast_tensors(g.get("mask"), torch.empty(g.shape))
    wide = g["input"] if tuple(x.shape) == g.shape else f"expand({g['input']}, {tuple(x.shape)})"
    return f"{wide}[{mask.tolist()}]" if x.dim() else f"reshape({wide}, 1)[[{bool(mask)}]]"


def scattered(g: Given) -> str:
    how = g.get("reduce")
    source = g["src"] if "src" in g.texts else g["value"]
    call = {None: "scatter", "add": "scatter_add"}.get(how, "scatter_reduce")
    option = ", reduce='prod'" if how == "multiply" else ""
    return f"{call}({g['input']}, {g['dim']}, {g['index']}, {source}{option})"


def put_at(g: Given) -> str:
    ids = g.get("indices")
    if any(one is None or str(one.dtype) == "torch.bool" for one in ids):
        raise Unwritable("index_put: no masks")
    arrays = g["indices"].strip("(),")
    return f"index_put({g['input']}, {g['values']}, {arrays}, accumulate={g.get('accumulate', False)})"


def cut(g: Given) -> str:
    """tensor_split, whose places may be in an array."""
    sections = g.get("sections")
    text = (
        repr(tuple(sections.tolist()) if sections.dim() else int(sections))
        if hasattr(sections, "dim")
        else g["sections"]
    )
    return f"tensor_split({g['input']}, {text}, axis={g.get('dim', 0)})"


def of_several(g: Given) -> str:
    """A call of any number of arrays, which may stand in brackets."""
    arrays = [t for k, t in g.texts.items() if k != "indexing"]
    option = f", indexing={g['indexing']}" if "indexing" in g.texts else ""
    return (
        f"{g.name}({', '.join(arrays)}{option})" if len(arrays) > 1 else f"{g.name}({arrays[0].strip('(),')}{option})"
    )


def called(name: str, g: Given, *options: str) -> str:
    """The call with those of the options that are given."""
    return f"{name}({', '.join([g['input'], *(f'{k}={g[k]}' for k in options if k in g.texts)])})"


def batch_norm(g: Given) -> str:
    """What is not trained is the default there."""
    rest = ("weight", "bias", "running_mean", "running_var", "momentum", "eps")
    return called("batch_norm", g, *rest)[:-1] + f", training={g.get('training', False)})"


def instance_norm(g: Given) -> str:
    rest = ("weight", "bias", "running_mean", "running_var", "use_input_stats", "momentum", "eps")
    return called("instance_norm", g, *rest)


def over_axes(call: str) -> Callable[[Given], str]:
    """A reduction: an empty list of axes is all of them in PyTorch."""

    return lambda g: called(call, g, *(("keepdim",) if g.get("dim") in ([], ()) else ("dim", "keepdim")))


def dropped(g: Given) -> str:
    """What is dropped is drawn, and by another generator."""
    if g.get("training", True) and g.get("p", 0.5) not in (0, 1):
        raise Unwritable("dropout: drawn by another generator")
    return f"dropout({g['input']}, p={g.get('p', 0.5) if g.get('training', True) else 0.0})"


def axes(g: Given) -> tuple[int, ...]:
    """The axes that `dim` names, from 0 on; an empty list is all of them."""
    dim, ndim = g.get("dim"), max(len(g.shape), 1)
    listed = range(len(g.shape)) if dim is None or dim in ([], ()) else [dim] if isinstance(dim, int) else dim
    return tuple(a % ndim for a in listed) if g.shape else ()


def spread(name: str) -> Callable[[Given], str]:
    """The variance, or its root: the first argument may be an axis, or whether the correction is 1."""

    def written(g: Given) -> str:
        values = {k: g.get(k) for k in ("dim", "unbiased", "keepdim", "correction") if g.get(k) is not None}
        if isinstance(values.get("dim"), bool):
            values["unbiased"] = values.pop("dim")
        if values.get("dim") in ([], ()):
            del values["dim"]
        return f"{name}({', '.join([g['input'], *(f'{k}={v}' for k, v in values.items())])})"

    return written


def norm(g: Given) -> str:
    p = g.get("p", "fro")
    if p == "nuc":
        raise Unwritable("norm: no nuclear norm")
    return called("norm", g, *(("p",) if p is not None else ()), *(("dim",) if g.get("dim") else ()), "keepdim")


def differences(g: Given) -> str:
    axis = g.get("dim", -1) % len(g.shape)
    parts = [g[k] for k in ("prepend", "input", "append") if k in g.texts]
    text = f"concat({', '.join(parts)}, dim={axis})" if len(parts) > 1 else parts[0]
    for _ in range(min(g.get("n", 1), g.shape[axis] + 1)):
        text = f"(({text}){part(axis, '1:')} - ({text}){part(axis, ':-1')})"
    if len(text) > 9_000:
        raise Unwritable("diff: a formula of more than 10,000 characters")
    return text if text not in parts else f"1 * {text}"


def flipped(*fixed: int) -> Callable[[Given], str]:
    """Axes the other way round: the `fixed` ones, or those that are given."""
    return lambda g: f"flip({g['input']}, {tuple(fixed or g.get('dims', ()))})"


def on_diagonal(g: Given) -> str:
    """torch.diag: of a row a matrix, of a matrix its diagonal."""
    return f"{'diagonal' if len(g.shape) > 1 else 'diag_embed'}({g['input']}, {g.get('diagonal', 0)})"


def flat_diagonal(g: Given) -> str:
    return f"diag_embed(flatten({g['input']}), {g.get('offset', 0)})"


def without_nan(mean: bool) -> Callable[[Given], str]:
    def written(g: Given) -> str:
        x, along = g["input"], f"dim={axes(g)}, keepdim={g.get('keepdim', False)}"
        total = f"sum(where({x} == {x}, {x}, 0), {along})"
        return f"{total} / sum(where({x} == {x}, 1, 0), {along})" if mean else total

    return written


def attended(g: Given) -> str:
    """scaled_dot_product_attention, whose mask is of truths or is added."""
    if g.get("dropout_p", 0.0) not in (0.0, 1.0):
        raise Unwritable("attention: what is dropped is drawn by another generator")
    mask = g.get("attn_mask")
    truths = mask is not None and str(mask.dtype) == "torch.bool"
    options = [f"{k}={v}" for k, v in g.texts.items()] + (["bool_mask=True"] if truths else [])
    return f"attention({', '.join(options)})"


def summed_products(g: Given) -> str:
    """torch.einsum, whose operands may stand in brackets."""
    return f"einsum({g['equation']}, {g['operands'].strip('(),')})"


def quantile(g: Given) -> str:
    """The shares may be in an array."""
    q = g.get("q")
    if getattr(q, "requires_grad", False):
        raise Unwritable(f"{g.name}: the share gets no gradient")
    shares = tuple(q.tolist()) if hasattr(q, "dim") and q.dim() else float(q)
    options = [f"{k}={g[k]}" for k in ("dim", "keepdim", "interpolation") if k in g.texts]
    return f"{g.name}({', '.join([g['input'], f'q={shares}', *options])})"


def bag(g: Given) -> str:
    """embedding_bag, the first of whose parameters is the table in the samples."""
    for option in ("max_norm", "scale_grad_by_freq"):
        if g.get(option):
            raise Unwritable(f"embedding_bag: no {option}")
    names = ("offsets", "mode", "per_sample_weights", "include_last_offset", "padding_idx")
    options = [f"{k}={g[k]}" for k in names if k in g.texts]
    return f"embedding_bag({', '.join([g['weight'], g['input'], *options])})"


def sliced(g: Given) -> str:
    ends = [str(g.get(k)) if g.get(k) is not None else "" for k in ("start", "end", "step")]
    return g["input"] + part(g.get("dim", 0) % len(g.shape), ":".join(ends))


def to_size(g: Given) -> str:
    return f"sum_to_size({g['input']}, {g.out})"


def renormed(g: Given) -> str:
    """Each part along an axis scaled down to a norm, where it is larger."""
    axis = g.get("dim") % len(g.shape)
    norm = f"norm({g['input']}, {g['p']}, dim={tuple(a for a in range(len(g.shape)) if a != axis)}, keepdim=True)"
    return f"{g['input']} * where({norm} > {g['maxnorm']}, {g['maxnorm']} / ({norm} + 1e-7), 1)"


def repeated(g: Given) -> str:
    """How often each is repeated may be in an array."""
    times = g.get("repeats")
    if not hasattr(times, "tolist"):
        return called("repeat_interleave", g, "repeats", "dim")
    return g["input"] + part(g.get("dim"), str([k for k, n in enumerate(times.tolist()) for _ in range(n)]))


def put_by_mask(g: Given) -> str:
    wide = g["input"] if g.shape == g.out else f"expand({g['input']}, {g.out})"
    return f"masked_scatter({wide}, {g['mask']}, {g['source']})"


def gaussian_nll(g: Given) -> str:
    """The variance may be without the last axis there."""
    var = g.get("var")
    if not isinstance(var, float) and tuple(var.shape) == g.shape[:-1] != g.shape:
        spread_of = f"reshape({g['var']}, {(*g.shape[:-1], 1)})"
    else:
        spread_of = g["var"]
    options = [f"{k}={g[k]}" for k in ("full", "eps", "reduction") if k in g.texts]
    return f"gaussian_nll({', '.join([g['input'], g['target'], spread_of, *options])})"


def between(g: Given) -> str:
    """Bounds that are numbers are options; those that are arrays are inputs, as of maximum and minimum."""
    bounds = [k for k in ("min", "max") if k in g.texts]
    if all(isinstance(g.get(k), int | float) for k in bounds):
        return called("clip", g, *bounds)
    text = g["input"]
    for bound in bounds:
        text = f"{'maximum' if bound == 'min' else 'minimum'}({text}, {g[bound]})"
    return text
