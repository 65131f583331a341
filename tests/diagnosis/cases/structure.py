"""The network itself: activations, initialisation, what leads where."""

from __future__ import annotations

import re

from tests.diagnosis.case import Case, Where
from tests.diagnosis.writing import XOR, XOR_T, blobs, dataset, halves, net, plane, scenario, wave

_WX, _WT = wave(64, 41)
_CX, _CC = blobs(80, 4, 3, 42)
_X, _T = plane(60, 4, 43, 0.1)
_HX, _HT = halves(70, 5, 44)
_DIGITS = {"x": dataset("digits", "inputs", "test"), "t": dataset("digits", "labels", "test")}
_MOONS = {"x": dataset("two-moons", "inputs"), "t": dataset("two-moons", "targets")}


def _clouds(training: dict[str, object] | None = None, **options: str) -> str:
    plain = {"optimizer": "sgd", "lr": 0.3, "steps": 150}
    return net((3, 10, 4), "cross_entropy(y, t)", training or plain, x=_CX, t=_CC, **options)


def _wave(init: str, hidden: str = "tanh", **training: object) -> str:
    training = {"optimizer": "adam", "lr": 0.02, "steps": 250} | training
    return net((1, 12, 1), "mse(y, t)", training, x=_WX, t=_WT, hidden=hidden, init=init)


def _deep(layers: int, hidden: str, init: str, lr: float = 0.1, optimizer: str = "sgd", steps: int = 150) -> str:
    sizes = (5, *[8] * layers, 1)
    training = {"optimizer": optimizer, "lr": lr, "steps": steps}
    return net(sizes, "bce_with_logits(y, t)", training, x=_HX, t=_HT, hidden=hidden, init=init)


def _line(graph: str, parameters: str = "", lr: float = 0.05, steps: int = 200) -> str:
    inside = "W1 8x4 he_normal, b1 8 zeros, W2 1x8 xavier_normal, b2 1 zeros" + parameters
    return scenario(graph, inside, {"optimizer": "adam", "lr": lr, "steps": steps}, x=_X, t=_T)


def _moons(first: str, second: str, lr: float = 0.02) -> str:
    graph = f"h1 = {first}\nh2 = {second}\ny = h2 @ W3.T + b3\nL = bce_with_logits(y, t)"
    parameters = "W1 8x2 he_normal, b1 8 zeros, W2 8x8 he_normal, b2 8 zeros, W3 1x8 xavier_normal, b3 1 zeros"
    return scenario(graph, parameters, {"optimizer": "adam", "lr": lr, "steps": 250}, **_MOONS)


def _xor(hidden: str) -> str:
    training = {"optimizer": "sgd", "lr": 0.2, "steps": 300}
    return net((2, 6, 1), "mse(y, t)", training, x=XOR, t=XOR_T, hidden=hidden)


def _begins(text: str, name: str, init: str) -> str:
    """The text with a parameter that begins otherwise."""
    found, count = re.subn(rf'^({name} = .*init = )"[^"]*"', rf'\1"{init}"', text, flags=re.MULTILINE)
    assert count == 1
    return found


def _squares(init: str) -> str:
    training = {"optimizer": "momentum", "lr": 0.02, "steps": 150}
    t = abs(_X).sum(1, keepdims=True) ** 2 / 10
    return net((4, 10, 1), "mse(y, t)", training, x=abs(_X), t=t, init=init)


def _quadratic() -> str:
    training = {"optimizer": "sgd", "lr": 0.5, "steps": 150}
    return net((5, 8, 1), "mse(y, t)", training, x=_HX, t=_HT, output="sigmoid")


def _digits(lr: float, steps: int, **init: str) -> str:
    training = {"optimizer": "sgd", "lr": lr, "steps": steps}
    return net((64, 30, 10), "cross_entropy(y, t)", training, **_DIGITS, **init)


_HIDDEN = "h = relu(x @ W1.T + b1)"
_PLAIN = f"{_HIDDEN}\ny = h @ W2.T + b2\nL = mse(y, t)"

CASES = (
    Case(
        "linear-layers-moons",
        "no_activation",
        _moons("x @ W1.T + b1", "h1 @ W2.T + b2"),
        _moons("relu(x @ W1.T + b1)", "relu(h1 @ W2.T + b2)"),
        "Stack Overflow: Dense layers without activation; Keras' default is linear",
        Where("h1|h2|W1|W2|W3"),
    ),
    Case(
        "linear-xor",
        "no_activation",
        _xor(""),
        _xor("tanh"),
        "Stack Overflow: xor with a linear hidden layer, all outputs 0.5",
        Where("h1|W1|W2|y"),
    ),
    Case(
        "linear-then-relu-of-nothing",
        "no_activation",
        _wave("normal(0;1.5)", hidden=""),
        _wave("normal(0;1.5)"),
        "UMLAUT's rule: 'no nonlinearity between layers'",
        Where("h1|W1|W2|y"),
    ),
    Case(
        "zero-weights",
        "begins_zero",
        _clouds(init="zeros", last="zeros"),
        _clouds(),
        "CS231n, Neural Networks Part 2: the pitfall of all-zero initialisation",
        Where("W1|W2"),
    ),
    Case(
        "zero-weights-tanh",
        "begins_zero",
        _begins(_wave("zeros"), "W2", "zeros"),
        _wave("normal(0;1.5)"),
        "Stack Overflow: 'why should weights not be initialised with 0?'; DeepFD's initialisation faults",
        Where("W1|W2"),
    ),
    Case(
        "constant-weights",
        "begins_equal",
        _begins(_wave("constant(0.5)"), "W2", "constant(0.1)"),
        _wave("normal(0;1.5)"),
        "Goodfellow et al., Deep Learning, section 8.4: units that begin equal",
        Where("W1|b1|h1|W2"),
    ),
    Case(
        "ones-everywhere",
        "begins_equal",
        _clouds(init="ones", last="ones"),
        _clouds(),
        "DeepFD's programs: kernel_initializer='ones'",
        Where("W1|W2|b1|h1|y"),
    ),
    Case(
        "dead-from-a-bias",
        "dead_from_start",
        _begins(_clouds(), "b1", "constant(-12)"),
        _clouds(),
        "CS231n: dead ReLUs; a bias copied from another layer",
        Where("h1|b1|z1"),
        says="(?i)bias|b1|b₁",
    ),
    Case(
        "dead-from-negative-weights",
        "dead_from_start",
        _squares("uniform(-1.2;-0.1)"),
        _squares("he_normal"),
        "Stack Overflow: relu after positive inputs and negative weights: all activations 0",
        Where("h1|W1|z1"),
    ),
    Case(
        "killed-by-an-update",
        "killed_by_update",
        _clouds({"optimizer": "momentum", "lr": 8.0, "steps": 120}),
        _clouds({"optimizer": "momentum", "lr": 0.05, "steps": 120}),
        "CS231n, Neural Networks Part 1: 'a large gradient flowing through a ReLU could kill it'",
        Where(first=1, last=20),
    ),
    Case(
        "killed-by-sgd-regression",
        "killed_by_update",
        net((4, 10, 1), "mse(y, t)", {"optimizer": "sgd", "lr": 0.16, "steps": 150}, x=_X, t=_T + 6),
        net((4, 10, 1), "mse(y, t)", {"optimizer": "sgd", "lr": 0.03, "steps": 300}, x=_X, t=_T + 6),
        "AUTOTRAINER's 'dying ReLU': the first updates towards a far mean shut all units",
        Where(first=1, last=20),
        also=("target_scale",),
    ),
    Case(
        "weights-of-ten",
        "begins_large",
        _deep(2, "tanh", "normal(0;10)"),
        _deep(2, "tanh", "xavier_normal"),
        "Glorot and Bengio (AISTATS 2010); Karpathy's recipe: init well",
        Where("W1|W2|h1|h2|z1|z2"),
        kinds=("weight_scale", "saturated"),
    ),
    Case(
        "standard-normal-64",
        "begins_large",
        _digits(0.1, 80, init="normal(0;3)", last="normal(0;3)"),
        _digits(0.3, 150),
        "Karpathy's recipe: the loss at the start should be ln 10; here it is a hundred times that",
        Where("W1|W2|y|L"),
    ),
    Case(
        "tiny-weights-deep",
        "begins_small",
        _deep(4, "tanh", "normal(0;0.001)"),
        _deep(4, "tanh", "xavier_normal"),
        "CS231n, Neural Networks Part 2: small random numbers and many layers",
        Where("W1|W2|W3|W4|h1|h2|h3|h4"),
    ),
    Case(
        "saturated-from-the-start",
        "saturated_units",
        _begins(_quadratic(), "b2", "constant(-14)"),
        _quadratic(),
        "AUTOTRAINER and Nielsen's book, chapter 3: a saturated sigmoid under a quadratic cost learns slowly",
        Where("y|b2|z2"),
        kinds=("saturated", "vanish"),
    ),
    Case(
        "six-sigmoid-layers",
        "gradients_fade",
        _deep(6, "sigmoid", "xavier_normal", 0.3),
        _deep(6, "relu", "he_normal", 0.1, steps=400),
        "Hochreiter (1991); AUTOTRAINER's 'vanishing gradient'",
        Where("W1|W2|h1|h2"),
    ),
    Case(
        "eight-sigmoid-layers-momentum",
        "gradients_fade",
        _deep(8, "sigmoid", "xavier_normal", 0.05, "momentum"),
        _deep(8, "relu", "he_normal", 0.02, "momentum"),
        "Nielsen's book, chapter 5: why are deep networks hard to train?",
        Where("W1|W2|h1|h2"),
    ),
    Case(
        "parameter-unused",
        "parameter_unused",
        _line(_PLAIN, ", W3 8x8 he_normal"),
        _line(f"{_HIDDEN}\nk = relu(h @ W3.T)\ny = k @ W2.T + b2\nL = mse(y, t)", ", W3 8x8 he_normal", 0.02),
        "PyTorch's DistributedDataParallel: 'parameters that were not used in producing loss'",
        Where("W3"),
        harmless="what is left is enough",
    ),
    Case(
        "second-layer-fed-from-the-first",
        "parameter_unused",
        _moons("relu(x @ W1.T + b1)", "relu(h1 @ W2.T + b2)").replace('"h2 @ W3', '"h1 @ W3'),
        _moons("relu(x @ W1.T + b1)", "relu(h1 @ W2.T + b2)"),
        "Stack Overflow: forward() computes x2 and goes on with x1",
        Where("W2|b2|h2"),
        harmless="what is left is enough",
    ),
    Case(
        "threshold-detaches",
        "gradient_stopped",
        _line("z = x @ W1.T + b1\nh = where(z > 0, 1.0, 0.0)\ny = h @ W2.T + b2\nL = mse(y, t)"),
        _line("z = x @ W1.T + b1\nh = relu(z)\ny = h @ W2.T + b2\nL = mse(y, t)"),
        "PyTorch forum: a comparison or argmax in forward() has no gradient",
        Where("h|z|W1|b1"),
        says="(?i)where|compar|greater|>",
        never="(?i)remove",
    ),
    Case(
        "clip-detaches",
        "gradient_stopped",
        _line(f"{_HIDDEN}\ns = h @ W2.T + b2\ny = clip(s, 5, 6)\nL = mse(y, t)"),
        _line(f"{_HIDDEN}\ns = h @ W2.T + b2\ny = clip(s, -50, 60)\nL = mse(y, t)"),
        "PyTorch forum: torch.clamp outside of its bounds has no gradient",
        Where("y|s|W1|b1|W2|b2"),
        kinds=("detached", "unreachable_targets", "saturated"),
        says="(?i)clip|bound",
        never="(?i)remove",
    ),
    Case(
        "too-few-units-moons",
        "too_few_units",
        net((2, 1, 1), "bce_with_logits(y, t)", {"optimizer": "adam", "lr": 0.05, "steps": 300}, **_MOONS),
        net((2, 16, 1), "bce_with_logits(y, t)", {"optimizer": "adam", "lr": 0.05, "steps": 300}, **_MOONS),
        "DeepFD's programs: one unit in the hidden layer",
        Where("W1|h1|"),
    ),
)
