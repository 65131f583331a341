"""All cases and all healthy trainings, by module."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import ModuleType

from tests.diagnosis import cases, healthy
from tests.diagnosis.case import Case, Healthy


def _modules(package: ModuleType) -> Mapping[str, ModuleType]:
    return {one.name: import_module(f"{package.__name__}.{one.name}") for one in pkgutil.iter_modules(package.__path__)}


CASES: Mapping[str, Sequence[Case]] = {name: module.CASES for name, module in _modules(cases).items()}
HEALTHY: Mapping[str, Sequence[Healthy]] = {name: module.HEALTHY for name, module in _modules(healthy).items()}
