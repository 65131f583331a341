"""Functions that a model defines itself, written out where they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradstep.engine.errors import CommandError, shortened

#: Functions that call functions.
_DEEPEST = 50


def inlined(nodes: Sequence[Any], functions: Sequence[Any], most: int) -> list[Any]:
    """All nodes, with those of functions in the place of their calls. Raises CommandError where there are more than
    `most`, or functions call themselves."""
    known = {(one.domain, one.name, getattr(one, "overload", "")): one for one in functions}
    found = list[Any]()
    for node in _written_out(nodes, known, 0):
        if len(found) >= most:
            raise CommandError(f"the model has more than {most:,} nodes")
        found.append(node)
    return found


def _written_out(nodes: Sequence[Any], known: Mapping[Any, Any], depth: int) -> Iterator[Any]:
    for number, node in enumerate(nodes):
        function = known.get((node.domain, node.op_type, getattr(node, "overload", "")))
        if function is None:
            yield node
            continue
        if depth >= _DEEPEST:
            raise CommandError(
                f"node '{called(node)}' ({node.op_type}): functions call one another more than {_DEEPEST} deep"
            )
        yield from _written_out(list(_body(node, function, f"{depth}.{number}")), known, depth + 1)


def _body(node: Any, function: Any, prefix: str) -> Iterator[Any]:
    """The nodes of a function for one call of it."""
    from onnx import NodeProto

    names = dict(zip(function.input, node.input, strict=False))
    names |= dict.fromkeys([*function.input][len(node.input) :], "")
    names |= {inner: outer for inner, outer in zip(function.output, node.output, strict=False) if outer}
    given = {one.name: one for one in function.attribute_proto} | {one.name: one for one in node.attribute}
    path = f"{called(node)}/{prefix}"
    for inner in function.node:
        made = NodeProto()
        made.CopyFrom(inner)
        made.name = f"{called(node)}/{inner.name or inner.op_type}"
        for listed in (made.input, made.output):
            listed[:] = [names.setdefault(one, f"{path}/{one}") if one else "" for one in listed]
        kept = []
        for one in inner.attribute:
            if not one.ref_attr_name:
                kept.append(one)
            elif one.ref_attr_name in given:
                there = type(one)()
                there.CopyFrom(given[one.ref_attr_name])
                there.name = one.name
                kept.append(there)
        del made.attribute[:]
        made.attribute.extend(kept)
        if not made.metadata_props:
            made.metadata_props.extend(node.metadata_props)
        yield made


def used_by(node: Any) -> Iterator[str]:
    """All names that a node uses, also in graphs inside of it."""
    yield from node.input
    inner = [graph for one in node.attribute for graph in (one.g, *one.graphs)]
    while inner:
        graph = inner.pop()
        for one in graph.node:
            yield from one.input
            inner += [more for attribute in one.attribute for more in (attribute.g, *attribute.graphs)]
        yield from (one.name for one in graph.output)


def with_inner(nodes: Sequence[Any]) -> Iterator[Any]:
    """All nodes, with those in graphs inside of them."""
    for node in nodes:
        yield node
        for one in node.attribute:
            for graph in (one.g, *one.graphs):
                yield from with_inner(graph.node)


def called(node: Any) -> str:
    """What a node is called in messages: by its name, or what it makes."""
    return shortened(node.name or next(iter(node.output), "") or "without a name", 80)
