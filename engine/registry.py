"""Things by their names, each loaded when it is first named.

A network of a few formulas needs a few operations, and a person waits for the first picture: what a folder of
modules defines is known by name without importing one of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """What the modules of a package define, by name.

    Names are read off the source text: `written` is a regular expression, in re's notation, for what stands
    before a name, from the start of its line. Asking for one imports its module, which is to `add` it. What is
    defined elsewhere is there as soon as it is added. Iterating goes through names and imports nothing; values
    and items are those of all modules.
    """

    def __init__(self, package: str, written: str) -> None:
        self.package, self.written = package, written
        self._loaded: dict[str, T] = {}

    def add(self, name: str, thing: T) -> None:
        self._loaded[name] = thing

    @cached_property
    def homes(self) -> Mapping[str, str]:
        """Each name that the package's modules define, and the module that does; in the order of modules
        and of their lines."""
        spec = find_spec(self.package)
        assert spec is not None, f"there is no {self.package}"
        assert spec.submodule_search_locations, "a package has a folder"
        folder = spec.submodule_search_locations[0]
        pattern = re.compile(rf"\n{self.written}(\w+)")
        found = {}
        for file in sorted(os.listdir(folder)):
            if file.endswith(".py") and file != "__init__.py":
                with open(os.path.join(folder, file), encoding="utf-8") as source:
                    for name in pattern.findall(source.read()):
                        found[name] = f"{self.package}.{file.removesuffix('.py')}"
        return found

    def __getitem__(self, name: str) -> T:
        if name not in self._loaded:
            import_module(self.homes[name])
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._loaded or name in self.homes

    def __iter__(self) -> Iterator[str]:
        return iter({**self.homes, **self._loaded})

    def __len__(self) -> int:
        return len({**self.homes, **self._loaded})
