"""Rules about what an update is made of besides the rate: clipping, weight decay, momentum, Adam's options."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.course import SHORTEST
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Advice, Place, Severity
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.notation import counted, number
from gradstep.engine.run.timeline import Phase

#: A step of which clipping leaves more than this share, in the median of iterations, is no other step; our own.
_LEFT = 0.2
#: A largest gradient so many times the bound is cut to its sign, next to nothing of its size being left; our own.
_CUT = 10.0
#: The beginning of a training is its first quarter, of iterations; our own.
_QUARTER = 4
#: Decay that pulls harder than the gradient, as a ratio of norms, is what moves a weight (Loshchilov and Hutter, 2019).
_PULLS = 1.0
#: A weight that ends below this share of its first norm has been shrunk, whatever the loss; our own.
_SHRUNK = 0.7
#: A velocity that remembers less than this share of a training, in iterations, turns in time, unless the loss rises in
#: more than that share of them; our own.
_REMEMBERS, _OFTEN = 0.1, 0.3
#: A velocity that remembers more iterations than this remembers all; a number to print, no more.
_ENDLESS = 1e6


@rule(
    "clip_always",
    "Pascanu et al., On the difficulty of training recurrent neural networks (ICML 2013): clipping is for the rare "
    "step",
    Severity.WARNING,
    threshold=0.95,
    allowed=(0.0, 1.0),
    explains="loss no_better_than_constant rate_small too_few_iterations underfit same_predictions rate_large "
    "oscillates",
)
def clip_always(evidence: Evidence) -> Iterator[Seen]:
    """Clipping that shortens nearly every update by much."""
    most = evidence.training.clip_norm
    if evidence.training.clip_value is not None:
        yield from _clipped_values(evidence, evidence.training.clip_value)
    if evidence.training.norm_type != 2:
        return
    if most is None or not evidence.trained or evidence.made < SHORTEST or evidence.converged:
        return
    norms = evidence.motion.gradient_norms
    norms = norms[np.isfinite(norms)]
    if not len(norms):
        return
    share, factor = float((norms > most).mean()), float(np.median(most / np.maximum(norms, most)))
    if share < evidence.at["clip_always"] or factor > _LEFT:
        return
    text = (
        f"clip_norm = {most:g} acts in {share:.0%} of {counted(evidence.made, 'iteration')} and leaves {factor:.1%} of "
        f"the step: the gradients have a norm of {number(float(np.median(norms)))}, so it is a smaller rate in disguise"
    )
    lift = float(f"{float(np.quantile(norms, 0.9)):.2g}")
    yield Seen(Place("", 1), {"share": share, "factor": factor}, text,
               [Advice(f"clip_norm = {lift:g}, above the usual norm", f"clip_norm = {lift:g}")])  # fmt: skip


def _clipped_values(evidence: Evidence, most: float) -> Iterator[Seen]:
    """Where each gradient is cut to a value that all weights' largest ones are far above, in nearly all iterations."""
    if not evidence.trained or evidence.made < SHORTEST or evidence.converged:
        return
    largest = np.zeros(len(evidence.starts))
    for value, _, _ in evidence.motion.weights_over_time:
        low, high = (at(Phase.BACKWARD, value.id) for at in (evidence.summaries.least, evidence.summaries.largest))
        largest = np.fmax(largest, np.fmax(abs(low.low), abs(high.high)))
    share = float((largest > _CUT * most).mean())
    if share >= evidence.at["clip_always"]:
        usual = float(np.median(largest))
        text = (
            f"clip_value = {most:g} cuts gradients in {share:.0%} of {counted(evidence.made, 'iteration')}, of which "
            "the "
            f"largest is about {number(usual)}: what is left are their signs"
        )
        lift = float(f"{usual:.1g}")
        advice = [Advice(f"clip_value = {lift:g}, or none", f"clip_value = {lift:g}")]
        yield Seen(Place("", 1), {"share": share, "largest": usual}, text, advice)


def _option(evidence: Evidence, name: str) -> float | None:
    optimizer = evidence.training.optimizer
    return float(optimizer[name]) if name in type(optimizer).options else None


@rule(
    "decay",
    "Loshchilov and Hutter, Decoupled Weight Decay Regularization (ICLR 2019): decay is to be small beside the "
    "gradient",
    Severity.WARNING,
    explains="loss no_better_than_constant same_predictions underfit vanish dead died unchanged rate_large",
)
def decay(evidence: Evidence) -> Iterator[Seen]:
    """Weight decay that outweighs the gradient from the beginning."""
    share = _option(evidence, "weight_decay")
    if not share or not evidence.trained or evidence.made < SHORTEST:
        return
    early = slice(0, max(len(evidence.starts) // _QUARTER, 2))
    for value, gradient, size in evidence.motion.weights_over_time:
        with np.errstate(all="ignore"):
            ratio = float(np.median(share * size[early] / gradient[early]))
        shrunk = float(size[-1] / size[0]) if size[0] else 1.0
        if np.isfinite(ratio) and ratio > _PULLS and (shrunk < _SHRUNK or not evidence.converged):
            text = (
                f"weight_decay = {share:g} pulls {value.name} {number(ratio)} times as hard as its gradient does; "
                "its size "
                f"went from {number(float(size[0]))} to {number(float(size[-1]))}"
            )
            less = float(f"{share / max(ratio, 1) / 10:.1g}")
            yield Seen(Place(value.name), {"ratio": ratio, "shrunk": shrunk}, text,
                       [Advice(f"a smaller weight_decay: {less:g}", f"weight_decay = {less:g}")])  # fmt: skip
            return


#: Lion's usual one, of which an update has only a tenth (Chen et al., Symbolic Discovery of Optimization Algorithms,
#: NeurIPS 2023).
_LION = 0.99


@rule(
    "momentum",
    "Sutskever et al., On the importance of initialization and momentum (ICML 2013): 0.9 to 0.99",
    Severity.WARNING,
    threshold=0.98,
    allowed=(0.0, 1.0),
    explains="oscillates loss rate_large explode diverged overflow no_better_than_constant too_few_iterations",
)
def momentum(evidence: Evidence) -> Iterator[Seen]:
    """A velocity that remembers more iterations than there are."""
    name = "momentum"
    share = _option(evidence, name)
    if share is None and "m" in evidence.training.optimizer.kept():
        at = 1 if evidence.training.optimizer.name == "lion" else 0
        name, share = f"betas[{at}]", float(evidence.training.optimizer["betas"][at])
    if share is None or share < evidence.at["momentum"] or not evidence.trained:
        return
    if evidence.training.optimizer.name == "lion" and share <= _LION:
        return
    length = 1 / max(1 - share, 1e-12)
    if evidence.converged and length < evidence.made:
        return
    if length < _REMEMBERS * evidence.made and evidence.motion.rises < _OFTEN:
        return
    kept = f"about {length:,.0f} iterations" if length < _ENDLESS else "all iterations"
    text = (
        f"{name} = {share:g} adds up the gradients of {kept}, and the training has "
        f"{evidence.made:,}: the velocity runs on long after the gradient has turned"
    )
    change = "momentum = 0.9" if name == "momentum" else ""
    yield Seen(Place("", 1), {"momentum": share, "iterations": length}, text, [Advice("0.9", change)])


#: A second moment of which less is kept from one iteration to the next averages over one or two of them.
_FORGETS = 0.5
#: Up to here ε is only there against division by 0, as in PyTorch (1e-8) and TensorFlow (1e-7).
_EPS = 1e-6
#: So many times the gradients' usual size ε is what divides: the step is a third of what it is meant to be, or less.
_DIVIDES = 2.0


@rule(
    "adam_options",
    "Kingma and Ba, Adam (ICLR 2015): β₂ = 0.999, ε = 1e-8",
    Severity.WARNING,
    explains="oscillates loss rate_large rate_small no_better_than_constant nonfinite diverged overflow "
    "too_few_iterations spike",
)
def adam_options(evidence: Evidence) -> Iterator[Seen]:
    """A second moment that averages nothing, or is not what divides."""
    options = type(evidence.training.optimizer).options
    optimizer = evidence.training.optimizer
    name, usual = ("β₂", "betas = [0.9, 0.999]") if "betas" in options else ("alpha", "alpha = 0.99")
    second = float(optimizer["betas"][1]) if "betas" in options else _option(evidence, "alpha")
    if second is not None and second < _FORGETS:
        text = (
            f"{name} = {second:g}: the second moment is of this iteration only, so that each number moves by "
            "the rate whatever its gradient is"
        )
        severity = Severity.INFORMATION if evidence.converged else None
        yield Seen(Place("", 1), {"second": second}, text, [Advice(usual, usual)], severity)
    if "eps" not in options or not evidence.trained:
        return
    eps = float(optimizer["eps"])
    early = slice(0, max(len(evidence.starts) // _QUARTER, 1))
    sizes = [
        float(np.median(g[early])) / max(v.size, 1) ** 0.5
        for v, g, _ in evidence.motion.weights_over_time
        if np.isfinite(g).all()
    ]
    if eps == 0 and not evidence.converged:
        text = (
            "eps = 0: where a gradient is exactly 0 the update is 0 / 0, and where it is tiny the step is as large as "
            "ever"
        )
        yield Seen(Place("", 1), {"eps": 0.0}, text, [Advice("eps = 1e-8", "eps = 1e-8")])
    elif sizes and eps > _EPS and eps > _DIVIDES * max(sizes) and not evidence.converged:
        text = (
            f"eps = {eps:g} is larger than the gradients' usual size ({number(max(sizes))}): it is what divides, "
            f"and steps are {number(max(sizes) / eps)} of the rate"
        )
        yield Seen(Place("", 1), {"eps": eps, "gradient": max(sizes)}, text, [Advice("eps = 1e-8", "eps = 1e-8")])
