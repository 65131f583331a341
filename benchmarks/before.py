"""The ratios that were measured at bb1bb1d, before what is measured here was made quick: by benchmark, case and against
whom.

They stand in the table beside what is measured now; `--beside` measures launch and key of another tree. Bytes are
against the bound that is the goal now.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.key import MOST_BYTES as KEY
from benchmarks.launch import MOST_BYTES as LAUNCH

BEFORE: Mapping[tuple[str, str, str], float] = {
    ("launch", "first frame, 160×45, processor time", "bare Textual"): 1.76,
    ("launch", "first numbers, 160×45, processor time", "bare Textual"): 1.76,
    ("launch", "written", "goal"): 172_714 / LAUNCH,
    ("key", "space, 160×45, processor time", "bare Textual"): 4.2,
    ("key", "space, 160×45, written", "goal"): 17_645 / KEY,
    ("key", "space, 80×24, processor time", "bare Textual"): 3.33,
    ("engine", "784-128-10, batch 1, float32", "NumPy by hand"): 1.64,
    ("engine", "784-128-10, batch 1, float64", "NumPy by hand"): 1.26,
    ("engine", "784-128-10, batch 64, float32", "NumPy by hand"): 1.08,
    ("engine", "784-128-10, batch 64, float64", "NumPy by hand"): 1.07,
    ("training", "an iteration of 64-32-10, batch 32, float64", "NumPy by hand"): 3.27,
    ("training", "an iteration of 64-32-10, batch 32, float64", "the same, noting"): 1.20,
    ("training", "an iteration of 64-32-10, batch 32, float64", "PyTorch"): 0.61,
    ("training", "an iteration of 64-32-10, batch 32, float32", "NumPy by hand"): 3.22,
    ("training", "an iteration of 64-32-10, batch 32, float32", "the same, noting"): 1.19,
    ("training", "an iteration of 64-32-10, batch 32, float32", "PyTorch"): 0.60,
    ("training", "an iteration of 784-128-10, batch 32, float64", "NumPy by hand"): 1.61,
    ("training", "an iteration of 784-128-10, batch 32, float64", "the same, noting"): 1.10,
    ("training", "an iteration of 784-128-10, batch 32, float64", "PyTorch"): 1.11,
    ("training", "an iteration of 784-128-10, batch 32, float32", "NumPy by hand"): 1.74,
    ("training", "an iteration of 784-128-10, batch 32, float32", "the same, noting"): 1.17,
    ("training", "an iteration of 784-128-10, batch 32, float32", "PyTorch"): 1.07,
    ("searching", "when on one weight over 5,593 iterations of 64-32-10", "computing them again"): 13.0,
    ("searching", "continue on loss > 2 * previous over 60,000 iterations", "one second"): 3.4,
    ("operations", "gelu", "PyTorch"): 43.0,
    ("operations", "layer_norm", "PyTorch"): 2.8,
}
