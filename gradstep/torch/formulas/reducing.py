"""Sums, means, and what else makes one number of many."""

from __future__ import annotations

from gradstep.torch.formulas.table import Unwritten, Writer, axis_of, number, operation, shape_of
from gradstep.torch.seen import Called, Ref


def _along(call: Called, write: Writer, name: str, more: str = "") -> str:
    axes = axis_of(call.option("dim"), len(shape_of(call.args[0])))
    keep = bool(call.option("keepdim", False))
    return f"{name}({write(call.args[0])}, axis={axes}, keepdims={keep}{more})"


@operation("sum", "mean", "logsumexp", "prod")
def _reduced(call: Called, write: Writer) -> str:
    return _along(call, write, call.name.partition(".")[0])


@operation("amax", "amin")
def _extreme(call: Called, write: Writer) -> str:
    return _along(call, write, call.name[1:4])


@operation("max", "min")
def _extreme_of(call: Called, write: Writer) -> str | list[str | None]:
    name = call.name[:3]
    if len(call.args) == 2 and isinstance(call.args[1], Ref):
        return f"{name}imum({write(call.args[0])}, {write(call.args[1])})"
    if call.option("dim") is None:
        return f"{name}({write(call.args[0])})"
    # By the places that PyTorch found: one of equal numbers gets all of the gradient there, also where it is a NaN.
    return _by_places(call, write, bool(call.option("keepdim", False)))


@operation("var", "std")
def _spread(call: Called, write: Writer) -> str:
    correction = call.option("correction", 1)
    return _along(call, write, call.name[:3], f", correction={number(1 if correction is None else correction)}")


@operation("var_mean", "std_mean")
def _spread_and_mean(call: Called, write: Writer) -> list[str | None]:
    return [_spread(call, write), _along(call, write, "mean")]  # type: ignore[list-item]  # a text


@operation("linalg_vector_norm")
def _norm(call: Called, write: Writer) -> str:
    return _along(call, write, "norm", f", p={number(call.option('ord', 2))}")


@operation("norm")
def _plain_norm(call: Called, write: Writer) -> str:
    return _along(call, write, "norm", f", p={number(call.option('p', 2))}")


@operation("cumsum", "cumprod", "logcumsumexp")
def _running(call: Called, write: Writer) -> str:
    return f"{call.name.partition('.')[0]}({write(call.args[0])}, axis={int(call.option('dim'))})"


@operation("_softmax", "softmax", "_safe_softmax")
def _softmax(call: Called, write: Writer) -> str:
    return f"softmax({write(call.args[0])}, axis={int(call.option('dim'))})"


@operation("_log_softmax", "log_softmax")
def _log_softmax(call: Called, write: Writer) -> str:
    return f"log_softmax({write(call.args[0])}, axis={int(call.option('dim'))})"


@operation("cummax", "cummin")
def _largest_yet(call: Called, write: Writer) -> list[str | None]:
    return _by_places(call, write, True)


@operation("topk", "sort", "kthvalue", "median")
def _chosen(call: Called, write: Writer) -> list[str | None]:
    return _by_places(
        call, write, call.outputs[1] is not None and len(call.outputs[1].shape) == len(shape_of(call.args[0]))
    )


def _by_places(call: Called, write: Writer, keeps: bool) -> list[str | None]:
    """What is chosen, by the places that are the second output; `keeps` where they have as many axes."""
    indices, shape = call.outputs[1], shape_of(call.args[0])
    if indices is None or not shape:
        raise Unwritten("no indices")
    axis = call.option("dim", -1) % len(shape)
    ids = write(Ref(indices))
    if keeps:
        return [f"gather({write(call.args[0])}, {ids}, axis={axis})", None]
    return [f"squeeze(gather({write(call.args[0])}, unsqueeze({ids}, axis={axis}), axis={axis}), axis={axis})", None]


@operation("aminmax")
def _both_ends(call: Called, write: Writer) -> list[str | None]:
    return [_along(call, write, "min"), _along(call, write, "max")]
