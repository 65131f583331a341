"""What looks at places that are computed: grids over images, distances between points."""

from __future__ import annotations

from gradstep.torch.formulas.table import Writer, listed, number, operation, shape_of
from gradstep.torch.seen import Called

_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


@operation("affine_grid_generator")
def _affine_grid(call: Called, write: Writer) -> str:
    align = bool(call.option("align_corners"))
    return f"affine_grid({write(call.args[0])}, size={listed(call.option('size'))}, align_corners={align})"


@operation("grid_sampler_2d", "grid_sampler_3d", "cudnn_grid_sampler")
def _grid_sample(call: Called, write: Writer) -> str:
    mode, padding = _MODES[int(call.option("interpolation_mode", 0))], _PADDINGS[int(call.option("padding_mode", 0))]
    align = bool(call.option("align_corners", True))
    x, grid = map(write, call.args[:2])
    return f"grid_sample({x}, {grid}, mode={mode!r}, padding_mode={padding!r}, align_corners={align})"


@operation("_cdist_forward", "_euclidean_dist")
def _distances(call: Called, write: Writer) -> str:
    """Each of the first points from each of the second."""
    p = number(call.option("p", 2.0))
    (m, width), n = shape_of(call.args[0])[-2:], shape_of(call.args[1])[-2]
    a, b = shape_of(call.args[0])[:-2], shape_of(call.args[1])[:-2]
    first = f"reshape({write(call.args[0])}, {listed((*a, m, 1, width))})"
    second = f"reshape({write(call.args[1])}, {listed((*b, 1, n, width))})"
    return f"norm({first} - {second}, p={p}, axis=-1)"


@operation("_pdist_forward")
def _own_distances(call: Called, write: Writer) -> str:
    """Each point from each that comes after it."""
    n, p = shape_of(call.args[0])[0], number(call.option("p", 2.0))
    x = write(call.args[0])
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    first, second = (str([pair[k] for pair in pairs]) for k in (0, 1))
    return f"norm({x}[{first}] - {x}[{second}], p={p}, axis=-1)"
