"""The text of a scenario whose arrays are in a file beside it, as other programs make them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from gradstep.engine.files.rewriting import listed, quoted

#: The file with the arrays, and that with the text, in a folder of their own.
LEAVES, SCENARIO = "leaves.safetensors", "scenario.toml"


def scenario_text(
    head: Mapping[str, str | Sequence[str]],
    leaves: Mapping[str, Iterable[str]],
    lines: Mapping[str, str],
    more: Sequence[str] = (),
    origins: Mapping[str, Mapping[str, str]] | None = None,
    frozen: Iterable[str] = (),
) -> str:
    """`head` are the keys at the top, `leaves` the names in [inputs] and [parameters], `more` lines of further tables,
    and `frozen` the parameters that get no gradient."""
    text = ["format = 1"]
    text += [f"{key} = {quoted(said) if isinstance(said, str) else listed(said)}" for key, said in head.items()]
    still = set(frozen)
    for table, names in leaves.items():
        if listing := [f"{_key(name)} = {_leaf(name, name in still)}" for name in names]:
            text += ["", f"[{table}]", *listing]
    text += ["", "[graph]", *(f"{_key(name)} = {quoted(formula)}" for name, formula in lines.items())]
    text += ["", *more] if more else []
    if origins:
        text += ["", "[origin]"]
        for name, said in origins.items():
            text.append(f"{_key(name)} = {{ {', '.join(f'{k} = {quoted(v)}' for k, v in said.items())} }}")
    return "\n".join([*text, ""])


def _leaf(name: str, frozen: bool) -> str:
    still = ", requires_grad = false" if frozen else ""
    return f"{{ file = {quoted(LEAVES)}, key = {quoted(name)}{still} }}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_]+", name) else quoted(name)
