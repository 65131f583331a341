"""From the text of a formula to its tree. The standard library parses it, and it is read as data, never run."""

from __future__ import annotations

import ast
import copy
import math
import re
import warnings
from typing import Any

from gradstep.engine.errors import ExpressionError, shortened

MAX_LENGTH = 10_000
MAX_DEPTH = 200

#: A letter that stands for the dots of a name while Python reads it, which knows no names such as layers.0.weight.
_DOT = "ǂ"
#: The part of such a name that Python cannot read: up to the last piece that begins with a digit.
_NUMBERED = re.compile(r"(?<![\w.])[^\W\d]\w*(?:\.\w+)*?(?:\.\d\w*)(?:(?:\.\w+)*\.\d\w*)?")


def parse(text: str) -> ast.expr:
    """The tree of one formula. Raises ExpressionError if it is no single expression, or too long
    (10,000 characters) or too deep (200 levels)."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the formula is {len(text):,} characters long; at most {MAX_LENGTH:,} are read")
    if not text.strip():
        raise ExpressionError("the formula is empty")
    # Line ends become spaces so that a long formula may be broken over lines; columns stay right.
    flat = text.replace("\r", " ").replace("\n", " ")
    if "#" in flat:
        raise ExpressionError("a formula has no comments; write them behind its closing quote", flat.index("#"))
    lead = len(flat) - len(flat.lstrip())
    try:
        tree = tree_of(flat.strip())
    except SyntaxError as error:
        if part := re.search(r"\b([^\W\d]\w*):[^\W\d]\w*", flat):
            raise ExpressionError(
                f"{part[0]} is a part of the formula of {part[1]}; to use it, give it a line of its own", part.start()
            ) from None
        message = "is not a formula" if error.msg.startswith("invalid syntax") else error.msg
        # Offset 0 is the parser's way to say: after the last character.
        column = min(error.offset - 1 + lead, len(text)) if error.offset else len(text)
        raise ExpressionError(f"cannot read '{shortened(text, 60)}': {message}", column) from None
    except RecursionError:
        raise ExpressionError(f"the formula is nested too deeply; at most {MAX_DEPTH} levels are read") from None
    except ValueError:
        raise ExpressionError(
            f"cannot read '{shortened(text, 60)}': it holds a character that no formula has"
        ) from None
    _check_depth(tree)
    _place(tree, _joined(flat.strip()), lead)
    check_numbers(tree)
    return tree


#: A part of a formula that is longer is not written anew for messages, which show its beginning and its end.
_LONG = 100


def _place(tree: ast.AST, text: str, lead: int) -> None:
    """Makes columns count characters, as people do: ast counts UTF-8 bytes. Long parts get their `ends`."""
    encoded = text.encode()
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            start, stop = node.col_offset, node.end_col_offset or 0
            if stop - start > _LONG:
                ends = (encoded[start : start + _LONG], encoded[stop - _LONG : stop])
                shown = " … ".join(end.decode(errors="ignore") for end in ends)
                node.ends = shown.replace(_DOT, ".")  # type: ignore[attr-defined]  # ours
            before = start if len(encoded) == len(text) else len(encoded[:start].decode(errors="ignore"))
            node.col_offset = before + lead


def check_numbers(tree: ast.AST) -> None:
    """Refuses numbers that are written out and cannot be held: they would be infinite, or too long to be shown."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float | complex):
            try:
                held = math.isfinite(abs(node.value))
            except OverflowError:
                held = False
            if not held:
                raise ExpressionError("the number is too large; infinity is written inf", node.col_offset)


#: What is no number in Python's own spelling.
_WORDS = {"true": True, "false": False, "none": None, "inf": math.inf, "nan": math.nan}


def spelled(node: ast.expr) -> ast.Constant | None:
    """The constant that a word stands for: `true`, `inf`, `nan`, also `math.inf`, `torch.nan`, `float("inf")`. None
    where it is none."""
    match node:
        case ast.Name(id=word) | ast.Attribute(value=ast.Name(id="math" | "np" | "numpy" | "torch"), attr=word):
            pass
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str(word))], keywords=[]):
            if word.strip().lower().lstrip("+-") not in ("inf", "infinity", "nan"):
                return None
            return ast.copy_location(ast.Constant(float(word)), node)
        case _:
            return None
    if word.lower() not in _WORDS:
        return None
    return ast.copy_location(ast.Constant(_WORDS[word.lower()]), node)


class _Spelled(ast.NodeTransformer):
    """Puts constants in the place of the words for them."""

    def visit(self, node: ast.AST) -> ast.AST:
        found = spelled(node) if isinstance(node, ast.expr) else None
        return self.generic_visit(node) if found is None else found


def literal(node: ast.expr) -> Any:
    """What is written out: numbers, and lists of them. Raises ValueError, TypeError or RecursionError."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.literal_eval(_Spelled().visit(copy.deepcopy(node)))


def tree_of(text: str) -> ast.expr:
    """The tree of an expression in Python's grammar; what its parser thinks of style is no matter here. Raises
    SyntaxError where it is none, ValueError where it holds what no text of Python does, and RecursionError where it is
    nested too deeply for the parser."""
    joined = _joined(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(joined, mode="eval").body
    except MemoryError:
        raise RecursionError from None
    if joined is not text:
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                node.id = node.id.replace(_DOT, ".")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                node.value = node.value.replace(_DOT, ".")
    return tree


def _joined(text: str) -> str:
    """A text in which Python finds the names with numbered pieces, as layers.0, to be single ones; the very same where
    there are none."""
    found = _NUMBERED.sub(lambda name: name[0].replace(".", _DOT), text)
    return text if found == text else found


def dotted(node: ast.AST) -> str | None:
    """The name that a tree is, as encoder.layers.0.weight, whose pieces Python takes for attributes; None where it is
    none."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return None if before is None else f"{before}.{node.attr}"
    return None


def _check_depth(tree: ast.AST) -> None:
    level = [tree]
    for _ in range(MAX_DEPTH + 1):
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        if not level:
            return
    raise ExpressionError(f"the formula is nested too deeply; at most {MAX_DEPTH} levels are read")


def written(node: ast.expr) -> str:
    """A part of a formula as text, for messages."""
    ends = getattr(node, "ends", None)
    if ends is not None:
        return shortened(" ".join(ends.split()), 60)
    try:
        return shortened(ast.unparse(node), 60)
    except ValueError:  # an f-string whose quotes cannot be written again
        return "this"
