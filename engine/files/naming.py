"""Names of other programs, as names that values of a network may have."""

from __future__ import annotations

import keyword

from gradstep.engine.files.tables.names import KEPT, KINDS_OF_NUMBERS, normal

#: Characters of a name; of a longer one the end is left out.
_LONGEST = 200


class Names:
    """Gives each thing a name of its own."""

    def __init__(self) -> None:
        self._taken = set(KEPT)

    def take(self, wish: str) -> str:
        """The name that is wished for; with a number behind it where that is taken."""
        pieces = [_letters(piece) for piece in normal(wish)[:_LONGEST].split(".") if piece]
        pieces = [f"{p}_" if keyword.iskeyword(p) or p in KINDS_OF_NUMBERS else p for p in pieces]
        if not pieces or not pieces[0].isidentifier():
            pieces.insert(0, "net")
        name, number = ".".join(pieces), 1
        found = name
        while found in self._taken:
            number += 1
            found = f"{name}_{number}" if name[-1].isdigit() else f"{name}{number}"
        self._taken.add(found)
        return found


def _letters(piece: str) -> str:
    """A piece of a name, with _ for all that stands in none."""
    found = "".join(c if f"_{c}".isidentifier() else " " for c in piece)
    found = "_".join(found.split())
    return found if found.isidentifier() or (found[:1].isascii() and found[:1].isdigit()) else f"_{found}"
