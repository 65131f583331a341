"""The network as it stands on a blackboard: what things are called.

Two names for every element. The blackboard's, for reading: subscripts are layer, to, from, counted
from 1, and a layer of a single unit drops "to": z₁₁, h₂, w₁₁₂, b₂. And NumPy's, for typing: z1[0],
W1[0,1]. A network has subscripts all over or nowhere: as soon as one of its arrays cannot have them,
as it is wider than 9, or has samples, or more axes, or two would be called the same, all of its elements
are written as NumPy does, W₂[7,37], so that nothing is counted from 1 beside what is counted from 0. What
a formula computes on its way is a part of its line, and is called after it and the operation: h₁:add₂,
typed h1:add[1].
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from gradstep.engine.errors import CommandError, UnknownName, nearest, shortened
from gradstep.engine.graph.depth import Depth, find_depth
from gradstep.engine.graph.graph import Graph, Role, Value
from gradstep.engine.graph.layers import Layer, find_layers
from gradstep.engine.graph.modules import Modules
from gradstep.engine.graph.typed import Target, index_of, plain, read
from gradstep.engine.index import Shape, unravel

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_WIDEST = 9
#: Names that have been made are kept, as long as there are not more than this.
_REMEMBERED = 10_000


class Blackboard:
    """Names and neurons of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._names: dict[tuple[int, int], str] = {}

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """All layers in graph order."""
        return find_layers(self.graph)

    @cached_property
    def depth(self) -> Depth:
        """The deepest way through the network."""
        return find_depth(self.graph)

    @cached_property
    def modules(self) -> Modules:
        """The modules that names are paths of."""
        return Modules(self.graph)

    @cached_property
    def layer_of(self) -> dict[int, Layer]:
        """The layer that shows a value: as its output, its sum, its weight or its bias."""
        found: dict[int, Layer] = {}
        for layer in self.layers:
            for value in (layer.output, layer.pre, layer.weight, layer.bias):
                if value >= 0:
                    found.setdefault(value, layer)
        return found

    def whole(self, value: int) -> str:
        """The name of a whole array: W₁, h, z₂; where names are paths of modules, conv1 and not conv₁."""
        name = self.graph.values[value].name
        return name if self.modules.there else _whole(name)

    def element(self, value: int, flat: int) -> str:
        """The name of one element: h₂, w₁₁₂, W₂[7,37]; a number in a formula is itself."""
        name = self._names.get((value, flat))
        if name is None:
            if len(self._names) > _REMEMBERED:
                self._names.clear()
            name = self._names[value, flat] = self._element(value, flat)
        return name

    def _element(self, value: int, flat: int) -> str:
        shown = self.graph.values[value]
        if shown.role is Role.LITERAL:
            return shown.name
        if shown.size == 1 and len(shown.shape) < 2:
            return self.whole(value)
        short = _short(shown, flat) if self.subscripts else None
        return self.whole(value) + _brackets(shown.shape, flat) if short is None else short

    def across(self, value: int, flat: int, axis: int) -> str:
        """The name of an element with `:` on one axis: h[:,1], the same unit in every sample."""
        shape = self.graph.values[value].shape
        index = list(map(str, unravel(flat, shape)))
        index[axis] = ":"
        return f"{self.whole(value)}[{','.join(index)}]"

    def gradient(self, value: int, flat: int) -> str:
        """∂L/∂h₁."""
        return f"∂{self.loss}/∂{self.element(value, flat)}"

    @cached_property
    def loss(self) -> str:
        return self.whole(self.graph.loss.id)

    def typed(self, value: int, flat: int, kind: str = "data") -> str:
        """The name to type for one element of one of a value's arrays: h[0], W1.grad[0,1], W1.next[0,1], L."""
        shown = self.graph.values[value]
        return shown.name + ("" if kind == "data" else f".{kind}") + _brackets(shown.shape, flat)

    def unit(self, value: int, flat: int) -> str:
        """The neuron an element belongs to: z₁₁ is part of h₁."""
        layer = self.layer_of.get(value)
        return self.element(layer.output if layer and layer.pre == value else value, flat)

    def arrow(self, value: int, flat: int) -> str | None:
        """`x₂ → h₁` for a weight, `→ h₁` for a bias; None for what is neither. Where the layer is
        computed for many samples: `x[…,1] → h[…,0]`."""
        layer = self.layer_of.get(value)
        if layer is None or value not in (layer.weight, layer.bias):
            return None
        shape = self.graph.values[value].shape
        to = unravel(flat, shape)[0]
        target = self.graph.values[layer.output]
        end = self._unit(target, to)
        if value == layer.bias:
            return f"→ {end}"
        source = self.graph.values[self.graph.nodes[layer.node].inputs[0]]
        return f"{self._unit(source, flat % shape[1])} → {end}"

    def _unit(self, value: Value, unit: int) -> str:
        return self.element(value.id, unit) if len(value.shape) == 1 else f"{self.whole(value.id)}[…,{unit}]"

    @cached_property
    def subscripts(self) -> bool:
        """Whether elements are written with subscripts, counted from 1: where all of them can be, each by a name that
        neither another element nor a whole array has. Else all are written with brackets, counted from 0."""
        shown = [v for v in self.graph.values if v.role is not Role.LITERAL]
        if not all(_has_shorts(v) for v in shown):
            return False
        names = [(value, plain(short)) for value in shown for _, short in _shorts(value)]
        return len({name for _, name in names}) == len(names) and all(
            self.graph.by_name.get(name, value) is value for value, name in names
        )

    @cached_property
    def _typed_short(self) -> dict[str, list[tuple[Value, int]]]:
        found: dict[str, list[tuple[Value, int]]] = {}
        for value in self.graph.values:
            for flat, short in _shorts(value):
                found.setdefault(plain(short), []).append((value, flat))
        return found

    def resolve(self, text: str) -> Target:
        """What a typed name means: `h`, `h[0]`, `W1.grad[0,1]`, `b1.next`, or what the screen
        shows, `w112` or `∂L/∂h₁`.

        An exact name wins over the short form of an element. Raises CommandError for an unknown
        name (with the nearest), an index out of range, and a short form with two meanings.
        """
        typed = read(text, self.loss)
        value, flat = self.lookup(typed.name, typed.text)
        if flat is not None:
            if typed.inside is not None:
                raise CommandError(f"'{typed.text}': '{typed.name}' is one number already; it has no index")
            return Target(value, typed.kind, unravel(flat, value.shape))
        index = None if typed.inside is None else index_of(typed.inside, value, typed.text)
        return Target(value, typed.kind, index)

    def lookup(self, name: str, text: str) -> tuple[Value, int | None]:
        """The value called `name`, or the value and the element of it that the screen calls so; `loss` is the
        loss, whatever it is called, and a module what it gives. Raises CommandError; `text` is what was typed."""
        if name in self.graph.by_name:
            return self.graph.by_name[name], None
        if name == "loss":
            return self.graph.loss, None
        if name in self.modules.outputs:
            return self.graph.values[self.modules.outputs[name]], None
        short = self._typed_short.get(name, [])
        if len(short) == 1:
            return short[0]
        if short:
            meant = " or ".join(self.typed(v.id, f) for v, f in short)
            raise CommandError(f"'{text}' could mean {meant}; write one of these")
        base, digits = _split(name)
        same = [key for key in self._typed_short if _split(key)[0] == base and len(key) == len(name)]
        if digits and same:
            first, last = (self.element(v.id, flat) for v, flat in (self._typed_short[k(same)][0] for k in (min, max)))
            raise CommandError(f"'{text}' is out of range; there are {first} to {last}")
        known = [*self.graph.by_name, *self._typed_short]
        before, _, after = name.rpartition(".")
        if before in known and not nearest(name, [one for one in known if "." in one]):
            raise CommandError(f"'{text}': after the point comes grad or next, not '{after}'")
        raise UnknownName(f"unknown name '{shortened(name)}'{nearest(name, known)}")


def _split(name: str) -> tuple[str, str]:
    found = re.fullmatch(r"(.*?\D)(\d+)", name)
    return (name, "") if found is None else (found[1], found[2])


def _whole(name: str) -> str:
    """The blackboard's form of a name; a part of a formula keeps the number of its operation: h₁:add2. In a name with
    dots numbers are no subscripts: layers.0.weight."""
    line, colon, part = name.partition(":")
    if "." in line:
        return name
    base, layer = _split(line)
    return base + layer.translate(_SUBSCRIPTS) + colon + part


def _brackets(shape: Shape, flat: int) -> str:
    return f"[{','.join(map(str, unravel(flat, shape)))}]" if shape else ""


def _has_shorts(value: Value) -> bool:
    """Whether the blackboard has a name for each element of an array."""
    ends = {0, value.size - 1} if value.size else ()
    return value.size <= _WIDEST**2 and all(_short(value, flat) is not None for flat in ends)


def _short(value: Value, flat: int) -> str | None:
    """The blackboard's name of an element, or None where it has none of its own."""
    base, layer = _split(value.name)
    index = unravel(flat, value.shape)
    if value.size == 1 and len(index) < 2:
        return _whole(value.name)
    if len(layer) > 1 or (value.part and layer) or "." in value.name or any(n > _WIDEST for n in value.shape):
        return None
    if value.role is Role.PARAMETER and len(index) == 2:
        base = base.lower() if len(base) == 1 else base
        index = index[1:] if value.shape[0] == 1 else index
        index = () if value.size == 1 else index
    elif len(index) > 1:
        return None
    return _whole(base + layer) + "".join(str(i + 1) for i in index).translate(_SUBSCRIPTS)


def _shorts(value: Value) -> Iterator[tuple[int, str]]:
    if value.role is Role.LITERAL or value.size > _WIDEST**2:
        return
    for flat in range(value.size):
        short = _short(value, flat)
        if short is not None:
            yield flat, short
