"""What an update is made of: rates, decay, momentum, clipping, schedules."""

from __future__ import annotations

from tests.diagnosis.case import Case, Where
from tests.diagnosis.writing import blobs, dataset, net, plane, wave

_X, _T = plane(80, 3, 21, 0.2)
_WX, _WT = wave(64, 22)
_CX, _CC = blobs(96, 3, 4, 23)
_MOONS = {"x": dataset("two-moons", "inputs"), "t": dataset("two-moons", "targets")}
_DIGITS = {"x": dataset("digits", "inputs", "test"), "t": dataset("digits", "labels", "test")}
_BURST = {"optimizer": "momentum", "lr": 0.2, "momentum": 0.98, "steps": 500}
_IRIS = {"x": dataset("iris", "inputs"), "t": dataset("iris", "labels")}


def _line(**training: object) -> str:
    return net((3, 1), "mse(y, t)", training, x=_X, t=_T)


def _wave(**training: object) -> str:
    return net((1, 16, 1), "mse(y, t)", training, x=_WX, t=_WT, hidden="tanh", init="normal(0;1.5)")


def _clouds(hidden: str = "relu", **training: object) -> str:
    return net((4, 12, 3), "cross_entropy(y, t)", training, x=_CX, t=_CC, hidden=hidden)


def _moons(**training: object) -> str:
    return net((2, 10, 1), "bce_with_logits(y, t)", training, **_MOONS)


def _digits(**training: object) -> str:
    training |= {"batch_size": 30, "shuffle": 2}
    return net((64, 12, 10), "cross_entropy(y, t)", training, **_DIGITS, dtype="float32")


def _iris(**training: object) -> str:
    return net((4, 10, 3), "cross_entropy(y, t)", training, **_IRIS)


CASES = (
    Case(
        "rate-too-large-line",
        "rate_large",
        _line(optimizer="sgd", lr=1.4, steps=60),
        {"lr = 1.4": "lr = 0.2"},
        "CS231n, Neural Networks Part 3: the loss curve of a very high learning rate",
        never="(?i)larger learning rate|train longer|more iterations",
    ),
    Case(
        "rate-too-large-relu",
        "rate_large",
        _clouds(optimizer="sgd", lr=30.0, steps=150),
        {"lr = 30.0": "lr = 0.3"},
        "DeepFD's programs: SGD(lr=…) far too high for a small classifier",
        never="(?i)larger learning rate|train longer",
    ),
    Case(
        "adam-rate-too-large",
        "rate_large",
        _iris(optimizer="adam", lr=3.0, steps=150),
        {"lr = 3.0": "lr = 0.03"},
        "Stack Overflow: Adam(lr=1.0) and the loss stays at ln 3",
        never="(?i)larger learning rate|train longer",
    ),
    Case(
        "rate-too-small-sgd",
        "rate_small",
        _line(optimizer="sgd", lr=1e-4, steps=200),
        {"lr = 0.0001": "lr = 0.1"},
        "Google's tuning playbook: the loss falls linearly and slowly",
        kinds=("rate_small", "too_few_iterations"),
        never="(?i)smaller learning rate",
    ),
    Case(
        "rate-too-small-adam",
        "rate_small",
        _clouds(optimizer="adam", lr=1e-5, steps=200),
        {"lr = 1e-05": "lr = 0.02"},
        "DeepFD's programs: Adam(lr=1e-5) for a few epochs",
        kinds=("rate_small", "too_few_iterations"),
        never="(?i)smaller learning rate",
    ),
    Case(
        "too-few-epochs-moons",
        "too_few_iterations",
        _moons(optimizer="adam", lr=0.01, steps=12),
        {"steps = 12": "steps = 300"},
        "DeepFD's programs: epochs=10 where hundreds are needed (16 of the 52)",
        never="(?i)smaller learning rate",
    ),
    Case(
        "clip-always",
        "clipped_always",
        _clouds(optimizer="sgd", lr=0.1, clip_norm=0.001, steps=200),
        {"clip_norm = 0.001": "clip_norm = 5.0"},
        "PyTorch forum: clip_grad_norm_ with a bound far below the usual norm",
        never="(?i)smaller learning rate",
    ),
    Case(
        "clip-value-always",
        "clipped_always",
        _wave(optimizer="adagrad", lr=0.1, clip_value=1e-9, steps=200),
        {"clip_value = 1e-09": "clip_value = 1.0"},
        "Keras' clipvalue set to 1e-9, below eps",
        never="(?i)smaller learning rate",
    ),
    Case(
        "decay-outweighs",
        "decay_outweighs",
        _clouds(optimizer="sgd", lr=0.1, weight_decay=1.0, steps=150),
        {"weight_decay = 1.0": "weight_decay = 0.0001"},
        "Stack Overflow: weight_decay=1 and the network predicts the same for all",
        Where("W1|W2|b1|b2|"),
    ),
    Case(
        "decay-adamw",
        "decay_outweighs",
        _iris(optimizer="adamw", lr=0.03, weight_decay=15.0, steps=150),
        {"weight_decay = 15.0": "weight_decay = 0.01"},
        "PyTorch forum: weight_decay of Adam carried over to AdamW",
    ),
    Case(
        "momentum-near-1",
        "momentum_near_1",
        _line(optimizer="momentum", lr=0.1, momentum=0.999, steps=150),
        {"momentum = 0.999": "momentum = 0.9"},
        "Sutskever et al. (ICML 2013): momentum 0.999 needs a far smaller rate",
        never="(?i)train longer|more iterations",
    ),
    Case(
        "momentum-near-1-net",
        "momentum_near_1",
        _wave(optimizer="momentum", lr=0.05, momentum=0.9995, steps=300),
        {"momentum = 0.9995": "momentum = 0.9"},
        "Keras forum: SGD(momentum=0.99…) swings",
        harmless="it swings, and gets near",
    ),
    Case(
        "adam-beta2-zero",
        "adam_options",
        _wave(optimizer="adam", lr=0.05, betas=[0.9, 0.0], steps=200),
        {"[0.9, 0.0]": "[0.9, 0.999]"},
        "Stack Overflow: betas=(0.9, 0) by mistake: each step is ±lr",
    ),
    Case(
        "adam-eps-large",
        "adam_options",
        _clouds(optimizer="adam", lr=0.01, eps=100.0, steps=200),
        {"eps = 100.0": "eps = 1e-08"},
        "TensorFlow's documentation of Adam's epsilon: 1.0 for Inception; larger ones make it slow descent",
    ),
    Case(
        "adam-betas-swapped",
        "adam_options",
        _clouds(optimizer="adam", lr=0.05, betas=[0.999, 0.9], steps=150),
        {"[0.999, 0.9]": "[0.9, 0.999]"},
        "PyTorch forum: betas=(0.999, 0.9), the two the wrong way round",
        kinds=("adam_options", "momentum"),
        harmless="it swings, and gets near",
    ),
    Case(
        "adam-eps-zero",
        "adam_options",
        _digits(optimizer="adam", lr=0.01, eps=0.0, steps=100),
        {"eps = 0.0": "eps = 1e-08"},
        "PyTorch's issues: Adam with eps=0 is NaN where a gradient is 0, as of pixels that are always 0",
        says="(?i)eps|ε",
    ),
    Case(
        "adam-spikes-at-the-end",
        "spike",
        _wave(optimizer="adam", lr=0.3, steps=500),
        {"lr = 0.3": "lr = 0.02"},
        "Molybog et al. (2023), A Theory on Adam Instability: spikes late in a training at a large rate",
        Where(first=100, last=500),
        kinds=("spike", "rate_large"),
        harmless="it comes back after each jump",
    ),
    Case(
        "momentum-bursts",
        "spike",
        net((1, 16, 1), "mse(y, t)", _BURST, x=_WX, t=_WT, hidden="tanh", init="normal(0;1.5)", seed=3),
        {"momentum = 0.98": "momentum = 0.9", "lr = 0.2": "lr = 0.1"},
        "Cohen et al. (ICLR 2021): at the edge of stability the loss jumps and comes back",
        Where(first=30, last=500),
        kinds=("spike", "momentum", "rate_large"),
        harmless="it comes back after each jump",
    ),
    Case(
        "decay-of-adam",
        "decay_outweighs",
        _iris(optimizer="adam", lr=0.03, weight_decay=2.0, steps=150),
        {"weight_decay = 2.0": "weight_decay = 0.0001"},
        "Loshchilov and Hutter (ICLR 2019): decay by way of the gradient",
    ),
    Case(
        "rate-decayed-step",
        "rate_decayed",
        _clouds(optimizer="sgd", lr=0.1, schedule="step", step_size=2, gamma=0.1, steps=200),
        {"step_size = 2": "step_size = 150"},
        "Karpathy's recipe: 'be careful with learning rate decay'",
        never="(?i)smaller learning rate",
    ),
    Case(
        "rate-decayed-cosine",
        "rate_decayed",
        _moons(optimizer="momentum", lr=0.1, schedule="cosine", t_max=12, steps=12).replace("steps = 12", "steps = 13"),
        _moons(optimizer="momentum", lr=0.1, schedule="cosine", steps=300),
        "Karpathy's recipe: a schedule of ImageNet epochs on a smaller set drives the rate to zero too early",
        kinds=("rate_decayed", "too_few_iterations"),
        never="(?i)smaller learning rate",
    ),
    Case(
        "forgot-zero-grad-digits",
        "gradients_not_zeroed",
        _digits(optimizer="sgd", lr=0.05, zero_grad=False, steps=200),
        {"zero_grad = false": "zero_grad = true", "lr = 0.05": "lr = 0.3"},
        "PyTorch forum: 'why do we need to call zero_grad()?'",
        says="(?i)zero",
    ),
    Case(
        "forgot-zero-grad",
        "gradients_not_zeroed",
        _line(optimizer="sgd", lr=0.25, batch_size=8, zero_grad=False, steps=100),
        {"zero_grad = false": "zero_grad = true"},
        "Karpathy: 'you forgot to .zero_grad()', the third of the most common mistakes",
    ),
)
