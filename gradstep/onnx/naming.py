"""Where a node stands in the program that it was exported from, and what its line is called after that."""

from __future__ import annotations

import ast
import re
from typing import Any

#: What is called last is a layer of PyTorch; what the user has written is further out.
_TORCH = re.compile(r"[/\\\\]torch[/\\\\]")
_FILE = re.compile(r'File "([^"\n]+)", line (\d+)')


def path_of(node: Any) -> str:
    """The path of the module that a node is of, as layers.0.fc; "" where nothing is said of it."""
    scopes = _scopes(node)
    return scopes[-2] if scopes else _of_name(node.name)


def _scopes(node: Any) -> list[str]:
    """The modules that a node is in, as PyTorch's exporter says, and the call that it is of."""
    said = next((one.value for one in node.metadata_props if one.key == "pkg.torch.onnx.name_scopes"), "")
    try:
        found = ast.literal_eval(said) if 0 < len(said) < 10_000 else []
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        found = []
    right = isinstance(found, list) and len(found) > 1 and all(isinstance(one, str) for one in found)
    return found if right else []


def _of_name(name: str) -> str:
    """/layer1/layer1.0/conv1/Conv is in layer1.0.conv1: what a scope begins with may be the scope that it is in."""
    pieces, path = [piece for piece in name.split("/")[:-1] if piece], ""
    for piece in pieces:
        last = path.rpartition(".")[2] if path else ""
        if path and (piece == path or piece.startswith((f"{path}.", f"{last}."))):
            path = piece if piece.startswith(f"{path}.") or piece == path else f"{path}{piece[len(last) :]}"
        else:
            path = f"{path}.{piece}" if path else piece
    return path


def place_of(node: Any) -> str:
    """FILE:LINE of the program, where the exporter has kept it."""
    said = next((one.value for one in node.metadata_props if one.key == "pkg.torch.onnx.stack_trace"), "")
    found = _FILE.findall(said)
    found = [one for one in found if not _TORCH.search(one[0])] or found
    return f"{found[-1][0]}:{found[-1][1]}" if found else ""


def word_of(node: Any) -> str:
    """What a node is called in names: as the function that it is of, where that is known; MatMul is matmul,
    LayerNormalization layer_norm."""
    if scopes := _scopes(node):
        return re.sub(r"_\d+$", "", scopes[-1]) or "node"
    if node.op_type in ("MatMul", "TopK"):
        return str(node.op_type).lower()
    word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", node.op_type).lower()
    return word.replace("normalization", "norm") or "node"
