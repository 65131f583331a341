"""From what was seen to the parts of a recording: names, formulas, arrays."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from gradstep.engine.files import Names, scenario_text
from gradstep.engine.ops import EPS
from gradstep.torch.backward import Backward
from gradstep.torch.blocks import Block, Network
from gradstep.torch.capture import Recorder
from gradstep.torch.explaining import Explainer
from gradstep.torch.naming import LeafNames, names_of
from gradstep.torch.seen import Key, Ref, Seen, has_numbers
from gradstep.torch.written import STANDING_FOR, Array, Arrays, graph_dtype

#: So many roundings may a sum of gradients be off.
_ROUNDINGS = 8

#: What inputs of losses are called that the user has given no name.
_TARGETS = ("target", "t")


@dataclass(eq=False)
class Parts:
    """What a recording is put together from. `unexplained` has the reason for each line that is opaque, `entering` the
    names of what enters it; `changed` are names whose gradient is not what came through their uses, as a hook makes it;
    `samples` is how many there are on axis 0 of the `batch`. `computed_in` has the lines that a device computed in
    fewer digits than their numbers have."""

    dtype: np.dtype[Any]
    lines: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Array] = field(default_factory=dict)
    parameters: dict[str, Array] = field(default_factory=dict)
    trace: dict[str, Array] = field(default_factory=dict)
    origins: dict[str, dict[str, str]] = field(default_factory=dict)
    precision: dict[str, str] = field(default_factory=dict)
    unexplained: dict[str, str] = field(default_factory=dict)
    computed_in: dict[str, str] = field(default_factory=dict)
    entering: dict[str, list[str]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    batch: tuple[str, ...] = ()
    samples: int = 0
    loss: str = "loss"


class Putting:
    """Puts a recording together."""

    def __init__(self, recorder: Recorder, backward: Backward) -> None:
        self.recorder, self.backward = recorder, backward
        self.network = Network(recorder, backward)
        self.found = Parts(graph_dtype(one.dtype for one in recorder.by_key.values()))
        self.arrays = Arrays(self.found.dtype)
        self.explainer = Explainer(self.network, self.arrays)
        self.names = Names()
        self._data: dict[int, str] = {}
        self._by_key: dict[Key, str] = {}
        self._uses: Counter[Key] = Counter()
        self._parts: dict[Key, list[Array]] = {}

    def put(self) -> Parts:
        """All of it."""
        blocks = self.explainer.blocks()
        self._uses.update(key for block in blocks for key in block.inputs)
        self._parameters()
        self._inputs(blocks)
        loss = self._only_root()
        for block, name in zip(blocks, names_of(blocks, self.names, loss), strict=True):
            self._origin(block, name)
            if block.formulas:
                self._explained(block, name)
            else:
                self._opaque(block, name)
        if loss is None:
            self._total()
        self._changed()
        return self.found

    # Leaves --------------------------------------------------------------------------------------

    def _parameters(self) -> None:
        """All that the model has to train, used or not; and what else gets a gradient and is no result."""
        for seen in self.recorder.seen:
            if seen.key is not None and seen.key.output < 0 and seen.key not in self._by_key:
                name = self._by_key[seen.key] = self.names.take(seen.name or "parameter")
                self.found.parameters[name] = self.arrays.of(seen)
                self._keep_precision(name, seen)
                self.found.trace[f"gradient:{name}"] = self.explainer.upstream(seen.key, self.arrays.of(seen))

    def _inputs(self, blocks: list[Block]) -> None:
        """Numbers that are data: those that formulas use, and what the user has named."""
        names, seen = LeafNames(self.recorder, blocks), self.recorder.seen
        used = [found for block in blocks for formula in block.formulas for found in STANDING_FOR.findall(formula)]
        given = [
            one for one in seen if one.kind == "input" and one.name and one.key is None and has_numbers(one.tensor)
        ]
        for one in dict.fromkeys([seen[int(number)] for kind, number in used if kind == "d"] + given):
            name = self._data[one.number] = self.names.take(names.of(one))
            whole = not (one.dtype.is_floating_point or one.dtype.is_complex)
            self.found.inputs[name] = _plain(one.data()) if whole else self.arrays.of(one)
            self._keep_precision(name, one)
        self.found.batch = self._batch(given)

    def _batch(self, given: list[Seen]) -> tuple[str, ...]:
        """The inputs whose axis 0 counts samples: what the user has named, or has given to the model, where all of it
        has as many; what is made of that; and targets of as many. None where a layer counts time on axis 0."""
        if any(getattr(module, "batch_first", True) is False for module in self.recorder.model.modules()):
            return ()
        extents = {one.shape[:1] for one in given}
        if len(extents) != 1 or extents <= {(), (0,), (1,)}:
            return ()
        ((self.found.samples,),) = extents
        derived = {one.number for one in given}
        for call in self.recorder.calls:
            if any(
                isinstance(a, Ref) and a.seen.number in derived for a in pytree.tree_leaves((call.args, call.kwargs))
            ):
                derived.update(one.number for one in call.outputs if one is not None)
        data = [(self.recorder.seen[number], name) for number, name in self._data.items()]
        return tuple(
            name for one, name in data if one.shape[:1] in extents and (one.number in derived or name in _TARGETS)
        )

    @property
    def parameters(self) -> dict[Key, str]:
        """The names of all that gets a gradient and is no result."""
        return {key: name for key, name in self._by_key.items() if key.output < 0}

    # Lines ---------------------------------------------------------------------------------------

    def _only_root(self) -> Key | None:
        """The key of the loss, where one number was the root of the one backward pass."""
        if len(self.backward.roots) == 1:
            seen, given = self.backward.roots[0]
            if given is None and prod(seen.shape) == 1:
                return seen.key
        return None

    def _explained(self, block: Block, name: str) -> None:
        several = len(block.outputs) > 1
        for number, (key, formula) in enumerate(zip(block.outputs, block.formulas, strict=True)):
            one = self.names.take(f"{name}.{number}") if several else name
            if several:
                self._origin(block, one)
            self._by_key[key] = one
            self.found.lines[one] = STANDING_FOR.sub(self._named, formula)
            self._result(one, key)
            if block.computed_in:
                self.found.computed_in[one] = block.computed_in
        if not several:
            self._keep_parts(block, name)

    def _named(self, found: re.Match[str]) -> str:
        seen = self.recorder.seen[int(found[2])]
        return self._data[seen.number] if found[1] == "d" or seen.key is None else self._by_key[seen.key]

    def _named_in_words(self, found: re.Match[str]) -> str:
        """The same in a sentence, where what looks like it may be something else."""
        try:
            return self._named(found)
        except (KeyError, IndexError):
            return found[0]

    def _opaque(self, block: Block, name: str) -> None:
        """A line that is shown as it was recorded. With several outputs it is all of them in a row, of which each is a
        part."""
        entering = self.found.entering[name] = [self._by_key[key] for key in block.inputs]
        inputs = ", ".join(entering)
        shapes = [seen.extent for key in block.outputs if (seen := self.network.seen(key)) is not None]
        self.found.unexplained[name] = STANDING_FOR.sub(self._named_in_words, block.reason)
        self._keep_parts(block, name)
        if len(block.outputs) == 1:
            self._by_key[block.outputs[0]] = name
            self.found.lines[name] = f"recorded({inputs}, of={block.word!r}, size={shapes[0]!r})"
            self._result(name, block.outputs[0])
            return
        sizes = [prod(shape) for shape in shapes]
        self.found.lines[name] = f"recorded({inputs}, of={block.word!r}, size=({sum(sizes)},))"
        values, gradients = [], []
        for number, (key, shape) in enumerate(zip(block.outputs, shapes, strict=True)):
            one = self._by_key[key] = self.names.take(f"{name}.{number}")
            self._origin(block, one)
            start = sum(sizes[:number])
            self.found.lines[one] = f"reshape({name}[{start}:{start + sizes[number]}], {shape!r})"
            value, gradient = self._result(one, key)
            values.append(value.reshape(-1))
            gradients.append(gradient.reshape(-1))
        self.found.trace[f"value:{name}"] = np.concatenate(values)
        self.found.trace[f"gradient:{name}"] = np.concatenate(gradients)

    def _result(self, name: str, key: Key) -> tuple[Array, Array]:
        """Keeps the value of a line, and the gradient that arrived there."""
        seen = self.network.seen(key)
        assert seen is not None, "what was never seen is inside of a block"
        value = self.found.trace[f"value:{name}"] = self.arrays.of(seen)
        gradient = self.explainer.upstream(key, value)
        if name != self.found.loss:
            self.found.trace[f"gradient:{name}"] = gradient
        self._keep_precision(name, seen)
        return value, gradient

    def _keep_parts(self, block: Block, name: str) -> None:
        """What a line passes on to values that others use as well, or whose gradient is another one, as a hook makes
        it."""
        for key in block.inputs:
            part, to = self.network.passed(block, key), self._by_key[key]
            array = np.zeros_like(self._array(to)) if part is None else self.arrays.plain(part)
            self._parts.setdefault(key, []).append(array)
            if self._uses[key] > 1 or not np.array_equal(array, self.found.trace[f"gradient:{to}"], equal_nan=True):
                self.found.trace[f"part:{name}:{to}"] = array

    def _changed(self) -> None:
        """Finds the gradients that are not the sum of what came through the uses of their value."""
        for key, parts in self._parts.items():
            name = self._by_key[key]
            whole, kind = self.found.trace[f"gradient:{name}"], self.found.precision.get(name, self.found.dtype.name)
            with np.errstate(all="ignore"):
                off = np.abs(whole - np.add.reduce(parts))
                size = np.sqrt(np.add.reduce([np.square(part) for part in parts]))
                if len(parts) == self._uses[key] and not bool(
                    ((off <= _ROUNDINGS * EPS[kind] * size) | ~np.isfinite(whole)).all()
                ):
                    self.found.changed.add(name)

    def _array(self, name: str) -> Array:
        found = self.found.parameters.get(name)
        return self.found.trace[f"value:{name}"] if found is None else found

    def _keep_precision(self, name: str, seen: Seen) -> None:
        kind = seen.precision
        if kind != self.found.dtype.name:
            self.found.precision[name] = kind

    def _origin(self, block: Block, name: str) -> None:
        call, said = block.call, {"op": block.word}
        if call is not None:
            said["module"] = call.module
            while call.inside is not None:
                call = call.inside
            said |= {"call": call.name, "where": call.where}
        self.found.origins[name] = {key: text for key, text in said.items() if text}

    def _total(self) -> None:
        """Several roots, or one that was no single number: the loss is the sum of what each began with, a number
        that the program itself has not."""
        terms, total = [], 0.0
        for number, (seen, given) in enumerate(self.backward.roots):
            assert seen.key is not None, "a root has a gradient"
            name = self._by_key[seen.key]
            with np.errstate(all="ignore"):
                began = np.ones(()) if given is None else self.arrays.plain(given).astype(np.float64)
                total += float((self._array(name) * began).sum(dtype=np.float64))
            if given is not None:
                seed = self.names.take(f"seed_{number + 1}")
                self.found.inputs[seed] = self.arrays.plain(given)
                terms.append(f"sum({name} * {seed})")
            else:
                terms.append(name if seen.shape == () else f"sum({name})")
        self.found.lines["loss"] = " + ".join(terms) if len(terms) > 1 else f"sum({terms[0]})"
        self.found.trace["value:loss"] = np.asarray(total, self.found.dtype)
        what = f"the sum of {len(terms)} losses" if len(terms) > 1 else "the sum of all that backward() began with"
        self.found.origins["loss"] = {"op": what}


def _plain(tensor: torch.Tensor) -> Array:
    """Whole numbers and truths as they are."""
    return np.ascontiguousarray(tensor.detach().cpu().numpy()).reshape(tuple(tensor.shape))


def text_of(parts: Parts, title: str, more: Sequence[str]) -> str:
    """graph.toml. `more` are lines of further tables."""
    head: dict[str, str | Sequence[str]] = {"title": title, "loss": parts.loss, "dtype": parts.dtype.name}
    if parts.batch:
        head["batch"] = parts.batch
    leaves = {"inputs": parts.inputs, "parameters": parts.parameters}
    origins = {name: said for name, said in parts.origins.items() if name in parts.lines}
    return scenario_text(head, leaves, parts.lines, more, origins)
