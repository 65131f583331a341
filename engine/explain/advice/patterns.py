"""What formulas are made of: the functions that people write by hand, found by their parts."""

from __future__ import annotations

from collections.abc import Iterator

from gradstep.engine.graph.graph import Graph, Node
from gradstep.engine.ops.moving import Move

#: Only what lies so near belongs to the same formula.
_NEAR = 4


def maker(graph: Graph, value: int) -> Node | None:
    """The operation that has computed a value, however its elements were moved since; None where it is given."""
    made = graph.values[value].node
    while made >= 0 and isinstance(graph.nodes[made].op, Move):
        made = graph.values[graph.nodes[made].inputs[0]].node
    return graph.nodes[made] if made >= 0 else None


def users(graph: Graph, value: int) -> Iterator[Node]:
    """The operations that a value enters, however its elements are moved before."""
    for node in graph.nodes:
        if value in node.inputs:
            if isinstance(node.op, Move):
                yield from users(graph, node.output)
            else:
                yield node


def written(graph: Graph, value: int) -> str:
    """A value as it stands in a formula: its name, or the text of what has none."""
    shown = graph.values[value]
    if shown.part:
        return graph.nodes[shown.node].text
    return shown.name.replace("−", "-")


def is_number(graph: Graph, value: int, number: float) -> bool:
    return graph.values[value].number == number


def is_one_more(graph: Graph, node: Node | None) -> bool:
    """Whether it is 1 + something."""
    return node is not None and node.op.name == "add" and any(is_number(graph, v, 1.0) for v in node.inputs)


def is_rest(graph: Graph, node: Node | None) -> bool:
    """Whether it is 1 − something."""
    return node is not None and node.op.name == "subtract" and is_number(graph, node.inputs[0], 1.0)


def is_sigmoid(graph: Graph, node: Node | None) -> bool:
    """Whether it is a sigmoid, also by hand: 1 / (1 + exp(−x)), or exp(x) / (1 + exp(x))."""
    if node is None or node.op.name == "sigmoid":
        return node is not None
    return node.op.name == "divide" and is_one_more(graph, maker(graph, node.inputs[1])) and has_exp(graph, node)


def is_softmax(graph: Graph, node: Node | None) -> bool:
    """Whether it is a softmax, also by hand: e / sum(e)."""
    if node is None or node.op.name == "softmax":
        return node is not None
    if node.op.name != "divide":
        return False
    above, below = (maker(graph, value) for value in node.inputs)
    return below is not None and below.op.name == "sum" and above is maker(graph, below.inputs[0])


def is_tanh(graph: Graph, node: Node) -> bool:
    """Whether it is a tanh by hand: a difference of exponentials by their sum."""
    if node.op.name != "divide":
        return False
    above, below = (maker(graph, value) for value in node.inputs)
    if above is None or below is None or (above.op.name, below.op.name) != ("subtract", "add"):
        return False
    return has_exp(graph, above) and has_exp(graph, below)


def has_exp(graph: Graph, node: Node) -> bool:
    """Whether an exp lies near before an operation."""
    front, seen = [node], 0
    while front and seen < _NEAR**2:
        here, seen = front.pop(0), seen + 1
        if here.op.name == "exp":
            return True
        front += [made for value in here.inputs if (made := maker(graph, value)) is not None]
    return False


def after(graph: Graph, node: Node, near: int = _NEAR) -> Iterator[Node]:
    """The operations that lie near after another one, the nearest first."""
    front, seen = [(node, 0)], {node.id}
    while front:
        here, far = front.pop(0)
        for user in users(graph, here.output) if far < near else ():
            if user.id not in seen:
                seen.add(user.id)
                yield user
                front.append((user, far + 1))


def followed(graph: Graph, node: Node) -> Iterator[Node]:
    """The operations after another one as far as nothing but they uses it: one after the other."""
    while len(found := list(users(graph, node.output))) == 1:
        node = found[0]
        yield node
