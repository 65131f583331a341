"""Cases of what windows slide over, and of arrays in another size, for torch_operations.py."""

from __future__ import annotations

import torch.nn.functional as F
from torch_leaves import IMAGE, INF, NAN, X34, Case, drawn, quiet

ROWS, CUBE = drawn(2, 4, 7, seed=5), drawn(1, 2, 3, 4, 3, seed=6)
WIDE, SMALL = drawn(2, 4, 5, 4, seed=7), drawn(2, 4, 3, 2, seed=8)
B4 = [0.5, -0.25, 1.0, 0.0]
#: Inside and beyond an image, on elements and between them, on its edges, and on what it is thrown back at.
PLACES = [
    [[[-1.0, -1.0], [1.0, 1.0], [0.0, 0.2]], [[0.31, -0.77], [1.3, 0.4], [-2.6, 3.1]]],
    [[[0.2, 0.25], [-0.6, 0.0], [1.0, -1.0]], [[-1.2, 1.2], [2.1, -1.45], [0.05, 0.95]]],
]
NEXT_TO_LAST = [[1.0, NAN, 2.0, 3.0, INF], [NAN, 0.0, INF, INF, 1.0], [2.0, 2.0, NAN, -INF, -INF]]

CASES: dict[str, list[Case]] = {
    "convolution": [
        ("conv2d(X, W, B, groups=4)", lambda X, W, B: F.conv2d(X, W, B, groups=4),
         {"X": WIDE, "W": drawn(4, 1, 3, 2), "B": B4}),
        ("conv2d(X, W, stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2)",
         lambda X, W: F.conv2d(X, W, None, (2, 1), (1, 0), (1, 2), 2), {"X": WIDE, "W": drawn(6, 2, 3, 2)}),
        ("conv2d(X, W, B, padding='same')", lambda X, W, B: quiet(F.conv2d, X, W, B, padding="same"),
         {"X": WIDE, "W": drawn(4, 4, 2, 3), "B": B4}),
        ("conv2d(X, W, padding='valid', dilation=2)", lambda X, W: F.conv2d(X, W, padding="valid", dilation=2),
         {"X": WIDE, "W": drawn(2, 4, 2, 2)}),
        ("conv2d(X, W, padding=((1, 2), (0, 3)), stride=2)",
         lambda X, W: F.conv2d(F.pad(X, (0, 3, 1, 2)), W, stride=2), {"X": WIDE, "W": drawn(2, 4, 2, 2)}),
        ("conv1d(X, W, B, stride=2, padding=1, dilation=2)", lambda X, W, B: F.conv1d(X, W, B, 2, 1, 2),
         {"X": ROWS, "W": drawn(4, 4, 3), "B": B4}),
        ("conv1d(X, W, groups=2)", lambda X, W: F.conv1d(X, W, groups=2), {"X": ROWS[0], "W": drawn(2, 2, 3)}),
        ("conv3d(X, W, B, padding=(1, 0, 1), stride=(1, 2, 1))",
         lambda X, W, B: F.conv3d(X, W, B, (1, 2, 1), (1, 0, 1)),
         {"X": CUBE, "W": drawn(4, 2, 2, 2, 2), "B": B4}),
        ("conv_transpose1d(X, W, B, stride=3, padding=1, output_padding=2)",
         lambda X, W, B: F.conv_transpose1d(X, W, B, 3, 1, 2), {"X": ROWS, "W": drawn(4, 4, 3), "B": B4}),
        ("conv_transpose2d(X, W, B, stride=(2, 1), padding=(0, 1), groups=2, dilation=(1, 2))",
         lambda X, W, B: F.conv_transpose2d(X, W, B, (2, 1), (0, 1), 0, 2, (1, 2)),
         {"X": SMALL, "W": drawn(4, 2, 3, 2), "B": B4}),
        ("conv_transpose2d(X, W, stride=2, output_padding=1)",
         lambda X, W: F.conv_transpose2d(X, W, stride=2, output_padding=1), {"X": SMALL[0], "W": drawn(4, 1, 2, 2)}),
        ("conv_transpose3d(X, W, stride=2, padding=1)", lambda X, W: F.conv_transpose3d(X, W, stride=2, padding=1),
         {"X": CUBE, "W": drawn(2, 3, 2, 3, 2)}),
    ],
    "pooling": [
        ("max_pool1d(X, 3, 2, 1, ceil_mode=True)", lambda X: F.max_pool1d(X, 3, 2, 1, ceil_mode=True), {"X": ROWS}),
        ("max_pool1d(X, 2, 1, dilation=2)", lambda X: F.max_pool1d(X, 2, 1, dilation=2), {"X": ROWS}),
        ("max_pool2d(X, (3, 2), (1, 2), (1, 0), 1, True)",
         lambda X: F.max_pool2d(X, (3, 2), (1, 2), (1, 0), 1, True), {"X": IMAGE}),
        ("max_pool2d(X, 2, 1, 1, dilation=(2, 3))", lambda X: F.max_pool2d(X, 2, 1, 1, (2, 3)), {"X": IMAGE}),
        ("max_pool2d(X, 2, 1)", lambda X: F.max_pool2d(X, 2, 1), {"X": [NEXT_TO_LAST]}),
        ("max_pool3d(X, 2, 1, (1, 1, 0))", lambda X: F.max_pool3d(X, 2, 1, (1, 1, 0)), {"X": CUBE}),
        *((f"adaptive_max_pool1d(X, {n})", lambda X, n=n: F.adaptive_max_pool1d(X, n), {"X": ROWS}) for n in (1, 3, 9)),
        ("adaptive_max_pool2d(X, (3, 4))", lambda X: F.adaptive_max_pool2d(X, (3, 4)), {"X": IMAGE}),
        ("adaptive_max_pool2d(X, (2, 4))", lambda X: F.adaptive_max_pool2d(X, (2, 4)), {"X": [NEXT_TO_LAST]}),
        ("adaptive_max_pool3d(X, (2, None, 1))", lambda X: F.adaptive_max_pool3d(X, (2, None, 1)), {"X": CUBE}),
    ],
    "averaging": [
        ("avg_pool1d(X, 3, 2, 1, ceil_mode=True)", lambda X: F.avg_pool1d(X, 3, 2, 1, True), {"X": ROWS}),
        *((f"avg_pool2d(X, (3, 2), 2, 1, ceil_mode=True, count_include_pad={yes})",
           lambda X, yes=yes: F.avg_pool2d(X, (3, 2), 2, 1, True, yes), {"X": IMAGE}) for yes in (True, False)),
        ("avg_pool2d(X, 2, divisor_override=3)", lambda X: F.avg_pool2d(X, 2, divisor_override=3), {"X": IMAGE}),
        ("avg_pool3d(X, (2, 3, 1), 1, (1, 1, 0), count_include_pad=False)",
         lambda X: F.avg_pool3d(X, (2, 3, 1), 1, (1, 1, 0), count_include_pad=False), {"X": CUBE}),
        *((f"adaptive_avg_pool1d(X, {n})", lambda X, n=n: F.adaptive_avg_pool1d(X, n), {"X": ROWS}) for n in (1, 3, 9)),
        ("adaptive_avg_pool2d(X, (3, 4))", lambda X: F.adaptive_avg_pool2d(X, (3, 4)), {"X": IMAGE}),
        ("adaptive_avg_pool3d(X, (2, None, 1))", lambda X: F.adaptive_avg_pool3d(X, (2, None, 1)), {"X": CUBE}),
        ("lp_pool1d(X, 3, 2)", lambda X: F.lp_pool1d(X, 3, 2), {"X": [[0.5, 1.0, 2.0, 0.25, 3.0]]}),
        ("lp_pool2d(X, 2, (2, 3), stride=1)", lambda X: F.lp_pool2d(X, 2, (2, 3), 1), {"X": IMAGE}),
        ("lp_pool3d(X, 2, 2, ceil_mode=True)", lambda X: F.lp_pool3d(X, 2, 2, ceil_mode=True), {"X": CUBE}),
    ],
    "padding": [
        ("pad(X, (1, 2))", lambda X: F.pad(X, (1, 2)), {"X": X34}),
        ("pad(X, (1, -1, 2, 0), value=1.5)", lambda X: F.pad(X, (1, -1, 2, 0), value=1.5), {"X": X34}),
        *((f"pad(X, (3, 1, 0, 2), mode='{mode}')", lambda X, mode=mode: F.pad(X, (3, 1, 0, 2), mode), {"X": IMAGE})
          for mode in ("reflect", "replicate", "circular")),
        ("pad(X, (-1, 1), mode='circular')", lambda X: F.pad(X, (-1, 1), "circular"), {"X": X34}),
        ("unfold(X, (2, 3), dilation=(1, 2), padding=1, stride=(2, 1))",
         lambda X: F.unfold(X, (2, 3), (1, 2), 1, (2, 1)), {"X": IMAGE}),
    ],
    "resampling": [
        *((f"interpolate(X, size={n}, mode='{mode}')", lambda X, n=n, mode=mode: F.interpolate(X, n, mode=mode),
           {"X": ROWS}) for n in (3, 10) for mode in ("nearest", "nearest-exact", "area", "linear")),
        *((f"interpolate(X, {size}, mode='{mode}', align_corners={ends})",
           lambda X, size=size, mode=mode, ends=ends: F.interpolate(X, size, mode=mode, align_corners=ends),
           {"X": IMAGE})
          for size in ((3, 8), (10, 2)) for mode in ("bilinear", "bicubic") for ends in (True, False)),
        *((f"interpolate(X, scale_factor=({a}, {b}), mode='{mode}')",
           lambda X, a=a, b=b, mode=mode: F.interpolate(X, scale_factor=(a, b), mode=mode), {"X": IMAGE})
          for a, b in ((2, 2), (1.7, 0.6)) for mode in ("nearest", "bilinear")),
        ("interpolate(X, scale_factor=1.7, mode='bilinear', recompute_scale_factor=True)",
         lambda X: F.interpolate(X, None, 1.7, "bilinear", recompute_scale_factor=True), {"X": IMAGE}),
        *((f"interpolate(X, (2, 9), mode='{mode}', antialias=True)",
           lambda X, mode=mode: F.interpolate(X, (2, 9), mode=mode, antialias=True), {"X": IMAGE})
          for mode in ("bilinear", "bicubic")),
        ("interpolate(X, (2, 6, 3), mode='trilinear')", lambda X: F.interpolate(X, (2, 6, 3), mode="trilinear"),
         {"X": CUBE}),
        ("pixel_shuffle(X, 2)", lambda X: F.pixel_shuffle(X, 2), {"X": WIDE}),
        ("pixel_unshuffle(X, 3)", lambda X: F.pixel_unshuffle(X, 3), {"X": drawn(2, 6, 3)}),
        ("channel_shuffle(X, 2)", lambda X: F.channel_shuffle(X, 2), {"X": SMALL}),
    ],
    "sampling": [
        *((f"grid_sample(X, G, '{mode}', '{padding}', {corners})",
           lambda X, G, o=(mode, padding, corners): F.grid_sample(X, G, *o), {"X": IMAGE, "G": PLACES})
          for mode in ("bilinear", "nearest", "bicubic") for padding in ("zeros", "border", "reflection")
          for corners in (True, False)),
        *((f"grid_sample(X, G, mode='{mode}', padding_mode='{padding}')",
           lambda X, G, o=(mode, padding): F.grid_sample(X, G, *o, align_corners=False),
           {"X": CUBE, "G": drawn(1, 2, 2, 3, 3, seed=12)})
          for mode in ("bilinear", "nearest") for padding in ("zeros", "border", "reflection")),
    ],
    "grids": [
        *((f"affine_grid(X, {size}, align_corners={corners})",
           lambda X, size=size, corners=corners: quiet(F.affine_grid, X, size=size, align_corners=corners),
           {"X": drawn(2, len(size) - 2, len(size) - 1)})
          for size in ((2, 1, 3, 4), (2, 3, 1, 2), (2, 1, 2, 3, 2)) for corners in (True, False)),
    ],
}  # fmt: skip
