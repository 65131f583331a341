"""From a network to the text of a scenario: the names of all values, and where each is from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gradstep.engine.files import Names, Packed, packed
from gradstep.onnx.naming import path_of, place_of, word_of
from gradstep.onnx.network import Line
from gradstep.onnx.translating import Translation
from gradstep.onnx.values import FLOATS

#: A name that stands for another one.
_STANDING_FOR = re.compile(r"\bv\d+\b")


@dataclass(eq=False)
class Composed:
    """What a scenario is put together from; `names` has the name of what stands for one in formulas."""

    names: dict[str, str] = field(default_factory=dict)
    taken: Names = field(default_factory=Names)
    inputs: dict[str, Packed] = field(default_factory=dict)
    parameters: dict[str, Packed] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    origins: dict[str, dict[str, str]] = field(default_factory=dict)
    loss: str = "loss"

    def text(self, formula: str) -> str:
        """A formula, or what is said of one, with the names."""
        return _STANDING_FOR.sub(lambda found: self.names.get(found[0], found[0]), formula)


def composed(translation: Translation) -> Composed:
    """All names, formulas and arrays of a network."""
    made, network = Composed(), translation.network
    for word, given in translation.inputs.items():
        name = made.names[word] = made.taken.take(given.name)
        made.inputs[name] = packed(given.array)
    for word, parameter in translation.parameters.items():
        name, tensor = made.taken.take(parameter.wish), parameter.tensor
        made.names[word] = name
        made.parameters[name] = Packed(tensor.kind, tensor.shape, tensor.content)
    _name_lines(translation, made)
    for word, value in network.leaves.items():
        if word not in made.names and value.numbers is not None:
            name = made.names[word] = made.taken.take(value.wish)
            made.inputs[name] = packed(value.numbers())
    for line in network.lines:
        named = ", ".join(made.names[one] for one in line.names)
        made.lines[named] = made.text(line.text)
    return made


def _name_lines(translation: Translation, made: Composed) -> None:
    """Names each line after the module that it is of, where it is the only one, else with what it does behind it; what
    is of none after the output that it is."""
    network = translation.network
    outputs = {word: name for name, word in translation.results.items()}
    paths = {id(line.node): _path(line, translation) for line in network.lines}
    alone = Counter(paths.values())
    for line in network.lines:
        path, word = paths[id(line.node)], word_of(line.node)
        if path:
            single = alone[path] == 1 and not line.word
            wish = path if single else f"{path}.{line.word or word}"
        else:
            wish = outputs.get(line.names[0], line.word or word)
        several = len(line.names) > 1
        wish = made.taken.take(wish)
        for number, one in enumerate(line.names):
            name = made.names[one] = made.taken.take(f"{wish}.{number}") if several else wish
            made.origins[name] = _origin(line.node, path)


def _path(line: Line, translation: Translation) -> str:
    """The module of a line: as its node says, or that inside of it which its parameters are of."""
    path = path_of(line.node)
    for one in _STANDING_FOR.findall(line.text):
        parameter = translation.parameters.get(one)
        module = "" if parameter is None else parameter.wish.rpartition(".")[0]
        if module and (not path or module.startswith(f"{path}.")):
            return module
    return path


def _origin(node: Any, path: str) -> dict[str, str]:
    said = {"module": path, "where": place_of(node), "op": node.op_type}
    return {key: text for key, text in said.items() if text}


def kinds_of(made: Mapping[str, Packed]) -> list[str]:
    """The types of arrays, the fewest digits first."""
    return sorted({one.kind for one in made.values()}, key=lambda kind: (kind not in FLOATS, kind))
