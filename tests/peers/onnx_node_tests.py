"""Runs ONNX's node tests on gradstep, and counts: values against ONNX's, gradients against differences.

    pip install onnx
    python tests/peers/onnx_node_tests.py                  all of them (two minutes)
    python tests/peers/onnx_node_tests.py --only softmax   those with that in their name
    python tests/peers/onnx_node_tests.py --reasons        what cannot be written, and why

Each node of a test is written as a formula (gradstep/onnx/formulas/). What has no gradient and is not what is
asked for, shapes, axes and tables in a graph of several nodes, is data, and ONNX's reference computes it. A test
agrees if all results that gradstep makes are ONNX's, within the tolerance of the test, and the gradient along a
direction is that of differences; it cannot be written, and then gradstep or the table says why; or it differs, which
fails. They are counted by what they are about: floating-point numbers, whole numbers and truths, and what is no number.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1] / "engine"), str(Path(__file__).parent)]

from graphs import Network as Net  # noqa: E402  # beside the tests of the engine
from onnx import numpy_helper  # noqa: E402
from onnx.backend.test.loader import load_model_tests  # noqa: E402

from gradstep.engine.errors import GradstepError  # noqa: E402
from gradstep.engine.graph import Formulas, Role  # noqa: E402
from gradstep.engine.run.passes import run  # noqa: E402
from gradstep.onnx.formulas import Unwritable  # noqa: E402
from gradstep.onnx.functions import inlined  # noqa: E402
from gradstep.onnx.network import Network  # noqa: E402
from gradstep.onnx.values import Value, constant  # noqa: E402


class Outcome(NamedTuple):
    """What came of one test: "agrees", "cannot" or "differs", and why."""

    kind: str
    reason: str = ""


class Model:
    """A test's graph, on its way into a network of gradstep."""

    def __init__(self, proto: Any, inputs: list[Any]) -> None:
        self.proto = proto
        opset = next((o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")), 1)
        self.network = Network("float32", opset, wide=True)
        self.nodes = inlined(proto.graph.node, proto.functions, 10_000)
        self.leaves: dict[str, Any] = {}
        self.moved: list[str] = []
        self.network.uses.update(o.name for o in proto.graph.output)
        self.network.uses.update(i for node in self.nodes for i in node.input)
        known = {i.name: numpy_helper.to_array(i) for i in proto.graph.initializer}
        for given, array in zip([i for i in proto.graph.input if i.name not in known], inputs, strict=False):
            array = np.asarray(array)
            if array.dtype.kind == "f" or str(array.dtype) == "bfloat16":
                value = self.network.leaf(Value("float32", array.shape), Role.PARAMETER, True)
                self.network.values[given.name] = value
                self.leaves[value.word] = array.astype(np.float64)
                self.moved.append(value.word)
            else:
                known[given.name] = array
        for name, array in known.items():
            kind = "float32" if array.dtype.kind == "f" else str(array.dtype)
            self.network.values[name] = constant(array, kind)

    def done(self) -> tuple[Any, list[str]]:
        """The network of all nodes, and the names of its results. Raises Unwritable and GradstepError."""
        for node in self.nodes:
            self.network.put(node, len(self.nodes) > 1)
        results = [self.network.values[o.name].word for o in self.proto.graph.output]
        if not all(results):
            raise Unwritable("nothing that is computed is a result")
        builder, terms = self.network.builder, []
        for word, value in self.network.leaves.items():
            if word not in self.leaves:
                self.leaves[word] = value.numbers().astype(np.float64)
        for k, name in enumerate(results):
            shape = builder.names[name].shape
            builder.leaf(f"w{k}", shape, Role.INPUT, False)
            self.leaves[f"w{k}"] = np.cos(np.arange(int(np.prod(shape, dtype=int)))).reshape(shape)
            terms.append(f"sum({name} * w{k})")
        Formulas(builder).add("L", " + ".join([*terms, "0"]))
        leaves = {
            builder.names[name].id: np.ascontiguousarray(array).reshape(array.shape)
            for name, array in self.leaves.items()
        }
        return Net(builder.build("L"), leaves), results


def tried(test: Any) -> Outcome:
    """Computes a test here, and compares with what ONNX says."""
    for inputs, outputs in test.data_sets:
        try:
            found = _computed(test, inputs)
        except Unwritable as error:
            return Outcome("cannot", str(error))
        except GradstepError as error:
            return Outcome("cannot", _reason(error))
        model, results = found
        for name, there in zip(results, outputs, strict=False):
            if not isinstance(there, np.ndarray | np.generic):
                return Outcome("cannot", "a sequence, or nothing, as a result")
            ours, theirs = model.net.data(name), np.asarray(there).astype(np.float64)
            rtol, atol = tolerance(test)
            if ours.shape != theirs.shape or not np.allclose(ours, theirs, rtol=rtol, atol=atol, equal_nan=True):
                return Outcome(
                    "differs", f"{ours.reshape(-1)[:6].tolist()} here, {theirs.reshape(-1)[:6].tolist()} there"
                )
        if wrong := _slope(model):
            return Outcome("differs", wrong)
    return Outcome("agrees")


def tolerance(test: Any) -> tuple[float, float]:
    """How far numbers may be apart: as the test says, and where some are of sixteen bits by their rounding."""
    arrays = [np.asarray(a) for given, results in test.data_sets for a in (*given, *results)]
    names = {str(a.dtype) for a in arrays}
    least = 2e-2 if "bfloat16" in names else 4e-3 if "float16" in names else 0.0
    return max(test.rtol, 1e-3, least), max(test.atol, 1e-5, least)


def _computed(test: Any, inputs: list[Any]) -> tuple[Any, list[str]]:
    """The network of a test, run, and the names of its results."""
    graph = test.model.graph
    if any(i.type.WhichOneof("value") != "tensor_type" for i in graph.input):
        raise Unwritable("a sequence, or nothing, as an input")
    model: Any = Model(test.model, inputs)
    model.net, results = model.done()
    with np.errstate(all="ignore"):
        model.net.data("L")
    return model, results


def _slope(model: Any) -> str:
    """Whether the gradient along a direction is that of differences; where a kink is near, beside it. Empty if so."""
    net, rng = model.net, np.random.default_rng(0)
    if any(node.op.name == "cast" for node in net.graph.nodes):
        return ""  # differences of what is rounded are those of its steps
    for name in model.moved:
        value = net.value(name)
        if not value.size or not np.isfinite(net.trace.loss):
            continue
        direction, good = rng.normal(size=value.shape), False
        said = ""
        for away in (0.0, 1e-3, 1e-2):
            leaves = dict(net.leaves)
            base = net.leaves[value.id] + away * rng.normal(size=value.shape)
            ends = []
            for step in (0.0, 1e-6, -1e-6):
                leaves[value.id] = base + step * direction
                ends.append(run(net.graph, leaves, backward=step == 0))
            grad = ends[0].grad[value.id]
            slope = (ends[1].loss - ends[2].loss) / 2e-6
            here = 0.0 if grad is None else float((grad * direction).sum())
            size = max(abs(slope), abs(here), 1.0)
            good = abs(slope - here) <= 1e-4 * size or not np.isfinite(slope + here)
            said = f"gradient of {name}: {here:g} here, {slope:g} by differences"
            if good:
                break
        if not good:
            return said
    return ""


def _reason(error: GradstepError) -> str:
    said = re.sub(r"^'.*?': ", "", str(error)).partition("; ")[0]
    return re.sub(r"\bv\d+\b|(?<!\w)-?\d[\d.]*(e[+-]\d+)?\b", "N", said)


def about(test: Any) -> str:
    """What kind of numbers a test is about."""
    arrays = [np.asarray(a) for inputs, _ in test.data_sets for a in inputs if isinstance(a, np.ndarray | np.generic)]
    if any(a.dtype.kind not in "fiub" and str(a.dtype) not in ("bfloat16",) for a in arrays):
        return "text, complex numbers, or eight bits and less"
    return "floating-point numbers" if any(a.dtype.kind == "f" for a in arrays) else "whole numbers and truths"


def main() -> int:
    """Counts, and says what differs; the exit status is 1 if anything does."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", metavar="NAME")
    parser.add_argument("--reasons", action="store_true")
    asked = parser.parse_args()
    kinds: Counter[tuple[str, str]] = Counter()
    reasons: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tests = [t for t in load_model_tests(kind="node") if asked.only in t.name]
        for test in tests:
            kind, reason = tried(test)
            kinds[about(test), kind] += 1
            if kind == "differs":
                print(f"{test.name}: {reason}"[:300], flush=True)
            elif kind == "cannot":
                reasons[reason] += 1
    if asked.reasons:
        for reason, count in reasons.most_common():
            print(f"{count:6,}  {reason}")
    for what in sorted({what for what, _ in kinds}):
        print(f"{what}: " + ", ".join(f"{kinds[what, k]:,} {k}" for k in ("agrees", "cannot", "differs")))
    total = {k: sum(n for (_, kind), n in kinds.items() if kind == k) for k in ("agrees", "cannot", "differs")}
    print(f"{len(tests):,} node tests: {', '.join(f'{n:,} {k}' for k, n in total.items())}")
    return int(bool(total["differs"]))


if __name__ == "__main__":
    sys.exit(main())
