"""Cases of layers that normalise and of recurrent networks, for torch_operations.py."""

from __future__ import annotations

import warnings
from typing import Any

import torch
import torch.nn.functional as F
from torch_leaves import IMAGE, X34, Case, drawn

TIMES, WIDE = drawn(4, 2, 3, seed=9), drawn(2, 4, 3, 2, seed=10)
GAINS, SHIFTS = [0.5, 2.0, -1.0, 1.5], [0.1, 0.0, 1.0, -0.5]
MEANS, SPREADS = [0.5, -0.25, 1.0, 0.0], [1.5, 0.5, 2.0, 1.0]


def weights(gates: int, hidden: int, width: int, layers: int = 1, ways: int = 1, projected: int = 0) -> dict[str, Any]:
    """W_ih, W_hh, B_ih, B_hh, W_hr for each layer and direction, under names from A on."""
    found: list[Any] = []
    for layer in range(layers):
        wide = width if not layer else ways * (projected or hidden)
        for _ in range(ways):
            shapes = [
                (gates * hidden, wide),
                (gates * hidden, projected or hidden),
                (gates * hidden,),
                (gates * hidden,),
            ]
            shapes += [(projected, hidden)] if projected else []
            found += [drawn(*shape, seed=20 + len(found) + k) for k, shape in enumerate(shapes)]
    return {f"W{chr(65 + k)}": one for k, one in enumerate(found)}


def net(kind: str, given: dict[str, Any], result: int, options: str = "", h0: Any = None, c0: Any = None,
        **theirs: Any) -> Case:  # fmt: skip
    """A recurrent network over TIMES, and one of its results."""
    layers, ways = theirs.get("num_layers", 1), 2 if theirs.get("bidirectional") else 1
    first = [k for k in ("H", "C") if (h0 if k == "H" else c0) is not None]
    states = ", ".join(f"{k.lower()}0={k}" for k in first)
    text = f"{kind.partition('_')[0]}(X, {', '.join(given)}{', ' if states else ''}{states}{options})[{result}]"

    def of(X: Any, *tensors: Any) -> Any:
        (*flat,) = tensors[: len(given)]
        start = dict(zip(first, tensors[len(given) :], strict=True))
        size = given["WB"], len(given["WA"]) // {"lstm": 4, "gru": 3}.get(kind, 1)
        wide = len(size[0][0])
        samples = X.shape[0 if theirs.get("batch_first") else 1]
        zeros = [torch.zeros(layers * ways, samples, n, dtype=X.dtype) for n in (wide, size[1])]
        h, c = start.get("H", zeros[0]), start.get("C", zeros[1])
        hx = (h, c) if kind == "lstm" else h
        first_axis = bool(theirs.get("batch_first"))
        with warnings.catch_warnings():  # in float32 another of its implementations has no projections
            warnings.filterwarnings("ignore", "LSTM with projections is not supported with oneDNN")
            made = getattr(torch, kind)(X, hx, flat, True, layers, 0.0, False, ways == 2, first_axis)
        return made[result]

    leaves = {"X": TIMES, **given, **{k: v for k, v in (("H", h0), ("C", c0)) if v is not None}}
    return text, of, leaves


CASES: dict[str, list[Case]] = {
    "norm_layers": [
        ("layer_norm(X, G, B)", lambda X, G, B: F.layer_norm(X, (3, 4), G, B),
         {"X": drawn(2, 3, 4), "G": X34, "B": X34}),
        ("layer_norm(X, normalized_shape=(5, 6))", lambda X: F.layer_norm(X, (5, 6)), {"X": IMAGE}),
        ("rms_norm(X, G)", lambda X, G: F.rms_norm(X, (3, 4), G), {"X": drawn(2, 3, 4), "G": X34}),
        *((f"group_norm(X, G, B, num_groups={n}, eps=0.01)", lambda X, G, B, n=n: F.group_norm(X, n, G, B, 0.01),
           {"X": WIDE, "G": GAINS, "B": SHIFTS}) for n in (1, 2, 4)),
        ("group_norm(X, num_groups=2)", lambda X: F.group_norm(X, 2), {"X": drawn(3, 4)}),
        ("instance_norm(X, G, B)", lambda X, G, B: F.instance_norm(X, None, None, G, B),
         {"X": WIDE, "G": GAINS, "B": SHIFTS}),
        ("instance_norm(X, G, running_mean=m, running_var=v, use_input_stats=False)",
         lambda X, G, m, v: F.instance_norm(X, m, v, G, use_input_stats=False),
         {"X": WIDE, "G": GAINS, "m": MEANS, "v": SPREADS}),
        *((f"batch_norm(X, G, B, running_mean=m, running_var=v, training={yes})",
           lambda X, G, B, m, v, yes=yes: F.batch_norm(X, m.clone(), v.clone(), G, B, training=yes),
           {"X": x, "G": GAINS, "B": SHIFTS, "m": MEANS, "v": SPREADS})
          for yes in (True, False) for x in (WIDE, X34)),
        *((f"normalize(X, p={p}, axis={axis})", lambda X, p=p, axis=axis: F.normalize(X, p, axis), {"X": x})
          for p, axis, x in ((2, 1, X34), (1, 0, X34), (3, -1, WIDE), (2, 1, [[3.0, 4.0], [0.0, 0.0], [1e-13, 0.0]]))),
        *((f"weight_norm(V, G, axis={axis})", lambda V, G, axis=axis: torch._weight_norm(V, G, axis),
           {"V": X34, "G": g})
          for axis, g in ((0, [[0.5], [2.0], [-1.0]]), (1, [[0.5, 2.0, -1.0, 1.0]]))),
        *((f"local_response_norm(X, {n}, alpha=0.5, beta=0.6, k=2)",
           lambda X, n=n: F.local_response_norm(X, n, 0.5, 0.6, 2), {"X": WIDE}) for n in (2, 3, 7)),
    ],
    "recurrent_cells": [
        *((f"lstm_cell(X, H, C, W, U, B, D)[{k}]",
           lambda X, H, C, W, U, B, D, k=k: torch.lstm_cell(X, (H, C), W, U, B, D)[k],
           {"X": TIMES[0], "H": drawn(2, 2, seed=1), "C": drawn(2, 2, seed=2), "W": drawn(8, 3, seed=3),
            "U": drawn(8, 2, seed=4), "B": drawn(8, seed=5), "D": drawn(8, seed=6)}) for k in (0, 1)),
        ("gru_cell(X, H, W, U, B, D)", torch.gru_cell,
         {"X": TIMES[0], "H": drawn(2, 2, seed=1), "W": drawn(6, 3, seed=3), "U": drawn(6, 2, seed=4),
          "B": drawn(6, seed=5), "D": drawn(6, seed=6)}),
        ("gru_cell(X, H, W, U)", torch.gru_cell,
         {"X": TIMES[0], "H": drawn(2, 2, seed=1), "W": drawn(6, 3, seed=3), "U": drawn(6, 2, seed=4)}),
        *((f"rnn_cell(X, H, W, U, B, D, nonlinearity='{of}')", getattr(torch, f"rnn_{of}_cell"),
           {"X": TIMES[0], "H": drawn(2, 2, seed=1), "W": drawn(2, 3, seed=3), "U": drawn(2, 2, seed=4),
            "B": drawn(2, seed=5), "D": drawn(2, seed=6)}) for of in ("tanh", "relu")),
    ],
    "recurrent": [
        *(net("lstm", weights(4, 2, 3), k, h0=drawn(1, 2, 2, seed=1), c0=drawn(1, 2, 2, seed=2)) for k in (0, 1, 2)),
        net("lstm", weights(4, 2, 3), 0),
        net("lstm", weights(4, 3, 3, projected=2), 0, ", proj_size=2", proj_size=2),
        *(net("lstm", weights(4, 2, 3, 2, 2), k, ", num_layers=2, bidirectional=True", h0=drawn(4, 2, 2, seed=1),
              c0=drawn(4, 2, 2, seed=2), num_layers=2, bidirectional=True) for k in (0, 1, 2)),
        net("lstm", weights(4, 2, 3), 0, ", batch_first=True", batch_first=True),
        *(net("gru", weights(3, 2, 3, 2), k, ", num_layers=2", num_layers=2) for k in (0, 1)),
        net("gru", weights(3, 2, 3, 1, 2), 0, ", bidirectional=True", h0=drawn(2, 2, 2, seed=1), bidirectional=True),
        *(net("rnn_tanh", weights(1, 2, 3, 1, 2), k, ", bidirectional=True", bidirectional=True) for k in (0, 1)),
        net("rnn_relu", weights(1, 2, 3), 0, ", nonlinearity='relu'", h0=drawn(1, 2, 2, seed=1)),
    ],
}  # fmt: skip
