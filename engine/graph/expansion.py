"""From the plan of a composite to nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.graph import Value
from gradstep.engine.ops.composite import After, Given, Kept, Part, Plan, type_giving


@dataclass(frozen=True)
class Expansion:
    """The nodes of one call of a composite. `apply` makes a node of an operation and its operands, called by a name or,
    as a part of a formula, by a word; `given` are the values of the inputs."""

    builder: GraphBuilder
    apply: Callable[..., Value]
    given: Mapping[str, Value]
    #: What is made already, by the plan: a plan that stands in several places is made once.
    _made: dict[int, Value] = field(default_factory=dict)

    def result(self, plan: Plan, word: str, name: str | None) -> Value:
        """A result of the call; the node that makes it is called `name`, and its type is that of the inputs that say
        of which it is. What is computed on the way is of the graph's."""
        typed = type_giving(plan) if any(value.kind for value in self.given.values()) else frozenset()
        return self._expand(plan, name, word, self.builder.kind([self.given[slot] for slot in typed]))

    def _expand(self, plan: Plan, name: str | None = None, word: str = "", kind: str = "") -> Value:
        if isinstance(plan, Given):
            return self.given[plan.slot]
        if isinstance(plan, float):
            return self.builder.literal(int(plan) if plan.is_integer() else plan)  # it makes no whole number another
        if id(plan) not in self._made:
            self._made[id(plan)] = self._new(plan, name, word, kind)
        return self._made[id(plan)]

    def _new(self, plan: Plan, name: str | None, word: str, kind: str) -> Value:
        if isinstance(plan, Part):
            return self._expand(plan.plan, name, plan.word, kind)
        if isinstance(plan, After):
            for one in plan.before:
                if isinstance(one, Kept):
                    slot = one.given.slot
                    self.builder.keep(self.given[slot], self._expand(one.plan, word=slot), slot)
                else:
                    self._expand(one)
            return self._expand(plan.plan, name, word, kind)
        assert isinstance(plan, tuple), "a plan is an operation applied to others"
        op, parts = plan
        return self.apply(op, [self._expand(part) for part in parts], name=name, word=word, kind=kind)
