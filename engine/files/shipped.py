"""Where the scenarios and the data that ship with gradstep lie."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path


def _folder() -> Path:
    spec = find_spec("gradstep.scenarios")
    assert spec is not None, "it is a package of this one"
    assert spec.origin is not None, "it has an __init__.py"
    return Path(spec.origin).parent


#: The folder of everything that ships: scenarios, and below it `data/`.
SHIPPED = _folder()


def builtin() -> dict[str, str]:
    """The scenarios that ship with gradstep, name to file name, in their order."""
    files = sorted(f.name for f in SHIPPED.glob("[0-9]*.toml"))
    return {re.sub(r"^\d+-|\.toml$", "", name): name for name in files}
