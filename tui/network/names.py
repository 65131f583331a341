"""What things are called in a picture of the network."""

from __future__ import annotations

from functools import lru_cache

from gradstep.engine.debugger import Frame
from gradstep.engine.graph import Element, Layer, Role
from gradstep.engine.run import Recording
from gradstep.tui.cells import breadth, fold


def name_of(frame: Frame, element: Element) -> str:
    """An element's name: h[2,1], or where all samples are shown h[:,1]."""
    board = frame.recording.board
    axis = frame.recording.samples.axis(element.value) if frame.sample is None else None
    return board.element(*element) if axis is None else board.across(*element, axis)


def sample_name(sample: int) -> str:
    """`sample 3 [2]`: which one, and the index that names it."""
    return f"sample {sample + 1} [{sample}]"


@lru_cache(maxsize=64)
def folded(names: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Names in at most `width` cells each, all cut at the same place: at that where most of them still differ."""
    if all(breadth(name) <= width for name in names):
        return names
    half = width // 2
    tails = sorted(range(1, max(width - 1, 2)), key=lambda tail: abs(tail - half))
    found = (tuple(fold(name, width, tail) for name in names) for tail in tails)
    return max(found, key=lambda cut: len(set(cut)))


def leads(recording: Recording, element: Element) -> str:
    """`x₂→h₁`: between what a weight leads; of one with several uses, of which none stands for all, how many."""
    uses = len(recording.graph.uses[element.value])
    return f"{uses} uses" if uses > 1 else (recording.board.arrow(*element) or "").replace(" ", "")


def parted(name: str, width: int) -> str:
    """A name in at most `width` cells: of a part of a formula, where there is no room for more, what it is in it."""
    return fold(name if breadth(name) <= width else name.rpartition(":")[2], width)


def letter(recording: Recording, value: int) -> str:
    """A value's name where there is room for one character; of a part of a formula that of its operation."""
    whole = recording.graph.values[value]
    if not whole.part:
        return whole.name[0]
    op = recording.graph.nodes[whole.node].op
    return "Σ" if op.summed or op.reduces else op.name[0]


def title(recording: Recording, layer: Layer) -> str:
    """A layer's part in the network and its function; nothing where it is a mere weighted sum, or where the name
    says it."""
    graph = recording.graph
    if layer.output == graph.loss.id:
        return "loss"
    value = graph.values[layer.output]
    if value.node < 0:
        return "input" if value.role is Role.INPUT else "parameter"
    op = graph.nodes[value.node].op
    return "" if op.name == "linear" or (value.part and op.name in value.name) else op.label


def part(recording: Recording, value: int) -> str:
    """What a value is in the network, above its column: `input`, `hidden · ReLU`, `output · σ`, `loss`."""
    graph = recording.graph
    if value == graph.loss.id:
        return "loss"
    whole = graph.values[value]
    if whole.node < 0:
        return "input" if whole.role is Role.INPUT else "parameter"
    op = graph.nodes[whole.node].op
    output = {graph.nodes[n].output for n, _ in graph.uses[value]} == {graph.loss.id}
    where = "output" if output else "hidden"
    return where if op.name == "linear" else f"{where} · {op.label}"


def brief(recording: Recording, value: int) -> str:
    """What a value is, in as few cells as can be: its operation as formulas write it."""
    made = recording.graph.values[value].node
    if made < 0 or value == recording.graph.loss.id:
        return part(recording, value)
    op = recording.graph.nodes[made].op
    return min(op.label, op.name, key=breadth)


def axes(recording: Recording, value: int) -> str:
    """`query × key` for the scores and weights of an attention; else nothing."""
    graph = recording.graph
    line, _, word = graph.values[value].name.partition(":")
    pairs = word.rstrip("0123456789") in ("products", "scores", "masked", "weights")
    return "query × key" if pairs and f"{line}:weights" in graph.by_name else ""


def extent(shape: tuple[int, ...]) -> str:
    """`10×128`; a single number is 1."""
    return "×".join(map(str, shape)) or "1"


def sized(recording: Recording, value: int, shape: tuple[int, ...]) -> str:
    """`10×128`, and of which type the numbers are where that is another than the network's: `10×128 float16`."""
    return " ".join(filter(None, (extent(shape), recording.kind(value))))


def short_count(count: int) -> str:
    """`768`, `7.1M`: how many, in at most five characters."""
    size, unit = float(count), ""
    for larger in ("k", "M", "G", "T"):
        if size < 999.5:
            break
        size, unit = size / 1000, larger
    return f"{size:.3g}{unit}" if unit else str(count)
