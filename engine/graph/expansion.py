"""From the plan of a composite to nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gradstep.engine.errors import GraphError, OpError
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.graph import Role, Value
from gradstep.engine.graph.kinds import check_alike
from gradstep.engine.ops.composite import After, Given, Kept, Part, Plan, type_giving
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.op import type_giving as slots_giving


@dataclass(frozen=True)
class Expansion:
    """The nodes of one call of a composite. `apply` makes a node of an operation and its operands, called by a name or,
    as a part of a formula, by a word; `given` are the values of the inputs."""

    builder: GraphBuilder
    apply: Callable[..., Value]
    given: Mapping[str, Value]
    #: Whether PyTorch has one kernel for it: then only its result is rounded to a narrower type.
    kernel: bool = False
    #: What is made already, by the plan: a plan that stands in several places is made once.
    _made: dict[int, Value] = field(default_factory=dict)

    def result(self, plan: Plan, word: str, name: str | None) -> Value:
        """A result of the call; the node that makes it is called `name`. Its type is that of the inputs that say of
        which it is, and so is each on the way; of a `kernel` what is computed on the way is of the graph's type."""
        if not any(value.kind for value in self.given.values()):
            return self._expand(plan, name, word, "", "")
        kind = self.builder.kind([self.given[slot] for slot in type_giving(plan)])
        return self._expand(plan, name, word, kind, "" if self.kernel else kind)

    def _expand(self, plan: Plan, name: str | None, word: str, kind: str, way: str) -> Value:
        """What a plan makes, of a `kind`, and its parts. What is computed on the `way` from numbers is of that type."""
        if isinstance(plan, Given):
            return self.given[plan.slot]
        if isinstance(plan, float):
            return self.builder.literal(int(plan) if plan.is_integer() else plan)  # it makes no whole number another
        if id(plan) not in self._made:
            self._made[id(plan)] = self._new(plan, name, word, kind, way)
        return self._made[id(plan)]

    def _new(self, plan: Plan, name: str | None, word: str, kind: str, way: str) -> Value:
        if isinstance(plan, Part):
            return self._expand(plan.plan, name, plan.word, kind, way)
        if isinstance(plan, After):
            for one in plan.before:
                if isinstance(one, Kept):
                    slot = one.given.slot
                    self.builder.keep(self.given[slot], self._expand(one.plan, None, slot, way, way), slot)
                else:
                    self._expand(one, None, "", way, way)
            return self._expand(plan.plan, name, word, kind, way)
        assert isinstance(plan, tuple), "a plan is an operation applied to others"
        op, parts = plan
        typed = any(value.kind for value in self.given.values())
        if typed and self.kernel and op.contracts and not self.builder.recorded:
            self._check_alike(op, parts)
        values = [self._expand(part, None, "", way, way) for part in parts]
        if (
            typed
            and not self.kernel
            and any(values[slot].role is not Role.LITERAL for slot in slots_giving(op, len(values)))
        ):
            return self.apply(op, values, name=name, word=word)  # its type follows from those of what it is made of
        return self.apply(op, values, name=name, word=word, kind=kind)

    def _check_alike(self, op: Op, parts: Sequence[Plan]) -> None:
        """Raises GraphError where what takes part in a weighted sum is of several types: each part is of the type that
        the inputs of the call that it is made of have together."""
        found = []
        for part in parts:
            values = [self.given[slot] for slot in sorted(type_giving(part))]
            kind = self.builder.kind(values)
            found += [value for value in values if value.kind == kind][:1]
        try:
            check_alike(op, found, self.builder.dtype.name)
        except OpError as error:
            raise GraphError(str(error).removeprefix(f"{op.name}: ")) from None
