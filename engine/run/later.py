"""Arrays that are made when they are first looked at: of a large recording in narrow types only what is seen is ever
converted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar, overload

from gradstep.engine.index import Array, Shape

K = TypeVar("K")
T = TypeVar("T", Array, "Array | None")


class Unmade(NamedTuple):
    """An array of such a shape that `make` gives."""

    shape: Shape
    make: Callable[[], Array]


class Later(Mapping[K, Array], Generic[K]):
    """A mapping to arrays, of which some are made when they are first asked for, and then kept."""

    def __init__(self, there: Mapping[K, Array | Unmade]) -> None:
        self._there = dict(there)

    def __getitem__(self, key: K) -> Array:
        found = self._there[key]
        if isinstance(found, Unmade):
            found = self._there[key] = found.make()
        return found

    def __contains__(self, key: object) -> bool:
        return key in self._there

    def __iter__(self) -> Iterator[K]:
        return iter(self._there)

    def __len__(self) -> int:
        return len(self._there)

    def unmade(self, key: K) -> Callable[[], Array] | None:
        """What makes an array that nobody has asked for yet; None where it is there, or where there is none."""
        return (lambda: self[key]) if isinstance(self._there.get(key), Unmade) else None


class Arrays(Sequence[T], Generic[T]):
    """Arrays by number, of which some are made when they are first asked for."""

    def __init__(self, start: Sequence[T]) -> None:
        self._there: list[T] = list(start)
        self._later: dict[int, Callable[[], Array]] = {}

    def later(self, number: int, make: Callable[[], Array]) -> None:
        """One that is made when it is asked for."""
        self._later[number] = make

    def __setitem__(self, number: int, array: T) -> None:
        self._later.pop(number, None)
        self._there[number] = array

    @overload
    def __getitem__(self, number: int) -> T: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[T]: ...
    def __getitem__(self, number: int | slice) -> T | Sequence[T]:
        if isinstance(number, slice):
            return [self[k] for k in range(*number.indices(len(self)))]
        if self._later and number in self._later:
            self._there[number] = self._later.pop(number)()
        return self._there[number]

    def __len__(self) -> int:
        return len(self._there)

    def settled(self) -> Sequence[T]:
        """Itself; a tuple where all are there."""
        return self if self._later else tuple(self._there)
