"""Which arrays of a model are its parameters, and what they are called: those of the program that it was exported from,
as far as the exporter lets that be known.

Exporters join what is equal, also by chance, as all biases that are zero; turn weights round (y = x B instead of
y = x Wᵀ); and give both names of their own. Each of it is undone where it can be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gradstep.onnx.functions import used_by, with_inner
from gradstep.onnx.naming import path_of
from gradstep.onnx.reading import Model
from gradstep.onnx.tensors import Tensor
from gradstep.onnx.values import FLOATS

#: At these places operators have what is trained.
_WEIGHTS: Mapping[str, Sequence[int]] = {
    "MatMul": (0, 1), "Gemm": (0, 1, 2), "Conv": (1, 2), "ConvTranspose": (1, 2), "LSTM": (1, 2, 3, 7),
    "GRU": (1, 2, 3), "RNN": (1, 2, 3), "BatchNormalization": (1, 2), "InstanceNormalization": (1, 2),
    "LayerNormalization": (1, 2), "GroupNormalization": (1, 2), "RMSNormalization": (1,), "Gather": (0,),
    "PRelu": (1,),
}  # fmt: skip
#: And at these what is not, whatever it is called.
_OPTIONS: Mapping[str, Sequence[int]] = {
    "BatchNormalization": (3, 4), "Resize": (1, 2, 3), "Upsample": (1,), "OneHot": (1, 2), "Clip": (1, 2),
    "Pad": (1, 2, 3), "Dropout": (1, 2), "RotaryEmbedding": (1, 2), "Expand": (1,), "Tile": (1,), "Reshape": (1,),
}  # fmt: skip
#: Roles of inputs, for parameters that have no name of their own.
_ROLES: Mapping[int, str] = {1: "weight", 2: "bias"}

#: Names that an exporter has made up.
_MADE_UP = re.compile(r"onnx::.*|val_\d+|_.*|\d+|.*[Cc]onst(?:ant|_|:|$).*")
_SIGNATURE = re.compile(r"\w+: (PARAMETER|BUFFER|CONSTANT_TENSOR) target='([^']*)'")


@dataclass(frozen=True, eq=False)
class Parameter:
    """A parameter: its array, and the name that it is to have."""

    tensor: Tensor
    wish: str


class Use(NamedTuple):
    """A parameter as a node has it: `turned` where that is its transpose."""

    parameter: Parameter
    turned: bool


def _from_right(node: Any, k: int) -> bool:
    """Whether a node multiplies with input k from the right, and does nothing else that a layer does not."""
    if node.op_type == "Gemm":
        options = {one.name: one.i or one.f for one in node.attribute}
        plain = options.get("alpha", 1) == options.get("beta", 1) == 1
        return k == 1 and plain and not options.get("transA") and not options.get("transB")
    return k == 1 and str(node.op_type) == "MatMul"


class Parameters:
    """What is trained of a model. `at(node, k)` is the parameter that input k of a node is, None where it is none."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._kinds = {target: kind for kind, target in _SIGNATURE.findall(model.signature)}
        self.roots, self._apart = self._joined()
        self._uses = dict[str, list[tuple[Any, int]]]()
        for node in with_inner(model.nodes):
            for k, name in enumerate(node.input):
                if name in self.roots:
                    self._uses.setdefault(name, []).append((node, k))
        self._found: dict[tuple[str, str], Use] = {}
        self._missing = [t for t, kind in self._kinds.items() if kind == "PARAMETER" and t not in model.tensors]
        self._trained = {name for name in self._uses if self._is_trained(name)}
        self.turns = dict(self._turned())
        self._alike: dict[tuple[Any, ...], list[Parameter]] = {}
        for name in sorted(self._trained, key=self._is_copy):
            for node, _ in self._uses[name]:
                self._add(name, node)

    def _joined(self) -> tuple[dict[str, str], set[str]]:
        """By name of an array, the one that has its numbers: others are only called otherwise, in an Identity. Those
        whose numbers are all the same were joined by chance, and are apart."""
        roots, apart = {name: name for name in self._model.tensors}, set[str]()
        for node in self._model.nodes:
            if node.op_type == "Identity" and len(node.input) == 1 and node.input[0] in roots:
                roots[node.output[0]] = roots[node.input[0]]
                apart.add(node.output[0])
        return roots, apart

    def _turned(self) -> Iterator[tuple[str, Any]]:
        """Nodes that only turn a parameter round for products, by their results: a layer does not show them."""
        uses, inner = dict[str, list[tuple[Any, int]]](), set[str]()
        for node in self._model.nodes:
            for k, name in enumerate(node.input):
                uses.setdefault(name, []).append((node, k))
            inner.update([*used_by(node)][len(node.input) :])
        for node in self._model.nodes:
            if node.op_type == "Transpose" and len(node.input) == 1 and node.input[0] in self._trained:
                order = next(([*one.ints] for one in node.attribute if one.name == "perm"), [1, 0])
                made = node.output[0]
                plain = len(self.tensor(node.input[0]).shape) == 2 and order == [1, 0]
                if (
                    plain
                    and made not in (*self._model.outputs, *inner)
                    and all(_from_right(*use) for use in uses.get(made, ()))
                ):
                    yield made, node

    def tensor(self, name: str) -> Tensor:
        return self._model.tensors[self.roots[name]]

    def _made_up(self, name: str) -> bool:
        if self._kinds or name in self._model.constants:
            return name not in self._kinds
        return _MADE_UP.fullmatch(name) is not None

    def _is_trained(self, name: str) -> bool:
        """Whether an array is a parameter: as the exporter says, else by where it is used, else by its name."""
        tensor = self.tensor(name)
        if tensor.kind not in FLOATS or not tensor.shape or not tensor.size:
            return False
        if name in self._kinds:
            return bool(self._kinds[name] == "PARAMETER")
        uses = self._uses[name]
        if not any(k not in _OPTIONS.get(str(node.op_type), ()) for node, k in uses):
            return False
        if self._made_up(name):
            return self._is_weight(name, tensor)
        return any(str(node.op_type) != "Identity" for node, _ in uses)

    def _is_weight(self, name: str, tensor: Tensor) -> bool:
        """Whether an array without a name of its own is a parameter: where weights are, and what the older exporter has
        computed from parameters; or where the newer says of a module that it has one which is nowhere else."""
        uses = self._uses[name]
        if all(str(node.op_type).endswith("Normalization") for node, _ in uses) and tensor.uniform():
            return False
        if any(k in _WEIGHTS.get(node.op_type, ()) for node, k in uses):
            return True
        older = name.startswith("onnx::") and name in self._model.tensors and name not in self._model.constants
        return tensor.size > 1 and (older or any(self._lacking(node, k) for node, k in uses))

    def _lacking(self, node: Any, k: int) -> list[str]:
        """The parameters that the module of a node has by its exporter's account, and that are in the file under no
        such name."""
        path, role = path_of(node), self._role(node, k)
        return [one for one in self._missing if path and one.rpartition(".")[0] == path and role in one]

    def _role(self, node: Any, k: int) -> str:
        return "bias" if node.op_type == "Add" else _ROLES.get(k, "weight")

    def _add(self, name: str, node: Any) -> None:
        key = self._key(name, node)
        if key in self._found:
            return
        tensor, path = self.tensor(name), path_of(node)
        turned = self._made_up(name) and len(tensor.shape) == 2 and self._only_right(name)
        tensor = tensor.transposed() if turned else tensor
        wish = key[1] or (self._wish(name, path) if self._made_up(name) else name)
        alike = self._alike.setdefault((tensor.kind, tensor.shape), [])
        same = next((one for one in alike if self._is_copy(name) and one.tensor.same(tensor)), None)
        self._found[key] = Use(same or Parameter(tensor, wish), turned)
        alike.append(self._found[key].parameter)

    def _is_copy(self, name: str) -> bool:
        """Whether an array may be that of another parameter once more, as of a weight that is used in two places."""
        return self._made_up(name) or name in self._apart

    def _only_right(self, name: str) -> bool:
        return all(_from_right(node, k) for node, k in self._uses[name])

    def _key(self, name: str, node: Any) -> tuple[str, str]:
        """The name of an array, and where several parameters were joined in it, that of the one which a node has."""
        path, tail = path_of(node), name.rpartition(".")[2]
        mine = f"{path}.{tail}" if path else tail
        joined = mine != name and mine in self._missing and self.tensor(name).uniform()
        return name, mine if joined else ""

    def _wish(self, name: str, path: str) -> str:
        """A name for a parameter that has none: that of the only one that the module lacks, else its role."""
        node, k = self._uses[name][0]
        lacking, role = self._lacking(node, k), self._role(node, k)
        if len(lacking) == 1:
            return lacking[0]
        return f"{path}.{role}" if path else role

    @property
    def absent(self) -> list[str]:
        """The parameters of the program that are in the file under no name."""
        there = {one.wish for one in self.all()}
        return [one for one in self._missing if one not in there]

    def is_trained(self, name: str) -> bool:
        return name in self._trained

    def name_of_data(self, name: str) -> str:
        """What an array that is no parameter is to be called; "" where its name is the exporter's."""
        return "" if self._made_up(name) else name

    def at(self, node: Any, k: int) -> Use | None:
        name = node.input[k]
        if name in self.turns:
            use = self.at(self.turns[name], 0)
            return None if use is None else Use(use.parameter, not use.turned)
        return self._found.get(self._key(name, node)) if name in self._trained else None

    def all(self) -> list[Parameter]:
        """Each once."""
        return list(dict.fromkeys(use.parameter for use in self._found.values()))
