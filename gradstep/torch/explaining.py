"""Which formula explains a block: the one of what the user called, else that of the operation beneath, else none.

Each is held against the numbers that were recorded there before it is used, so that a formula which only looks right
never is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from gradstep.engine.errors import GraphError
from gradstep.engine.run import explains, kinds_of
from gradstep.torch.blocks import Block, Network
from gradstep.torch.devices import FINENESS, coarsest, computed_in, kind_of
from gradstep.torch.formulas import COMPLEX, FUNCTIONS, OPERATIONS, Unwritten, after_writing, is_complex, part_of
from gradstep.torch.formulas.table import Formula, Rule
from gradstep.torch.seen import Called, Key, Ref, Seen
from gradstep.torch.written import Array, Arrays, Constants, Written, cast_in

#: Functions of torch.nn.parallel and torch.distributed that change no number and no gradient.
_SENDING_ON = (("torch", "_DDPSink"), ("torch", "RegisterPostBackwardFunction"))


class Explainer:
    """Finds the blocks of a network, and for each the formulas that are right."""

    def __init__(self, network: Network, arrays: Arrays) -> None:
        self.network, self.arrays = network, arrays
        self.constants = Constants(network)
        self.used: dict[str, Seen] = {}

    def blocks(self) -> list[Block]:
        """All blocks in the order of the forward pass. The `reason` of those without formulas says why."""
        left, found = set(self.network.steps), list[Block]()
        for call, steps in self._functions():
            if left.issuperset(steps):
                block = self.network.block(steps, call)
                if len(block.outputs) == 1 and self._explain(block, FUNCTIONS[call.name], whole=True):
                    found.append(block)
                    left.difference_update(steps)
        for steps in self.network.together.values():
            if left.issuperset(steps):
                block = self._single(self.network.closed(steps))
                found.append(block)
        return self.network.in_order(found)

    def _functions(self) -> Iterator[tuple[Called, list[int]]]:
        """The calls of functions that have a rule, with the nodes inside of them, the outermost first."""
        inside: dict[int, tuple[Called, int, list[int]]] = {}
        for step in self.network.steps:
            chain = list(self.network.calls_of(step))[1:]
            for depth, call in enumerate(reversed(chain)):
                if call.name in FUNCTIONS:
                    inside.setdefault(id(call), (call, depth, []))[2].append(step)
        for call, _, steps in sorted(inside.values(), key=lambda one: one[1]):
            yield call, self.network.closed(steps)

    def _single(self, steps: Sequence[int]) -> Block:
        """A block of nodes that no function explains together."""
        call = self.network.recorder.makers.get(steps[-1]) if len(steps) == 1 else None
        block = self.network.block(steps, call)
        if len(steps) == 1 and (self._in_part(block) or self._sent_on(block)):
            return block
        if call is None:
            block.reason = block.reason or self._unseen(block)
            return block
        rule = rule_of(call)
        if rule is None:
            of = " of complex numbers" if is_complex(call) else ""
            block.reason = f"there is no formula for {call.name.partition('.')[0]}{of}"
        else:
            self._explain(block, rule)
        return block

    def _unseen(self, block: Block) -> str:
        """Why nothing was seen of a block but its numbers."""
        if len(block.steps) > 1:
            words = dict.fromkeys(self.network.steps[step].node.name().rpartition("::")[2] for step in block.steps)
            return f"what passes between {', '.join(words)} is no tensor whose numbers were seen"
        if isinstance(self.network.steps[block.steps[0]].node, torch.autograd.function.BackwardCFunction):
            return "a torch.autograd.Function of the program: what its backward pass computes is its own"
        return "no operation of PyTorch that was seen"

    def _sent_on(self, block: Block) -> bool:
        """Explains what PyTorch puts around models that several processes train, to see the backward pass begin."""
        step = self.network.steps[block.steps[0]]
        made_by: Any = getattr(step.node, "_forward_cls", None)
        if made_by is None or (made_by.__module__.partition(".")[0], made_by.__name__) not in _SENDING_ON:
            return False
        write = Written(self.network, block, self.constants)
        entering = [None if key is None else self.network.seen(key) for key in step.edges]
        return self._tried(
            block, write, lambda: [f"reshape({write(Ref(one))}, {one.shape!r})" if one else None for one in entering]
        )

    def _in_part(self, block: Block) -> bool:
        """Explains what autograd makes of writing to a part of something: the whole after it, and the part as it is
        then."""
        write = Written(self.network, block, self.constants)
        call, part = self.network.recorder.writes.get(block.steps[0], (None, None))
        if call is not None and part is not None:
            block.call, block.word = call, f"{call.name.partition('.')[0].strip('_')}_part"
            return self._tried(
                block, write, lambda: after_writing(call, part, write, self._old(block, part), rule_of(call))
            )
        seen = self.network.seen(block.outputs[0]) if len(block.outputs) == 1 else None
        if block.call is not None and block.call.name.partition(".")[0].endswith("_") and seen is not None:
            view = seen.tensor
            if view._is_view() and len(block.inputs) == 1:
                return self._tried(block, write, lambda: part_of(view, write, self._old(block, view)))
        return False

    def _old(self, block: Block, part: torch.Tensor) -> Ref:
        """The whole that a part is of, as it enters a block: its first input; before any gradient went into it, the
        numbers that stood there."""
        found, base = self.network.seen(block.inputs[0]), part._base
        edge = self.network.steps[block.steps[0]].edges[0]
        if edge is None and base is not None and block.call is not None:
            made = [one.number for one in block.call.outputs if one is not None]
            there = [one for one in self.network.recorder.seen[: max(made, default=0)] if one.tensor is base]
            found = there[-1] if there and there[-1].key is None else None
        if found is None or base is None or found.shape != tuple(base.shape):
            raise Unwritten("a part of something that was never seen")
        return Ref(found)

    def _explain(self, block: Block, rule: Rule, whole: bool = False) -> bool:
        """Tries a rule on a block, whose formulas it then has; else the reason why not. The rule is about one
        operation, or the `whole` of a function."""
        call, write = block.call, Written(self.network, block, self.constants)
        assert call is not None, "rules are about calls"
        return self._tried(block, write, lambda: rule(call, write), whole)

    def _tried(self, block: Block, write: Written, make: Callable[[], Formula], whole: bool = False) -> bool:
        try:
            chosen = self._chosen(block, make())
            # It is the numbers that tell whether they are right, in more digits than they have there.
            block.reason = self._wrong(block, chosen, write)
            formulas = chosen if block.reason else self._typed(block, chosen, write, whole)
        except (Unwritten, GraphError, ArithmeticError, IndexError, KeyError, TypeError, ValueError) as error:
            block.reason = str(error) or type(error).__name__
        if block.reason:
            return False
        block.formulas = formulas
        self.used |= write.used
        return True

    @staticmethod
    def _chosen(block: Block, made: Formula) -> list[str]:
        """The formulas of the outputs that are used."""
        if made is None:
            raise Unwritten("there is no formula for it")
        if isinstance(made, str):
            made = [made]
        found = []
        for key in block.outputs:
            formula = made[key.output] if len(made) > 1 or key.output == 0 else None
            if formula is None:
                raise Unwritten(f"there is no formula for its output {key.output}")
            found.append(formula)
        return found

    def _typed(self, block: Block, formulas: list[str], write: Written, whole: bool) -> list[str]:
        """Formulas that make numbers of the types that were recorded: by a cast, where an operation has given others
        than those that follow, or where the `whole` of a function has cast what it was given, as within autocast.
        Raises Unwritten, and GraphError where types do not go together."""
        own = self.arrays.dtype.name
        seen = [self.network.seen(key) for key in block.outputs]
        wanted = [kind if one and (kind := kind_of(one.dtype)) != own else "" for one in seen]
        wider = FINENESS[FINENESS.index(own) :]  # what is made up for a formula is held as the graph's numbers
        kinds = {name: kind for name, one in write.used.items() if (kind := kind_of(one.dtype)) not in wider}
        if not any(wanted) and not any(kind in FINENESS for kind in kinds.values()):
            return formulas
        inputs = {name: self.arrays.of(one) for name, one in write.used.items()}
        given = [name for name in inputs if name.startswith("v")]
        if whole:
            known = {name: kinds.get(name, own) for name in inputs}
            formulas = [cast_in(one, known, there or own) for one, there in zip(formulas, wanted, strict=True)]
        made = kinds_of(formulas, inputs, given, self.arrays.dtype, kinds)
        if whole and made != wanted:
            raise Unwritten("numbers are cast within it")
        return [
            formula if kind == there else f"cast({formula}, {there or own!r})"
            for formula, kind, there in zip(formulas, made, wanted, strict=True)
        ]

    def _wrong(self, block: Block, formulas: Sequence[str], write: Written) -> str:
        """What is wrong with formulas, by the numbers; empty where nothing is."""
        inputs = {name: self.arrays.of(seen) for name, seen in write.used.items()}
        differentiable = {name: seen for name, seen in write.used.items() if name.startswith("v")}
        missing = set(block.inputs) - {seen.key for seen in differentiable.values()}
        if missing:
            return "something that it passes gradients to is not in the formula"
        parts = {name: self._part(block, seen) for name, seen in differentiable.items()}
        seen = [self.network.seen(key) for key in block.outputs]
        outputs = [self.arrays.of(one) for one in seen if one is not None]
        upstream = [self.upstream(key, array) for key, array in zip(block.outputs, outputs, strict=True)]
        kinds = {one.dtype for one in (*seen, *differentiable.values()) if one is not None}
        makers = (self.network.recorder.makers.get(step) for step in block.steps)
        beneath = {call.name.partition(".")[0] for call in makers if call is not None}
        device = next((one.data().device.type for one in seen if one is not None), "cpu")
        coarse = coarsest(kinds)
        precision = computed_in(beneath, coarse, device)
        block.computed_in = precision if precision != coarse else ""
        return explains(list(formulas), inputs, list(differentiable), outputs, upstream, parts, precision)

    def upstream(self, key: Key, like: Array) -> Array:
        """The gradient that arrived at a key, 0 where none did."""
        found = self.network.gradient(key)
        return np.zeros_like(like) if found is None else self.arrays.plain(found)

    def _part(self, block: Block, seen: Seen) -> Array:
        assert seen.key is not None, "gradients go where autograd finds a tensor"
        found = self.network.passed(block, seen.key)
        return np.zeros(seen.extent, self.arrays.dtype) if found is None else self.arrays.plain(found)


def rule_of(call: Called) -> Rule | None:
    """The rule for an operation, whether or not it writes to its first input."""
    name, table = call.name.partition(".")[0], COMPLEX if is_complex(call) else OPERATIONS
    return table.get(name) or table.get(name.rstrip("_"))
