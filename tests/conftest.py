"""What holds for all tests: arithmetic in one thread, as the tests themselves take all cores; a terminal of many
colours, whatever the one they are run from is, and of the preferences of whoever runs them neither a word nor a
trace. Properties are tried with the same examples each time, unless GRADSTEP_EXAMPLES says how many new ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Before NumPy and PyTorch are loaded. Threads that wait for each other on a busy machine take a thousand times as long.
for library in ("OPENBLAS", "MKL", "OMP"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

settings.register_profile("gradstep", derandomize="GRADSTEP_EXAMPLES" not in os.environ, deadline=None)
settings.load_profile("gradstep")


@pytest.fixture(autouse=True)
def many_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture(autouse=True)
def nobodys(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = getattr(tmp_path_factory, "nobodys", None) or tmp_path_factory.mktemp("nobodys")
    tmp_path_factory.nobodys = folder  # type: ignore[attr-defined]
    monkeypatch.setenv("GRADSTEP_CONFIG", str(Path(folder) / "config.toml"))
