"""The targets: what the output can reach, what the loss expects, and what there is to learn."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.case import Case, Where
from tests.diagnosis.writing import XOR, XOR_T, blobs, dataset, halves, mlp, net, one_hot, plane, scenario, wave

_X, _T = plane(64, 4, 51, 0.1)
_CX, _CC = blobs(72, 3, 3, 52)
_HX, _HT = halves(64, 5, 53)
_WX, _WT = wave(64, 54)
_MOONS = {"x": dataset("two-moons", "inputs"), "t": dataset("two-moons", "targets")}
_ADAM = {"optimizer": "adam", "lr": 0.02, "steps": 200}
#: Pixels of pictures that are all alike, but for what two hidden numbers say.
_RNG = np.random.default_rng(55)
_PIXELS = np.round(255 / (1 + np.exp(-_RNG.normal(size=(48, 2)) @ _RNG.normal(0, 2, (2, 9)))))
#: Several labels at once: each of three holds where its own number is positive.
_LX = np.random.default_rng(56).normal(size=(80, 3))
_LT = (_LX @ np.array([[1.0, 0.4, -0.3], [-0.5, 1.0, 0.2], [0.3, 0.1, 1.0]]) > -0.4).astype(float)
#: One sample in nine is positive.
_RX, _ = halves(72, 4, 57)
_RT = (_RX[:, :1] + 0.5 * _RX[:, 1:2] > np.quantile(_RX[:, :1] + 0.5 * _RX[:, 1:2], 8 / 9)).astype(float)


def _scaled(by: float, add: float = 0.0, lr: float = 0.01) -> str:
    training = {"optimizer": "adam", "lr": lr, "steps": 250}
    return net((4, 12, 1), "mse(y, t)", training, x=_X, t=_T * by + add)


def _wave(output: str) -> str:
    training = {"optimizer": "momentum", "lr": 0.1, "steps": 300}
    options = {"hidden": "tanh", "output": output, "init": "normal(0;1.5)"}
    return net((1, 12, 1), "mse(y, t)", training, x=_WX, t=_WT, **options)


def _xor(loss: str) -> str:
    training = {"optimizer": "momentum", "lr": 0.5, "steps": 400}
    options = {"hidden": "sigmoid", "output": "sigmoid", "init": "normal(0;2)"}
    return net((2, 4, 1), loss, training, x=XOR, t=XOR_T, **options)


def _labels(output: str) -> str:
    training = {"optimizer": "momentum", "lr": 0.3, "steps": 200}
    return net((3, 12, 3), "bce(y, t)", training, x=_LX, t=_LT, output=output, hidden="tanh")


def _halves(t: object) -> str:
    return net((5, 8, 1), "bce(y, t)", {"optimizer": "sgd", "lr": 0.1, "steps": 150}, x=_HX, t=t, output="sigmoid")


def _three(t: object) -> str:
    training = {"optimizer": "sgd", "lr": 0.2, "steps": 150}
    return net((3, 10, 3), "cross_entropy(y, t)", training, x=_CX, t=t, dtype="float32")


CASES = (
    Case(
        "pixels-into-bce",
        "targets_not_for_this_loss",
        net((9, 4, 9), "bce(y, t)", _ADAM, x=_PIXELS / 255, t=_PIXELS, output="sigmoid"),
        net((9, 4, 9), "bce(y, t)", _ADAM, x=_PIXELS / 255, t=_PIXELS / 255, output="sigmoid"),
        "Keras' blog on autoencoders: negative losses where pixels were not divided by 255",
        Where("t|y|L"),
        says="255|scale|divide|normali|0 (to|and|…) 1",
    ),
    Case(
        "minus-one-into-bce",
        "targets_not_for_this_loss",
        net((5, 8, 1), "bce_with_logits(y, t)", _ADAM, x=_HX, t=2 * _HT - 1),
        net((5, 8, 1), "bce_with_logits(y, t)", _ADAM, x=_HX, t=_HT),
        "Stack Overflow: labels of -1 and 1 under binary_crossentropy, the loss goes to minus infinity",
        Where("t|y|L"),
        kinds=("target_range", "unbounded_loss"),
    ),
    Case(
        "zero-one-into-hinge",
        "targets_not_for_this_loss",
        net((2, 10, 1), "hinge(y, t)", _ADAM, **_MOONS, hidden="tanh"),
        net((2, 10, 1), "hinge(y, t)", _ADAM, x=_MOONS["x"], t=_MOONS["t"], hidden="tanh").replace(
            "hinge(y, t)", "hinge(y, 2 * t - 1)"
        ),
        "Keras' documentation of Hinge: 'y_true values are expected to be -1 or 1'",
        Where("t|y|L"),
    ),
    Case(
        "class-numbers-from-1",
        "targets_not_for_this_loss",
        net((3, 10, 4), "cross_entropy(y, t)", _ADAM, x=_CX, t=_CC + 1),
        net((3, 10, 3), "cross_entropy(y, t)", _ADAM, x=_CX, t=_CC),
        "PyTorch forum: class numbers from 1, and a fourth output so that it does not fail",
        Where("t|y|L"),
        harmless="an output too many is only a waste",
    ),
    Case(
        "percent-into-bce",
        "targets_not_for_this_loss",
        _halves(100 * _HT),
        _halves(_HT),
        "Cross Validated: probabilities in percent as targets of a cross-entropy",
        Where("t|y|L"),
    ),
    Case(
        "tanh-output-of-degrees",
        "targets_out_of_reach",
        net((4, 10, 1), "mse(y, t)", _ADAM, x=_X, t=_T * 4 + 20, output="tanh"),
        net((4, 10, 1), "mse(y, t)", _ADAM | {"lr": 0.1}, x=_X, t=_T * 4 + 20),
        "Stack Overflow: a tanh output for temperatures",
        Where("y|t"),
    ),
    Case(
        "sigmoid-of-signed-targets",
        "targets_out_of_reach",
        _wave("sigmoid"),
        _wave(""),
        "Stack Overflow: learning a sine with a sigmoid on the output",
        Where("y|t"),
    ),
    Case(
        "relu-of-negative-targets",
        "targets_out_of_reach",
        net((4, 10, 1), "mse(y, t)", _ADAM, x=_X, t=_T - 2, output="relu"),
        net((4, 10, 1), "mse(y, t)", _ADAM, x=_X, t=_T - 2),
        "Stack Overflow: relu on the last layer of a regression, all predictions 0",
        Where("y|t"),
        kinds=("unreachable_targets", "wrong_activation"),
    ),
    Case(
        "softmax-output-of-a-regression",
        "targets_out_of_reach",
        net((4, 12, 2), "mse(y, t)", _ADAM, x=_X, t=np.hstack([_T, _X[:, :1] + 2]), output="softmax"),
        net((4, 12, 2), "mse(y, t)", _ADAM, x=_X, t=np.hstack([_T, _X[:, :1] + 2])),
        "DeepFD's programs: softmax on the output of a regression",
        Where("y|t"),
        kinds=("unreachable_targets", "wrong_activation"),
    ),
    Case(
        "absolute-error-of-rare-ones",
        "loss_for_other_targets",
        net((4, 8, 1), "mae(y, t)", _ADAM, x=_RX, t=_RT, output="sigmoid"),
        net((4, 8, 1), "bce(y, t)", _ADAM, x=_RX, t=_RT, output="sigmoid"),
        "Cross Validated: the median of 0/1 targets is the commoner one, so all predictions go to 0",
        Where("L|y|t"),
    ),
    Case(
        "absolute-error-xor",
        "loss_for_other_targets",
        _xor("mae(y, t)"),
        _xor("bce(y, t)"),
        "Stack Overflow 31556268, in DeepFD's benchmark: xor with mean_absolute_error",
        Where("L|y|t"),
    ),
    Case(
        "cross-entropy-labels-together",
        "labels_together",
        net((3, 10, 3), "cross_entropy(y, t)", _ADAM, x=_LX, t=_LT),
        net((3, 10, 3), "bce_with_logits(y, t)", _ADAM, x=_LX, t=_LT),
        "Stack Overflow: multi-label classification needs sigmoid and binary_crossentropy, not softmax",
        Where("t|y|L"),
    ),
    Case(
        "softmax-bce-labels-together",
        "labels_together",
        _labels("softmax"),
        _labels("sigmoid"),
        "DeepFD's programs: softmax before binary_crossentropy with several labels",
        Where("t|y|L"),
        kinds=("exclusive_labels", "wrong_activation"),
    ),
    Case(
        "all-labels-one",
        "labels_equal",
        net((5, 8, 1), "bce(y, t)", _ADAM, x=_HX, t=np.ones_like(_HT), output="sigmoid"),
        net((5, 8, 1), "bce(y, t)", _ADAM, x=_HX, t=_HT, output="sigmoid"),
        "Stack Overflow: accuracy 1.0 after the first epoch: a comparison that made all labels 1",
        Where("t"),
    ),
    Case(
        "all-classes-two",
        "labels_equal",
        _three(np.full(72, 2.0)),
        _three(_CC),
        "Karpathy's recipe: look at the labels; an index that was never moved on",
        Where("t"),
    ),
    Case(
        "house-prices",
        "targets_scale",
        _scaled(90_000, 250_000),
        _scaled(1),
        "Stack Overflow: a regression on house prices with Adam(0.001): the loss is 1e10 and hardly falls",
        Where("t|y|L"),
        never="(?i)smaller learning rate",
    ),
    Case(
        "targets-in-thousands-sgd",
        "targets_scale",
        net((4, 10, 1), "mse(y, t)", {"optimizer": "sgd", "lr": 0.05, "steps": 150}, x=_X, t=_T * 1500),
        net((4, 10, 1), "mse(y, t)", {"optimizer": "sgd", "lr": 0.05, "steps": 150}, x=_X, t=_T),
        "Stack Overflow: NaN in a regression with Keras and sgd, targets not normalised",
        Where("t|y|L"),
        kinds=("target_scale", "diverged", "rate_large"),
    ),
    Case(
        "targets-of-a-millionth",
        "targets_scale",
        _scaled(1e-6, lr=0.02),
        _scaled(1, lr=0.02),
        "Cross Validated: concentrations of 1e-6 as targets: the loss is 1e-11 from the start, and means nothing",
        Where("t|y|L"),
    ),
    Case(
        "minus-mse",
        "loss_sign",
        net((4, 1), "-mse(y, t)", {"optimizer": "sgd", "lr": 0.05, "steps": 80}, x=_X, t=_T),
        {"-mse(y, t)": "mse(y, t)"},
        "Stack Overflow: 'the loss is negative and grows': a reward where a loss is meant",
        Where("L"),
    ),
    Case(
        "minus-forgotten-bce",
        "loss_sign",
        scenario(
            mlp(5, 8, 1, output="sigmoid")[0] + "\nL = mean(t * log(y + 1e-7) + (1 - t) * log(1 - y + 1e-7))",
            mlp(5, 8, 1)[1],
            {"optimizer": "adam", "lr": 0.02, "steps": 150},
            x=_HX,
            t=_HT,
        ),
        {"mean(t * log(y + 1e-7)": "-mean(t * log(y + 1e-7)"},
        "Stack Overflow: a cross-entropy of one's own without the minus",
        Where("L"),
    ),
    Case(
        "rate-that-climbs",
        "rate_negative",
        net((3, 8, 3), "cross_entropy(y, t)", {"optimizer": "sgd", "lr": -0.1, "steps": 100}, x=_CX, t=_CC),
        {"lr = -0.1": "lr = 0.1"},
        "Stack Overflow: w += lr * grad: gradient ascent by a sign",
        says="(?i)sign|negative|climb|positive",
    ),
    Case(
        "adam-that-climbs",
        "rate_negative",
        net((5, 8, 1), "bce_with_logits(y, t)", {"optimizer": "adam", "lr": -0.01, "steps": 100}, x=_HX, t=_HT),
        {"lr = -0.01": "lr = 0.02"},
        "Stack Overflow: a minus in front of the rate and one in the update",
        says="(?i)sign|negative|climb|positive",
    ),
    Case(
        "class-numbers-as-numbers",
        "output_activation",
        net((3, 10, 1), "mse(y, t)", _ADAM, x=_CX, t=_CC[:, None], output="sigmoid"),
        net((3, 10, 3), "cross_entropy(y, t)", _ADAM, x=_CX, t=_CC),
        "DeepFD's programs: one sigmoid for three classes numbered 0, 1, 2, with mse",
        Where("y|t|L"),
        kinds=("unreachable_targets", "wrong_loss", "target_range", "wrong_activation"),
    ),
    Case(
        "one-hot-rows-of-zeros",
        "labels_together",
        net((3, 10, 3), "cross_entropy(y, t)", _ADAM, x=_CX, t=one_hot(_CC, 4)[:, 1:]),
        net((3, 10, 3), "cross_entropy(y, t)", _ADAM, x=_CX, t=one_hot(_CC, 3)),
        "PyTorch forum: rows of zeros among one-hot targets, from class numbers shifted by one",
        Where("t|y|L"),
        kinds=("exclusive_labels", "target_range"),
        harmless="a third of the samples count for nothing",
    ),
)
