"""The house stays as it was built: sizes, who imports whom, and that every room says what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import house
import pytest


@pytest.mark.parametrize("measure", house.MEASURES, ids=lambda measure: str(measure.__name__))
def test_nothing_is_over(measure: Callable[[], Iterator[str]]) -> None:
    assert not house.over(measure)


def test_exceptions_are_few_and_still_needed() -> None:
    assert len(house.EXCEPTIONS) <= 5
    lines = [line.partition(":")[0] for measure in house.MEASURES for line in measure()]
    assert set(house.EXCEPTIONS) <= set(lines)
    assert all(len(reason.split()) > 5 for reason in house.EXCEPTIONS.values())


def test_contributing_names_the_measures() -> None:
    text = (house.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for limit in (
        f"median file ≤ {house.MEDIAN} lines",
        f"largest ≤ {house.FILE}",
        f"functions ≤ {house.FUNCTION} lines",
        f"classes ≤ {house.CLASS} methods",
        f"at most {house.NAMES} modules",
    ):
        assert limit in text, limit


# The measures themselves, held against a house in which all of them are broken ------------------------------------

BROKEN = {
    "pyproject.toml": """
[[tool.importlinter.contracts]]
layers = [
    "top",  # what is above
    "low",  # what is below
]
containers = ["gradstep.engine"]
""",
    "CONTRIBUTING.md": "| `top/` | what is above |\n| `low/` | what lies below |\n",
    "engine/__init__.py": "",
    "engine/top/__init__.py": '"""What is above. Tested elsewhere: gone — because it was small."""\n',
    "engine/top/long.py": "def long() -> None:\n" + "    print()\n" * 301,
    "engine/low/__init__.py": '"""What is lower."""\nif TYPE_CHECKING:\n    from gradstep.engine.low.a import b as b\n',
    "engine/low/a.py": """
from gradstep.engine.low import c
from gradstep.engine.low.b import c


def b(x, *y): ...
""",
    "engine/low/b.py": """
def c() -> None:
    from gradstep.engine.low.a import b
    from gradstep.engine.top.long import long
""",
    "engine/low/large.py": "class Large:\n" + "".join(f"    def m{n}(self) -> None: ...\n" for n in range(26)),
    "tests/engine/top/test_long.py": "def test_it() -> None: ...\n",
    "tests/engine/low/test_large.py": "# Nothing is tested.\n",
    "tui/__init__.py": "",
    "tui/screen.py": "from gradstep.engine.low.a import b\nfrom gradstep.engine.low import c\n",
    "tui/table.py": 'PANELS = (Entry("a", "side.a", "A"), Entry("b", "side.b", "B"))\n',
    "tui/panels/side/a.py": "from gradstep.tui.panels.side.b import line\n",
    "tui/panels/side/b.py": "from gradstep.tui.panels.side.lines import line\n",
    "tui/panels/side/lines.py": "",
    "gradstep/__init__.py": "",
}


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, text in BROKEN.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(house, "ROOT", tmp_path)
    monkeypatch.setattr(house, "MEDIAN", 2)
    monkeypatch.setattr(house, "NAMES", 1)
    kept = (house.modules, house.tree, house.imports)
    for cached in kept:
        cached.cache_clear()
    yield
    for cached in kept:
        cached.cache_clear()


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("measure", "found"),
    [
        (house.large_files, ["gradstep.engine.top.long: 302 lines"]),
        (house.high_median, ["the median: 2.5 lines"]),
        (house.long_functions, ["gradstep.engine.top.long.long: 302 lines"]),
        (house.large_classes, ["gradstep.engine.low.large.Large: 26 methods"]),
        (
            house.unannotated,
            [f"gradstep.engine.low.a.b: {what}" for what in ("x", "y", "what it returns")],
        ),
        (house.circles, ["a circle: gradstep.engine.low, gradstep.engine.low.a, gradstep.engine.low.b"]),
        (house.upward_imports, ["gradstep.engine.low.b:4: gradstep.engine.top.long is above it"]),
        (
            house.past_faces,
            [
                "gradstep.tui.screen:1: gradstep.engine.low.a is inside of low",
                "gradstep.tui.screen:2: gradstep.engine.low shows no c",
            ],
        ),
        (house.many_names, ["the screen imports 2 modules of the engine: gradstep.engine.low, gradstep.engine.low.a"]),
        (house.panels_beside, ["gradstep.tui.panels.side.a:1: gradstep.tui.panels.side.b is a panel"]),
        (house.face_names, ["gradstep.engine.low: b is a module and a name"]),
        (
            house.other_sentences,
            [
                "low: its docstring says 'what is lower', pyproject.toml 'what is below'",
                "low: CONTRIBUTING.md says 'what lies below'",
            ],
        ),
        (
            house.untested,
            [
                "gradstep.engine.top: 'gone', tested elsewhere, is no module",
                *(f"gradstep.engine.low.{module}: no test" for module in ("a", "b", "large")),
            ],
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_measure_sees_what_is_over(measure: Callable[[], Iterator[str]], found: list[str]) -> None:
    assert list(measure()) == found
