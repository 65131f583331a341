"""Names that are paths, as `h.9.attn.weight`, where there is no room for all of them: a … stands for what is left out.
What tells neighbours apart, which is the number of a block and the end of a path, is left out last."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

#: A path of names, not of a file.
_PATH = re.compile(r"(?<![\w./…])[^\W\d]\w*(?:\.\w+)+")
#: So many parts of a path are looked at.
_LONGEST = 32


@lru_cache(maxsize=4096)
def shorter(path: str) -> tuple[str, ...]:
    """A path, and what is shown of it with more and more left out: `…9.attn.weight`, `…9…weight`, `…weight`."""
    parts = path.split(".")[-_LONGEST:]
    end = len(parts) - 1 - (parts[-1].isdecimal() and len(parts) > 1)  # 9 alone would say nothing
    block = max((k for k in range(end) if parts[k].isdecimal()), default=-1)
    last = block if block >= 0 else end
    found = [path, *("…" + ".".join(parts[k:]) for k in range(1, last + 1))]
    if block >= 0:
        found += [f"…{parts[block]}…{'.'.join(parts[k:])}" for k in range(block + 2, end + 1)]
        found.append("…" + ".".join(parts[end:]))
    return tuple(found)


def tails(texts: Sequence[str], fits: Callable[[Sequence[str]], bool]) -> Sequence[str]:
    """Texts with as little as possible left out of their paths, of all alike, that they fit; as little as they can be
    where they do not. No two paths become the same."""
    paths = {path for text in texts for path in _PATH.findall(text)}
    found = texts
    for level in range(1, max((len(shorter(path)) for path in paths), default=1)):
        if fits(found):
            break
        short = {path: shorter(path)[min(level, len(shorter(path)) - 1)] for path in paths}
        if len(set(short.values())) < len(paths):
            continue  # there may be a difference further back
        found = [_put(text, short) for text in texts]
    return found


def _put(text: str, short: Mapping[str, str]) -> str:
    return _PATH.sub(lambda match: short[match[0]], text)
