"""A network of 33.6 million weights, 4096-4096-4096-10 in float32 with a batch of 8: keys, jumps, a search,
opening it, and memory, each against what it should cost."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.key import HOME, QUIET
from benchmarks.launch import COLUMNS, READY, ROWS
from benchmarks.measure import Pair
from benchmarks.names import Session, load
from benchmarks.terminal import GRADSTEP, ROOT, Terminal, compiled

SIZES, BATCH = (4096, 4096, 4096, 10), 8
KEY, SEARCH, OPEN, MEMORY = 1.5, 2.0, 1.3, 1.3
#: Bytes of the interpreter, NumPy and Textual, which no network pays for.
GROUND = 80 << 20
#: On the screen as soon as the network is there.
OPENED = "Nothing is computed yet"


def measure(quick: bool) -> list[Pair]:
    """Everything about one large network, which is written into a temporary folder."""
    with tempfile.TemporaryDirectory() as folder, compiled() as env:
        scenario = write(Path(folder))
        argv = (*GRADSTEP, str(scenario))
        found = _keys(argv, 20 if quick else 200, env)
        found += [_search(scenario, 3 if quick else 15), _opening(scenario, argv, 3 if quick else 15, env)]
        return [*found, _memory(scenario, argv, env)]


def write(folder: Path) -> Path:
    """Writes the arrays and the scenario; the scenario's file."""
    rng = np.random.default_rng(0)
    leaves, graph, before = [], [], "x"
    for k, (inner, outer) in enumerate(pairwise(SIZES), 1):
        weights = rng.standard_normal((outer, inner), dtype=np.float32) * np.float32((2 / inner) ** 0.5)
        np.save(folder / f"W{k}.npy", weights)
        np.save(folder / f"b{k}.npy", np.zeros(outer, np.float32))
        leaves += [f'W{k} = {{ file = "W{k}.npy" }}', f'b{k} = {{ file = "b{k}.npy" }}']
        graph.append(f'z{k} = "{before} @ W{k}.T + b{k}"')
        if k < len(SIZES) - 1:
            graph.append(f'h{k} = "relu(z{k})"')
            before = f"h{k}"
    np.save(folder / "x.npy", rng.random((BATCH, SIZES[0]), dtype=np.float32))
    np.save(folder / "t.npy", rng.integers(0, SIZES[-1], BATCH).astype(np.float32))
    file = folder / "large.toml"
    head = ["format = 1", 'title = "large"', 'dtype = "float32"', 'batch = ["x", "t"]', "[inputs]"]
    inputs = ['x = { file = "x.npy" }', 't = { file = "t.npy" }', "[parameters]"]
    end = f'L = "cross_entropy(z{len(SIZES) - 1}, t)"'
    file.write_text("\n".join([*head, *inputs, *leaves, "[graph]", *graph, end]), encoding="utf-8")
    return file


# Keys ----------------------------------------------------------------------------------------------


def _keys(argv: tuple[str, ...], repetitions: int, env: dict[str, str]) -> list[Pair]:
    """`space` from afar, inside a layer and at a neuron, and `goto 50%`: in turns with the walkthrough,
    while both are running. The walkthrough goes to and fro in its backward pass."""
    pairs = []
    with (
        Terminal(argv, COLUMNS, ROWS, env, synchronized=True) as ours,
        Terminal(GRADSTEP, COLUMNS, ROWS, env, synchronized=True) as theirs,
    ):
        for terminal, text in ((ours, OPENED), (theirs, READY)):
            terminal.wait_for(text)
            terminal.wait_for_quiet(0.7)
        for case, where, keys in (
            ("space, an array", "h2.grad", ""),
            ("space, in a layer", "h2.grad[3,7]", ""),
            ("space, at a neuron", "h2.grad[3,7]", "\r"),
            ("space, at a term", "h2.grad[3,7]", "\r"),
        ):
            if case == "space, an array":
                ours.press(HOME)
                _quiet(ours)
            else:
                _go(ours, where)
            for key in keys:
                ours.press(key)
                _quiet(ours)
            pair = Pair("large", case, "walkthrough", KEY, ours=[], theirs=[])
            _go(theirs, "12")
            for number in range(repetitions):
                key = " " if number // 10 % 2 == 0 else "\x7f"
                pair.ours.append(_frame(ours, key))
                pair.theirs.append(_frame(theirs, key))
            pairs.append(pair)
        pair = Pair("large", "goto 50%", "walkthrough", KEY, ours=[], theirs=[])
        for _ in range(max(repetitions // 10, 5)):
            for terminal, times in ((ours, pair.ours), (theirs, pair.theirs)):
                terminal.press(HOME)
                _quiet(terminal)
                times.append(_go(terminal, "50%"))
        pairs.append(pair)
        ours.quit()
        theirs.quit()
    return pairs


def _quiet(terminal: Terminal) -> None:
    terminal.wait_for_quiet(0.2)


def _frame(terminal: Terminal, key: str) -> float:
    """The processor time of a key."""
    return terminal.cost(key, QUIET)


def _go(terminal: Terminal, where: str) -> float:
    """Types a place to go to; the processor time that it takes from ⏎ on."""
    terminal.press("g")
    _quiet(terminal)
    terminal.press(where)
    _quiet(terminal)
    return _frame(terminal, "\r")


# The engine ----------------------------------------------------------------------------------------


def _search(scenario: Path, repetitions: int) -> Pair:
    """`continue` to a NaN that was planted in the very last gradient, against one pass of NumPy over the
    arrays that are written until then."""
    session = Session(load(scenario))
    session.edit(f"W1.grad[{SIZES[1] - 1},{SIZES[0] - 1}] = nan")
    recording = session.recording
    sweeps = [s for s in recording.timeline.sweeps if s.phase.value != "update"]
    last = next(
        k for k, s in enumerate(sweeps) if recording.graph.values[s.value].name == "W1" and s.phase.value == "backward"
    )
    arrays = [
        recording.trace.grad[s.value] if s.phase.value == "backward" else recording.trace.data[s.value]
        for s in sweeps[: last + 1]
    ]
    session.stops.add("nonfinite", recording)
    pair = Pair("large", "continue to a NaN", "one pass of NumPy", SEARCH, ours=[], theirs=[])
    for _ in range(repetitions):
        session.goto("start")
        recording.memory.clear()
        pair.ours.append(_time(lambda: session.run(True)))
        assert session.position.step == sweeps[last].stop
        pair.theirs.append(_time(lambda: [np.isfinite(array) for array in arrays if array is not None]))
    return pair


def _time(call: Callable[[], object]) -> float:
    before = perf_counter()
    call()
    return perf_counter() - before


# Opening and memory --------------------------------------------------------------------------------

_BARE = """
import sys, time
import numpy as np
folder, count = sys.argv[1], int(sys.argv[2])
x, t = np.load(folder + "/x.npy"), np.load(folder + "/t.npy").astype(int)
W = [np.load(f"{folder}/W{k}.npy") for k in range(1, count + 1)]
b = [np.load(f"{folder}/b{k}.npy") for k in range(1, count + 1)]
hs, zs = [x], []
for k in range(count):
    zs.append(hs[-1] @ W[k].T + b[k])
    hs.append(np.maximum(zs[-1], 0))
z = zs[-1] - zs[-1].max(1, keepdims=True)
p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
g = p.copy()
g[np.arange(len(t)), t] -= 1
g /= len(t)
for k in reversed(range(count)):
    dW, db = g.T @ hs[k], g.sum(0)
    keep = (dW, db) if k == count - 1 else (*keep, dW, db)
    if k:
        g = (g @ W[k]) * (zs[k - 1] > 0)
"""


def _opening(scenario: Path, argv: tuple[str, ...], repetitions: int, env: dict[str, str]) -> Pair:
    """From exec to the first frame of the network, against loading it and going both ways in bare NumPy,
    plus the launch of the walkthrough."""
    pair = Pair("large", "opening", "bare NumPy + walkthrough", OPEN, ours=[], theirs=[])
    bare = [sys.executable, "-c", _BARE, str(scenario.parent), str(len(SIZES) - 1)]
    for number in range(-1, repetitions):  # the first is not counted: it compiles
        took = [_first_frame(argv, OPENED, env), _first_frame(GRADSTEP, READY, env)]
        took.append(_time(lambda: subprocess.run(bare, cwd=ROOT, env=env, check=True)))
        if number >= 0:
            pair.ours.append(took[0])
            pair.theirs.append(took[1] + took[2])
    return pair


def _first_frame(argv: tuple[str, ...], text: str, env: dict[str, str]) -> float:
    with Terminal(argv, COLUMNS, ROWS, env) as terminal:
        seconds = terminal.wait_for(text) - terminal.started
        terminal.quit()
    return seconds


def _memory(scenario: Path, argv: tuple[str, ...], env: dict[str, str]) -> Pair:
    """The most that the process ever had in memory, after a search, jumps and the end of the iteration,
    against the bytes of parameters, values and gradients; what every process has is taken off."""
    trace = Session(load(scenario)).recording.trace
    arrays = {id(a): a.nbytes for a in (*trace.data, *trace.grad) if a is not None}
    with Terminal(argv, COLUMNS, ROWS, env, synchronized=True) as terminal:
        terminal.wait_for(OPENED)
        _quiet(terminal)
        _go(terminal, "50%")
        for key in ("\x1b[F", "\r", " ", HOME, "B"):
            terminal.press(key)
            terminal.wait_for_quiet(0.5)
        terminal.press("nonfinite\r")
        terminal.wait_for_quiet(0.5)
        terminal.press("c")
        terminal.wait_for_quiet(1.5)
        status = Path(f"/proc/{terminal.process}/status").read_text(encoding="ascii")
        most = int(status.split("VmHWM:")[1].split()[0]) << 10
        terminal.quit()
    return Pair(
        "large",
        "peak memory, less 80 MB",
        "its arrays",
        MEMORY,
        [float(most - GROUND)],
        [float(sum(arrays.values()))],
        unit="MB",
    )
