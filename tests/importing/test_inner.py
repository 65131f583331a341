"""Loops of ONNX, written out where it is known how often they go round; compared with ONNX's own reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from built import FLOAT, INT64, model, saved
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from gradstep.engine.errors import CommandError
from gradstep.engine.files import find
from gradstep.engine.run.recording import Recording, record
from gradstep.onnx import import_model


def info(name: str, kind: int = FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, None)


def imported(proto: ModelProto, folder: Path) -> Recording:
    import_model(saved(proto, folder), str(folder / "made"), "sum(OUT)")
    return record(find(str(folder / "made")))


def same(proto: ModelProto, folder: Path) -> Recording:
    """What is imported, once it gives what the reference does."""
    found = imported(proto, folder)
    graph, trace = found.graph, found.trace
    given = {one.name: trace.data[graph.by_name[one.name].id].astype(np.float32) for one in proto.graph.input}
    (wanted,) = ReferenceEvaluator(proto).run([proto.graph.output[0].name], given)
    np.testing.assert_allclose(trace.data[graph.by_name[proto.graph.output[0].name].id], wanted, rtol=1e-5)
    return found


def loop(going: list[Any], more: list[Any] | None = None, trips: str = "three", opset: int = 17) -> ModelProto:
    """h ← tanh(h w) + i, three times; all h are kept. `going` are the nodes that say whether it goes on."""
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["h", "w"], ["z"], name="/cell/MatMul"),
            helper.make_node("Tanh", ["z"], ["a"]),
            helper.make_node("Cast", ["i"], ["f"], to=FLOAT),
            helper.make_node("Mul", ["f", "step"], ["g"]),
            helper.make_node("Add", ["a", "g"], ["next"]),
            helper.make_node("Identity", ["next"], ["seen"]),
            *going,
        ],
        "body",
        [info("i", INT64), info("on", TensorProto.BOOL), info("h")],
        [info("on_out", TensorProto.BOOL), info("next"), info("seen")],
        [numpy_helper.from_array(np.array(0.5, np.float32), "step")],
    )
    nodes = [
        *(more or []),
        helper.make_node("Loop", [trips, "yes", "x"], ["last", "all"], name="/rnn/Loop", body=body),
        helper.make_node("ReduceSum", ["all"], ["s"], keepdims=0),
        helper.make_node("Mul", ["s", "last"], ["out"]),
    ]
    arrays = {"w": np.linspace(-1, 1, 4, dtype=np.float32).reshape(2, 2), "three": np.array(3), "yes": np.array(True)}
    return model(nodes, {"x": [1, 2]}, ["out"], arrays, opset)


ON = helper.make_node("Identity", ["on"], ["on_out"])


@pytest.mark.parametrize("opset", [12, 17])
def test_a_loop_goes_round_as_often_as_is_known(opset: int, tmp_path: Path) -> None:
    found = same(loop([ON], opset=opset), tmp_path)
    assert sum(node.op.name == "tanh" for node in found.graph.nodes) == 3
    assert [v.name for v in found.graph.parameters] == ["w"]


def test_a_loop_ends_where_its_body_says_so(tmp_path: Path) -> None:
    """It goes on while i < 1: two times."""
    ends = [
        helper.make_node("Constant", [], ["one"], value=numpy_helper.from_array(np.array(1))),
        helper.make_node("Less", ["i", "one"], ["on_out"]),
    ]
    found = same(loop(ends), tmp_path)
    assert sum(node.op.name == "tanh" for node in found.graph.nodes) == 2


def scan(**more: Any) -> ModelProto:
    """h ← h e + e along x, of which all sin h are kept."""
    body = helper.make_graph(
        [helper.make_node("Mul", ["h", "e"], ["m"]), helper.make_node("Add", ["m", "e"], ["next"]),
         helper.make_node("Sin", ["next"], ["seen"])],
        "body", [info("h"), info("e")], [info("next"), info("seen")],
    )  # fmt: skip
    nodes = [
        helper.make_node("Scan", ["start", "x"], ["last", "all"], num_scan_inputs=1, body=body, **more),
        helper.make_node("ReduceSum", ["last"], ["s"], keepdims=0),
        helper.make_node("Mul", ["all", "s"], ["out"]),
    ]
    return model(nodes, {"x": [3, 3]}, ["out"], {"start": np.ones(3, np.float32)})


def test_a_scan_goes_along_what_it_is_given(tmp_path: Path) -> None:
    found = same(scan(), tmp_path)
    assert sum(node.op.name == "sin" for node in found.graph.nodes) == 3


def test_a_scan_goes_back_along_another_axis(tmp_path: Path) -> None:
    """ONNX's reference does not; by hand."""
    ways = {"scan_input_directions": [1], "scan_output_directions": [1]}
    found = imported(scan(**ways, scan_input_axes=[1], scan_output_axes=[1]), tmp_path)
    x = found.trace.data[found.graph.by_name["x"].id]
    h, kept = np.ones(3, np.float32), []
    for column in x.T[::-1]:
        h = h * column + column
        kept.insert(0, np.sin(h))
    wanted = np.stack(kept, 1) * h.sum()
    np.testing.assert_allclose(found.trace.data[found.graph.by_name["out"].id], wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("proto", "says"),
    [
        (
            loop([helper.make_node("ReduceSum", ["a"], ["t"], keepdims=0),
                  helper.make_node("Cast", ["t"], ["on_out"], to=TensorProto.BOOL)]),
            r"node '/rnn/Loop' \(Loop\): whether it goes round once more depends on what is computed, 'on_out'",
        ),
        (
            loop([ON], [helper.make_node("ReduceMax", ["x"], ["m"], keepdims=0),
                        helper.make_node("Cast", ["m"], ["n"], to=INT64)], "n"),
            r"node '/rnn/Loop' \(Loop\): how often it goes round depends on what is computed, 'n'",
        ),
    ],
)  # fmt: skip
def test_a_loop_whose_end_is_computed_is_named_with_the_reason(proto: ModelProto, says: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=says):
        imported(proto, tmp_path)
