"""Other names of operations, as PyTorch and NumPy have them, and formulas for what has no name of its own here."""

from __future__ import annotations

from collections.abc import Mapping

#: What is called so elsewhere, with the same inputs and options, and what it is here.
SYNONYMS: Mapping[str, str] = {
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan", "tan2", "sinh", "cosh", "tanh")},
    **dict.fromkeys(("absolute", "fabs"), "abs"),
    "neg": "negative",
    "sub": "subtract",
    "mul": "multiply",
    "true_divide": "divide",
    "pow": "power",
    "gt": "greater",
    "ge": "greater_equal",
    "lt": "less",
    "le": "less_equal",
    "eq": "equal",
    "ne": "not_equal",
    "clamp": "clip",
    "sgn": "sign",
    "fix": "trunc",
    "rint": "round",
    "mod": "remainder",
    "expit": "sigmoid",
    "hardtanh": "hard_tanh",
    "hard_sigmoid": "hardsigmoid",
    "hard_swish": "hardswish",
    "swish": "silu",
    "log_sigmoid": "logsigmoid",
    "amax": "max",
    "amin": "min",
    **dict.fromkeys(("mm", "bmm", "mv", "dot", "vdot"), "matmul"),
    "cat": "concat",
    "concatenate": "concat",
    "ravel": "flatten",
    "permute": "transpose",
    "view": "reshape",
    "nll_loss": "nll",
    **{
        f"{name}_loss": name
        for name in (
            *("smooth_l1", "gaussian_nll", "poisson_nll", "soft_margin", "hinge_embedding", "margin_ranking"),
            *("cosine_embedding", "triplet_margin", "multi_margin", "multilabel_margin", "multilabel_soft_margin"),
        )
    },
    "binary_cross_entropy": "bce",
    "binary_cross_entropy_with_logits": "bce_with_logits",
    "expand_dims": "unsqueeze",
    "broadcast_to": "expand",
    "swapdims": "swapaxes",
    "repeat": "tile",
    "index_fill": "index_copy",
    "scaled_dot_product_attention": "attention",
    **dict.fromkeys(("no_grad", "stop_gradient"), "detach"),
    **dict.fromkeys(("gradient_reversal", "reverse_gradient"), "scale_gradient"),
}

#: What is written as a formula here.
WRITTEN: Mapping[str, str] = {
    "square": "x ** 2",
    "clone": "1 * x",
    "positive": "1 * x",
    "rsub": "b - a",
    "ldexp": "a * 2 ** b",
    "lerp": "a + weight * (b - a)",
    "addcmul": "x + value * a * b",
    "addcdiv": "x + value * a / b",
    "addmm": "x + a @ b",
    "addmv": "x + A @ v",
    "baddbmm": "x + a @ b",
    "addbmm": "x + sum(a @ b, axis=0)",
    "dist": "norm(a - b, p)",
    "softmin": "softmax(-x)",
    "t": "x.T",
    "select": "x[:, 1]",
    "narrow": "x[:, 1:3]",
    "trace": "sum(diagonal(x))",
    "diff": "x[1:] - x[:-1]",
    "nansum": "sum(where(isnan(x), 0, x))",
    "masked_select": "x[[true, false, true]]",
    "logical_not": "where(x == 0, 1, 0)",
    **dict.fromkeys(("half", "to", "type"), 'cast(x, "float16")'),
    "bfloat16": 'cast(x, "bfloat16")',
    "float": 'cast(x, "float32")',
    "double": 'cast(x, "float64")',
}
