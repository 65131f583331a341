"""Scenario files and array files that are broken in all the ways one can think of."""

from __future__ import annotations

import io
import random
import re
import tempfile
import warnings
from pathlib import Path

import numpy as np
import rig

import gradstep
from gradstep.engine.debugger.checking import check
from gradstep.engine.errors import GradstepError
from gradstep.engine.files.shipped import SHIPPED

SOURCES = [path.read_text(encoding="utf-8") for path in sorted(SHIPPED.glob("*.toml"))]
_HERE = Path(__file__).parent
NUMBERS = [
    *(_HERE / "numbers.txt").read_text(encoding="utf-8").splitlines(),
    *("9" * 20, "9" * 400, "-" + "9" * 400, "[[], []]"),
]
WORDS = [*(_HERE / "words.txt").read_text(encoding="utf-8").split(), "\u202e"]
LINES = [
    "[training]",
    "[graph]",
    "[inputs]",
    "[parameters]",
    "[debug]",
    "[[expect]]",
    "[[notes]]",
    "[against]",
    "format = 2",
    'loss = "L"',
    'dtype = "float16"',
    "lr = 1e400",
    'optimizer = "adam"',
    "optimizer = {}",
    "steps = 1000000000000",
    "clip_norm = -1",
    "betas = [0.9]",
    'schedule = "cosine"',
    "warmup = -5",
    "batch_size = 0",
    "shuffle = 9e9",
    "validation = 2",
    'breakpoints = ["dead", "grad == 0 and", "h.grad[9]"]',
    'watch = ["abs(W1.grad).max()", "1/0"]',
    'at = "@99 L"',
    "decimals = 400",
    "rtol = -1",
    "iteration = 10000000000",
    "of = 'L.grad'",
    "value = [[1, 2], [3]]",
    "x = { shape = [1000000000], init = 'zeros' }",
    "x = { shape = [-1], init = 'normal' }",
    "x = { shape = [2, 2], init = 'uniform(nan, 1e400)' }",
    "x = { file = '../../etc/passwd' }",
    "x = { file = 'a.npy' }",
    "x = { dataset = 'iris', split = 'test', part = 'images' }",
    "a.b.c.d = 1",
    "a = [" + "[" * 60 + "1" + "]" * 60 + "]",
    'y = "x @ x.T @ x"',
    'y = "x[0, ..., None]"',
    'y = "sum(x, axis=7)"',
    'y = "reshape(x, [0, -1])"',
    'y = "' + "(" * 120 + "x" + ")" * 120 + '"',
    'y = "' + "-" * 3000 + 'x"',
    'y = "' + " + ".join(["x"] * 900) + '"',
]
#: The network is run and asked only where it is small: the rig is about files, not about waiting.
SMALL = 4096


def mutated(random: random.Random) -> str:
    """A scenario that has been shipped, with up to eight mistakes."""
    text = random.choice(SOURCES)
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        text = random.choice(MUTATIONS)(random, text)
    return text


def _number(random: random.Random, text: str) -> str:
    found = list(re.finditer(r"-?\d+(\.\d+)?(e-?\d+)?", text))
    if not found:
        return text
    one = random.choice(found)
    return text[: one.start()] + random.choice(NUMBERS) + text[one.end() :]


def _word(random: random.Random, text: str) -> str:
    found = list(re.finditer(r"[A-Za-z_]\w*", text))
    if not found:
        return text
    one = random.choice(found)
    return text[: one.start()] + random.choice(WORDS) + text[one.end() :]


def _line(random: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = random.randrange(len(lines))
    match random.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, random.choice(LINES))
        case 2:
            lines.insert(at, random.choice(lines))
        case _:
            other = random.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
    return "\n".join(lines)


def _character(random: random.Random, text: str) -> str:
    at = random.randrange(len(text) + 1)
    piece = random.choice(
        ["", "\x00", "\x1b", "\u202e", "\ufeff", '"', "'", "[", "]", "{", "}", "#", "=", ".", "\\", "\n"]
    )
    return text[:at] + piece + text[at + random.choice((0, 1, 1, 20)) :]


def _splice(random: random.Random, text: str) -> str:
    other = random.choice(SOURCES)
    a, b = random.randrange(len(text) + 1), random.randrange(len(other) + 1)
    return text[:a] + other[b : b + random.randrange(400)] + text[a:]


MUTATIONS = (_number, _number, _word, _word, _line, _line, _character, _splice)


def arrays(random: random.Random) -> tuple[str, bytes]:
    """The name and the content of a damaged array file."""
    array = np.arange(random.choice((0, 1, 6))).astype(random.choice(("f4", "f8", "i8", "O", "U3", "c16", ">f8", "?")))
    kind = random.choice((".npy", ".npz", ".safetensors"))
    written = io.BytesIO()
    if kind == ".npy":
        np.save(written, array, allow_pickle=True)
    elif kind == ".npz":
        np.savez_compressed(written, a=array, b=np.ones(3))
    else:
        from safetensors.numpy import save

        numbers = array if array.dtype.kind in "fi" else np.ones(3)
        written.write(save({"a": np.ascontiguousarray(numbers.astype(numbers.dtype.newbyteorder("=")))}))
    data = bytearray(written.getvalue())
    for _ in range(random.choice((0, 1, 2, 8))):
        match random.randrange(5):
            case 0:
                del data[random.randrange(len(data) + 1) :]
            case 1 if data:
                data[random.randrange(len(data))] = random.randrange(256)
            case 2:
                data[0:0] = random.choice((b"PK\x03\x04", b"\x93NUMPY", b"", bytes(8)))
            case 3:
                data = bytearray(
                    bytes(data).replace(b"(6,)", random.choice((b"(10**30,)", b"(-1,)", b"(9999999999,)", b"(" * 90)))
                )
            case _:
                data += bytes(random.randrange(100))
    return f"a{random.choice((kind, kind, '.npy', '.npz', '.safetensors', '.zip'))}", bytes(data)


READS = """format = 1
[inputs]
x = {{ file = "{name}"{key} }}
[parameters]
w = 1.0
[graph]
L = "sum(w * x)"
"""


def case(random: random.Random) -> None:
    """One file, read, and where it is a network, run and checked."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            if random.random() < 0.2:
                _reads_arrays(random)
                return
            scenario = gradstep.loads(mutated(random))
            if sum(v.size for v in scenario.graph.values) <= SMALL:
                session = gradstep.Session(scenario)
                session.goto("end")
                session.frame().story.caption  # noqa: B018  # what it says is made when it is looked at
                if random.random() < 0.1:
                    check(scenario)
        except GradstepError as error:
            said = str(error)
            if not said.strip() or re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", said):
                raise AssertionError(f"it does not say what is wrong, or speaks to the terminal: {said!r}") from error


def _reads_arrays(random: random.Random) -> None:
    name, data = arrays(random)
    key = random.choice(("", ', key = "a"', ', key = "b"', ', key = "../a"'))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, name).write_bytes(data)
        gradstep.loads(READS.format(name=name, key=key), folder=Path(folder))


if __name__ == "__main__":
    rig.main(case, "Tries broken files.")
