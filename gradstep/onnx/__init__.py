"""Networks that are written in ONNX (onnx.ai), as scenarios.

    from gradstep.onnx import import_model

    report = import_model("model.onnx", "model", "cross_entropy(OUT, t)")
    print(*report.lines(), sep="\n")

It needs the extra gradstep[onnx]; what is written opens without it.
"""

from gradstep.onnx.importing import import_model
from gradstep.onnx.report import Report

__all__ = ["Report", "import_model"]
