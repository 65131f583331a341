"""Looking from afar: the layers of a network in their order, and walking between them."""

from __future__ import annotations

from functools import cached_property

from gradstep.engine.graph import Element, Layer, Role, Value
from gradstep.engine.run import Phase
from gradstep.tui.network.stage import Stage


class Far(Stage):
    """What the three have in common: layers in their order, and walking between them."""

    #: Whether what formulas make on their way, such as the logarithm in a cross-entropy, is left out.
    brief = False

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """All but parameters, which are words between cards, in order of depth."""
        plan = self.plan
        values = [self.graph.values[la.output] for la in plan.layers]
        mine = [k for k, v in enumerate(values) if v.role is not Role.PARAMETER and not self._left_out(v)]
        return tuple(plan.layers[k] for k in sorted(mine, key=lambda k: (plan.depths[k], k)))

    @cached_property
    def columns(self) -> tuple[tuple[int, ...], ...]:
        """The layers (by number) of each depth."""
        depth = {layer.output: d for layer, d in zip(self.plan.layers, self.plan.depths, strict=True)}
        found: dict[int, list[int]] = {}
        for k, layer in enumerate(self.layers):
            found.setdefault(depth[layer.output], []).append(k)
        return tuple(tuple(found[d]) for d in sorted(found))

    @cached_property
    def number_of(self) -> dict[int, int]:
        """The layer that shows a value, by the value; of what is left out, the one that it goes into."""
        found = {v: k for k, layer in enumerate(self.layers) for v in (layer.output, layer.pre) if v >= 0}
        for value in reversed(self.graph.values):
            if self._left_out(value):
                users = [self.graph.nodes[n].output for n, _ in self.graph.uses[value.id]]
                found[value.id] = next((found[u] for u in users if u in found), 0)
        return found

    def _left_out(self, value: Value) -> bool:
        return self.brief and value.node >= 0 and "#" in value.name and value.id != self.graph.loss.id

    @cached_property
    def current(self) -> int:
        """The layer that is looked at."""
        return self.number_of.get(self.here.output, 0)

    def parameters(self, layer: Layer) -> list[int]:
        """The parameters that enter a layer, the largest first."""
        if layer.node < 0:
            return []
        inner = {layer.node, self.graph.values[layer.output].node}
        found = {v for n in inner for v in self.graph.nodes[n].inputs if self._is_parameter(v)}
        return sorted(found, key=lambda v: (-self.graph.values[v].size, v))

    def _is_parameter(self, value: int) -> bool:
        return self.graph.values[value].role is Role.PARAMETER

    def neighbour(self, direction: str) -> Element:
        column = next(c for c, mine in enumerate(self.columns) if self.current in mine)
        mine = self.columns[column]
        row = mine.index(self.current)
        if direction in ("up", "down"):
            chosen = mine[min(max(row + (1 if direction == "down" else -1), 0), len(mine) - 1)]
        else:
            beside = self.columns[min(max(column + (1 if direction == "right" else -1), 0), len(self.columns) - 1)]
            chosen = beside[min(row, len(beside) - 1)]
        return self.outstanding(self.layers[chosen].output)

    def is_now(self, layer: Layer) -> bool:
        """Whether the current step writes one of the layer's arrays."""
        sweep = self.frame.sweep
        return sweep is not None and sweep.phase is not Phase.UPDATE and sweep.value in (layer.output, layer.pre)
