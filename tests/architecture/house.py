"""The measures of the house, taken from the source without importing it. `python tests/architecture/house.py` prints
what is over.

Every measure is a function that gives one line for each thing that is over; a test asserts that there is none. Where a
limit would make the code worse, EXCEPTIONS says so.
"""

from __future__ import annotations

import ast
import re
import statistics
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ENGINE, SCREEN = "gradstep.engine", "gradstep.tui"

MEDIAN, FILE, FUNCTION, CLASS, NAMES = 120, 300, 40, 25, 15

#: What is over a limit, as its measure calls it, and why it would be worse below it. At most five in all.
EXCEPTIONS: Mapping[str, str] = {}

Function = ast.FunctionDef | ast.AsyncFunctionDef


# Source -------------------------------------------------------------------------------------------


@cache
def modules() -> Mapping[str, Path]:
    """Every module of the engine, the screen and the public face, and its file."""
    found = {}
    for top in ("engine", "tui", "gradstep"):
        for file in sorted((ROOT / top).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            inside = parts[1:] if top == "gradstep" else parts
            found[".".join(("gradstep", *(inside[:-1] if inside[-1] == "__init__" else inside)))] = file
    return found


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


def lines(module: str) -> int:
    return len(modules()[module].read_text(encoding="utf-8").splitlines())


def measured() -> list[str]:
    return [m for m in modules() if m.startswith((ENGINE, SCREEN))]


def is_package(module: str) -> bool:
    return modules()[module].name == "__init__.py"


@cache
def imports(module: str) -> Sequence[tuple[str, str, int]]:
    """What a module imports of gradstep, wherever in it: (module, name or "", line). A name that is a module itself
    is given as that module."""
    found = []
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "gradstep":
                    found.append((alias.name, "", node.lineno))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "gradstep":
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                parts = (whole, "") if whole in modules() else (str(node.module), alias.name)
                found.append((*parts, node.lineno))
    return found


def rooms() -> Mapping[str, str]:
    """The rooms from top to bottom as pyproject.toml lists them, each with its sentence."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    (listed,) = (c["layers"] for c in contracts if c.get("containers") == [ENGINE])
    return {room: re.findall(rf'^    "{room}", *# (.+)$', text, re.MULTILINE)[-1] for room in listed}


def room_of(module: str) -> str:
    return (module.removeprefix(ENGINE) + "..").split(".")[1]


def shown_by(package: str) -> Iterator[str]:
    """The names that a package's face shows: those it imports for type checkers, or lists in `__all__`."""
    for node in tree(package).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for inner in node.body:
                if isinstance(inner, ast.ImportFrom):
                    yield from (alias.asname or alias.name for alias in inner.names)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            yield from (n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant))


# Sizes --------------------------------------------------------------------------------------------


def large_files() -> Iterator[str]:
    for module in measured():
        if lines(module) > FILE:
            yield f"{module}: {lines(module)} lines"


def high_median() -> Iterator[str]:
    median = statistics.median(lines(m) for m in measured() if lines(m))
    if median > MEDIAN:
        yield f"the median: {median:g} lines"


def _named(module: str, kinds: type | tuple[type, ...]) -> Iterator[tuple[str, ast.AST]]:
    """Definitions of some kinds, with their qualified names."""

    def inside(node: ast.AST, name: str) -> Iterator[tuple[str, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            called = name
            if isinstance(child, Function | ast.ClassDef):
                called = f"{name}.{child.name}"
                if isinstance(child, kinds):
                    yield called, child
            yield from inside(child, called)

    return inside(tree(module), module)


def long_functions() -> Iterator[str]:
    for module in measured():
        for name, node in _named(module, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert isinstance(node, Function)
            long = (node.end_lineno or 0) - node.lineno + 1
            if long > FUNCTION:
                yield f"{name}: {long} lines"


def large_classes() -> Iterator[str]:
    for module in measured():
        for name, node in _named(module, ast.ClassDef):
            assert isinstance(node, ast.ClassDef)
            methods = sum(isinstance(inner, Function) for inner in node.body)
            if methods > CLASS:
                yield f"{name}: {methods} methods"


def unannotated() -> Iterator[str]:
    for module in measured():
        classes = [node for node in ast.walk(tree(module)) if isinstance(node, ast.ClassDef)]
        methods = {id(inner) for node in classes for inner in node.body if isinstance(inner, Function)}
        for name, node in _named(module, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert isinstance(node, Function)
            static = any(ast.unparse(d) == "staticmethod" for d in node.decorator_list)
            given = [*node.args.posonlyargs, *node.args.args]
            given = given[1:] if id(node) in methods and not static else given
            given += [*node.args.kwonlyargs, *filter(None, (node.args.vararg, node.args.kwarg))]
            for argument in given:
                if argument.annotation is None:
                    yield f"{name}: {argument.arg}"
            if node.returns is None:
                yield f"{name}: what it returns"


# Imports ------------------------------------------------------------------------------------------


def circles() -> Iterator[str]:
    """Modules that import one another, by whatever way: function-level and TYPE_CHECKING imports count, and so does
    what a face shows."""
    graph = {m: sorted({target for target, _, _ in imports(m) if target in modules()}) for m in modules()}
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(module: str) -> Iterator[list[str]]:
        number[module] = low[module] = len(number)
        stack.append(module)
        for target in graph[module]:
            if target not in number:
                yield from visit(target)
                low[module] = min(low[module], low[target])
            elif target in stack:
                low[module] = min(low[module], number[target])
        if low[module] == number[module]:
            found = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(found) > 1 or module in graph[module]:
                yield found

    for module in graph:
        if module not in number:
            for found in visit(module):
                yield f"a circle: {', '.join(sorted(found))}"


def upward_imports() -> Iterator[str]:
    order = list(rooms())
    for module in modules():
        if not module.startswith(ENGINE + "."):
            continue
        for target, _, line in imports(module):
            if target.startswith(SCREEN):
                yield f"{module}:{line}: the screen"
            elif room_of(target) and order.index(room_of(target)) < order.index(room_of(module)):
                yield f"{module}:{line}: {target} is above it"


def past_faces() -> Iterator[str]:
    """What the screen and the public face import of the engine that is not shown by a room's face."""
    for module in modules():
        if module.startswith(ENGINE):
            continue
        for target, name, line in imports(module):
            if not target.startswith(ENGINE + "."):
                continue
            foot = room_of(target) in rooms() and not is_package(f"{ENGINE}.{room_of(target)}")
            if target != f"{ENGINE}.{room_of(target)}":
                yield f"{module}:{line}: {target} is inside of {room_of(target)}"
            elif not foot and name not in shown_by(target):
                yield f"{module}:{line}: {target} shows no {name}"


def many_names() -> Iterator[str]:
    found = {t for m in modules() if m.startswith(SCREEN) for t, _, _ in imports(m) if t.startswith(ENGINE)}
    if len(found) > NAMES:
        yield f"the screen imports {len(found)} modules of the engine: {', '.join(sorted(found))}"


def panels() -> Sequence[str]:
    """The modules that paint the panels, as the table of panels lists them."""
    calls = [node for node in ast.walk(tree(f"{SCREEN}.table")) if isinstance(node, ast.Call)]
    entries = [node for node in calls if ast.unparse(node.func) == "Entry"]
    return [f"{SCREEN}.panels.{ast.literal_eval(node.args[1])}" for node in entries]


def panels_beside() -> Iterator[str]:
    """Panels that import another panel: what both need is in the view, or below them."""
    for panel in panels():
        for target, _, line in imports(panel):
            if target in panels():
                yield f"{panel}:{line}: {target} is a panel"


def face_names() -> Iterator[str]:
    """Names of a face that are modules of its room too: which of the two one gets would depend on what was imported
    before."""
    for module in modules():
        if is_package(module):
            itself = {target for target, _, _ in imports(module)}
            for name in shown_by(module):
                if f"{module}.{name}" in modules() and f"{module}.{name}" not in itself:
                    yield f"{module}: {name} is a module and a name"


# Sentences and tests ------------------------------------------------------------------------------


def plain(sentence: str) -> str:
    """A sentence without its capital, its full stop and its line ends."""
    text = " ".join(sentence.split()).rstrip(".")
    return text[:1].lower() + text[1:]


def docstring(module: str) -> str:
    return ast.get_docstring(tree(module)) or ""


def other_sentences() -> Iterator[str]:
    table = dict(
        re.findall(r"^\| `(\w+)(?:/|\.py)` \| (.+?) \|$", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)
    )
    for room, sentence in rooms().items():
        first = re.split(r"\.(?:\s|$)", docstring(f"{ENGINE}.{room}"), maxsplit=1)[0]
        if plain(first) != plain(sentence):
            yield f"{room}: its docstring says '{plain(first)}', pyproject.toml '{plain(sentence)}'"
        if plain(table.get(room, "nothing")) != plain(sentence):
            yield f"{room}: CONTRIBUTING.md says '{plain(table.get(room, 'nothing'))}'"


def elsewhere(room: str) -> Mapping[str, str]:
    """The modules, or folders of them, without tests of their own, and why: `Tested elsewhere: a, b.c — because …`"""
    found = {}
    text = " ".join(docstring(f"{ENGINE}.{room}").split())
    for names, why in re.findall(r"Tested elsewhere: ([\w., ]+?) — (because [^.]+)\.", text):
        found |= dict.fromkeys(names.split(", "), why)
    return found


def has_test(module: str) -> bool:
    """Whether there is a test for a module where it is looked for: in the folder of the same name under `tests/`; that
    of a folder's own `__init__` may lie in it or beside it."""
    file = modules()[module].relative_to(ROOT)
    folders = [file.parent, file.parent.parent] if is_package(module) else [file.parent]
    tests = [ROOT / "tests" / folder / f"test_{module.rpartition('.')[2]}.py" for folder in folders]
    return any(test.exists() and "def test_" in test.read_text(encoding="utf-8") for test in tests)


def untested() -> Iterator[str]:
    """Modules without `tests/engine/ROOM/test_MODULE.py`. A face needs none: it defines nothing."""
    for room in rooms():
        whole, said, used = f"{ENGINE}.{room}", elsewhere(room), set[str]()
        for module in modules():
            if module != whole and not module.startswith(whole + "."):
                continue
            if is_package(module) and not any(isinstance(n, Function | ast.ClassDef) for n in tree(module).body):
                continue
            name = module.removeprefix(whole + ".")
            excuse = next((one for one in said if name == one or name.startswith(one + ".")), None)
            if excuse is not None:
                used.add(excuse)
            elif not has_test(module):
                yield f"{module}: no test"
        yield from (f"{whole}: '{name}', tested elsewhere, is no module" for name in said if name not in used)


#: All measures.
MEASURES: tuple[Callable[[], Iterator[str]], ...] = (
    large_files, high_median, long_functions, large_classes, unannotated, circles, upward_imports, past_faces,
    many_names, panels_beside, face_names, other_sentences, untested,
)  # fmt: skip


def over(measure: Callable[[], Iterator[str]]) -> list[str]:
    """What is over a limit and no exception."""
    return [line for line in measure() if line.partition(":")[0] not in EXCEPTIONS]


if __name__ == "__main__":
    for one in MEASURES:
        found = over(one)
        print(f"{one.__name__}: {len(found)}", *found, sep="\n    ")
