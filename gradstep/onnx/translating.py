"""A whole model as a network: parameters, inputs, and all nodes that its outputs need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from gradstep.engine.errors import CommandError, shortened
from gradstep.engine.graph import Role
from gradstep.onnx.functions import used_by
from gradstep.onnx.givens import Given
from gradstep.onnx.kinds import KINDS
from gradstep.onnx.network import Network
from gradstep.onnx.parameters import Parameter, Parameters, Use
from gradstep.onnx.reading import Model
from gradstep.onnx.values import FLOATS, Array, Value


@dataclass(frozen=True, eq=False)
class Translation:
    """A model as a network. `inputs` and `parameters` are what stands for names in its formulas; `results` says how the
    outputs of the model are written, by their names."""

    network: Network
    inputs: Mapping[str, Given]
    parameters: Mapping[str, Parameter]
    results: Mapping[str, str]


def dtype_of(model: Model, parameters: Parameters) -> str:
    """What a model computes in: float64 where something that is given or trained is."""
    kinds = {one.tensor.kind for one in parameters.all()}
    kinds |= {KINDS.get(one.type.tensor_type.elem_type, "") for one in model.inputs}
    return "float64" if "float64" in kinds else "float32"


def translated(model: Model, parameters: Parameters, inputs: Sequence[Given], dtype: str, seed: int) -> Translation:
    """A model as a network. Raises CommandError with the first node that cannot be read, and why."""
    network = Network(dtype, model.opset, seed)
    words = dict[str, Given]()
    for one in inputs:
        value = Value(one.kind, one.array.shape, numbers=None if one.kind in FLOATS else partial(_same, one.array))
        network.values[one.name] = network.leaf(value, Role.INPUT, False)
        words[value.word] = one
    nodes = [*_needed(model, parameters)]
    trained = _Trained(network, parameters)
    network.own = trained.with_own
    for name in parameters.roots:
        tensor = parameters.tensor(name)
        value = Value(tensor.kind, tensor.shape, "", tensor.array, True, parameters.name_of_data(name))
        value.trained = parameters.is_trained(name)
        network.values.setdefault(name, value)
    network.uses = Counter(name for node in nodes for name in used_by(node))
    network.uses.update(model.outputs)
    for node in _joined(nodes, trained, network.uses):
        network.add(node)
    results = dict[str, str]()
    for name in model.outputs:
        if name not in network.values:
            raise CommandError(f"output '{shortened(name, 60)}' is made by no node")
        if word := network.values[name].word:
            results[name] = word
    return Translation(network, words, trained.words, results)


def _same(array: Array) -> Array:
    return array


def _needed(model: Model, parameters: Parameters) -> Iterator[Any]:
    """The nodes that the outputs of a model need, without those that only call an array otherwise."""
    wanted, found = set(model.outputs), list[Any]()
    for node in reversed(model.nodes):
        if node.op_type == "Identity" and all(name in parameters.roots for name in node.output):
            continue
        if any(name in parameters.turns for name in node.output):
            continue
        if wanted.intersection(node.output):
            found.append(node)
            wanted.update(used_by(node))
    return iter(found[::-1])


class _Trained:
    """Gives parameters their places in a network, and nodes those of theirs."""

    def __init__(self, network: Network, parameters: Parameters) -> None:
        self._network, self._parameters = network, parameters
        self.words: dict[str, Parameter] = {}
        self._names: dict[Parameter, str] = {}

    def use(self, node: Any, k: int) -> Use | None:
        return self._parameters.at(node, k) if k < len(node.input) else None

    def name(self, parameter: Parameter) -> str:
        """What stands for a parameter among the inputs of nodes: nothing that a model can have as a name."""
        if parameter not in self._names:
            tensor = parameter.tensor
            value = self._network.leaf(Value(tensor.kind, tensor.shape, wish=parameter.wish), Role.PARAMETER, True)
            self.words[value.word] = parameter
            self._names[parameter] = f"\0{value.word}"
            self._network.values[self._names[parameter]] = value
        return self._names[parameter]

    def with_own(self, node: Any) -> Any:
        """A node with its parameters among its inputs."""
        uses = [self.use(node, k) for k in range(len(node.input))]
        if not any(uses):
            return node
        made = type(node)()
        made.CopyFrom(node)
        made.input[:] = [
            n if use is None else self.name(use.parameter) for n, use in zip(node.input, uses, strict=True)
        ]
        if len(uses) > 1 and uses[1] is not None and uses[1].turned:
            made.op_type = "Linear"
        return made


def _joined(nodes: Sequence[Any], trained: _Trained, uses: Mapping[str, int]) -> Iterator[Any]:
    """All nodes with their parameters; a product with turned weights and the bias that is added to it as one."""
    products = dict[str, Any]()
    for node in nodes:
        use = trained.use(node, 1)
        if use is not None and use.turned and len(node.input) == 2 and uses[node.output[0]] == 1:
            products[node.output[0]] = node
    added = {}
    for node in nodes:
        if node.op_type == "Add" and len(node.input) == 2:
            for k in (0, 1):
                bias, product = trained.use(node, 1 - k), products.get(node.input[k])
                if bias is not None and product is not None and len(bias.parameter.tensor.shape) == 1:
                    added[product.output[0]] = node, bias
    for node in nodes:
        if node.output[0] in added:
            continue
        pair = next(((products[i], added[i][1]) for i in node.input if i in added and added[i][0] is node), None)
        if pair is None:
            yield trained.with_own(node)
            continue
        made = trained.with_own(pair[0])
        made.input.append(trained.name(pair[1].parameter))
        made.output[:] = node.output
        made.name = pair[0].name
        yield made
