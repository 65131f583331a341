"""How each of PyTorch's operations is written as a formula: one line an operation.

A line is what the formula calls, with PyTorch's names for inputs and options in PyTorch's order, as in its signature
("relu(input)"): gradstep's own binding then says whether it knows them. What has its default ("dilation=1") is not
written, and what makes no difference ("inplace=*") never is. Where a formula is more than one call it is written out,
each input and option in braces, and behind a bar which there are ("{input} ** 2 | input"); and where it depends on
shapes or on more than one option, a function of what is given makes it.

Operations that are not listed are tried under their own names, so that a new one of gradstep's needs a line only if
it is called or bound differently.
"""

from __future__ import annotations

from collections.abc import Callable

import operator_formulas as f
import operator_windows
from operator_formulas import Given

Line = str | tuple[str, Callable[[Given], str]]

LINES: dict[str, Line] = {
    **operator_windows.LINES,
    # arithmetic
    "add": "{input} + {alpha} * {other} | input other alpha=1",
    "__radd__": "{other} + {input} | input other",
    "sub": "{input} - {alpha} * {other} | input other alpha=1",
    "rsub": "{other} - {alpha} * {input} | input other alpha=1",
    "__rsub__": "{other} - {input} | input other",
    "mul": "{input} * {other} | input other",
    "__rmul__": "{other} * {input} | input other",
    **dict.fromkeys(
        ("div.no_rounding_mode", "div.floor_rounding", "div.trunc_rounding"), "div(input, other, rounding_mode)"
    ),
    "fmax": "fmax(input, other)",
    "fmin": "fmin(input, other)",
    "take": "take(input, index)",
    "index_select": "index_select(input, dim, index)",
    "gather": "gather(input, dim, index, sparse_grad=*)",
    "take_along_dim": "take_along_dim(input, indices, dim)",
    "masked_select": ("input mask", f.selected_by_mask),
    "scatter": ("input dim index src value reduce", f.scattered),
    "scatter_add": "scatter_add(input, dim, index, src)",
    **dict.fromkeys(
        (f"scatter_reduce.{how}" for how in ("sum", "prod", "mean", "amax", "amin")),
        "scatter_reduce(input, dim, index, src, reduce, include_self)",
    ),
    **dict.fromkeys(
        (f"index_reduce.{how}" for how in ("prod", "mean", "amax", "amin")),
        "index_reduce(input, dim, index, src, reduce, include_self)",
    ),
    "index_add": "index_add({input}, {dim}, {index}, {alpha} * {source}) | input dim index source alpha=1",
    "index_copy": "index_copy(input, dim, index, source)",
    "index_fill": "index_fill(input, dim, index, value)",
    "put": "put(input, index, source, accumulate)",
    "index_put": ("input indices values accumulate=False", f.put_at),
    "masked_scatter": ("input mask source", f.put_by_mask),
    "slice_scatter": "slice_scatter(input, src, dim, start, end, step)",
    "select_scatter": "select_scatter(input, src, dim, index)",
    "diagonal_scatter": "diagonal_scatter(input, src, offset, dim1, dim2)",
    # in order
    "sort": "sort(input, dim, descending, stable)",
    "argsort": "argsort(input, dim, descending, stable=*)",
    "mode": "mode(input, dim, keepdim)",
    **dict.fromkeys(("quantile", "nanquantile"), ("input q dim keepdim interpolation", f.quantile)),
    **{
        name: ("input dim unbiased keepdim correction", f.spread(name.partition(".")[0]))
        for name in ("var_mean", "std_mean", "var_mean.unbiased", "std_mean.unbiased")
    },
    "msort": "msort(input)",
    "topk": "topk(input, k, dim, largest, sorted)",
    "kthvalue": "kthvalue(input, k, dim, keepdim)",
    "median": "median(input, dim, keepdim)",
    "nanmedian": "nanmedian(input, dim, keepdim)",
    "cummax": "cummax(input, dim)",
    "cummin": "cummin(input, dim)",
    "aminmax": "aminmax(input, dim, keepdim)",
    "argmax": "argmax(input, dim, keepdim)",
    "argmin": "argmin(input, dim, keepdim)",
    # several results
    **dict.fromkeys(
        ("split", "split.list_args", "split_with_sizes", "split_with_sizes_copy", "unsafe_split", "split_copy"),
        "split(input, size, dim)",
    ),
    **dict.fromkeys(("chunk", "unsafe_chunk"), "chunk(input, chunks, dim)"),
    "tensor_split": ("input sections dim", f.cut),
    **{name: f"{name}(input, sections)" for name in ("hsplit", "vsplit", "dsplit")},
    **dict.fromkeys(("unbind", "unbind_copy"), "unbind(input, dim)"),
    **dict.fromkeys(("meshgrid.variadic_tensors", "meshgrid.list_of_tensors"), ("x0 x1 x2 x3 indexing", f.of_several)),
    **dict.fromkeys(
        ("atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "cartesian_prod", "column_stack", "dstack"),
        ("x0 x1 x2 x3", f.of_several),
    ),
    **{
        f"nn.functional.max_unpool{n}d{variant}": (
            f"max_unpool{n}d(input, indices, kernel_size, stride, padding, output_size)"
        )
        for n in (1, 2, 3)
        for variant in ("", ".grad")
    },
    "nn.functional.embedding_bag": (
        "weight input offsets max_norm norm_type scale_grad_by_freq mode sparse=* per_sample_weights "
        "include_last_offset padding_idx",
        f.bag,
    ),
    "logcumsumexp": "logcumsumexp(input, dim)",
    "fill": "masked_fill({input}, 1, {value}) | input value",
    "zero_": "masked_fill({input}, 1, 0) | input",
    "slice": ("input dim start end step", f.sliced),
    "renorm": ("input p dim maxnorm", f.renormed),
    "combinations": "combinations(input, r, with_replacement)",
    **dict.fromkeys(("unfold", "unfold_copy"), "windows(input, axis, size, step)"),
    "sum_to_size": ("input a b c d", f.to_size),
    **dict.fromkeys(("trapezoid", "trapz"), "trapezoid(y, x, dx, dim)"),
    "cumulative_trapezoid": "cumulative_trapezoid(y, x, dx, dim)",
    "broadcast_tensors": ("x0 x1 x2 x3", f.of_several),
    "true_divide": "{input} / {other} | input other",
    "__rdiv__": "{other} / {input} | input other",
    "pow": "{input} ** {other} | input other",
    "__rpow__": "{other} ** {input} | input other",
    "neg": "-{input} | input",
    "square": "{input} ** 2 | input",
    "positive": "1 * {input} | input",
    "clone": "1 * {input} | input memory_format=*",
    "addcmul": "{input} + {value} * {tensor1} * {tensor2} | input tensor1 tensor2 value=1",
    "addcdiv": "{input} + {value} * {tensor1} / {tensor2} | input tensor1 tensor2 value=1",
    "lerp": "{input} + {weight} * ({end} - {input}) | input end weight",
    # functions of one number
    "abs": "abs(input)",
    "exp": "exp(input)",
    "log": "log(input)",
    "sqrt": "sqrt(input)",
    "sin": "sin(input)",
    "cos": "cos(input)",
    "sigmoid": "sigmoid(input)",
    "tanh": "tanh(input)",
    # choice
    **{
        name: f"{name}(input)"
        for name in (
            *("exp2", "expm1", "log2", "log10", "log1p", "rsqrt", "reciprocal", "erf", "erfc", "tan", "asin", "acos"),
            *(
                "atan",
                "sinh",
                "cosh",
                "asinh",
                "acosh",
                "atanh",
                "deg2rad",
                "rad2deg",
                "floor",
                "ceil",
                "trunc",
                "frac",
            ),
            "sign",
        )
    },
    **{
        name: f"{name}(input, other)"
        for name in ("hypot", "xlogy", "logaddexp", "logaddexp2", "atan2", "fmod", "remainder", "copysign")
    },
    "sgn": "sign(input)",
    "round": "round(input, decimals)",
    "round.decimals_0": "round(input, decimals)",
    "round.decimals_3": "round(input, decimals)",
    "round.decimals_neg_3": "round(input, decimals)",
    "nan_to_num": "nan_to_num(input, nan, posinf, neginf)",
    "maximum": "maximum(input, other)",
    "minimum": "minimum(input, other)",
    "max.binary": "maximum(input, other)",
    "min.binary": "minimum(input, other)",
    "clamp": ("input min max", f.between),
    "clamp_min": ("input min", f.between),
    "clamp_max": ("input max", f.between),
    "where": "where(input, condition, other)",
    **{
        name: f"where({{input}} {sign} {{other}}, 1, 0) | input other"
        for name, sign in {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}.items()
    },
    # activations
    "nn.functional.relu": "relu(input, inplace=*)",
    "nn.functional.leaky_relu": "leaky_relu(input, negative_slope, inplace=*)",
    "nn.functional.elu": "elu(input, alpha, inplace=*)",
    "nn.functional.gelu": "gelu(input, approximate)",
    "nn.functional.silu": "silu(input, inplace=*)",
    "nn.functional.softplus": "softplus(input, beta, threshold)",
    "nn.functional.hardtanh": "hard_tanh(input, min_val, max_val, inplace=*)",
    "nn.functional.prelu": "prelu(input, weight)",
    "nn.functional.glu": "glu(input, dim)",
    "nn.functional.threshold": "threshold(input, threshold, value, inplace=*)",
    "nn.functional.celu": "celu(input, alpha, inplace=*)",
    "logit": "logit(input, eps)",
    **{f"nn.functional.{name}": f"{name}(input, lambd)" for name in ("hardshrink", "softshrink")},
    **{
        f"nn.functional.{name}": f"{name}(input, inplace=*)"
        for name in ("mish", "softsign", "tanhshrink", "logsigmoid", "selu", "relu6", "hardswish", "hardsigmoid")
    },
    "softmax": "softmax(input, dim)",
    "softmax.with_dtype": "softmax(input, dim)",
    "log_softmax": "log_softmax(input, dim)",
    "log_softmax.with_dtype": "log_softmax(input, dim)",
    "nn.functional.softmin": "softmax(-{input}, dim={dim}) | input dim",
    "nn.functional.softmin.with_dtype": "softmax(-{input}, dim={dim}) | input dim",
    "ldexp": "{input} * 2 ** {other} | input other",
    # sums of products
    "matmul": "matmul(input, other)",
    "__rmatmul__": "{other} @ {input} | input other",
    "mm": "matmul(input, other)",
    "bmm": "matmul(input, other)",
    "mv": "matmul(input, other)",
    "dot": "matmul(input, other)",
    "vdot": "matmul(input, other)",
    "addmm": "{beta} * {input} + {alpha} * matmul({mat1}, {mat2}) | input mat1 mat2 beta=1 alpha=1",
    "addmm.decomposed": "{beta} * {input} + {alpha} * matmul({mat1}, {mat2}) | input mat1 mat2 beta=1 alpha=1",
    "addmv": "{beta} * {input} + {alpha} * matmul({mat}, {vec}) | input mat vec beta=1 alpha=1",
    "baddbmm": "{beta} * {input} + {alpha} * matmul({batch1}, {batch2}) | input batch1 batch2 beta=1 alpha=1",
    "addbmm": "{beta} * {input} + {alpha} * sum(matmul({batch1}, {batch2}), 0) | input batch1 batch2 beta=1 alpha=1",
    "outer": "outer(input, vec2)",
    "addr": "{beta} * {input} + {alpha} * outer({vec1}, {vec2}) | input vec1 vec2 beta=1 alpha=1",
    "inner": "inner(input, other)",
    "kron": "kron(input, other)",
    "einsum": ("operands equation", f.summed_products),
    "tensordot": "tensordot(input, other, dims)",
    "nn.functional.bilinear": "bilinear(input1, input2, weight, bias)",
    "cross": "cross(input, other, dim)",
    "nn.functional.linear": "linear(input, weight, bias)",
    "nn.functional.embedding": (
        "embedding(weight, input, padding_idx, max_norm, norm_type=*, scale_grad_by_freq=False, sparse=*)"
    ),
    # reductions
    "sum": ("input dim keepdim", f.over_axes("sum")),
    "mean": ("input dim keepdim", f.over_axes("mean")),
    "amax": ("input dim keepdim", f.over_axes("max")),
    "amin": ("input dim keepdim", f.over_axes("min")),
    "max.reduction_no_dim": "max(input)",
    "min.reduction_no_dim": "min(input)",
    "max.reduction_with_dim": "max(input, dim, keepdim)",
    "min.reduction_with_dim": "min(input, dim, keepdim)",
    "logsumexp": ("input dim keepdim", f.over_axes("logsumexp")),
    "prod": "prod(input, dim, keepdim)",
    **{
        name: ("input dim unbiased keepdim correction", f.spread(name[:3]))
        for name in ("var", "std", "var.unbiased", "std.unbiased")
    },
    **dict.fromkeys(("norm", "norm.fro", "norm.inf"), ("input p dim keepdim", f.norm)),
    "nansum": ("input dim keepdim", f.without_nan(mean=False)),
    "nanmean": ("input dim keepdim", f.without_nan(mean=True)),
    "dist": "sum(abs({input} - {other}) ** {p}) ** (1 / {p}) | input other p=2",
    # normalisation
    "nn.functional.layer_norm": "layer_norm({input}, weight={weight}, bias={bias}, eps={eps}, "
    "normalized_shape={normalized_shape}) | input normalized_shape weight=None bias=None eps=1e-5",
    "nn.functional.rms_norm": "rms_norm({input}, weight={weight}, eps={eps}, normalized_shape={normalized_shape}) | "
    "input normalized_shape weight=None eps=None",
    "nn.functional.local_response_norm": "local_response_norm(input, size, alpha, beta, k)",
    "nn.functional.batch_norm": ("input running_mean running_var weight bias training momentum eps", f.batch_norm),
    "nn.functional.normalize": "normalize(input, p, dim, eps, out=*)",
    "nn.functional.dropout": ("input p training inplace", f.dropped),
    "nn.functional.group_norm": "group_norm({input}, weight={weight}, bias={bias}, num_groups={num_groups}, "
    "eps={eps}) | input num_groups weight=None bias=None eps=1e-5",
    "nn.functional.instance_norm": (
        "input running_mean running_var weight bias use_input_stats momentum eps",
        f.instance_norm,
    ),
    # losses
    "nn.functional.smooth_l1_loss": "smooth_l1(input, target, size_average, reduce, reduction, beta)",
    "nn.functional.margin_ranking_loss": (
        "margin_ranking(input1, input2, target, margin, size_average, reduce, reduction)"
    ),
    "nn.functional.soft_margin_loss": "soft_margin(input, target, size_average, reduce, reduction)",
    "nn.functional.hinge_embedding_loss": ("hinge_embedding(input, target, margin, size_average, reduce, reduction)"),
    "nn.functional.cosine_embedding_loss": (
        "cosine_embedding(input1, input2, target, margin, size_average, reduce, reduction)"
    ),
    "nn.functional.triplet_margin_loss": (
        "triplet_margin(anchor, positive, negative, margin, p, eps, swap, size_average, reduce, reduction)"
    ),
    "nn.functional.kl_div": "kl_div(input, target, size_average, reduce, reduction, log_target)",
    "nn.functional.gaussian_nll_loss": ("input target var full eps reduction", f.gaussian_nll),
    "nn.functional.poisson_nll_loss": (
        "poisson_nll(input, target, log_input, full, size_average, eps, reduce, reduction)"
    ),
    "nn.functional.cosine_similarity": "cosine_similarity(x1, x2, dim, eps)",
    "nn.functional.pairwise_distance": "pairwise_distance(x1, x2, p, eps, keepdim)",
    "nn.functional.mse_loss": "mse_loss(input, target, size_average, reduce, reduction, weight)",
    "nn.functional.l1_loss": "l1_loss(input, target, size_average, reduce, reduction, weight)",
    "nn.functional.huber_loss": "huber_loss(input, target, reduction, delta, weight)",
    "nn.functional.multi_margin_loss": (
        "multi_margin(input, target, p, margin, weight, size_average, reduce, reduction)"
    ),
    "nn.functional.multilabel_margin_loss": "multilabel_margin(input, target, size_average, reduce, reduction)",
    "nn.functional.multilabel_soft_margin_loss": (
        "multilabel_soft_margin(input, target, weight, size_average, reduce, reduction)"
    ),
    **dict.fromkeys(
        (f"nn.functional.linear_cross_entropy{variant}" for variant in ("", ".chunked", ".chunked_none")),
        "linear_cross_entropy(input, linear_weight, target, linear_bias, weight, reduction, ignore_index, "
        "label_smoothing, options=*)",
    ),
    "nn.functional.triplet_margin_with_distance_loss": (
        "triplet_margin(anchor, positive, negative, distance_function=*, margin, swap, reduction)"
    ),
    "nn.functional.binary_cross_entropy": "bce(input, target, weight, size_average, reduce, reduction)",
    "nn.functional.binary_cross_entropy_with_logits": (
        "bce_with_logits(input, target, weight, size_average, reduce, reduction, pos_weight)"
    ),
    "nn.functional.cross_entropy": (
        "cross_entropy(input, target, weight, size_average, ignore_index, reduce, reduction, label_smoothing)"
    ),
    "nn.functional.nll_loss": "nll(input, target, weight, size_average, ignore_index, reduce, reduction)",
    "nn.functional.scaled_dot_product_attention": (
        "query key value attn_mask dropout_p=0.0 is_causal=False scale enable_gqa=False",
        f.attended,
    ),
    # shapes
    "reshape": ("input shape", f.reshaped),
    "view": ("input size", f.reshaped),
    "reshape_as": ("input other", f.reshaped),
    "view_as": ("input other", f.reshaped),
    "view_copy": ("input size", f.reshaped),
    "ravel": ("input", f.reshaped),
    "flatten": "flatten(input, start_dim, end_dim)",
    "unflatten": ("input dim sizes", f.reshaped),
    "permute": "transpose(input, dims)",
    "permute_copy": "transpose(input, dims)",
    "movedim": ("input source destination", f.moved),
    "t": "transpose(input)",
    "t_copy": "transpose(input)",
    "T": "transpose(input)",
    "H": "transpose(input)",
    "mT": ("input", f.turned),
    "mH": ("input", f.turned),
    **dict.fromkeys(("squeeze", "squeeze.multiple", "squeeze_copy"), "squeeze(input, dim)"),
    **dict.fromkeys(("unsqueeze", "unsqueeze_copy"), "unsqueeze(input, dim)"),
    **dict.fromkeys(("transpose", "transpose_copy"), "swapaxes(input, dim0, dim1)"),
    "masked_fill": "masked_fill(input, mask, value)",
    "flip": ("input dims", f.flipped()),
    "fliplr": ("input", f.flipped(1)),
    "flipud": ("input", f.flipped(0)),
    "roll": "roll(input, shifts, dims)",
    "rot90": "rot90(input, k, dims)",
    "tile": "tile(input, dims)",
    "repeat": "tile(input, repeats)",
    "repeat_interleave": ("input repeats dim output_size=*", f.repeated),
    **dict.fromkeys(("expand", "expand_copy", "broadcast_to"), "expand(input, to, implicit=*)"),
    "expand_as": ("input other", lambda g: f"expand({g['input']}, {g.out})"),
    "tril": "tril(input, diagonal)",
    "triu": "triu(input, diagonal)",
    "diag": ("input diagonal", f.on_diagonal),
    "diagflat": ("input offset", f.flat_diagonal),
    "diag_embed": "diag_embed(input, offset, dim1, dim2)",
    **dict.fromkeys(("diagonal", "diagonal_copy"), "diagonal(input, offset, dim1, dim2)"),
    "trace": "sum(diagonal({input})) | input",
    "cumsum": "cumsum(input, dim)",
    "cumprod": "cumprod(input, dim)",
    "diff": ("input n dim prepend append", f.differences),
    "cat": "concat(tensors, dim)",
    "stack": "stack(tensors, dim)",
    "hstack": "hstack(tensors)",
    "vstack": "vstack(tensors)",
    # parts
    "__getitem__": ("input index", f.indexed),
    "select": ("input dim index", f.selected),
    "narrow": ("input dim start length", f.narrowed),
    "narrow_copy": ("input dim start length", f.narrowed),
}
