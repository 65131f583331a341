"""The keys of each table of a scenario, each with what it is in JSON Schema: what is refused as unknown and what an
editor offers are the same. [training] has the options of its optimisers and schedules instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradstep.engine.ops import promotion

#: By key, what stands there.
Keys = Mapping[str, Mapping[str, Any]]


def text(says: str) -> Mapping[str, Any]:
    return {"type": "string", "description": says}


def flag(says: str) -> Mapping[str, Any]:
    return {"type": "boolean", "default": False, "description": says}


def _texts(says: str) -> Mapping[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "description": says}


def _part(name: str, says: str) -> Mapping[str, Any]:
    return {"allOf": [{"$ref": f"#/definitions/{name}"}], "description": says}


def _parts(name: str, says: str) -> Mapping[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/definitions/{name}"}, "description": says}


#: A moment: a step, a phase or a name, with an iteration or without.
_MOMENT = {"type": ["string", "integer"]}

TOP: Keys = {
    "format": {"const": 1, "description": "the version of the format"},
    "title": text("shown beside the name"),
    "shows": text("in one line, what the scenario shows"),
    "description": text("what the scenario shows"),
    "source": text("where its numbers come from"),
    "loss": text("the number to differentiate; by default the last name in [graph]"),
    "dtype": {"enum": ["float64", "float32"], "default": "float64", "description": "what is computed in"},
    "batch": _texts("the inputs whose axis 0 counts samples"),
    "input_gradients": flag("inputs get gradients, and steps, too"),
    "inputs": _part("leaves", "constants: name = array"),
    "parameters": _part("leaves", "leaves that are trained: name = array"),
    "graph": {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "minProperties": 1,
        "description": 'name = "formula", top to bottom',
    },
    "training": _part("training", "how the parameters are trained"),
    "against": _part("training", "the keys in which a second training differs"),
    "expect": _parts("expect", "numbers from elsewhere, which gradstep check verifies"),
    "debug": _part("debug", "where a session starts, what it stops at, and what it watches"),
    "notes": _parts("note", "your own words at a step"),
    "origin": {
        "type": "object",
        "additionalProperties": {"$ref": "#/definitions/origin"},
        "description": "where values come from in the program that was recorded",
    },
}

NOTE: Keys = {
    "at": {**_MOMENT, "description": 'a step, a phase or a name, as in "h.grad[1]" or "@37 h.grad[1]"'},
    "text": text("shown above the generated caption"),
}

ORIGIN: Keys = {
    "module": text("the path of the module"),
    "call": text("the function as it was called"),
    "where": text("FILE:LINE of the call"),
    "op": text("the program's own word for the operation"),
}

DEBUG: Keys = {
    "breakpoints": _texts('conditions to stop at, as in "grad == 0"'),
    "watch": _texts('what is shown at every stop, as in "loss"'),
    "start": {**_MOMENT, "description": "where a session starts: a step, a phase or a name"},
}

EXPECT: Keys = {
    "of": text("NAME, NAME.grad or NAME.next (after the update), with an optional [index]"),
    "value": {"$ref": "#/definitions/numbers", "description": "the printed number, or an array of them"},
    "decimals": {"type": "integer", "minimum": 0, "description": "it agrees when the exact number rounds to it"},
    "rtol": {"type": "number", "minimum": 0, "default": 1e-6, "description": "it agrees within this relative error"},
    "misprint": flag("it is known to be wrong"),
    "exact": {"$ref": "#/definitions/numbers", "description": "what is right where it is a misprint"},
    "iteration": {"type": "integer", "minimum": 1, "default": 1, "description": "in which iteration of the training"},
}

#: What a table of a leaf may say, wherever its numbers are from.
LEAF: Keys = {
    "requires_grad": {
        "type": "boolean",
        "description": "whether it gets gradients: a parameter without is frozen, an input has none by default",
    }
}

WRITTEN: Keys = {
    "value": {"$ref": "#/definitions/numbers", "description": "the numbers themselves"},
    "dtype": {
        "enum": list(promotion.WHOLE),
        "description": "the type of whole numbers or truths; else they are the file's",
    },
}

STORED: Keys = {
    "file": text("a .npy, .npz or .safetensors file inside the scenario's folder"),
    "key": text("which array of the file"),
}

GROUP: Keys = {
    "parameters": _texts('names, in which * stands for any characters, as in ["W1", "b*"]'),
}

#: The arguments of an init come to these.
DRAWN: Keys = {
    "shape": {
        "type": "array",
        "items": {"type": "integer", "minimum": 0},
        "description": "weights are (out, in, …), as in PyTorch",
    },
    "init": text("how the numbers are drawn"),
    "seed": {"type": "integer", "minimum": 0, "default": 0, "description": "of NumPy's PCG64"},
}

DATASET: Keys = {
    "dataset": text("a data set that ships with gradstep"),
    "split": text("which of its samples; by default all"),
    "part": text("its inputs, or its targets in some form"),
}
