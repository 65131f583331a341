"""The JSON Schema of the scenario format, for editors. What only the network as a whole can tell, whether names are
known and shapes fit, `gradstep check` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gradstep.engine.files import keys
from gradstep.engine.files.arrays.datasets import DATASETS, SPLITS, parts
from gradstep.engine.files.arrays.drawn import INITS
from gradstep.engine.training.optimizer import OPTIMIZERS
from gradstep.engine.training.options import OPTIONS
from gradstep.engine.training.schedules import SCHEDULES
from gradstep.engine.training.settings import Option

#: The draft that editors of TOML know best.
_DRAFT = "http://json-schema.org/draft-07/schema#"
#: What may be written of each type: an option has the types of those that fit it.
_PROBES: Mapping[str, tuple[Any, ...]] = {
    "boolean": (True, False),
    "integer": (0, 1, 2, 50),
    "number": (0.01, 0.5, 0.99, 1.5, -0.8),
    "string": (),
    "array": ([0.9, 0.99], [1, 2], [0.5, 1.2], [0.9], [1, 2, 3], [{}]),
}


def json_schema() -> dict[str, Any]:
    """The schema as a document of JSON, draft 7."""
    numbers = {
        "anyOf": [{"type": "number"}, {"type": "array", "items": {"$ref": "#/definitions/numbers"}}],
        "description": "a number, or arrays of them; nan and inf are numbers",
    }
    sources = ("numbers", "written", "drawn", "stored", "dataset")
    array = {"anyOf": [{"$ref": f"#/definitions/{name}"} for name in sources]}
    found = _table(keys.TOP, ("format", "graph"))
    return {
        "$schema": _DRAFT,
        "title": "gradstep scenario, format 1",
        **found,
        "definitions": {
            "numbers": numbers,
            "written": _table({**keys.WRITTEN, **keys.LEAF}, ("value",)),
            "drawn": _table({**keys.DRAWN, "init": _inits(), **_arguments(), **keys.LEAF}, ("init", "shape")),
            "stored": _table({**keys.STORED, **keys.LEAF}, ("file",)),
            "dataset": _table({**keys.DATASET, **_datasets(), **keys.LEAF}, ("dataset", "part")),
            "array": array,
            "leaves": {"type": "object", "additionalProperties": {"$ref": "#/definitions/array"}},
            "training": _table(_training(), ()),
            "group": _table(_group(), ("parameters",)),
            "schedule": _table(_schedule(), ("schedule",)),
            "expect": _table(keys.EXPECT, ("of", "value")),
            "debug": _table(keys.DEBUG, ()),
            "note": _table(keys.NOTE, ("at", "text")),
            "origin": _table(keys.ORIGIN, ()),
        },
    }


def _table(known: keys.Keys, needed: Iterable[str]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(known), "required": list(needed), "additionalProperties": False}


def _inits() -> Mapping[str, Any]:
    """The name of an init, alone or with its arguments in brackets."""
    names = "|".join(INITS)
    return {**keys.DRAWN["init"], "anyOf": [{"enum": list(INITS)}, {"pattern": rf"^\s*({names})\s*(\(.*\))?\s*$"}]}


def _arguments() -> keys.Keys:
    given = {name: [init for init, (others, _) in INITS.items() if name in others] for name in _names()}
    return {name: {"type": "number", "description": f"of {' and '.join(of)}"} for name, of in given.items()}


def _names() -> list[str]:
    return list(dict.fromkeys(name for arguments, _ in INITS.values() for name in arguments))


def _datasets() -> keys.Keys:
    all_parts = list(dict.fromkeys(part for name in DATASETS for part in parts(name)))
    enums = {"dataset": list(DATASETS), "split": list(SPLITS), "part": all_parts}
    return {name: {**keys.DATASET[name], "enum": enum} for name, enum in enums.items()}


def _training() -> keys.Keys:
    found: dict[str, Any] = {
        "optimizer": {"enum": list(OPTIMIZERS), "default": "sgd", "description": "the rule of an update"},
        "groups": {"type": "array", "items": {"$ref": "#/definitions/group"}, "description": "parameters of their own"},
        "schedule": {"enum": list(SCHEDULES), "default": "constant", "description": "how the learning rate changes"},
        **{name: _option([option]) for name, option in OPTIONS.items()},
    }
    owners = {**{n: o.options for n, o in OPTIMIZERS.items()}, **{n: s.options for n, s in SCHEDULES.items()}}
    for name in dict.fromkeys(name for options in owners.values() for name in options):
        of = [owner for owner, options in owners.items() if name in options]
        one = _option([owners[owner][name] for owner in of])
        found[name] = {**one, "description": f"{one['description']}; of {', '.join(of)}"}
    found["schedules"]["items"] = {"$ref": "#/definitions/schedule"}
    return found


def _schedule() -> keys.Keys:
    """What an entry of `schedules` may say: which one it is, and its options."""
    options = dict.fromkeys(name for one in SCHEDULES.values() if not one.reacts for name in one.options)
    known = _training()
    return {"schedule": known["schedule"], **{name: known[name] for name in options if name != "schedules"}}


def _group() -> keys.Keys:
    """What an entry of [[training.groups]] may say: whose it is, and any option of an optimiser."""
    options = dict.fromkeys(name for one in OPTIMIZERS.values() for name in one.options)
    known = _training()
    return {**keys.GROUP, "optimizer": known["optimizer"], **{name: known[name] for name in options}}


def _option(options: list[Option]) -> dict[str, Any]:
    """What all of them take, which share a name."""
    words = tuple(dict.fromkeys(word for o in options for word in o.words))
    tried = {**_PROBES, "string": words}
    types = [kind for kind, probes in tried.items() if any(o.fits(probe) for o in options for probe in probes)]
    if "number" in types and "integer" in types:  # every integer is a number
        types.remove("integer")
    found: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
    if words and types == ["string"]:
        found["enum"] = list(words)
    if len({str(o.default) for o in options}) == 1 and options[0].default is not None:
        default = options[0].default
        found["default"] = list(default) if isinstance(default, tuple) else default
    return {**found, "description": " or ".join(dict.fromkeys(o.what for o in options))}
