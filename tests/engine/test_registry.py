"""What is known by name and loaded when it is asked for."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gradstep.engine
from gradstep.engine.ops import COMPOSITES, REGISTRY
from gradstep.engine.registry import Registry
from gradstep.engine.training.optimizer import OPTIMIZERS


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry[int]]:
    """Two modules that define two names each."""
    folder = tmp_path / "found_by_name"
    folder.mkdir()
    (folder / "__init__.py").write_text("made = None")
    for module, names in (("zebra", ("stripes", "hooves")), ("ant", ("legs", "eyes"))):
        lines = ["import found_by_name", "class Base:", '    name = ""']
        for name in names:
            lines += [
                f"class {name.title()}:",
                f'    name = "{name}"',
                f'found_by_name.made.add("{name}", {len(name)})',
            ]
        (folder / f"{module}.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    registry: Registry[int] = Registry("found_by_name", r'    name = "')
    importlib.import_module("found_by_name").made = registry  # type: ignore[attr-defined]
    yield registry
    for module in [m for m in sys.modules if m.startswith("found_by_name")]:
        del sys.modules[module]


def loaded() -> set[str]:
    return {m.rpartition(".")[2] for m in sys.modules if m.startswith("found_by_name.")}


def test_names_are_known_before_anything_is_loaded(package: Registry[int]) -> None:
    assert list(package) == ["legs", "eyes", "stripes", "hooves"]
    assert len(package) == 4
    assert "hooves" in package
    assert "name" not in package
    assert 3 not in package
    assert package.get("wings") is None
    assert loaded() == set()


def test_asking_loads_the_module_of_that_name_only(package: Registry[int]) -> None:
    assert package["hooves"] == 6
    assert loaded() == {"zebra"}
    with pytest.raises(KeyError):
        package["wings"]
    assert dict(package) == {"legs": 4, "eyes": 4, "stripes": 7, "hooves": 6}
    assert loaded() == {"zebra", "ant"}


def test_what_is_added_from_elsewhere_is_there(package: Registry[int]) -> None:
    package.add("wings", 2)
    assert package["wings"] == 2
    assert "wings" in package
    assert list(package) == ["legs", "eyes", "stripes", "hooves", "wings"]
    assert loaded() == set()


# The house's own ----------------------------------------------------------------------------------


@pytest.mark.parametrize("registry", [REGISTRY, COMPOSITES, OPTIMIZERS], ids=["operations", "composites", "optimisers"])
def test_every_name_is_found_in_the_text_of_its_module_and_no_other_is(registry: Registry[Any]) -> None:
    folder = importlib.import_module(registry.package)
    for module in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"{registry.package}.{module.name}")
    found = {name: getattr(thing, "plan", thing).__module__ for name, thing in registry._loaded.items()}
    assert {name: home for name, home in found.items() if home.startswith("gradstep.")} == registry.homes


def test_no_operation_has_the_name_of_a_composite() -> None:
    assert not set(REGISTRY) & set(COMPOSITES)


def test_a_network_loads_the_families_of_its_operations() -> None:
    code = (
        "import sys, gradstep\n"
        "gradstep.Session(gradstep.find('walkthrough')).frame()\n"
        "print(*sorted(m.rpartition('.')[2] for m in sys.modules if m.startswith('gradstep.engine.ops.families.')))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    # max(0, W1 @ x + b1), a sigmoid and ½(y − t)².
    assert out.split() == ["activation", "linear", "regression_losses"]


def test_nothing_above_imports_a_family_but_the_weighted_sum() -> None:
    """Who asks what an operation is like asks the operation, so that its family need not be there."""
    engine = Path(gradstep.engine.__file__).parent
    found = {}
    for file in engine.rglob("*.py"):
        if file.is_relative_to(engine / "ops" / "families"):
            continue  # a composite is made of operations of other families
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gradstep.engine.ops.families"):
                found[str(file.relative_to(engine))] = (node.module or "").rpartition(".")[2]
    assert set(found.values()) == {"linear"}, found
