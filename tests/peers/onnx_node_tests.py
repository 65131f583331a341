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

from graphs import NetworkBuilder  # noqa: E402  # beside the tests of the engine
from onnx import AttributeProto, helper, numpy_helper  # noqa: E402
from onnx.backend.test.loader import load_model_tests  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from gradstep.engine.errors import GradstepError  # noqa: E402
from gradstep.engine.run.passes import run  # noqa: E402
from gradstep.onnx.formulas import TABLE, Called, Unwritable  # noqa: E402


class Outcome(NamedTuple):
    """What came of one test: "agrees", "cannot" or "differs", and why."""

    kind: str
    reason: str = ""


class Model:
    """A test's graph, on its way into a network of gradstep."""

    def __init__(self, proto: Any, inputs: list[Any]) -> None:
        self.proto, self.builder = proto, NetworkBuilder(np.float64)
        self.opset = next((o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")), 1)
        #: What is data: arrays by ONNX's names; and what is computed: names in formulas.
        self.known: dict[str, Any] = {i.name: numpy_helper.to_array(i) for i in proto.graph.initializer}
        self.names: dict[str, str] = {}
        self.moved: list[str] = []
        for given, array in zip([i for i in proto.graph.input if i.name not in self.known], inputs, strict=False):
            array = np.asarray(array)
            if array.dtype.kind == "f" or str(array.dtype) == "bfloat16":
                name = f"x{len(self.names)}"
                self.builder.parameter(name, array.astype(np.float64))
                self.names[given.name] = name
                self.moved.append(name)
            else:
                self.known[given.name] = array

    def name(self, of: str) -> str:
        """The name of a value in formulas; data are given when they are first named."""
        if of and of not in self.names:
            array = np.asarray(self.known[of])
            if array.dtype.kind not in "fiub":
                raise Unwritable("text, complex numbers, or eight bits and less")
            self.names[of] = f"c{len(self.names)}"
            self.builder.input(self.names[of], array.astype(np.float64))
        return self.names.get(of, "")

    def add(self, node: Any, alone: bool) -> None:
        """A node as a line; Raises Unwritable or GradstepError."""
        inputs = list(node.input)
        data = all(not i or (i in self.known and i not in self.names) for i in inputs)
        if any(a.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS) for a in node.attribute):
            raise Unwritable("a graph inside of a node")
        if data and (not alone or node.op_type == "Constant"):
            found = _reference(node, {i: self.known[i] for i in inputs if i}, self.proto)
            self.known.update(zip(node.output, found, strict=False))
            return
        if node.op_type in ("Shape", "Size") and not alone:
            shape = self.builder.graph.names[self.names[inputs[0]]].shape
            ends = {a.name: a.i for a in node.attribute}
            part = shape[ends.get("start", 0) : ends.get("end", len(shape))]
            self.known[node.output[0]] = np.array(part if node.op_type == "Shape" else np.prod(shape), np.int64)
            return
        if node.op_type not in TABLE:
            raise Unwritable(f"no {node.op_type}")
        attributes = {a.name: _attribute(a) for a in node.attribute}
        if node.op_type == "CastLike":
            target = self.known.get(inputs[1])
            attributes["to"] = 11 if target is None else helper.np_dtype_to_tensor_dtype(np.asarray(target).dtype)
            inputs = inputs[:1]
        names = [self.name(i) for i in inputs]
        shapes = [self.builder.graph.names[n].shape if n else () for n in names]
        outputs = [o for o in node.output if o]
        made = TABLE[node.op_type](
            Called(attributes, names, [self.known.get(i) for i in inputs], shapes, len(outputs), self.opset)
        )
        ours = [f"y{len(self.names) + k}" for k in range(len(outputs))]
        if isinstance(made, list) and len(made) == 1 and len(ours) == 1:
            made = f"{made[0]}[0]"
        if isinstance(made, list) and len(made) == 1:
            self.builder.line(", ".join(ours), made[0])
        else:
            for one, text in zip(ours, made if isinstance(made, list) else [made], strict=True):
                self.builder.line(one, text)
        self.names.update(zip(outputs, ours, strict=True))


def _attribute(a: Any) -> Any:
    value = helper.get_attribute_value(a)
    if a.type == AttributeProto.STRING:
        return value.decode()
    return numpy_helper.to_array(value) if a.type == AttributeProto.TENSOR else value


def _reference(node: Any, feeds: dict[str, Any], proto: Any) -> list[Any]:
    """What ONNX's reference makes of data."""
    inputs = [
        helper.make_tensor_value_info(k, helper.np_dtype_to_tensor_dtype(np.asarray(v).dtype), None)
        for k, v in feeds.items()
    ]
    outputs = [helper.make_empty_tensor_value_info(o) for o in node.output if o]
    model = helper.make_model(
        helper.make_graph([node], "one", inputs, outputs), opset_imports=proto.opset_import, functions=proto.functions
    )
    return list(ReferenceEvaluator(model).run(None, feeds))


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
            ours, theirs = model.done.data(name), np.asarray(there).astype(np.float64)
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
    for node in graph.node:
        model.add(node, len(graph.node) == 1)
    results = [model.names.get(o.name, "") for o in graph.output]
    if not all(results):
        raise Unwritable("nothing that is computed is a result")
    terms = []
    for k, name in enumerate(results):
        shape = model.builder.graph.names[name].shape
        model.builder.input(f"w{k}", np.cos(np.arange(int(np.prod(shape, dtype=int)))).reshape(shape))
        terms.append(f"sum({name} * w{k})")
    model.builder.line("L", " + ".join([*terms, "0"]))
    model.done = model.builder.done()
    with np.errstate(all="ignore"):
        model.done.data("L")
    return model, results


def _slope(model: Any) -> str:
    """Whether the gradient along a direction is that of differences; where a kink is near, beside it. Empty if so."""
    net, rng = model.done, np.random.default_rng(0)
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
    return re.sub(r"\b[xcy]\d+\b|(?<!\w)-?\d[\d.]*(e[+-]\d+)?\b", "N", said)


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
