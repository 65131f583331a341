"""The body of a `with` statement, read from its source once more, so that it can be carried out again."""

from __future__ import annotations

import ast
import linecache
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

import torch
from torch.utils import _pytree as pytree

from gradstep.torch.moments import has_state

_INSTEAD = "write the step as a function, and call it as flight(train_step, x, t)"


class Body:
    """The body of the `with` statement that a frame has just come to, and what its names mean there. Tensors among
    them are copied, as the next step may write to them; lists and dicts too, so that what the body adds to them is not
    added twice. Raises ValueError where the source is not at hand, or has what only makes sense where it stands."""

    def __init__(self, frame: FrameType) -> None:
        self._code, names = _code_of(frame)
        there = {name: frame.f_locals[name] for name in names if name in frame.f_locals}
        self._globals = frame.f_globals
        self._names = pytree.tree_map_only(torch.Tensor, _copied, there)
        found = {**{name: self._globals[name] for name in names if name in self._globals}, **there}
        #: What has a state that the body may change.
        self.others = [one for one in found.values() if has_state(one)]

    def __call__(self) -> None:
        """Carries it out. What it assigns is gone afterwards."""
        names = {k: one.copy() if isinstance(one, list | dict | set) else one for k, one in self._names.items()}
        exec(self._code, {**self._globals, **names})  # the user's own program, from where it stands


def _copied(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.requires_grad else tensor.detach().clone()


def _code_of(frame: FrameType) -> tuple[CodeType, frozenset[str]]:
    """The code of a body, and the names in it."""
    code, place = frame.f_code, frame.f_lasti // 2
    line, _, column, _ = list(code.co_positions())[place]
    return _compiled(code.co_filename, line or 0, column or 0, "".join(linecache.getlines(code.co_filename)))


@lru_cache(maxsize=64)
def _compiled(file: str, line: int, column: int, source: str) -> tuple[CodeType, frozenset[str]]:
    try:
        tree = ast.parse(source, file)
    except SyntaxError:
        raise ValueError(f"the source of {file} cannot be read: {_INSTEAD}") from None
    body = next(
        (
            node.body
            for node in ast.walk(tree)
            if isinstance(node, ast.With)
            for item in node.items
            if (item.context_expr.lineno, item.context_expr.col_offset) == (line, column)
        ),
        None,
    )
    if body is None:
        raise ValueError(f"the body cannot be found in the source of {file}:{line}: {_INSTEAD}")
    once = ast.For(ast.Name("_", ast.Store()), ast.Tuple([ast.Constant(0)], ast.Load()), body, [])
    try:  # in a loop of one turn, so that it may continue and break
        found = compile(ast.fix_missing_locations(ast.Module([once], [])), file, "exec")
    except SyntaxError as error:
        raise ValueError(f"the body at {file}:{line} cannot be carried out again ({error.msg}): {_INSTEAD}") from None
    return found, frozenset(_names(found))


def _names(code: CodeType) -> set[str]:
    inner: list[Any] = [one for one in code.co_consts if isinstance(one, CodeType)]
    return {*code.co_names, *code.co_freevars}.union(*map(_names, inner))
