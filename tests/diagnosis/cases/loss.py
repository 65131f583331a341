"""The loss, and the activation before it."""

from __future__ import annotations

from tests.diagnosis.case import Case, Where
from tests.diagnosis.writing import blobs, dataset, halves, net, one_hot, scenario

_X2, _T2 = halves(60, 4, 11)
_X3, _C3 = blobs(90, 3, 2, 12, 0.35)
_X4, _C4 = blobs(64, 4, 5, 13)
_MOONS = {"x": dataset("two-moons", "inputs"), "t": dataset("two-moons", "targets")}
_IRIS = {"x": dataset("iris", "inputs"), "t": dataset("iris", "one_hot")}
_ADAM = {"optimizer": "adam", "lr": 0.03, "steps": 250}


def _binary(output: str, loss: str) -> str:
    return net((4, 8, 1), loss, {"optimizer": "adam", "lr": 0.02, "steps": 120}, x=_X2, t=_T2, output=output)


def _moons(output: str, loss: str) -> str:
    return net(
        (2, 12, 1), loss, {"optimizer": "momentum", "lr": 0.3, "steps": 150}, **_MOONS, output=output, hidden="tanh"
    )


def _classes(output: str, loss: str, steps: int = 150, t: object = _C3) -> str:
    return net((2, 10, 3), loss, _ADAM | {"steps": steps}, x=_X3, t=t, output=output)


def _four(output: str, loss: str, t: object = None) -> str:
    training = {"optimizer": "rmsprop", "lr": 0.01, "batch_size": 16, "shuffle": 1, "steps": 160}
    return net((5, 16, 4), loss, training, x=_X4, t=one_hot(_C4, 4) if t is None else t, output=output, dtype="float32")


CASES = (
    Case(
        "softmax-one-unit-bce",
        "softmax_over_one_unit",
        _binary("softmax", "bce(y, t)"),
        _binary("sigmoid", "bce(y, t)"),
        "Stack Overflow 51181393 and many like it: Dense(1, activation='softmax') with binary_crossentropy",
        Where("y|z2"),
        never="(?i)learning rate|dropout",
    ),
    Case(
        "softmax-one-unit-mse-moons",
        "softmax_over_one_unit",
        _moons("softmax", "mse(y, t)"),
        _moons("sigmoid", "mse(y, t)"),
        "DeepFD's programs: softmax on a single output with mse",
        Where("y|z2"),
        never="(?i)learning rate",
    ),
    Case(
        "log-softmax-one-unit",
        "softmax_over_one_unit",
        _binary("log_softmax", "nll(y, t)"),
        _binary("", "bce_with_logits(y, t)"),
        "PyTorch forum: NLLLoss of log_softmax over one output is always 0",
        Where("y|z2"),
    ),
    Case(
        "softmax-before-cross-entropy",
        "activation_twice",
        _classes("softmax", "cross_entropy(y, t)"),
        _classes("", "cross_entropy(y, t)"),
        "PyTorch forum: 'Do I need to apply softmax before CrossEntropyLoss?'; UMLAUT's 'missing from_logits'",
        Where("y"),
        never="(?i)smaller learning rate",
        harmless="classes are right, the loss cannot get below 0.55",
    ),
    Case(
        "sigmoid-before-bce-with-logits",
        "activation_twice",
        _moons("sigmoid", "bce_with_logits(y, t)"),
        _moons("", "bce_with_logits(y, t)"),
        "PyTorch forum: sigmoid and BCEWithLogitsLoss together",
        Where("y"),
    ),
    Case(
        "sigmoid-before-cross-entropy",
        "activation_twice",
        _four("sigmoid", "cross_entropy(y, t)"),
        _four("", "cross_entropy(y, t)"),
        "Stack Overflow 55328966-style: sigmoid outputs under categorical_crossentropy",
        Where("y"),
        kinds=("activation_before_loss", "wrong_activation"),
    ),
    Case(
        "relu-before-cross-entropy",
        "output_activation",
        _classes("relu", "cross_entropy(y, t)", 200),
        _classes("", "cross_entropy(y, t)", 200),
        "PyTorch forum: 'relu on the last layer before CrossEntropyLoss'",
        Where("y"),
        kinds=("wrong_activation", "activation_before_loss"),
    ),
    Case(
        "logits-into-bce",
        "no_output_activation",
        _binary("", "bce(y, t)"),
        _binary("sigmoid", "bce(y, t)"),
        "Stack Overflow: binary_crossentropy (from_logits=False) on a linear output",
        Where("y"),
    ),
    Case(
        "logits-into-nll",
        "no_output_activation",
        _classes("", "nll(y, t)"),
        _classes("log_softmax", "nll(y, t)"),
        "PyTorch forum: NLLLoss without log_softmax goes to minus infinity",
        Where("y"),
        kinds=("missing_activation", "unbounded_loss"),
    ),
    Case(
        "relu-into-bce",
        "output_activation",
        _moons("relu", "bce(y, t)"),
        _moons("sigmoid", "bce(y, t)"),
        "DeepFD's programs: relu on the output under binary_crossentropy",
        Where("y"),
        kinds=("wrong_activation", "missing_activation", "unreachable_targets"),
    ),
    Case(
        "probabilities-into-nll",
        "no_output_activation",
        _four("softmax", "nll(y, t)"),
        _four("log_softmax", "nll(y, t)"),
        "PyTorch forum: softmax instead of log_softmax before NLLLoss: a negative loss that stops at -1",
        Where("y"),
        kinds=("missing_activation", "unbounded_loss"),
    ),
    Case(
        "softmax-over-samples",
        "softmax_over_samples",
        scenario(
            "h = relu(x @ W1.T + b1)\ny = softmax(h @ W2.T + b2, axis=0)\nL = -mean(sum(t * log(y + 1e-9), axis=1))",
            "W1 8x4 he_normal, b1 8 zeros, W2 3x8 xavier_normal, b2 3 zeros",
            _ADAM,
            **_IRIS,
        ),
        {"axis=0": "axis=1"},
        "PyTorch forum: F.softmax(x, dim=0) on (N, C)",
        Where("y"),
        harmless="classes are right, probabilities are not",
    ),
    Case(
        "log-softmax-over-samples",
        "softmax_over_samples",
        scenario(
            "h = tanh(x @ W1.T + b1)\ny = log_softmax(h @ W2.T + b2, axis=0)\nL = nll(y, t)",
            "W1 12x5 xavier_normal, b1 12 zeros, W2 4x12 xavier_normal, b2 4 zeros",
            {"optimizer": "sgd", "lr": 0.5, "steps": 120},
            x=_X4,
            t=_C4,
        ),
        {"axis=0": "axis=1"},
        "Stack Overflow: nn.LogSoftmax(dim=0) where dim=1 was meant",
        Where("y"),
        harmless="classes are right, probabilities are not",
    ),
    Case(
        "cross-entropy-sign",
        "loss_sign",
        _classes("softmax", "mean(log(sum(y * t, axis=1)))", t=one_hot(_C3, 3)),
        _classes("softmax", "-mean(log(sum(y * t, axis=1)))", t=one_hot(_C3, 3)),
        "Stack Overflow: custom cross-entropy without the minus: 'loss is negative and keeps falling'",
        Where("L"),
    ),
)
