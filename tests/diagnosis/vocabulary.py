"""The names that rules and cases share: kinds of findings, and the causes that they name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

#: What a finding of each kind says. A kind is the name of a rule.
KINDS: Mapping[str, str] = {
    # the loss and its targets
    "constant_output": "a softmax or log_softmax over one unit: the output is 1 (or 0) whatever goes in",
    "activation_before_loss": "a softmax or sigmoid before a loss that has its own and takes logits",
    "missing_activation": "what bce gets are no probabilities, or what nll gets no log-probabilities",
    "wrong_activation": "an output activation that does not fit the loss: relu or sigmoid under a class cross-entropy",
    "unreachable_targets": "targets outside of what the last operation can give (sigmoid, tanh, relu, softmax)",
    "target_range": "targets not made for this loss: 0..255 or −1/1 into bce, class numbers from 1, 0/1 into hinge",
    "wrong_loss": "a loss that does not fit the targets: absolute error on 0/1 targets (mse on classes as information)",
    "softmax_axis": "a softmax over another axis than that of the classes, as over the samples",
    "exclusive_labels": "a softmax and class cross-entropy over labels of which several hold at once, or none",
    "equal_labels": "all targets are equal, or a column of them is: there is nothing to learn",
    "unbounded_loss": "a loss with the wrong sign, which falls below 0 without bound",
    "target_scale": "targets far larger (or far smaller) than what the network gives, or than 1",
    "no_better_than_constant": "the loss does not get below that of the best constant answer: ln C, the variance",
    "errors_cancel": "a mean of errors that is squared afterwards, or not at all",
    "penalty": "a penalty in the formula that outweighs what it is added to",
    "same_predictions": "the same prediction for all samples",
    # the update
    "clip_always": "clipping acts in all or nearly all iterations, and shortens the step a lot",
    "decay": "weight decay outweighs the gradient",
    "momentum": "momentum so near 1 that the velocity runs for longer than the training turns",
    "adam_options": "β₂ = 0 (or far too small), eps that is 0 or so large that it is the divisor",
    "rate_decayed": "the schedule has brought the rate below 1 % of its start long before the end",
    "rate_sign": "a negative rate: updates climb",
    "rate_large": "the rate is too large: the loss rises, turns or diverges",
    "rate_small": "the rate is too small: the loss falls steadily and slowly, far from flat",
    "too_few_iterations": "the loss still falls at the end: train longer",
    "accumulates": "gradients are not zeroed between iterations",
    # the data
    "outlier": "one sample has most of the loss or gradient: an outlier, or a bad label",
    "spike": "the loss jumps up in an iteration, because of a sample, a layer or the optimiser",
    "input_scale": "columns of very different scale, or inputs far larger than 1, or far from centred",
    "identical_rows": "samples with the same inputs (and other targets), or all of them the same",
    "one_class_batches": "batches that hold one class each: the data is sorted and not shuffled",
    "batch_norm_of_one": "batch norm over one value: its output does not depend on the input",
    "sum_over_samples": "the loss is a sum over many samples where a mean is meant: the rate is N times as large",
    "broadcast_samples": "(N, 1) against (N,): each sample is compared with all others",
    # the structure
    "linear_layers": "layers with no activation between them: together they are one linear layer",
    "unused_parameter": "a parameter that does not lead to the loss",
    "detached": "a comparison, or the like, that stops the gradient between a parameter and the loss",
    "equal_initialisation": "units that begin equal and stay equal",
    "zero_initialisation": "weights that are all 0: gradients vanish or units are equal",
    "weight_scale": "weights that begin far too large or far too small for their number of inputs",
    "dead": "units of a rectifier shut from the start, in every sample",
    "died": "units of a rectifier that an update has shut for good",
    "saturated": "sigmoids or tanhs in their flat parts, where next to no gradient passes",
    "vanish": "gradients that fade on their way to the first layers",
    "explode": "gradients that grow on their way to the first layers, or in time",
    "attention_scale": "scores without 1/√d (or otherwise too large): the softmax has one winner, no gradient",
    "drowned_branch": "a branch of a residual sum that is lost beside the other",
    "groups_of_one": "a normalisation over a single value: the output is constant",
    "dropout_rate": "dropout near 1 lets next to nothing through",
    "embedding_rows": "rows of an embedding that no id reaches (information)",
    "too_small": "a network that cannot do it: too few units, or no hidden layer",
    # the numbers
    "diverged": "not finite from an iteration on, because updates have gone too far",
    "nonfinite": "a NaN or infinity, and which operation made it",
    "zero": "gradients that are exactly 0, and why",
    "small_divisor": "a divisor near 0, which makes the quotient and its gradient very large",
    "cancellation": "digits lost in a difference of large numbers",
    "overflow": "a number too large for the dtype",
    "log_of_softmax": "log(softmax(x)), which underflows to −∞ or 0 gradients: log_softmax",
    # the fit
    "no_bias": "outputs that are off to one side, and no bias to move them",
    "overfit": "the loss over what is held back rises while the other falls",
    "underfit": "the loss stands still far above what is possible, trained and held back alike",
    "shuffled_targets": "no better than a constant on what is held back, falling on what is trained",
    "loss": "the loss does not fall, or rises",
    "oscillates": "the loss goes up and down in turns",
    "symmetric": "units with the same weights at the beginning and now",
    "unchanged": "a parameter that has not changed at all",
}

#: Consequences that nearly every bug may have, and that are true then.
SYMPTOMS = ("no_better_than_constant", "same_predictions", "loss", "underfit")


class Cause(NamedTuple):
    """What a bug is: in a line, the kinds of findings that name it, and those that are then true as well."""

    text: str
    kinds: tuple[str, ...]
    also: tuple[str, ...] = SYMPTOMS


def _cause(text: str, kinds: str, also: str = "") -> Cause:
    return Cause(text, tuple(kinds.split()), (*SYMPTOMS, *also.split()))


CAUSES: Mapping[str, Cause] = {
    "softmax_over_one_unit": _cause(
        "softmax over one unit is 1, whatever goes in",
        "constant_output",
        "zero unchanged missing_activation wrong_activation",
    ),
    "activation_twice": _cause(
        "softmax or sigmoid before a loss that takes logits", "activation_before_loss", "too_few_iterations rate_small"
    ),
    "no_output_activation": _cause(
        "bce of what are not probabilities, nll of what are not logarithms",
        "missing_activation",
        "unbounded_loss unreachable_targets target_range zero dead died",
    ),
    "output_activation": _cause(
        "the output's activation does not fit the loss",
        "wrong_activation unreachable_targets activation_before_loss",
        "dead died zero saturated missing_activation",
    ),
    "targets_out_of_reach": _cause(
        "targets lie outside of what the output can give",
        "unreachable_targets target_scale wrong_activation",
        "saturated dead died zero target_range vanish",
    ),
    "targets_not_for_this_loss": _cause(
        "targets are not what the loss expects",
        "target_range",
        "unbounded_loss unreachable_targets saturated target_scale zero",
    ),
    "loss_for_other_targets": _cause(
        "the loss does not fit the targets", "wrong_loss", "rate_small too_few_iterations zero"
    ),
    "softmax_over_samples": _cause("softmax over another axis than the classes'", "softmax_axis"),
    "labels_together": _cause("softmax over labels that hold together", "exclusive_labels", "target_range"),
    "labels_equal": _cause("all targets are equal", "equal_labels"),
    "errors_cancel": _cause("errors of samples cancel before they are squared", "errors_cancel", "unbounded_loss"),
    "penalty_outweighs": _cause(
        "a penalty written into the loss outweighs it", "penalty", "dead died rate_small too_few_iterations vanish"
    ),
    "divisor_near_0": _cause(
        "a divisor is near 0", "small_divisor", "explode rate_large too_few_iterations nonfinite overflow spike"
    ),
    "bias_missing": _cause("the outputs have no bias", "no_bias", "target_scale too_small"),
    "loss_sign": _cause(
        "the loss has the wrong sign", "unbounded_loss", "diverged target_range rate_large saturated explode"
    ),
    "targets_scale": _cause(
        "targets far larger than what the network gives",
        "target_scale unreachable_targets",
        "rate_small too_few_iterations rate_large diverged explode dead died",
    ),
    "clipped_always": _cause("clipping acts in all iterations", "clip_always", "rate_small too_few_iterations"),
    "decay_outweighs": _cause("weight decay outweighs the gradient", "decay", "vanish"),
    "momentum_near_1": _cause(
        "momentum is too near 1", "momentum", "oscillates rate_large diverged explode spike died"
    ),
    "adam_options": _cause(
        "options of Adam that unmake it",
        "adam_options",
        "rate_small too_few_iterations rate_large oscillates nonfinite diverged",
    ),
    "rate_negative": _cause(
        "the rate is negative", "rate_sign rate_large diverged", "explode spike unbounded_loss oscillates"
    ),
    "rate_decayed": _cause(
        "the schedule has brought the rate to nothing", "rate_decayed", "too_few_iterations rate_small"
    ),
    "rate_large": _cause(
        "the rate is too large",
        "rate_large diverged",
        "oscillates explode died dead nonfinite overflow saturated spike same_predictions zero",
    ),
    "rate_small": _cause("the rate is too small", "rate_small too_few_iterations", "unchanged"),
    "too_few_iterations": _cause("it stops long before it is done", "too_few_iterations rate_small"),
    "gradients_not_zeroed": _cause(
        "gradients are not zeroed", "accumulates", "rate_large oscillates diverged momentum explode spike"
    ),
    "outlier": _cause("one sample has most of the loss", "outlier", "spike input_scale target_scale rate_large"),
    "spike": _cause("the loss jumps because of one thing in one iteration", "spike outlier", "died rate_large explode"),
    "input_scale": _cause(
        "inputs are not scaled",
        "input_scale",
        "saturated dead died rate_large oscillates diverged rate_small too_few_iterations explode spike",
    ),
    "rows_identical": _cause("samples have the same inputs", "identical_rows"),
    "classes_in_turn": _cause("each batch is of one class", "one_class_batches", "oscillates spike rate_large"),
    "batch_norm_of_one": _cause("batch norm over one value", "batch_norm_of_one groups_of_one", "zero"),
    "sum_of_samples": _cause(
        "a sum over samples where a mean is meant",
        "sum_over_samples",
        "rate_large diverged oscillates explode died nonfinite overflow dead spike zero",
    ),
    "samples_mixed": _cause("the samples of a batch are mixed into one another", "same_predictions broadcast_samples"),
    "samples_against_all": _cause("each sample is compared with all others", "broadcast_samples"),
    "no_activation": _cause("no activation between layers", "linear_layers", "too_small"),
    "parameter_unused": _cause("a parameter does not lead to the loss", "unused_parameter", "unchanged zero"),
    "gradient_stopped": _cause("something stops the gradient", "detached", "unchanged zero unused_parameter"),
    "begins_equal": _cause("units begin equal and stay so", "equal_initialisation symmetric"),
    "begins_zero": _cause(
        "weights are all 0", "zero_initialisation", "equal_initialisation symmetric unchanged zero dead"
    ),
    "begins_large": _cause(
        "weights begin far too large",
        "weight_scale",
        "saturated explode rate_large diverged dead died oscillates spike vanish",
    ),
    "begins_small": _cause(
        "weights begin far too small", "weight_scale vanish", "rate_small too_few_iterations unchanged"
    ),
    "dead_from_start": _cause("units are shut from the start", "dead", "zero unchanged weight_scale"),
    "killed_by_update": _cause(
        "an update has shut units", "died rate_large", "dead spike oscillates zero explode momentum"
    ),
    "saturated_units": _cause(
        "units stand where they are flat", "saturated weight_scale", "vanish rate_small too_few_iterations"
    ),
    "gradients_fade": _cause(
        "gradients fade through many layers", "vanish", "rate_small too_few_iterations saturated unchanged"
    ),
    "gradients_grow": _cause(
        "gradients grow through many layers or steps",
        "explode weight_scale",
        "rate_large diverged oscillates spike overflow nonfinite",
    ),
    "scores_unscaled": _cause(
        "attention's scores are not scaled", "attention_scale", "saturated vanish zero rate_small too_few_iterations"
    ),
    "branch_drowned": _cause(
        "a branch of a sum is drowned", "drowned_branch", "vanish weight_scale explode rate_small too_few_iterations"
    ),
    "normalised_alone": _cause("a normalisation over one value", "groups_of_one batch_norm_of_one", "zero unchanged"),
    "dropout_high": _cause("dropout lets next to nothing through", "dropout_rate", "oscillates spike"),
    "too_few_units": _cause("the network is too small", "too_small underfit linear_layers"),
    "not_finite": _cause("an operation makes NaN or infinity", "nonfinite", "diverged overflow log_of_softmax zero"),
    "too_large_for_dtype": _cause("a number is too large for the dtype", "overflow nonfinite", "diverged"),
    "digits_lost": _cause("digits are lost in a difference", "cancellation", "nonfinite diverged zero"),
    "log_of_softmax": _cause("the logarithm of a softmax", "log_of_softmax nonfinite", "diverged zero"),
    "exactly_zero": _cause("gradients are exactly 0", "zero", "dead unchanged saturated"),
    "overfit": _cause("it learns the samples by heart", "overfit shuffled_targets"),
    "underfit": _cause("it cannot do better, and could with more", "underfit too_small", "linear_layers"),
    "nothing_to_learn": _cause("the inputs say nothing about the targets", "no_better_than_constant shuffled_targets"),
    "targets_shuffled": _cause("targets do not belong to their inputs", "shuffled_targets", "overfit"),
}

#: Causes that can be seen in the network and its data, before anything is trained.
EARLY = frozenset(
    {
        "softmax_over_one_unit",
        "activation_twice",
        "no_output_activation",
        "output_activation",
        "targets_out_of_reach",
        "targets_not_for_this_loss",
        "loss_for_other_targets",
        "softmax_over_samples",
        "labels_together",
        "labels_equal",
        "targets_scale",
        "rate_negative",
        "input_scale",
        "rows_identical",
        "samples_against_all",
        "no_activation",
        "parameter_unused",
        "gradient_stopped",
        "begins_equal",
        "begins_zero",
        "dead_from_start",
        "scores_unscaled",
        "branch_drowned",
        "normalised_alone",
        "dropout_high",
        "gradients_not_zeroed",
        "errors_cancel",
    }
)
