"""Operations as text: all of them, or one with what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gradstep.engine.errors import CommandError, nearest
from gradstep.engine.ops.affine import Affine
from gradstep.engine.ops.choosing import Chosen
from gradstep.engine.ops.composite import COMPOSITES, Composite
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.examples import example
from gradstep.engine.ops.moving import Masked, Move
from gradstep.engine.ops.op import REGISTRY, Op
from gradstep.engine.ops.putting import Put
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.ops.synonyms import SYNONYMS, WRITTEN

#: What an operation of a kind takes, the first kind that it is of.
_COSTS: tuple[tuple[type[Op], str], ...] = (
    (Elementwise, "one value for each output; in the backward pass one slope for each output and input"),
    (Masked, "one product for each output, forward and backward"),
    (Move, "no arithmetic: elements are moved; in the backward pass those of copies are added up"),
    (
        Chosen,
        "no arithmetic: elements are found and moved; in the backward pass those chosen several times are added up",
    ),
    (Put, "one element for each that is put, and a copy of all; in the backward pass as many"),
    (Reduce, "one value for each input, and a sum; in the backward pass one slope for each input"),
    (Rowwise, "a few values for each input; one element feeds all of its group, the whole takes no more for that"),
    (Affine, "one product for each pair that meets, forward; as many for each input backward"),
)


def described() -> Iterator[str]:
    """All operations as lines of text: how each is called, its formula, its local gradient for each
    input, and what is agreed where there is none, or where numbers are not finite."""
    for _, op in sorted(REGISTRY.items()):
        yield from _operation(op)
    for _, composite in sorted(COMPOSITES.items()):
        yield from _composite(composite)


def explained(name: str) -> Iterator[str]:
    """One operation as lines of text, under its name or another one: also what it costs. Raises CommandError."""
    ours = SYNONYMS.get(name, name)
    if ours in REGISTRY:
        op = REGISTRY[ours]
        yield from _operation(op)
        if op.__doc__ and op.__dict__.get("__doc__") and not op.__doc__.startswith(f"{op.__name__}("):
            yield f"  is     {' '.join(op.__doc__.split())}"
        cost = next((said for kind, said in _COSTS if issubclass(op, kind)), "")
        yield from [f"  cost   {cost}"] if cost else []
    elif ours in COMPOSITES:
        yield from _composite(COMPOSITES[ours])
        yield "  cost   that of its nodes, each of which is stepped through"
    elif name in WRITTEN:
        raise CommandError(f"there is no operation '{name}': it is written as in {WRITTEN[name]}")
    else:
        known = [*REGISTRY, *COMPOSITES]
        raise CommandError(f"unknown operation '{name}'{nearest(name, [*known, *SYNONYMS])}")
    others = [other for other, of in SYNONYMS.items() if of == ours]
    if others:
        yield f"  names  {', '.join(others)} {'are' if len(others) > 1 else 'is'} the same"
    lines = list(example(REGISTRY.get(ours) or COMPOSITES[ours]))
    if lines:
        yield f"  runs   as {ours}.toml, opened with gradstep {ours}.toml:"
        yield from lines


def _operation(op: type[Op]) -> Iterator[str]:
    yield op.signature()
    yield from _words(op.words)
    yield f"  =      {op.notation.format(*op.slots)}"
    for slot, slope in zip(op.slots, op.slopes, strict=True):
        yield f"  ∂/∂{slot:<3} {slope.format(*op.slots)}"
    if op.kink:
        yield f"  kink   {op.kink.format(*op.slots)}"
    if op.edge:
        yield f"  edge   {op.edge.format(*op.slots)}"


def _composite(composite: Composite) -> Iterator[str]:
    yield composite.signature()
    yield from _words(composite.words)
    yield f"  several nodes: {composite.summary}"


def _words(words: Mapping[str, str]) -> Iterator[str]:
    """What else inputs and options are called."""
    if words:
        yield f"  also   {', '.join(f'{word} for {ours}' for word, ours in words.items())}"
