"""Scenario files and array files that are broken in all the ways one can think of."""

from __future__ import annotations

import random
import re
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

import disk
import documents
import rig
from damage import arrays

import gradstep
from gradstep.engine.debugger.checking import check
from gradstep.engine.errors import GradstepError
from gradstep.engine.files.formats import export
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
            pick = random.random()
            if pick < 0.15:
                _reads_arrays(random)
            elif pick < 0.3:
                _lies_on_disk(random)
            else:
                text = mutated(random) if pick < 0.45 else documents.document(random, SOURCES)
                _looked_at(random, gradstep.loads(text))
        except GradstepError as error:
            said = str(error)
            if not said.strip() or re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", said) or len(said) > 25_000:
                raise AssertionError(f"it does not say what is wrong, or speaks to the terminal: {said!r}") from error


def _looked_at(random: random.Random, scenario: gradstep.Scenario) -> None:
    """A network that has been read is run, stepped through, trained a little and asked, where it is small."""
    if sum(v.size for v in scenario.graph.values) > SMALL:
        return
    session = gradstep.Session(scenario)
    for _ in range(random.choice((3, 3, 40))):
        session.goto(str(random.randrange(session.recording.timeline.total + 1)))
        session.frame().story.caption  # noqa: B018  # what it says is made when it is looked at
    session.goto("end")
    names = [value.name for value in scenario.graph.by_name.values()]
    for line in random.sample(QUESTIONS, random.choice((0, 1, 3))):
        with suppress(GradstepError):
            session.do(line.replace("{}", random.choice(names)))
    session.frame().story.caption  # noqa: B018
    if random.random() < 0.1:
        check(scenario)
    if random.random() < 0.05:
        export(session.recording, "json")


#: Asked about a value of the network; all of them may be refused.
QUESTIONS = (
    "iterate",
    "iterate",
    "riterate",
    "findings",
    "why {}.grad",
    "paths {}",
    "terms {}",
    "verify",
    "nudge {}",
    "set {} = 1",
    "print {}",
    "print abs({}).max()",
    "info {}",
    "watch {}",
    "break {}",
    "rcontinue",
    "train 3",
    "sample 1",
    "when {} > 0",
    "when {}.grad == 0",
    "when grad == 0 and op == relu",
    "find {} / 16 > {}",
    "find abs({}) > 1",
    "find dead or flip",
    "continue",
    "diff xor",
)


def _reads_arrays(random: random.Random) -> None:
    name, data = arrays(random)
    key = random.choice(("", "", ', key = "a"', ', key = "b"', ', key = "../a"', ', key = "é"', ", key = 1"))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, name).write_bytes(data)
        scenario = gradstep.loads(READS.format(name=name, key=key), folder=Path(folder))
        if sum(v.size for v in scenario.graph.values) <= SMALL:
            gradstep.Session(scenario).goto("end")


def _lies_on_disk(random: random.Random) -> None:
    """A scenario file, and an array beside it that it may read."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"a{random.choice(('.npy', '.npz', '.safetensors'))}"
        text = READS.format(name=name, key=random.choice(("", ', key = "a"')))
        if random.random() < 0.3:
            disk.array(random, Path(folder, name))
            scenario = gradstep.loads(text, folder=Path(folder))
        else:
            path = Path(folder, "a.toml")
            disk.written(random, random.choice((text, mutated(random), *SOURCES)), path)
            scenario = gradstep.find(str(path))
        _looked_at(random, scenario)


if __name__ == "__main__":
    rig.main(case, "Tries broken files.")
