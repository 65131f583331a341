"""What helps against gradients that fade or grow: other activations, weights that keep the size, ways around layers;
nothing that a network has already, and the first what has done most."""

from __future__ import annotations

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Advice
from gradstep.engine.diagnosis.head import summed
from gradstep.engine.graph.depth import Stage
from gradstep.engine.graph.graph import Node
from gradstep.engine.notation import number
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.run import flow

#: A clipping that is usual (Pascanu et al., ICML 2013, take what the norm is on average).
_CLIP = Advice("gradient clipping: clip_norm = 1", "clip_norm = 1")


def against_fading(evidence: Evidence, repeated: str) -> list[Advice]:
    """Against gradients that fade; `repeated` is the parameter that the layers share, empty where there is none."""
    slope, weights = _shares(evidence)
    names = dict.fromkeys(node.op.name for node in _activations(evidence) if node.op.saturates)
    found = []
    if names and slope < weights:
        found.append(f"relu or tanh instead of {' and '.join(names)}" if "sigmoid" in names else "relu instead of tanh")
    if repeated:
        found.append(f"{repeated} orthogonal or the identity at first, or a gated cell (GRU, LSTM)")
    elif weights <= slope or not names:
        found += _sized(evidence)
    around = [] if _has_skips(evidence) or repeated else ["a skip connection around each layer"]
    around += [] if _normalises(evidence) else ["a normalisation of each sum (layer_norm)"]
    return [Advice(one) for one in (*found, *([" or ".join(around)] if around else []))]


def against_growing(evidence: Evidence, repeated: str) -> list[Advice]:
    """Against gradients that grow."""
    if repeated:
        found = [Advice(f"{repeated} orthogonal or the identity at first: no singular value above 1")]
    elif _has_skips(evidence):
        found = [Advice("branches scaled down at first: their last weights 0, or divided by √depth (Fixup)")]
    else:
        found = [Advice(one) for one in _sized(evidence)]
    if not _normalises(evidence) and not repeated:
        found.append(Advice("a normalisation of each sum (layer_norm)"))
    return [*_mean(evidence), *found, *_clipping(evidence)]


def against_bursts(evidence: Evidence) -> list[Advice]:
    """Against gradients that grow from one iteration to another."""
    rest = "a smaller learning rate" if evidence.training.warmup else "a smaller learning rate, or a warm-up"
    return [*_mean(evidence), *_clipping(evidence), Advice(rest)]


def _mean(evidence: Evidence) -> list[Advice]:
    """Of a loss that is a sum over samples first of all a mean: all gradients are as many times too large."""
    count = evidence.here.samples.count
    return [] if summed(evidence.here) is None else [Advice(f"mean instead of sum: the loss adds up {count} samples")]


def _clipping(evidence: Evidence) -> list[Advice]:
    return [] if evidence.training.clip_norm or evidence.training.clip_value else [_CLIP]


def _sized(evidence: Evidence) -> list[str]:
    """Weights of the size that keeps gradients as they are, for the layer in the middle, beside the size they have."""
    stages = evidence.board.depth.stages
    if not stages:
        return []
    stage = stages[len(stages) // 2]
    weight, value = evidence.first.trace.data[stage.weight], evidence.graph.values[stage.weight]
    into = _inputs(stage, value.shape)
    if not into or not weight.size:
        return []
    rectified = any(node.op.rectifier for node in _activations(evidence))
    # He et al. (ICCV 2015), equation 10, and Glorot and Bengio (AISTATS 2010), equation 10, for layers as wide as the
    # one before.
    keeps, init = ((2 / into) ** 0.5, "he_normal") if rectified else ((1 / into) ** 0.5, "xavier_normal or orthogonal")
    has = float(np.sqrt(np.mean(np.square(weight, dtype=np.float64))))
    return [f"{init} weights: those of {value.name} have a size of {number(has)}, and {number(keeps)} keeps gradients"]


def _inputs(stage: Stage, shape: tuple[int, ...]) -> int:
    """How many numbers a sum of the layer adds up; 0 where that is not known."""
    if stage.node.op.name == "linear":
        return shape[-1]
    if stage.node.op.name in ("conv1d", "conv2d", "conv3d"):
        return int(np.prod(shape[1:]))
    return shape[0] if stage.node.op.contracts and len(shape) == 2 else 0


def _activations(evidence: Evidence) -> list[Node]:
    """The activations that sums on the deepest way go through, whatever adds to them and moves them before."""
    graph, found = evidence.graph, []
    for stage in evidence.board.depth.stages[:-1]:
        ahead = [stage.node.output]
        while ahead:
            for number_, _ in graph.uses[ahead.pop()]:
                node = graph.nodes[number_]
                if isinstance(node.op, Elementwise) and len(node.inputs) == 1:
                    found.append(node)
                elif not node.op.contracts and not node.op.reduces and len(found) < len(graph.nodes):
                    ahead.append(node.output)
                    break
    return found


def _shares(evidence: Evidence) -> tuple[float, float]:
    """What an activation and what a weight make of the gradient's norm, in the geometric mean over the deepest way."""
    trace = evidence.first.trace
    slopes = [
        (flow.norm(trace.gradient(node.inputs[0])), flow.norm(trace.gradient(node.output)))
        for node in _activations(evidence)
    ]
    weights = [
        (flow.norm(into), flow.norm(trace.gradient(stage.node.output)))
        for stage in evidence.board.depth.stages[1:]
        if (into := trace.grad[stage.data]) is not None
    ]
    return _typical(slopes), _typical(weights)


def _typical(ends: list[tuple[float, float]]) -> float:
    """The geometric mean of far / near; 1 of nothing."""
    ratios = [far / near for far, near in ends if near and 0 < far / near < np.inf]
    return float(np.exp(np.mean(np.log(ratios)))) if ratios else 1.0


def _normalises(evidence: Evidence) -> bool:
    return any(node.op.normalises for node in evidence.graph.nodes)


def _has_skips(evidence: Evidence) -> bool:
    """Whether stations lie where ways part and meet again in a sum."""
    graph, depth = evidence.graph, evidence.board.depth
    return any(
        graph.nodes[node].op.name == "add" and len(graph.uses[value]) > 1
        for value in depth.stations
        for node, _ in graph.uses[value]
    )
