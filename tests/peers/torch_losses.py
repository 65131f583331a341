"""Cases of losses with their options, for torch_operations.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch_leaves import ANSWERS, CHANCES, INF, LOGITS, NAN, SHARES, X34, Y34, Case, drawn, quiet

KINDS = ("mean", "sum", "none")
SIGNS = [[1.0, -1.0, 1.0, -1.0], [-1.0, -1.0, 1.0, 1.0], [1.0, 1.0, -1.0, -1.0]]
NUMBERS = [0.0, 2.0, -100.0, 1.0]
SHARE = [[0.7, 0.2, 0.1], [0.0, 1.0, 0.0], [0.25, 0.25, 0.5]]
CUBE, PLACES = drawn(2, 3, 4, seed=8), [[0.0, 2.0, -100.0, 1.0], [1.0, 1.0, 0.0, -100.0]]


SPEECH, SPOKEN = drawn(5, 3, 4, seed=10), [[1.0, 1.0], [2.0, 3.0], [3.0, 1.0]]


def sequences(**options: Any) -> Callable[..., Any]:
    """The loss of sequences of log-probabilities, with lengths that are whole."""
    return lambda X, y, i, t: F.ctc_loss(X.log_softmax(2), y.long(), i.long(), t.long(), **options)


def each(name: str, of: Callable[..., Any], leaves: dict[str, Any], *options: dict[str, Any]) -> list[Case]:
    """A loss with every reduction, and with each of some options."""
    inputs = ", ".join(leaves)
    return [
        (
            f"{name}({inputs}{''.join(f', {k}={v!r}' for k, v in given.items())})",
            lambda *xs, given=given: of(*xs, **given),
            leaves,
        )
        for given in (*({"reduction": kind} for kind in KINDS), *options)
    ]


def classes(of: Callable[..., Any], weighted: bool = False) -> Callable[..., Any]:
    """A loss of class numbers, which are integers there."""
    if weighted:
        return lambda X, k, w, **options: of(X, k.long(), w, **options)
    return lambda X, k, **options: of(X, k.long(), **options)


CASES: dict[str, list[Case]] = {
    "regression_losses": [
        *each("mse", F.mse_loss, {"X": X34, "Y": Y34}), *each("mae", F.l1_loss, {"X": X34, "Y": Y34}),
        *each("huber", F.huber_loss, {"X": X34, "Y": Y34}, {"reduction": "sum", "delta": 0.5}),
        *each("smooth_l1", F.smooth_l1_loss, {"X": X34, "Y": Y34}, {"beta": 0.5}, {"beta": 0.0}),
        ("smooth_l1(X, Y)", F.smooth_l1_loss, {"X": [1.0, 0.0, 2.0, NAN, INF], "Y": [0.0, 1.0, 2.0, 1.0, 1.0]}),
    ],
    "classification_losses": [
        *each("bce", F.binary_cross_entropy, {"X": CHANCES, "y": ANSWERS}),
        *each("bce", F.binary_cross_entropy, {"X": CHANCES, "y": ANSWERS, "w": [0.5, 2.0, 0.0, 1.0, 3.0]}),
        *each("bce_with_logits", F.binary_cross_entropy_with_logits, {"X": X34, "Y": Y34}),
        ("bce_with_logits(X, Y, w)", F.binary_cross_entropy_with_logits,
         {"X": X34, "Y": Y34, "w": [0.5, 2.0, 0.0, 1.0]}),
        ("bce_with_logits(X, Y, pos_weight=w)",
         lambda X, Y, w: F.binary_cross_entropy_with_logits(X, Y, pos_weight=w),
         {"X": X34, "Y": Y34, "w": [0.5, 2.0, 0.0, 1.0]}),
        ("bce_with_logits(X, Y, v, pos_weight=w, reduction='sum')",
         lambda X, Y, v, w: F.binary_cross_entropy_with_logits(X, Y, v, pos_weight=w, reduction="sum"),
         {"X": X34, "Y": Y34, "v": [[1.0], [2.0], [0.5]], "w": [0.5, 2.0, 0.0, 1.0]}),
    ],
    "likelihood": [
        *each("nll", classes(F.nll_loss), {"X": LOGITS, "k": NUMBERS}),
        *each("nll", classes(F.nll_loss), {"X": LOGITS, "k": [0.0, 2.0, 1.0, 1.0]}, {"ignore_index": 1}),
        *each("nll", classes(F.nll_loss, True), {"X": LOGITS, "k": NUMBERS, "w": [0.5, 2.0, 1.5]}),
        *each("nll", classes(F.nll_loss), {"X": CUBE, "k": PLACES}),
    ],
    "cross_entropy": [
        *each("cross_entropy", classes(F.cross_entropy), {"X": LOGITS, "k": NUMBERS}, {"label_smoothing": 0.2},
              {"label_smoothing": 0.1, "reduction": "none"}),
        *each("cross_entropy", classes(F.cross_entropy, True), {"X": LOGITS, "k": NUMBERS, "w": [0.5, 2.0, 1.5]},
              {"label_smoothing": 0.2}, {"label_smoothing": 0.1, "reduction": "sum"}),
        *each("cross_entropy", classes(F.cross_entropy), {"X": CUBE, "k": PLACES}, {"label_smoothing": 0.2}),
        *each("cross_entropy", F.cross_entropy, {"X": LOGITS, "T": SHARES}, {"label_smoothing": 0.2}),
        *each("cross_entropy", lambda X, T, w, **o: F.cross_entropy(X, T, w, **o),
              {"X": LOGITS[:3], "t": SHARE, "w": [0.5, 2.0, 1.5]}, {"label_smoothing": 0.2}),
        ("cross_entropy(X, k)", classes(F.cross_entropy), {"X": LOGITS, "k": [-100.0] * 4}),
        ("cross_entropy(X, T)", F.cross_entropy, {"X": CUBE, "T": drawn(2, 3, 4, seed=9)}),
    ],
    "composed_losses": [
        *each("kl_div", lambda *xs, **o: quiet(F.kl_div, *xs, **o),
              {"X": X34, "Y": [[abs(v) for v in row] for row in Y34]}, {"reduction": "batchmean"}),
        ("kl_div(X, Y, log_target=True)", lambda X, Y: quiet(F.kl_div, X, Y, log_target=True),
         {"X": X34, "Y": Y34}),
        ("gaussian_nll(X, t, V)", F.gaussian_nll_loss,
         {"X": [0.5, -1.0, 0.002], "t": [0.5, 0.3, 0.001], "V": [1e-9, 0.4, 3e-7]}),
        *each("gaussian_nll", F.gaussian_nll_loss,
              {"X": X34, "Y": Y34, "V": [[abs(v) + 0.1 for v in row] for row in X34]}, {"full": True}),
        *each("poisson_nll", F.poisson_nll_loss, {"X": X34, "Y": Y34}, {"full": True}),
        ("poisson_nll(X, Y, log_input=False)", lambda X, Y: F.poisson_nll_loss(X, Y, log_input=False),
         {"X": [0.5, 2.0, 1.0], "Y": [1.0, 3.0, 0.0]}),
        *each("soft_margin", F.soft_margin_loss, {"X": X34, "y": SIGNS}),
        *each("hinge_embedding", F.hinge_embedding_loss, {"X": X34, "y": SIGNS}, {"margin": 0.5}),
        ("hinge_embedding(X, y)", F.hinge_embedding_loss, {"X": [1.0, 1.0, 0.0, 2.0], "y": [1.0, -1.0, -1.0, -1.0]}),
        *each("margin_ranking", F.margin_ranking_loss, {"X": X34, "Y": Y34, "y": SIGNS}, {"margin": 0.5}),
        ("margin_ranking(X, Y, y)", F.margin_ranking_loss, {"X": [1.0, 2.0], "Y": [1.0, 1.0], "y": [1.0, -1.0]}),
        ("cosine_similarity(X, Y)", F.cosine_similarity, {"X": X34, "Y": Y34}),
        ("cosine_similarity(X, Y, dim=0)", lambda X, Y: F.cosine_similarity(X, Y, 0), {"X": X34, "Y": Y34}),
        *each("cosine_embedding", F.cosine_embedding_loss, {"X": X34, "Y": Y34, "y": [1.0, -1.0, -1.0]},
              {"margin": 0.5}),
        ("pairwise_distance(X, Y)", F.pairwise_distance, {"X": X34, "Y": Y34}),
        ("pairwise_distance(X, Y, 1, keepdims=True)", lambda X, Y: F.pairwise_distance(X, Y, 1, keepdim=True),
         {"X": X34, "Y": Y34}),
        *each("triplet_margin", F.triplet_margin_loss, {"X": X34, "Y": Y34, "Z": drawn(3, 4, seed=9)}, {"swap": True},
              {"margin": 3.0, "p": 1.0}),
    ],
    "sequences": [
        *((f"ctc_loss(log_softmax(X, 2), y, i, t, reduction='{kind}', zero_infinity={zero})",
           sequences(reduction=kind, zero_infinity=zero), {"X": SPEECH, "y": SPOKEN, "i": heard, "t": said})
          for kind in KINDS for heard, said, zero in (
              ([5.0, 4.0, 5.0], [2.0, 1.0, 0.0], False), ([5.0, 1.0, 2.0], [2.0, 1.0, 2.0], True))),
        ("ctc_loss(log_softmax(X, 2), y, (5, 3, 5), (1, 2, 2), blank=3)",
         lambda X, y: F.ctc_loss(X.log_softmax(2), y.long(), (5, 3, 5), (1, 2, 2), blank=3),
         {"X": SPEECH, "y": [0.0, 1.0, 1.0, 2.0, 0.0]}),
        ("ctc_loss(log_softmax(X, 1), y)",
         lambda X, y: F.ctc_loss(X.log_softmax(1), y.long(), torch.tensor(5), torch.tensor(2)),
         {"X": drawn(5, 4, seed=3), "y": [1.0, 3.0]}),
        ("ctc_loss(X, y, (3, 3), (2, 2), reduction='sum')",
         lambda X, y: F.ctc_loss(X, y.long(), (3, 3), (2, 2), reduction="sum"),
         {"X": [[[-1.0, -0.5, -2.0]] * 2] * 3, "y": [[1.0, 2.0], [2.0, 2.0]]}),
    ],
}  # fmt: skip
