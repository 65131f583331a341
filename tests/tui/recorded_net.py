"""A small recording of a network with modules, one line of which nobody explains: its numbers by NumPy, forward and
backward written out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gradstep.engine.files import write_recording

Array = np.ndarray[Any, Any]

_ORIGINS = {
    "h.0.up": 'module = "h.0.up", call = "linear", where = "net/model.py:12"',
    "h.0.act": 'module = "h.0", call = "tanh", where = "net/model.py:13"',
    "h.1.up": 'module = "h.1.up", call = "linear", where = "net/model.py:12"',
    "h.1.wave": 'module = "h.1", call = "wave", where = "net/model.py:21"',
    "head": 'module = "head", call = "linear", where = "net/model.py:30"',
    "loss": 'call = "mse_loss", where = "net/train.py:8"',
}
_LINES = {
    "h.0.up": "linear(x, h.0.up.weight, h.0.up.bias)",
    "h.0.act": "tanh(h.0.up)",
    "h.1.up": "linear(h.0.act, h.1.up.weight, h.1.up.bias)",
    "h.1.wave": "recorded(h.1.up, of='wave', size=(2, 2))",
    "head": "linear(h.1.wave, head.weight, head.bias)",
    "loss": "mse(head, t)",
}
#: What the recording says of the wave.
WHY = "what it passes on to h.1.up[0,1] was 0.21 there, and by the formula it is 0.42"


def leaves() -> dict[str, Array]:
    """What the step starts from."""
    return {
        "x": np.array([[0.5, -1.0, 0.25], [1.5, 0.75, -0.5]]),
        "t": np.array([[1.0], [-0.5]]),
        "h.0.up.weight": np.array([[0.4, -0.3, 0.2], [0.1, 0.6, -0.5]]),
        "h.0.up.bias": np.array([0.05, -0.1]),
        "h.1.up.weight": np.array([[0.7, -0.2], [-0.6, 0.9]]),
        "h.1.up.bias": np.array([0.0, 0.3]),
        "head.weight": np.array([[1.1, -0.8]]),
        "head.bias": np.array([0.2]),
    }


def numbers(of: Mapping[str, Array]) -> dict[str, Array]:
    """What was recorded: the wave is a sine, and passes on half of what its formula would."""
    up0 = of["x"] @ of["h.0.up.weight"].T + of["h.0.up.bias"]
    act = np.tanh(up0)
    up1 = act @ of["h.1.up.weight"].T + of["h.1.up.bias"]
    wave = np.sin(up1)
    head = wave @ of["head.weight"].T + of["head.bias"]
    gap = head - of["t"]
    d_head = 2 * gap / gap.size
    d_wave = d_head @ of["head.weight"]
    d_up1 = d_wave * np.cos(up1) / 2
    d_act = d_up1 @ of["h.1.up.weight"]
    d_up0 = d_act * (1 - act**2)
    values = {"h.0.up": up0, "h.0.act": act, "h.1.up": up1, "h.1.wave": wave, "head": head, "loss": (gap**2).mean()}
    slopes = {"h.0.up": d_up0, "h.0.act": d_act, "h.1.up": d_up1, "h.1.wave": d_wave, "head": d_head}
    for name, slope, enters in (("h.0.up", d_up0, of["x"]), ("h.1.up", d_up1, act), ("head", d_head, wave)):
        slopes |= {f"{name}.weight": slope.T @ enters, f"{name}.bias": slope.sum(0)}
    return {f"value:{name}": np.asarray(array) for name, array in values.items()} | {
        f"gradient:{name}": array for name, array in slopes.items()
    }


def write(folder: Path) -> Path:
    """Writes it and gives the folder back."""
    found = leaves()
    text = ["format = 1", 'title = "Net, a recorded training step"', 'loss = "loss"', 'batch = ["x", "t"]']
    for table, names in (("inputs", ["x", "t"]), ("parameters", [name for name in found if "." in name])):
        text += [f"[{table}]", *(f'"{name}" = {{ file = "leaves.safetensors", key = "{name}" }}' for name in names)]
    text += ["[graph]", *(f'"{name}" = "{formula}"' for name, formula in _LINES.items())]
    text += ["[training]", 'optimizer = "sgd"', "lr = 0.1"]
    text += ["[origin]", *(f'"{name}" = {{ {said} }}' for name, said in _ORIGINS.items())]
    about = {"torch": "2.13.0", "unexplained": {"h.1.wave": WHY}, "moved": []}
    write_recording(str(folder), "\n".join(text), found, numbers(found), about)
    return folder
