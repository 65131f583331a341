"""Every sentence of every step is read: for what it claims, and for its form. That of built-in scenarios, of the random
networks that others tests draw, and of trainings by every optimiser; `wordings` says what each of them claims."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from every_path import NETWORKS
from graphs import network, programs, recorded
from hypothesis import HealthCheck, Phase, given, settings
from networks import ODD
from networks import scenario as odd
from ops.test_random_operations import Program, built
from ops.test_random_operations import programs as of_operations
from wordings import CLAIMS, Facts, faults, read
from wordings.cases import CASES
from wordings.grammar import MADE, number

from gradstep.engine.debugger import overview
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.debugger.session import Session
from gradstep.engine.explain import nonfinite, paths_from, why
from gradstep.engine.files import builtin, find, loads
from gradstep.engine.history.history import History
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase as Backward
from gradstep.engine.run.timeline import Position
from gradstep.engine.training.optimizer import OPTIMIZERS

#: So many steps of each array are read, of a large one the first and some of the others.
_READ = 10


def steps(recording: Recording) -> list[int]:
    found = {0}
    for sweep in recording.timeline.sweeps:
        apart = max(1, sweep.size // (_READ // 2))
        found |= {*range(sweep.start + 1, min(sweep.start + _READ // 2, sweep.stop) + 1)}
        found |= {*range(sweep.start + 1, sweep.stop + 1, apart)}
    return sorted(found)


def moments(name: str) -> Iterator[Recording]:
    """The first iteration of a scenario; of a training also a later one, and its last where that is soon."""
    session = Session(find(name))
    yield session.recording
    for k in (
        {9, min(session.recording.scenario.training.steps, 40)} if session.recording.scenario.training.steps > 1 else ()
    ):
        if not name.startswith("digits") or k == 9:
            session.goto(f"@{k}")
            yield session.recording


def told(frame: Frame) -> Iterator[tuple[str, bool]]:
    """What is said of a step, and which of it claims to be a sentence."""
    story = frame.story
    yield story.caption, True
    yield from ((text, True) for text in story.explanation)
    yield story.headline, False
    yield story.narration.result_note, False
    yield from ((card.note, False) for card in frame.origin.cards)


def problems(recording: Recording) -> list[str]:
    """What is false, not understood, or of a bad form in what is said of a run."""
    found = dict[str, None]()
    for step in steps(recording):
        frame = Frame(recording, Position(step, None, recording.iteration))
        facts = Facts(frame)
        for text, sentence in told(frame):
            found |= dict.fromkeys(f"step {step}: {fault}" for fault in faults(text.replace("  (", " ("), sentence))
            found |= dict.fromkeys(f"step {step}, {frame.phase.value}: {one}" for one in read(text, facts))
    for sweep in (sweep for sweep in recording.timeline.sweeps if sweep.size):
        frame = Frame(recording, Position(sweep.start + 1, None, recording.iteration))
        caption = overview.narration(recording, sweep).caption
        trouble = nonfinite.first(recording, sweep.phase) if caption.startswith("First at") else None
        facts = Facts(Frame(recording, Position(trouble.step, None, recording.iteration)) if trouble else frame)
        found |= dict.fromkeys(f"array at {sweep.start}: {one}" for one in (*faults(caption), *read(caption, facts)))
    return list(found)


@pytest.mark.parametrize("name", builtin())
def test_every_sentence_about_a_built_in_scenario_is_true(name: str) -> None:
    for recording in moments(name):
        assert problems(recording) == []
        frames = (Frame(recording, Position(step, None, recording.iteration)) for step in steps(recording))
        assert max(len(frame.story.caption) for frame in frames) <= 2 * 78, "there are two lines"


@pytest.mark.parametrize("name", NETWORKS)
def test_every_sentence_about_networks_of_every_kind_is_true(name: str) -> None:
    assert problems(recorded(network(*NETWORKS[name]))) == []


_READING = settings(
    max_examples=16,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # a network that is shrunk says no more than one that is not
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize("name", [*CASES, *ODD])
def test_every_sentence_about_what_is_odd_is_true(name: str) -> None:
    read_case(name)


def read_case(name: str) -> None:
    """The first iterations of a case."""
    case = CASES.get(name) or odd(name)
    for iteration in (1, 2, 3) if case.training.steps > 2 else (1,):
        recording = History(case).recording(iteration)
        assert problems(recording) == []
        assert answers(recording) == []


@given(programs())
@_READING
def test_every_sentence_about_a_random_network_is_true(program: object) -> None:
    assert problems(recorded(program.network())) == []  # type: ignore[attr-defined]


@given(of_operations())
@_READING
def test_every_sentence_about_random_operations_is_true(program: Program) -> None:
    assert problems(recorded(built(program, "float64"))) == []


_TRAINED = """format = 1
dtype = "{dtype}"
batch = ["x", "t"]
[inputs]
x = {{ init = "normal(0, 1)", shape = [6, 3], seed = 1 }}
t = {{ init = "normal(0, 1)", shape = [6, 1], seed = 2 }}
[parameters]
W1 = {{ init = "he_normal", shape = [4, 3], seed = {seed} }}
b1 = {{ init = "zeros", shape = [4] }}
W2 = {{ init = "he_normal", shape = [1, 4], seed = 4 }}
unused = 0.0
[graph]
h = "relu(x @ W1.T + b1)"
L = "mse(h @ W2.T, t)"
[training]
batch_size = 3
{training}
"""
_OPTIONS = (
    "", "weight_decay = 0.1", "zero_grad = false", "clip_norm = 0.01\nwarmup = 4", "clip_value = 0.001\nshuffle = 3"
)  # fmt: skip
_MORE = (
    "groups = [{ parameters = ['W*'], optimizer = 'muon', lr = 0.02 }]",
    "momentum = 0.9\nmaximize = true",
    "accumulate = 2\nclip_norm = 0.01\nnorm_type = inf",
    "groups = [{ parameters = ['W*'], optimizer = 'adam', weight_decay = 0.1 }, { parameters = ['b1'], lr = 0.0 }]",
)


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        (o, said)
        for o in sorted(OPTIMIZERS)
        for said in _OPTIONS[:2]
        if not ((o == "rprop" and "decay" in said) or o == "muon")
    ]
    + [(o, said) for o in ("sgd", "adam") for said in _OPTIONS[2:]]
    + [("sgd", said) for said in _MORE],
)
def test_every_sentence_about_a_training_is_true(optimizer: str, options: str) -> None:
    seed = len(optimizer) + len(options)
    text = _TRAINED.format(
        training=f'optimizer = "{optimizer}"\n{options}', seed=seed, dtype=f"float{32 + seed % 2 * 32}"
    )
    history = History(loads(text))
    for iteration in (1, 2, 5):
        assert problems(history.recording(iteration)) == []


def answers(recording: Recording) -> list[str]:
    """What is false in the answers to `why` and `paths` about gradients."""
    found = []
    for step in steps(recording):
        frame = Frame(recording, Position(step, None, recording.iteration))
        if frame.phase is not Backward.BACKWARD or frame.element is None:
            continue
        facts, blame = Facts(frame), why(recording, frame.element)
        found += [f"{step}: {one}" for one in (*read(blame.reason, facts), *faults(blame.reason or "."))]
        found += [f"{step}: {one}" for one in faults(blame.hint, False)]
        for link, text in zip(blame.chain, blame.links(), strict=True):
            product = link.upstream * link.local if link.hops == 1 else link.upstream
            if not np.isclose(link.product, product, rtol=1e-5, equal_nan=True):
                found.append(f"{step}: {text}")
            ways = re.search(r"largest of ([\d,]+) ways", text)
            if ways and number(ways[1]) < facts.uses(link.source)[0]:
                found.append(f"{step}: {text}")
        lines = list(paths_from(recording, frame.element).lines())
        found += faults(lines[0].partition(";")[0], False)  # what follows is a number of the table
    return found


@pytest.mark.parametrize("name", [name for name in builtin() if "digits" not in name])
def test_every_answer_to_why_is_true(name: str) -> None:
    assert answers(Session(find(name)).recording) == []


#: Claims about what a person has set, which is tested with what-if; and what is said where no reason for a 0 is found.
_RARE = {"reasons.set_by_hand", "gradients.nothing", "gradients.flat", "parameters.no_slope"}


def test_every_claim_is_made_somewhere() -> None:
    """One that nothing says would check nothing."""
    for name in (*CASES, *ODD):
        read_case(name)
    for name in (
        "residual",
        "conv-edge",
        "attention-head",
        "tied-max",
        "masked-where-nan",
        "saturated",
        "digits",
        "loss-scale",
    ):
        problems(Session(find(name)).recording)
    for name in ("forgot-zero-grad", "momentum-vs-sgd", "gradient-accumulation"):
        problems(History(find(name)).recording(5))
    known = {f"{check.__module__}.{check.__name__}" for _, check in CLAIMS}
    assert {name.removeprefix("wordings.") for name in known - MADE} <= _RARE


def test_a_sentence_that_is_false_is_found() -> None:
    """Each with one word or number that is not so, at a step of the walkthrough."""
    session = Session(find("walkthrough"))
    for at, wrong in {
        "z1[0]": "h₁ adds up its inputs: each input times its weight.",
        "z1[1]": "Biggest term: w₁₂₁·x₁ = −0.100.",
        "y": "σ turns 0.444 into 0.608.",
        "L": "The prediction is 0.391 above the target.",
        "y.grad": "If y grows a little, the loss changes −0.391 times as much: to learn, lower y.",
        "z2.grad": "The sigmoid's slope here is 0.238, so the gradient shrinks to 25 % of its size.",
        "h.grad[1]": "w₂₂ is positive (+0.400): h₂ gets that share of the gradient, sign unchanged.",
        "W1.grad[0,1]": "This weight multiplied x₁ = 0.500, so it gets the upstream gradient times 0.500: negative.",
        "b1.grad[0]": "b₁₁ acts on each of the 4 samples: one part from each, and they add up to −0.056.",
        "W1.next[0,0]": "The gradient is negative, so the weight goes up by 0.0029.",
        "W2.next[0,0]": "Nobody has said how this is to be read.",
    }.items():
        session.goto(at)
        assert read(wrong, Facts(session.frame())) != [], wrong
        assert read(session.frame().story.caption, Facts(session.frame())) == [], at


@pytest.mark.parametrize(
    "text",
    [
        "It shrinks to 1e+02 %.", "1 paths lead on.", "It feeds 2 neuron.", "The part of e#1 is 0.", "No full stop",
        "It is np.float64(3.0).", "Its slope is nan.", "It goes down by 25104.", "It has a ∂L/∂x.", "It is −0.",
        "The share is 234 %.", "Two  spaces.", "It is 3e-05.", "There is () nothing.",
    ],
)  # fmt: skip
def test_a_text_of_a_bad_form_is_found(text: str) -> None:
    assert faults(text) != []
