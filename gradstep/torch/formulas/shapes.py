"""What moves numbers and computes none."""

from __future__ import annotations

from gradstep.torch.formulas.table import Unwritten, Writer, listed, operation, outputs, shape_of
from gradstep.torch.seen import Called


@operation(
    "view", "_unsafe_view", "reshape", "unsqueeze", "squeeze", "flatten", "_reshape_alias", "unflatten", "view_as",
    "clone", "alias", "contiguous", "lift_fresh", "_conj",
)  # fmt: skip
def _reshape(call: Called, write: Writer) -> str:
    return f"reshape({write(call.args[0])}, {listed(outputs(call)[0])})"


@operation("expand", "broadcast_to")
def _expand(call: Called, write: Writer) -> str:
    return f"expand({write(call.args[0])}, {listed(outputs(call)[0])})"


@operation("repeat")
def _repeat(call: Called, write: Writer) -> str:
    return f"tile({write(call.args[0])}, {listed(call.args[1])})"


@operation("t", "transpose", "permute", "numpy_T", "movedim", "mT")
def _transpose(call: Called, write: Writer) -> str:
    axes, name = len(shape_of(call.args[0])), call.name.partition(".")[0].rstrip("_")
    order = list(range(axes))
    if name == "permute":
        order = [a % axes for a in call.args[1]]
    elif name == "transpose":
        i, j = (a % axes for a in call.args[1:3])
        order[i], order[j] = order[j], order[i]
    elif name in ("t", "numpy_T"):
        order.reverse()
    else:
        raise Unwritten(name)
    return f"transpose({write(call.args[0])}, {listed(order)})"


def _part(name: str, axis: int, inside: str) -> str:
    return f"{name}[{', '.join([*[':'] * axis, inside])}]"


@operation("select")
def _select(call: Called, write: Writer) -> str:
    shape = shape_of(call.args[0])
    axis = call.args[1] % len(shape)
    return _part(write(call.args[0]), axis, str(call.args[2] % shape[axis]))


@operation("slice")
def _slice(call: Called, write: Writer) -> str:
    shape = shape_of(call.args[0])
    axis = call.option("dim", 0) % len(shape)
    start, stop, step = slice(call.option("start"), call.option("end"), call.option("step", 1)).indices(shape[axis])
    if (start, stop, step) == (0, shape[axis], 1):
        return f"reshape({write(call.args[0])}, {listed(shape)})"
    return _part(write(call.args[0]), axis, f"{start}:{stop}" + (f":{step}" if step != 1 else ""))


@operation("split", "split_with_sizes", "chunk", "unsafe_split", "unsafe_chunk")
def _split(call: Called, write: Writer) -> list[str | None]:
    shape, at, found = shape_of(call.args[0]), 0, list[str | None]()
    axis = (call.option("dim", 0) or 0) % len(shape)
    for made in outputs(call):
        found.append(_part(write(call.args[0]), axis, f"{at}:{at + made[axis]}"))
        at += made[axis]
    return found


@operation("unbind")
def _unbind(call: Called, write: Writer) -> list[str | None]:
    axis = (call.option("dim", 0) or 0) % len(shape_of(call.args[0]))
    return [_part(write(call.args[0]), axis, str(k)) for k in range(len(call.outputs))]


@operation("cat", "stack")
def _join(call: Called, write: Writer) -> str:
    name = "concat" if call.name.startswith("cat") else "stack"
    parts = [one for one in call.args[0] if shape_of(one) != (0,)]
    return f"{name}({', '.join(map(write, parts))}, axis={int(call.option('dim', 0))})"


@operation("pixel_shuffle", "pixel_unshuffle")
def _pixels(call: Called, write: Writer) -> str:
    (*n, c, h, w), r = shape_of(call.args[0]), int(call.args[1])
    k, made = len(n), listed(outputs(call)[0])
    if call.name.startswith("pixel_shuffle"):
        apart, order = (*n, c // r**2, r, r, h, w), (*range(k), k, k + 3, k + 1, k + 4, k + 2)
    else:
        apart, order = (*n, c, h // r, r, w // r, r), (*range(k), k, k + 2, k + 4, k + 1, k + 3)
    return f"reshape(transpose(reshape({write(call.args[0])}, {listed(apart)}), {listed(order)}), {made})"


@operation("flip")
def _flip(call: Called, write: Writer) -> str:
    return f"flip({write(call.args[0])}, axis={listed(call.args[1])})"


@operation("roll")
def _roll(call: Called, write: Writer) -> str:
    axis = call.option("dims", [])
    where = listed(axis) if axis else "None"
    return f"roll({write(call.args[0])}, shifts={listed(call.args[1])}, axis={where})"


@operation("tril", "triu")
def _triangle(call: Called, write: Writer) -> str:
    name = call.name.partition(".")[0].rstrip("_")
    return f"{name}({write(call.args[0])}, diagonal={int(call.option('diagonal', 0))})"


@operation("constant_pad_nd")
def _pad(call: Called, write: Writer) -> str:
    return f"pad({write(call.args[0])}, {listed(call.args[1])}, value={float(call.option('value', 0))!r})"


@operation("reflection_pad1d", "reflection_pad2d", "replication_pad1d", "replication_pad2d", "replication_pad3d")
def _mirrored(call: Called, write: Writer) -> str:
    mode = "reflect" if call.name.startswith("reflection") else "replicate"
    return f"pad({write(call.args[0])}, {listed(call.option('padding'))}, mode={mode!r})"


@operation("unfold")
def _windows(call: Called, write: Writer) -> str:
    axis, size, step = (int(one) for one in call.args[1:4])
    return f"windows({write(call.args[0])}, axis={axis % len(shape_of(call.args[0]))}, size={size}, step={step})"


@operation("block_diag")
def _block_diag(call: Called, write: Writer) -> str:
    return f"block_diag({', '.join(map(write, call.args[0]))})"


@operation("rot90")
def _rot90(call: Called, write: Writer) -> str:
    return f"rot90({write(call.args[0])}, k={int(call.option('k', 1))}, axes={listed(call.option('dims', (0, 1)))})"


@operation("linalg_cross", "cross")
def _cross(call: Called, write: Writer) -> str:
    axis = call.option("dim", -1)
    return f"cross({write(call.args[0])}, {write(call.args[1])}, axis={-1 if axis is None else int(axis)})"
