"""The screen of a recorded GPT against the walkthrough: its first frame, `space` in the forward and the backward pass,
and the first `space` of the backward pass, in processor time. The GPT has 12 layers of width 96; with --large it is
GPT-2's size, 12 layers of width 768 and 50,257 words, which takes minutes to record."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.key import QUIET
from benchmarks.launch import COLUMNS, READY, ROWS
from benchmarks.measure import Pair
from benchmarks.terminal import GRADSTEP, Terminal, compiled

KEY, OPEN = 1.5, 2.0
#: On the screen as soon as the network is there.
OPENED = "Nothing is computed yet"
#: Where each key is pressed, in the recording and in the walkthrough.
CASES = (
    ("space, forward", "start", "start"),
    ("space, the first of the backward pass", "loss", "7"),
    ("space, backward", "60%", "12"),
)


def measure(quick: bool, full: bool = False) -> list[Pair]:
    """All of it; nothing where PyTorch is not there."""
    try:
        import torch
    except ImportError:
        return []
    with tempfile.TemporaryDirectory() as folder, compiled() as env:
        path = _record(torch, Path(folder), *((768, 50257, 64) if full else (96, 1000, 32)))
        argv = (*GRADSTEP, str(path))
        pairs = [_opening(argv, 2 if quick else 9, env)]
        return [*pairs, *(_key(argv, case, 3 if quick else 9, env) for case in CASES)]


def _opening(argv: Sequence[str], turns: int, env: dict[str, str]) -> Pair:
    """What is spent until the network is on the screen."""
    pair = Pair("recorded", "first frame of a GPT", "walkthrough", OPEN, ours=[], theirs=[])
    for turn in range(-1, turns):  # the first is not counted: it compiles
        for call, text, times in ((argv, OPENED, pair.ours), (GRADSTEP, READY, pair.theirs)):
            with Terminal(tuple(call), COLUMNS, ROWS, env, synchronized=True) as terminal:
                terminal.wait_for(text)
                if turn >= 0:
                    times.append(terminal.spent)
                terminal.quit()
    return pair


def _key(argv: Sequence[str], case: tuple[str, str, str], turns: int, env: dict[str, str]) -> Pair:
    """A key in programs that have just come to its place: what it is the first to ask for is counted."""
    name, ours, theirs = case
    pair = Pair("recorded", name, "walkthrough", KEY, ours=[], theirs=[])
    for _ in range(turns):
        for call, text, where, times in ((argv, OPENED, ours, pair.ours), (GRADSTEP, READY, theirs, pair.theirs)):
            with Terminal(tuple(call), COLUMNS, ROWS, env, synchronized=True) as terminal:
                terminal.wait_for(text)
                terminal.wait_for_quiet(0.7)
                for keys in (" ", "g", where, "\r"):
                    terminal.press(keys)
                    terminal.wait_for_quiet(0.2)
                times += [terminal.cost(" ", QUIET) for _ in range(1 if "first" in name else 3)]
                terminal.quit()
    return pair


def _record(torch: Any, folder: Path, width: int, words: int, length: int) -> Path:
    """A training step of a GPT (Radford et al., 2019) with random weights; the folder of its recording."""
    import gradstep.torch as gs

    nn, F = torch.nn, torch.nn.functional
    torch.manual_seed(0)
    kind = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
    layers = [nn.TransformerEncoderLayer(width, 12, 4 * width, **kind) for _ in range(12)]
    model = nn.ModuleDict(
        {"wte": nn.Embedding(words, width), "h": nn.Sequential(*layers), "head": nn.Linear(width, words, bias=False)}
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    ids = torch.randint(0, words, (1, length + 1))
    x, t = ids[:, :-1], ids[:, 1:]
    path = folder / "gpt.gradstep"
    with gs.record(str(path), model, optimizer=optimizer, x=x, t=t, quiet=True):
        optimizer.zero_grad()
        F.cross_entropy(model["head"](model["h"](model["wte"](x))).flatten(0, 1), t.flatten()).backward()
        optimizer.step()
    return path


if __name__ == "__main__":
    print(json.dumps([asdict(pair) for pair in measure("--quick" in sys.argv, "--large" in sys.argv)]))
