"""From what was seen to blocks: autograd nodes that belong together, with what enters and leaves them.

The edges of autograd's graph are the truth about who passes gradients to whom. A block is one node of it; or several,
where what is between them was never seen as a tensor, or where one function that the user called has made them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

import torch

from gradstep.torch.backward import Backward
from gradstep.torch.capture import Recorder
from gradstep.torch.seen import Called, Key, Seen, has_numbers


@dataclass(eq=False)
class Block:
    """Autograd nodes by their ids, in the order of the forward pass; the keys that lead into them and out of them; and
    the call that made them, None for what is known to autograd alone."""

    steps: list[int]
    inputs: list[Key]
    outputs: list[Key]
    call: Called | None
    word: str

    #: What it is written as, once that is known: a formula for each output.
    formulas: list[str] = field(default_factory=list)
    #: Why it has no formula.
    reason: str = ""
    #: What its operations were computed in, where that has fewer digits than their numbers (see `devices`).
    computed_in: str = ""


class Network:
    """The blocks behind the roots of all backward passes."""

    def __init__(self, recorder: Recorder, backward: Backward) -> None:
        self.recorder, self.backward = recorder, backward
        self.steps = backward.steps
        self.roots = [one.key for one, _ in backward.roots if one.key is not None]
        self._owner = {step: step for step in self.steps}
        self._join_unseen()
        self._join_circles()

    def _join_unseen(self) -> None:
        """Nodes with an output that was never seen become one with all that use it."""
        for number, step in self.steps.items():
            for key in step.edges:
                if key is not None and key.output >= 0 and self.seen(key) is None and key.node in self.steps:
                    self._owner[self._root(number)] = self._root(key.node)

    def _join_circles(self) -> None:
        """Nodes that are one may have others between them, which then belong to them too: what is shown as one line can
        not use what is made of it."""
        while True:
            uses = {root: set[int]() for root in map(self._root, self.steps)}
            for number, step in self.steps.items():
                uses[self._root(number)] |= {self._root(k.node) for k in step.edges if k and k.node in self.steps}
            try:
                TopologicalSorter({root: used - {root} for root, used in uses.items()}).prepare()
                return
            except CycleError as error:
                first, *others = error.args[1]
                for one in others:
                    self._owner[self._root(one)] = self._root(first)

    def _root(self, step: int) -> int:
        while self._owner[step] != step:
            step = self._owner[step]
        return step

    def seen(self, key: Key) -> Seen | None:
        """The tensor at a key; None where none was seen, or one whose numbers cannot be read."""
        found = self.recorder.by_key.get(key)
        return found if found is not None and has_numbers(found.tensor) else None

    @cached_property
    def together(self) -> dict[int, list[int]]:
        """The nodes that are one, by one of them."""
        found: dict[int, list[int]] = {}
        for step in self.steps:
            found.setdefault(self._root(step), []).append(step)
        return found

    @cached_property
    def users(self) -> dict[Key, list[int]]:
        """The nodes that a key leads to, whose edges it is."""
        found: dict[Key, list[int]] = {}
        for number, step in self.steps.items():
            for key in step.edges:
                if key is not None:
                    found.setdefault(key, []).append(number)
        return found

    def calls_of(self, step: int) -> Iterator[Called]:
        """The calls that a node is inside of, the operation first and the user's outermost function last."""
        call = self.recorder.makers.get(step)
        while call is not None:
            yield call
            call = call.inside

    def closed(self, steps: Iterable[int]) -> list[int]:
        """Nodes with all that are one with them, in the order of autograd."""
        whole = {self._root(step) for step in steps}
        return sorted(
            (s for root in whole for s in self.together[root]), key=lambda s: self.steps[s].node._sequence_nr()
        )

    def block(self, steps: Sequence[int], call: Called | None) -> Block:
        """A block of some nodes."""
        inside = set(steps)
        inputs = dict.fromkeys(k for s in steps for k in self.steps[s].edges if k is not None and k.node not in inside)
        outputs = dict.fromkeys(
            key for key, users in self.users.items() if key.node in inside and any(user not in inside for user in users)
        )
        outputs |= dict.fromkeys(key for key in self.roots if key.node in inside)
        word = call.name if call is not None else self.steps[steps[-1]].node.name()
        return Block(
            list(steps), list(inputs), sorted(outputs), call, word.partition(".")[0].rsplit("::", 1)[-1].strip("_")
        )

    def passed(self, block: Block, key: Key) -> torch.Tensor | None:
        """What a block passes on to a key: the sum over all its edges there."""
        found = None
        for number in block.steps:
            step = self.steps[number]
            for edge, gradient in zip(step.edges, step.passed or [None] * len(step.edges), strict=True):
                if edge == key and gradient is not None:
                    found = gradient if found is None else found + gradient
        return found

    def gradient(self, key: Key) -> torch.Tensor | None:
        """What arrived at a key in all backward passes."""
        return self.backward.gradients.get(key)

    def in_order(self, blocks: Sequence[Block]) -> list[Block]:
        """Blocks so that each comes after those that it uses."""
        maker = {step: block for block in blocks for step in block.steps}
        done: dict[int, None] = {}
        order: list[Block] = []
        for first in sorted(blocks, key=lambda b: self.steps[b.steps[-1]].node._sequence_nr()):
            stack = [(first, iter(first.inputs))]
            while stack:
                block, rest = stack[-1]
                before = next((maker[k.node] for k in rest if k.node in maker and id(maker[k.node]) not in done), None)
                if before is not None and before is not block:
                    stack.append((before, iter(before.inputs)))
                    continue
                stack.pop()
                if id(block) not in done:
                    done[id(block)] = None
                    order.append(block)
        return order
