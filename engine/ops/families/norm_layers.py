"""Layers that normalise: over features, channels, groups of them, or a batch with running statistics."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from gradstep.engine.errors import OpError
from gradstep.engine.index import Shape
from gradstep.engine.ops.composite import After, Given, Kept, Part, Plan, composite
from gradstep.engine.ops.families.arithmetic import Add, Divide, Multiply, Power, Subtract
from gradstep.engine.ops.families.averaging import AvgPool2d
from gradstep.engine.ops.families.choice import Clip
from gradstep.engine.ops.families.normalisation import Normalising, RmsNormalize, Standardize
from gradstep.engine.ops.families.padding import Pad
from gradstep.engine.ops.families.reduction import Mean
from gradstep.engine.ops.families.shape import Reshape
from gradstep.engine.ops.families.statistics import Norm, Var
from gradstep.engine.ops.op import REGISTRY
from gradstep.engine.ops.shapes import check_numbers, normal_axes, shape_text


def _features(name: str, x: Given, said: tuple[int, ...] | None, *scales: Given | None) -> tuple[int, ...]:
    """The last axes that are normalised together: those of a scale, or those whose shape is said, or the last one."""
    if not x.shape:
        raise OpError(f"{name} works along the last axis, but x is a single number")
    count = max((len(scale.shape) for scale in scales if scale is not None), default=1)
    shape = said if said is not None else x.shape[-max(count, 1) :]
    if not shape or tuple(shape) != x.shape[-len(shape) :]:
        raise OpError(f"{name}: normalized_shape {shape} must be the last axes of x {shape_text(x.shape)}")
    return tuple(range(-len(shape), 0))


@composite(kernel=True, weight="gain")
def layer_norm(
    x: Given,
    gain: Given | None = None,
    bias: Given | None = None,
    *,
    eps: float = 1e-5,
    normalized_shape: tuple[int, ...] | None = None,
) -> Plan:
    """(x − μ) / √(σ² + ε) over the last axis, then × gain + bias (Ba et al., 2016).

    Over several where gain or bias have several, or normalized_shape says so."""
    axes = _features("layer_norm", x, normalized_shape, gain, bias)
    return _scaled("layer_norm", Standardize(axes if len(axes) > 1 else -1, eps), x, axes, gain, bias)


@composite(kernel=True, weight="gain")
def rms_norm(
    x: Given, gain: Given | None = None, *, eps: float | None = None, normalized_shape: tuple[int, ...] | None = None
) -> Plan:
    """x / √(mean x² + ε) over the last axis, then × gain (Zhang and Sennrich, 2019); ε is the dtype's unless said."""
    axes = _features("rms_norm", x, normalized_shape, gain)
    return _scaled("rms_norm", RmsNormalize(axes if len(axes) > 1 else -1, eps), x, axes, gain, None)


@composite(kernel=True, weight="gain")
def batch_norm(
    x: Given,
    gain: Given | None = None,
    bias: Given | None = None,
    *,
    running_mean: Given | None = None,
    running_var: Given | None = None,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Plan:
    """Each channel (axis 1) with the mean and variance of the batch, as in training (Ioffe and Szegedy, 2015).

    running_mean and running_var, one number a channel under [inputs], are in the next iteration (1 − momentum) × what
    they are + momentum × those of the batch; on samples held back, or without `training`, they take their place."""
    if len(x.shape) < 2:
        raise OpError(f"batch_norm: x must be (samples, channels, …), but it is {shape_text(x.shape)}")
    axes = (0, *range(2, len(x.shape)))
    kept = _running("batch_norm", x, running_mean, running_var, training, momentum)
    if not training:
        assert running_mean is not None, "without training there are running statistics"
        assert running_var is not None, "without training there are running statistics"
        return _as_kept("batch_norm", x, running_mean, running_var, eps, gain, bias)
    scaled = _scaled("batch_norm", Standardize(axes, eps), x, (1,), gain, bias)
    if not kept:
        return scaled
    count = prod(x.shape[a] for a in axes)
    if count < 2:
        raise OpError(f"batch_norm: a variance needs several values a channel, but x is {shape_text(x.shape)}")
    return After(_moving(kept, (Mean(axes), [x]), (Var(axes), [x]), momentum), scaled)


@composite(kernel=True, weight="gain")
def instance_norm(
    x: Given,
    gain: Given | None = None,
    bias: Given | None = None,
    *,
    running_mean: Given | None = None,
    running_var: Given | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Plan:
    """Each channel (axis 1) of each sample with its own mean and variance (Ulyanov et al., 2016).

    Running statistics are kept as of batch_norm, as means over the samples."""
    if len(x.shape) < 3:
        raise OpError(f"instance_norm: x must be (samples, channels, …), but it is {shape_text(x.shape)}")
    axes = tuple(range(2, len(x.shape)))
    if prod(x.shape[2:]) < 2 and use_input_stats:
        raise OpError(f"instance_norm: a variance needs several values a channel, but x is {shape_text(x.shape)}")
    kept = _running("instance_norm", x, running_mean, running_var, use_input_stats, momentum)
    if not use_input_stats:
        assert running_mean is not None, "without those of the input there are running statistics"
        assert running_var is not None, "without those of the input there are running statistics"
        return _as_kept("instance_norm", x, running_mean, running_var, eps, gain, bias)
    scaled = _scaled("instance_norm", Standardize(axes, eps), x, (1,), gain, bias)
    if not kept:
        return scaled
    mean: Plan = (Mean(0), [(Mean(axes), [x])])
    return After(_moving(kept, mean, (Mean(0), [(Var(axes), [x])]), momentum), scaled)


@composite(kernel=True, weight="gain")
def group_norm(
    x: Given, gain: Given | None = None, bias: Given | None = None, *, num_groups: int = 1, eps: float = 1e-5
) -> Plan:
    """Groups of channels (axis 1) of each sample with their mean and variance (Wu and He, ECCV 2018)."""
    if len(x.shape) < 2 or num_groups < 1 or x.shape[1] % num_groups:
        raise OpError(f"group_norm: {num_groups} groups do not share axis 1 of x {shape_text(x.shape)}")
    # Not −1: of an array without elements it says nothing.
    apart: Plan = (Reshape((x.shape[0], num_groups, prod(x.shape[1:]) // num_groups)), [x])
    return _affine("group_norm", (Reshape(x.shape), [(Standardize(-1, eps), [apart])]), x, (1,), gain, bias)


def _running(
    name: str, x: Given, mean: Given | None, var: Given | None, training: bool, momentum: float
) -> list[Given]:
    """The running statistics, where there are any. Raises OpError."""
    check_numbers(name, momentum=momentum)
    kept = [one for one in (mean, var) if one is not None]
    if len(kept) == 1:
        raise OpError(f"{name}: running_mean and running_var go together")
    if not kept and not training:
        raise OpError(f"{name}: without the statistics of x it needs running_mean and running_var")
    for one in kept:
        if one.shape != (x.shape[1],):
            raise OpError(
                f"{name}: {one.slot} must have shape ({x.shape[1]},), one number for each place on axis 1 of x "
                f"{shape_text(x.shape)}, but it has shape {shape_text(one.shape)}"
            )
    return kept


def _moving(kept: Sequence[Given], mean: Plan, var: Plan, momentum: float) -> list[Plan | Kept]:
    """Running statistics as they are in the next iteration."""
    found: list[Plan | Kept] = []
    for one, word, now in zip(kept, ("batch_mean", "batch_var"), (mean, var), strict=True):
        parts: list[Plan] = [(Multiply(), [one, 1 - momentum]), (Multiply(), [Part(word, now), float(momentum)])]
        found.append(Kept(one, (Add(), parts)))
    return found


def _as_kept(name: str, x: Given, mean: Given, var: Given, eps: float, gain: Given | None, bias: Given | None) -> Plan:
    """(x − running_mean) / √(running_var + ε), then × gain + bias."""
    scale: Plan = (REGISTRY["sqrt"](), [(Add(), [var, float(eps)])])
    centred: Plan = (Subtract(), [x, _along(mean, mean.shape, x.shape, (1,))])
    plan: Plan = (Divide(), [centred, _along(scale, var.shape, x.shape, (1,))])
    return _affine(name, Part("normalized", plan), x, (1,), gain, bias)


def _scaled(
    name: str, op: Normalising, x: Given, axes: tuple[int, ...], gain: Given | None, bias: Given | None
) -> Plan:
    return _affine(name, (op, [x]), x, axes, gain, bias)


def _affine(name: str, plan: Plan, x: Given, axes: tuple[int, ...], gain: Given | None, bias: Given | None) -> Plan:
    """What is normalised, times gain and plus bias, which have one number for each place along `axes` of x."""
    for scaling, part in ((Multiply(), gain), (Add(), bias)):
        if part is None:
            continue
        expected = tuple(x.shape[a] for a in axes)
        if part.shape != expected:
            on = f"axis {axes[0]}" if len(axes) == 1 else f"axes {axes}"
            along = f"one number for each place on {on} of x {shape_text(x.shape)}"
            found = "it is a single number; an option is written by its name, as in eps=1e-5"
            if part.shape:
                found = f"it has shape {shape_text(part.shape)}"
            raise OpError(f"{name}: {part.slot} must have shape {shape_text(expected)}, {along}, but {found}")
        plan = (scaling, [plan, _along(part, part.shape, x.shape, axes)])
    return plan


def _along(part: Plan, shape: Shape, x: Shape, axes: tuple[int, ...]) -> Plan:
    """One number a channel, where it is to broadcast along axis 1."""
    if axes == (1,) and len(x) > 2:
        return (Reshape((*shape, *(1 for _ in x[2:]))), [part])
    return part


@composite(kernel=True, dim="axis")
def weight_norm(v: Given, g: Given, *, axis: int = 0) -> Plan:
    """v × g / ‖v‖, the norm over all axes but one (Salimans and Kingma, NeurIPS 2016); g has length 1 on the others."""
    if not v.shape:
        raise OpError("weight_norm: v is a single number and has no axis")
    (at,) = normal_axes("weight_norm", axis, len(v.shape))
    expected = tuple(n if a == at else 1 for a, n in enumerate(v.shape))
    if g.shape != expected:
        raise OpError(
            f"weight_norm: g must have shape {shape_text(expected)}, a length for each place on axis {axis} of v "
            f"{shape_text(v.shape)}, but it is {shape_text(g.shape)}"
        )
    others = tuple(a for a in range(len(v.shape)) if a != at)
    lengths = Part("lengths", (Norm(others, True), [v]))
    return (Multiply(), [v, (Divide(), [g, lengths])])


@composite()
def local_response_norm(x: Given, *, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Plan:
    """x / (k + α × the mean of x² over `size` neighbouring channels)^β (Krizhevsky et al., NeurIPS 2012)."""
    if len(x.shape) < 3 or size < 1:
        raise OpError(
            f"local_response_norm: x must be (samples, channels, …) and size a whole number from 1 on, "
            f"but they are {shape_text(x.shape)} and {size}"
        )
    flat = (*x.shape[:2], prod(x.shape[2:]))
    around: Plan = (Pad((0, 0, size // 2, (size - 1) // 2)), [(Reshape(flat), [(Power(), [x, 2.0])])])
    means: Plan = Part("means", (Reshape(x.shape), [(AvgPool2d((size, 1), 1), [around])]))
    return (Divide(), [x, (Power(), [(Add(), [(Multiply(), [means, float(alpha)]), float(k)]), float(beta)])])


@composite()
def normalize(x: Given, *, p: float = 2.0, axis: int = 1, eps: float = 1e-12) -> Plan:
    """x / max(‖x‖, ε), the p-norm along an axis: vectors of length 1."""
    check_numbers("normalize", p=p, eps=eps)
    at = normal_axes("normalize", axis, len(x.shape))
    lengths = Part("lengths", (Clip(float(eps)), [(Norm(at or -1, True, float(p)), [x])]))
    return (Divide(), [x, lengths])
