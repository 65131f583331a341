"""Rules about what makes the outputs, and whether the loss takes such outputs; seen before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Place, Severity
from gradstep.engine.diagnosis.head import Head
from gradstep.engine.diagnosis.rule import Seen, rule
from gradstep.engine.diagnosis.written import made_by
from gradstep.engine.graph.graph import Node
from gradstep.engine.notation import number

_SQUASHES = ("sigmoid", "softmax", "tanh", "hard_tanh")


def _softmaxes(evidence: Evidence) -> Iterator[tuple[Node, int, int]]:
    """Every softmax on the way to the loss with its axis, counted from 0, and how many numbers it runs over."""
    for node in evidence.graph.nodes:
        if node.op.name in ("softmax", "log_softmax") and node.output in evidence.graph.active:
            shape = evidence.graph.values[node.inputs[0]].shape
            axis = int(getattr(node.op, "axis", -1)) % max(len(shape), 1)
            yield node, axis, shape[axis] if shape else 1


@rule(
    "constant_output",
    "a softmax over one number is 1 whatever it is; DeepFD's and UMLAUT's programs have it (Cao et al., ICSE 2022; "
    "Schoop et al., CHI 2021)",
    Severity.FAULT,
    explains="zero unchanged loss no_better_than_constant same_predictions nonfinite vanish rate_large oscillates",
)
def constant_output(evidence: Evidence) -> Iterator[Seen]:
    """A softmax over a single number."""
    for node, _, width in _softmaxes(evidence):
        if width == 1:
            gives = "1" if node.op.name == "softmax" else "0"
            text = (
                f"{evidence.board.whole(node.output)} is a softmax over one number, which is {gives} whatever its "
                "input is: nothing before it can learn"
            )
            advice = [
                "sigmoid with bce, or bce_with_logits on the score itself",
                "as many outputs as there are classes",
            ]
            yield Seen(Place(evidence.graph.values[node.output].name), {"width": 1.0}, text, advice)


@rule(
    "softmax_axis",
    "a softmax over the samples makes each sample's probabilities depend on the others",
    Severity.FAULT,
    explains="no_better_than_constant loss same_predictions",
)
def softmax_axis(evidence: Evidence) -> Iterator[Seen]:
    """A softmax that runs over the samples of the batch."""
    samples = evidence.here.samples
    if samples.count < 2:
        return
    for node, axis, width in _softmaxes(evidence):
        if width > 1 and samples.axis(node.inputs[0]) == axis:
            text = (
                f"{evidence.board.whole(node.output)} is a softmax over axis {axis}, which counts the "
                f"{samples.count} samples: the probabilities of one sample do not add up to 1, and depend on "
                "the others"
            )
            yield Seen(
                Place(evidence.graph.values[node.output].name), {"axis": float(axis)}, text, ["softmax(…, axis=-1)"]
            )


@rule(
    "activation_before_loss",
    "PyTorch's documentation of CrossEntropyLoss and BCEWithLogitsLoss: the input is expected to be unnormalized",
    Severity.FAULT,
    explains="loss no_better_than_constant vanish rate_small",
)
def activation_before_loss(evidence: Evidence) -> Iterator[Seen]:
    """A loss that takes scores gets what has been through an activation already."""
    head = evidence.head
    if head is None or head.takes not in ("class scores", "logits") or head.activation is None:
        return
    act, loss = head.activation.op, "cross_entropy" if head.classes else "bce_with_logits"
    whole, place = evidence.board.whole(head.outputs), Place(evidence.graph.values[head.outputs].name)
    if act.name in _SQUASHES or act.name == "relu":
        what = {
            "relu": "has no negative scores, and gives no gradient where it is shut",
            "softmax": "are probabilities already: taken once more the best that the loss can do stays far above 0",
        }.get(act.name, "lie between narrow bounds, so no class can be made certain")
        text = f"{loss} takes scores, and {whole} comes out of {act.name}: its outputs {what}"
        if act.name == "relu":
            text = f"{loss} takes scores, and {whole} comes out of relu: it {what}"
        yield Seen(place, {}, text, [f"give {loss} what goes into {act.name}"])
    elif act.name == "log_softmax" and loss == "cross_entropy":
        text = f"{whole} comes out of log_softmax, and cross_entropy takes it once more: that changes nothing but costs"
        yield Seen(place, {}, text, ["nll instead of cross_entropy"], Severity.INFORMATION)


@rule(
    "wrong_activation",
    "UMLAUT (Schoop et al., CHI 2021) and DeepFD (Cao et al., ICSE 2022): a last activation that does not fit the task",
    Severity.WARNING,
    explains="loss no_better_than_constant rate_large rate_small too_few_iterations died dead same_predictions "
    "underfit zero unchanged",
)
def wrong_activation(evidence: Evidence) -> Iterator[Seen]:
    """Outputs for targets of 0 and 1 that are cut off at 0: where they are, nothing comes back."""
    head = evidence.head
    if head is None or head.takes != "numbers" or head.activation is None or evidence.learned:
        return
    targets = evidence.task.targets
    if head.activation.op.name not in _CUT or not targets.size or not np.isin(targets, (0, 1)).all():
        return
    whole, name = evidence.board.whole(head.outputs), head.activation.op.name
    outputs = evidence.last.trace.data[head.outputs]
    shut = float((outputs <= 0).mean())
    text = (
        f"the targets are 0 and 1, and {whole} comes out of {name}, which cuts off at 0 and goes on above 1: "
        f"{shut:.0%} of the outputs are shut, and learn nothing from this"
    )
    fits = "softmax with cross_entropy" if targets.ndim > 1 and targets.shape[-1] > 1 else "sigmoid with bce"
    yield Seen(Place(evidence.graph.values[head.outputs].name), {"shut": shut}, text, [f"{fits} at the output"])


#: Activations of which each output is for itself.
_APART = ("sigmoid", "relu", "tanh", "softplus")
#: Activations that are 0 below 0.
_CUT = ("relu", "relu6")


@rule(
    "missing_activation",
    "PyTorch's documentation of BCELoss (inputs between 0 and 1) and NLLLoss (log-probabilities)",
    Severity.FAULT,
    explains="nonfinite diverged overflow loss no_better_than_constant unbounded_loss",
)
def missing_activation(evidence: Evidence) -> Iterator[Seen]:
    """A loss of probabilities gets something else."""
    head = evidence.head
    if head is None or head.takes not in ("probabilities", "log-probabilities", "class probabilities"):
        return
    outputs = evidence.first.trace.data[head.outputs]
    whole, place = evidence.board.whole(head.outputs), Place(evidence.graph.values[head.outputs].name)
    made = made_by(evidence.graph, head.outputs)
    if made is not None and made.op.opaque:
        return  # what is recorded and not explained may make anything
    if head.takes == "probabilities":
        if made is not None and made.op.name in (
            "linear",
            "matmul",
            "add",
            "relu",
            "leaky_relu",
            "tanh",
            "elu",
            "conv1d",
            "conv2d",
            "conv3d",
        ):
            worst = float(outputs.reshape(-1)[np.abs(outputs - 0.5).argmax()]) if outputs.size else 0.0
            text = (
                f"bce takes probabilities, and {whole} comes out of {made.op.name}: it can be any number "
                f"({number(worst)} in the first iteration)"
            )
            yield Seen(place, {"worst": worst}, text, ["sigmoid before bce, or bce_with_logits"])
    else:
        yield from (Seen(place, {}, text, advice) for text, advice in _classes(evidence, head, made))


def _classes(evidence: Evidence, head: Head, made: Node | None) -> Iterator[tuple[str, list[str]]]:
    """What is said, and advised, of a loss of classes whose outputs were `made` by something that makes no
    probabilities, or no logarithms of them."""
    whole = evidence.board.whole(head.outputs)
    if head.takes == "class probabilities":
        if made is not None and made.op.name in (*_APART, "linear", "add", "matmul"):
            text = (
                f"the loss is a class cross-entropy, and its probabilities, {whole}, come out of {made.op.name} and do "
                "not add up to 1: it falls by raising all of them"
            )
            yield text, ["softmax over the classes: cross_entropy of the scores", "bce, which has 1 − t too"]
    elif made is not None and made.op.name == "softmax":
        text = (
            f"{head.name} takes the logarithms of probabilities, and {whole} are probabilities: the loss falls by no "
            "more than 1, and is no cross-entropy"
        )
        yield (
            text,
            ["log_softmax in place of softmax" + (", or cross_entropy of the scores" if head.name == "nll" else "")],
        )
    elif made is None or made.op.name not in ("log", "log_softmax"):
        text = f"{head.name} takes the logarithms of probabilities, and {whole} is none: the loss has no lowest value"
        yield text, ["cross_entropy, or log_softmax before nll" if head.name == "nll" else "log_softmax before kl_div"]
    elif made.op.name == "log":
        before = made_by(evidence.graph, made.inputs[0])
        if before is not None and before.op.name in _APART:
            text = (
                f"the classes' probabilities come out of {before.op.name} and do not add up to 1: the loss falls by "
                "raising all of them"
            )
            yield text, ["softmax over the classes: cross_entropy of the scores"]
