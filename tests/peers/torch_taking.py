"""Cases of elements that are chosen by numbers, put where numbers say, or in order, for torch_operations.py."""

from __future__ import annotations

import torch
from torch_leaves import NAN, TIED, X4, X34, Y34, Case, drawn, quiet
from torch_moving import CUBE, HOLES

#: For each column other rows, none twice.
AT = [[0.0, 2.0, 1.0, 0.0], [1.0, 0.0, 0.0, 2.0], [2.0, 1.0, 2.0, 1.0]]

CASES: dict[str, list[Case]] = {
    "taking": [
        *(
            (
                f"index_select(X, k, dim={axis})",
                lambda X, k, axis=axis: X.index_select(axis, k.long()),
                {"X": CUBE, "k": k},
            )
            for axis, k in ((0, [1.0, 0.0, 1.0]), (1, [2.0, 2.0]), (-1, [0.0]))
        ),
        ("index_select(X, k)", lambda X, k: X.index_select(0, k.long()), {"X": X4, "k": [3.0, 0.0, 3.0]}),
        ("index_select(X, 0, k)", lambda X, k: X.index_select(0, k.long()), {"X": X34, "k": [2.0, 2.0]}),
        ("take(X, k)", lambda X, k: X.take(k.long()), {"X": X34, "k": [[0.0, 11.0], [5.0, -1.0]]}),
        ("gather(X, 1, k)", lambda X, k: X.gather(1, k.long()), {"X": X34, "k": [[0.0, 3.0, 3.0], [1.0, 2.0, 1.0]]}),
        ("gather(X, k, axis=-2)", lambda X, k: X.gather(-2, k.long()), {"X": CUBE, "k": [[[2.0, 0.0]], [[1.0, 1.0]]]}),
        ("take_along_dim(X, k, 1)", lambda X, k: X.take_along_dim(k.long(), 1), {"X": X34, "k": [[2.0, 2.0]]}),
        ("take_along_dim(X, k)", lambda X, k: X.take_along_dim(k.long()), {"X": X34, "k": [[2.0, 11.0]]}),
        ("X[k]", lambda X, k: X[k.long()], {"X": X34, "k": [[0.0, 2.0], [2.0, -1.0]]}),
        ("X[:, k, k]", lambda X, k: X[:, k.long(), k.long()], {"X": CUBE, "k": [0.0, 1.0]}),
        (
            "X[k, :, j]",
            lambda X, k, j: X[k.long(), :, j.long()],
            {"X": CUBE, "k": [[0.0], [1.0]], "j": [1.0, 0.0, 1.0]},
        ),
        ("X[0, :, k]", lambda X, k: X[0, :, k.long()], {"X": CUBE, "k": [1.0, 1.0, 0.0]}),
        ("X[..., [0, 0]]", lambda X: X[..., [0, 0]], {"X": CUBE}),
        ("X[None, [1, 0], ..., None]", lambda X: X[None, [1, 0], ..., None], {"X": CUBE}),
        (
            "X[[[True, False, True, False], [False, False, False, False], [True, True, False, False]]]",
            lambda X: X[torch.tensor([[True, False, True, False], [False] * 4, [True, True, False, False]])],
            {"X": X34},
        ),
        ("X[[True, False, True], 1:3]", lambda X: X[[True, False, True], 1:3], {"X": X34}),
    ],
    "sorting": [
        *(
            (formula.format(x="X"), of, {"X": x})
            for x in (X34, TIED)
            for formula, of in (
                ("sort({x})[0]", lambda X: X.sort(stable=True)[0]),
                ("sort({x}, 0, descending=True)[0]", lambda X: X.sort(dim=0, descending=True, stable=True)[0]),
                ("median({x}, 1)[0]", lambda X: X.median(1)[0]),
                ("nanmedian({x}, 1, True)[0]", lambda X: X.nanmedian(1, True)[0]),
                ("median({x})", torch.median),
                ("nanmedian({x})", torch.nanmedian),
                ("cummax({x}, 1)[0]", lambda X: X.cummax(1)[0]),
                ("cummin({x}, 0)[0]", lambda X: X.cummin(0)[0]),
            )
            if not (x is TIED and "median({x}, 1" in formula)
        ),
        ("median(X, 1)[0]", lambda X: X.median(1)[0], {"X": [[1.0, NAN, 2.0], [3.0, 1.0, 2.0]]}),
        ("nanmedian(X, 1)[0]", lambda X: X.nanmedian(1)[0], {"X": [[1.0, NAN, 2.0], [3.0, 1.0, 2.0], [NAN] * 3]}),
        ("msort(X)", torch.msort, {"X": X34}),
        ("topk(X, 2)[0]", lambda X: X.topk(2)[0], {"X": X34}),
        ("topk(X, 3, 0, largest=False)[0]", lambda X: X.topk(3, 0, False)[0], {"X": CUBE[0]}),
        ("kthvalue(X, 2)[0]", lambda X: X.kthvalue(2)[0], {"X": X34}),
        ("kthvalue(X, 1, 0, True)[0]", lambda X: X.kthvalue(1, 0, True)[0], {"X": X34}),
        *((f"aminmax(X, dim=1)[{k}]", lambda X, k=k: X.aminmax(dim=1)[k], {"X": TIED}) for k in (0, 1)),
        (
            "mode(X, 1)[0]",
            lambda X: X.mode(1)[0],
            {"X": [[1.0, 2.0, 2.0, 1.0], [3.0, 3.0, 3.0, 0.0], [4.0, 1.0, 2.0, 3.0]]},
        ),
    ],
    "quantiles": [
        *(
            (
                f"quantile(X, {q}, interpolation='{how}')",
                lambda X, q=q, how=how: X.quantile(q, interpolation=how),
                {"X": X34},
            )
            for q, how in (
                (0.3, "linear"),
                (0.3, "lower"),
                (0.3, "higher"),
                (0.3, "nearest"),
                (0.3, "midpoint"),
                (1, "linear"),
            )
        ),
        ("quantile(X, (0.25, 0.8), 1)", lambda X: X.quantile(torch.tensor([0.25, 0.8], dtype=X.dtype), 1), {"X": X34}),
        (
            "nanquantile(X, 0.4, 0, True)",
            lambda X: X.nanquantile(0.4, 0, True),
            {"X": [[1.0, NAN], [3.0, 1.0], [2.0, 5.0]]},
        ),
    ],
    "places": [
        ("X + argsort(X)", lambda X: X + X.argsort(stable=True), {"X": TIED}),
        ("X + sort(X, 0, True)[1]", lambda X: X + X.sort(dim=0, descending=True, stable=True)[1], {"X": X34}),
        ("X + argmax(X, 1, True)", lambda X: X + X.argmax(1, True), {"X": TIED}),
        ("X + argmin(X)", lambda X: X + X.argmin(), {"X": X34}),
        ("X + cummax(X, 1)[1]", lambda X: X + X.cummax(1)[1], {"X": TIED}),
        ("X + cummin(X, 0)[1]", lambda X: X + X.cummin(0)[1], {"X": X34}),
        ("X + median(X, 1, True)[1]", lambda X: X + X.median(1, True)[1], {"X": X34}),
        (
            "X * mode(X, 1, True)[1]",
            lambda X: X * X.mode(1, True)[1],
            {"X": [[1.0, 2.0, 2.0], [3.0, 3.0, 3.0], [4.0, 1.0, 2.0]]},
        ),
    ],
    "splitting": [
        *(
            (formula, of, {"X": X34})
            for formula, of in (
                ("split(X, 2)[1]", lambda X: X.split(2)[1]),
                ("split(X, (1, 3), dim=1)[1]", lambda X: X.split((1, 3), 1)[1]),
                ("concat(split(X, 3, axis=1), axis=1)", lambda X: torch.cat(X.split(3, 1), 1)),
                ("chunk(X, 3, 1)[1]", lambda X: X.chunk(3, 1)[1]),
                ("stack(unbind(X, 1))", lambda X: torch.stack(X.unbind(1))),
                ("tensor_split(X, 3, 1)[0]", lambda X: X.tensor_split(3, 1)[0]),
                ("tensor_split(X, (1, 3), 1)[1]", lambda X: X.tensor_split((1, 3), 1)[1]),
                ("hsplit(X, 2)[1]", lambda X: X.hsplit(2)[1]),
                ("vsplit(X, 3)[2]", lambda X: X.vsplit(3)[2]),
            )
        ),
        ("dsplit(X, 2)[0]", lambda X: X.dsplit(2)[0], {"X": CUBE}),
        (
            "meshgrid(X, Y)[0] * meshgrid(X, Y)[1]",
            lambda X, Y: torch.mul(*torch.meshgrid(X, Y, indexing="ij")),
            {"X": X4, "Y": X4[:3]},
        ),
        (
            "stack(meshgrid(X, Y, indexing='xy'))",
            lambda X, Y: torch.stack(torch.meshgrid(X, Y, indexing="xy")),
            {"X": X4, "Y": X4[:3]},
        ),
        ("broadcast_tensors(X, Y)[1]", lambda X, Y: torch.broadcast_tensors(X, Y)[1], {"X": X34, "Y": X4}),
    ],
    "scattering": [
        *(
            (
                f"{name}(X, 0, k, Y)",
                lambda X, k, Y, name=name: getattr(X, name)(0, k.long(), Y),
                {"X": X34, "k": AT, "Y": Y34},
            )
            for name in ("scatter", "scatter_add")
        ),
        ("scatter(X, 1, k, 2.5)", lambda X, k: X.scatter(1, k.long(), 2.5), {"X": X34, "k": [[0.0, 3.0], [1.0, 2.0]]}),
        (
            "scatter_add(X, 0, k, Y)",
            lambda X, k, Y: X.scatter_add(0, k.long(), Y),
            {"X": X34, "k": [[0.0, 0.0], [0.0, 2.0]], "Y": [[1.0, 2.0], [3.0, 4.0]]},
        ),
        *(
            (
                f"scatter_reduce(X, 0, k, Y, '{how}', include_self={own})",
                lambda X, k, Y, how=how, own=own: X.scatter_reduce(0, k.long(), Y, how, include_self=own),
                {"X": X34, "k": [[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0], [0.0, 0.0, 1.0, 2.0]], "Y": y},
            )
            for how in ("sum", "prod", "mean", "amax", "amin")
            for own in (True, False)
            for y in (Y34, HOLES)
            if y is Y34 or how == "prod"
        ),
        (
            "index_add(X, 0, k, Y)",
            lambda X, k, Y: X.index_add(0, k.long(), Y),
            {"X": X34, "k": [2.0, 0.0, 2.0], "Y": Y34},
        ),
        (
            "index_copy(X, 1, k, Y)",
            lambda X, k, Y: X.index_copy(1, k.long(), Y),
            {"X": X34, "k": [3.0, 0.0], "Y": drawn(3, 2)},
        ),
        ("index_fill(X, 1, k, 7)", lambda X, k: X.index_fill(1, k.long(), 7), {"X": X34, "k": [3.0, 0.0, 3.0]}),
        *(
            (
                f"index_reduce(X, 0, k, Y, '{how}')",
                lambda X, k, Y, how=how: quiet(X.index_reduce, 0, k.long(), Y, how),
                {"X": X34, "k": [2.0, 0.0, 2.0], "Y": Y34},
            )
            for how in ("prod", "mean", "amax", "amin")
        ),
    ],
    "writing": [
        ("slice_scatter(X, Y, 1, 1, 3)", lambda X, Y: X.slice_scatter(Y, 1, 1, 3), {"X": X34, "Y": drawn(3, 2)}),
        ("slice_scatter(X, Y, 1, step=2)", lambda X, Y: X.slice_scatter(Y, 1, step=2), {"X": X34, "Y": drawn(3, 2)}),
        ("select_scatter(X, Y, 0, -1)", lambda X, Y: X.select_scatter(Y, 0, -1), {"X": X34, "Y": X4}),
        ("diagonal_scatter(X, Y, 1)", lambda X, Y: X.diagonal_scatter(Y, 1), {"X": X34, "Y": [5.0, 6.0, 7.0]}),
        (
            "masked_scatter(X, m, Y)",
            lambda X, m, Y: X.masked_scatter(m != 0, Y),
            {"X": X34, "m": [0.0, 1.0, 1.0, 0.0], "Y": Y34},
        ),
        ("put(X, k, Y)", lambda X, k, Y: X.put(k.long(), Y), {"X": X34, "k": [[0.0, -1.0]], "Y": [[5.0, 6.0]]}),
        (
            "put(X, k, Y, accumulate=True)",
            lambda X, k, Y: X.put(k.long(), Y, True),
            {"X": X34, "k": [3.0, 3.0], "Y": [5.0, 6.0]},
        ),
        (
            "index_put(X, Y, k, j)",
            lambda X, k, j, Y: X.index_put((k.long(), j.long()), Y),
            {"X": X34, "k": [0.0, 2.0], "j": [1.0, 3.0], "Y": [5.0, 6.0]},
        ),
        (
            "index_put(X, Y, k, accumulate=True)",
            lambda X, k, Y: X.index_put((k.long(),), Y, True),
            {"X": X34, "k": [0.0, 0.0], "Y": X4},
        ),
    ],
}
