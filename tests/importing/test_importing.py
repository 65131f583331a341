"""Importing says in one line what is wrong, writes nothing then, and keeps what a model says."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from built import FLOAT, INT64, model, perceptron, saved
from onnx import AttributeProto, ModelProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from safetensors import safe_open

from gradstep.engine.errors import CommandError
from gradstep.engine.files import find
from gradstep.engine.run.recording import Recording, record
from gradstep.onnx import import_model


def imported(proto: ModelProto, folder: Path, loss: str | None = "sum(OUT)", **options: Any) -> Recording:
    """The model, imported and opened."""
    import_model(saved(proto, folder), str(folder / "made"), loss, **options)
    return record(find(str(folder / "made")))


def told(proto: ModelProto, folder: Path, loss: str | None = "sum(OUT)", **options: Any) -> str:
    """What is said of a model that is refused; nothing is written then, and it is one line."""
    with pytest.raises(CommandError) as refused:
        imported(proto, folder, loss, **options)
    assert [one.name for one in folder.iterdir() if one.suffix not in (".onnx", ".npy", ".bin", ".data")] == []
    assert "\n" not in str(refused.value)
    return str(refused.value)


def data(found: Recording, name: str) -> np.ndarray:
    return found.trace.data[found.graph.by_name[name].id]


def gives(nodes: list[Any], x: np.ndarray, folder: Path, arrays: Mapping[str, np.ndarray], opset: int) -> None:
    """That nodes from x to out give here what ONNX's reference gives."""
    proto = model(nodes, {"x": list(x.shape)}, ["out"], arrays, opset)
    np.save(folder / "x.npy", x)
    found = imported(proto, folder, inputs={"x": str(folder / "x.npy")})
    wanted = ReferenceEvaluator(proto).run(None, {"x": x})[0]
    assert np.allclose(data(found, "out"), wanted, rtol=2e-4, atol=1e-5)


# What is kept ---------------------------------------------------------------------------------------


def test_names_and_scopes_are_the_models(tmp_path: Path) -> None:
    found = imported(perceptron(), tmp_path, "cross_entropy(OUT, t)")
    names = [value.name for value in found.graph.values if not value.part and value.name]
    assert {"x", "fc1.weight", "fc1.bias", "fc2.weight", "act", "out", "t", "loss"} >= {"x", "t", "loss", "act"}
    assert {"fc1.weight", "fc1.bias", "fc2.weight", "act", "fc2", "loss"} <= set(names)
    assert found.scenario.origins["act"].module == "act"
    assert found.scenario.origins["act"].op == "Relu"


def test_results_and_gradients_are_right(tmp_path: Path) -> None:
    proto = perceptron()
    x = np.random.default_rng(1).standard_normal((5, 3)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    found = imported(proto, tmp_path, inputs={"x": str(tmp_path / "x.npy")})
    w1, b1, w2 = (numpy_helper.to_array(one) for one in proto.graph.initializer)
    z = x @ w1 + b1
    assert np.allclose(data(found, "fc2"), np.maximum(z, 0) @ w2, atol=1e-5)
    # Of Σ out: each hidden unit's gradient is the sum of its row of W₂ where the unit is open.
    upstream = w2.sum(1) * (z > 0)
    assert np.allclose(found.trace.gradient(found.graph.by_name["fc1.weight"].id), x.T @ upstream, atol=1e-5)
    assert np.allclose(found.trace.gradient(found.graph.by_name["fc1.bias"].id), upstream.sum(0), atol=1e-5)


def test_chains_of_shapes_disappear(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Constant", [], ["zero"], value=numpy_helper.from_array(np.array([0]))),
        helper.make_node("Gather", ["s", "zero"], ["n"], axis=0),
        helper.make_node("Constant", [], ["rest"], value=numpy_helper.from_array(np.array([-1]))),
        helper.make_node("Concat", ["n", "rest"], ["to"], axis=0),
        helper.make_node("Reshape", ["x", "to"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["out"]),
    ]
    proto = model(nodes, {"x": ["n", 2, 3]}, ["out"], {"w": np.ones((6, 2), np.float32)})
    found = imported(proto, tmp_path, sizes={"n": 5})
    said = tomllib.loads((tmp_path / "made" / "scenario.toml").read_text())
    assert list(said["graph"]) == ["reshape", "out", "loss"]
    assert data(found, "out").shape == (5, 2)


def test_types_are_kept(tmp_path: Path) -> None:
    arrays = {"table": np.arange(12, dtype=np.float16).reshape(4, 3), "scale": np.array([1.5, 2, 3], np.float32)}
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["rows"]),
        helper.make_node("Cast", ["rows"], ["wide"], to=FLOAT),
        helper.make_node("Mul", ["wide", "scale"], ["out"]),
    ]
    proto = model(nodes, {"ids": [5]}, ["out"], arrays, kinds={"ids": INT64})
    bits = np.array([0x3F80, 0xC000, 0x3E80], "<u2")
    half = helper.make_tensor("half", TensorProto.BFLOAT16, [3], bits.tobytes(), raw=True)
    proto.graph.initializer.append(half)
    proto.graph.node.append(helper.make_node("Cast", ["half"], ["half32"], to=FLOAT))
    proto.graph.node.append(helper.make_node("Add", ["out", "half32"], ["sum"]))
    proto.graph.output[0].name = "sum"
    found = imported(proto, tmp_path)
    with safe_open(tmp_path / "made" / "leaves.safetensors", "numpy") as file:
        kinds = {name: file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118  # it is no mapping
    assert kinds == {"ids": "I64", "table": "F16", "scale": "F32", "half": "BF16"}
    assert data(found, "half").tolist() == [1.0, -2.0, 0.25]
    assert ((data(found, "ids") >= 0) & (data(found, "ids") < 4)).all()


def test_the_same_weight_in_two_places_is_one_parameter(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    w = rng.standard_normal((3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Identity", ["a.weight"], ["b.weight"], name="copy"),
        helper.make_node("Identity", ["a.bias"], ["b.bias"], name="copy2"),
        helper.make_node("Gemm", ["x", "a.weight", "a.bias"], ["y"], name="/a/Gemm", transB=1),
        helper.make_node("Gemm", ["y", "b.weight", "b.bias"], ["out"], name="/b/Gemm", transB=1),
    ]
    proto = model(nodes, {"x": [2, 3]}, ["out"], {"a.weight": w, "a.bias": np.zeros(3, np.float32)})
    found = imported(proto, tmp_path)
    # Biases that are all zero were joined by chance: they are two.
    assert {value.name for value in found.graph.parameters} == {"a.weight", "a.bias", "b.bias"}


def test_frozen_parameters_get_no_gradient(tmp_path: Path) -> None:
    found = imported(perceptron(), tmp_path, freeze=["fc1.*"])
    grads = {v.name: found.graph.gets_gradient(v) for v in found.graph.values if v.name.endswith(("weight", "bias"))}
    assert grads == {"fc1.weight": False, "fc1.bias": False, "fc2.weight": True}


def test_a_model_with_its_loss_needs_none(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["scores"]),
        helper.make_node("SoftmaxCrossEntropyLoss", ["scores", "labels"], ["cost"]),
    ]
    proto = model(
        nodes, {"x": [4, 3], "labels": [4]}, ["cost"], {"w": np.eye(3, dtype=np.float32)}, kinds={"labels": INT64}
    )
    found = imported(proto, tmp_path, None)
    assert found.graph.loss.name == "cost"
    assert np.isfinite(found.trace.loss)


def test_drawn_numbers_are_those_of_the_seed(tmp_path: Path) -> None:
    arrays = []
    for number, seed in enumerate((0, 0, 1)):
        (tmp_path / str(number)).mkdir()
        arrays.append(data(imported(perceptron(), tmp_path / str(number), seed=seed), "x"))
    assert np.array_equal(arrays[0], arrays[1])
    assert not np.array_equal(arrays[0], arrays[2])


@pytest.mark.parametrize("opset", [9, 10, 11, 12, 13, 17, 21])
def test_old_and_new_operators_give_what_the_reference_gives(tmp_path: Path, opset: int) -> None:
    """Axes, sizes and bounds were attributes in older versions."""
    whole = {"ax": np.array([1]), "to": np.array([2, 12]), "pads": np.array([0, 0, 1, 1]), "k": np.array([2])}
    arrays = {"w": np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)}
    nodes = [helper.make_node("Mul", ["x", "w"], ["a"]), helper.make_node("Softmax", ["a"], ["b"], axis=2)]
    if opset >= 13:
        nodes += [helper.make_node("Unsqueeze", ["b", "ax"], ["c"]), helper.make_node("Squeeze", ["c", "ax"], ["d"])]
        nodes.append(helper.make_node("ReduceSum", ["d", "ax"], ["e"], keepdims=1))
        arrays |= {"ax": whole["ax"]}
    else:
        nodes += [
            helper.make_node("Unsqueeze", ["b"], ["c"], axes=[1]),
            helper.make_node("Squeeze", ["c"], ["d"], axes=[1]),
        ]
        nodes.append(helper.make_node("ReduceSum", ["d"], ["e"], axes=[1], keepdims=1))
    nodes += [helper.make_node("Sub", ["d", "e"], ["f"]), helper.make_node("Reshape", ["f", "to"], ["g"])]
    arrays |= {"to": whole["to"]}
    if opset >= 11:
        nodes.append(helper.make_node("Clip", ["g", "low", "high"], ["h"]))
        nodes.append(helper.make_node("Pad", ["h", "pads"], ["out"]))
        arrays |= {"low": np.float32(-0.5).reshape(()), "high": np.float32(0.5).reshape(()), "pads": whole["pads"]}
    else:
        nodes.append(helper.make_node("Clip", ["g"], ["h"], min=-0.5, max=0.5))
        nodes.append(helper.make_node("Pad", ["h"], ["out"], pads=[0, 0, 1, 1]))
    x = np.random.default_rng(1).standard_normal((2, 3, 4)).astype(np.float32)
    gives(nodes, x, tmp_path, arrays, opset)


def test_softmax_was_of_all_axes_from_one_on_until_version_13(tmp_path: Path) -> None:
    """Operators.md of ONNX, Softmax-11: the input is coerced into two axes."""
    proto = model([helper.make_node("Softmax", ["x"], ["out"], axis=1)], {"x": [2, 3, 4]}, ["out"], opset=11)
    found = imported(proto, tmp_path)
    exps = np.exp(data(found, "x").reshape(2, 12))
    assert np.allclose(data(found, "out"), (exps / exps.sum(1, keepdims=True)).reshape(2, 3, 4), atol=1e-6)


def test_what_is_dropped_is_another_each_time(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Dropout", ["x", "half", "on"], ["a"]),
        helper.make_node("Dropout", ["x", "half", "on"], ["b"]),
        helper.make_node("Sub", ["a", "b"], ["out"]),
    ]
    arrays = {"half": np.float32(0.5).reshape(()), "on": np.array(True)}
    found = imported(model(nodes, {"x": [64]}, ["out"], arrays), tmp_path)
    a, b, x = (data(found, name) for name in ("dropout", "dropout2", "x"))
    assert not np.array_equal(a == 0, b == 0)
    assert np.allclose(a[a != 0], 2 * x[a != 0])


def test_weights_that_are_turned_round_are_those_of_the_layer(tmp_path: Path) -> None:
    w = np.random.default_rng(0).standard_normal((2, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Transpose", ["fc.weight"], ["wt"], name="/fc/Transpose", perm=[1, 0]),
        helper.make_node("MatMul", ["x", "wt"], ["a"], name="/fc/MatMul"),
        helper.make_node("Add", ["fc.bias", "a"], ["out"], name="/fc/Add"),
    ]
    proto = model(nodes, {"x": [4, 3]}, ["out"], {"fc.weight": w, "fc.bias": np.ones(2, np.float32)})
    found = imported(proto, tmp_path)
    assert (
        tomllib.loads((tmp_path / "made" / "scenario.toml").read_text())["graph"]["fc"]
        == "linear(x, fc.weight, fc.bias)"
    )
    assert np.allclose(data(found, "fc"), data(found, "x") @ w.T + 1, atol=1e-6)


def test_names_of_tensorflow_are_parameters_too(tmp_path: Path) -> None:
    arrays = {
        "net/dense/kernel:0": np.ones((3, 2), np.float32),
        "net/dense/BiasAdd/ReadVariableOp:0": np.ones(2, np.float32),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "net/dense/kernel:0"], ["a"], name="net/dense/MatMul"),
        helper.make_node("Add", ["a", "net/dense/BiasAdd/ReadVariableOp:0"], ["Identity:0"], name="net/dense/BiasAdd"),
    ]
    found = imported(model(nodes, {"x": [4, 3]}, ["Identity:0"], arrays), tmp_path)
    assert [v.name for v in found.graph.parameters] == ["net_dense_kernel_0", "net_dense_BiasAdd_ReadVariableOp_0"]
    assert found.scenario.origins["net.dense.matmul"].module == "net.dense"


# What is refused ------------------------------------------------------------------------------------


def test_control_flow_names_the_node(tmp_path: Path) -> None:
    branch = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])], "b", [], [helper.make_tensor_value_info("y", FLOAT, None)]
    )
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0),
        helper.make_node("Cast", ["s"], ["c"], to=TensorProto.BOOL),
        helper.make_node("If", ["c"], ["out"], name="/gate/If", then_branch=branch, else_branch=branch),
    ]
    said = told(model(nodes, {"x": [2]}, ["out"]), tmp_path)
    assert said == "node '/gate/If' (If): which branch is taken depends on what is computed, 'c'"


def test_a_branch_that_is_known_is_taken(tmp_path: Path) -> None:
    def branch(op: str) -> Any:
        return helper.make_graph(
            [helper.make_node(op, ["a"], ["y"])], "b", [], [helper.make_tensor_value_info("y", FLOAT, None)]
        )

    nodes = [
        helper.make_node("Mul", ["x", "w"], ["a"]),
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Size", ["s"], ["n"]),
        helper.make_node("Cast", ["n"], ["c"], to=TensorProto.BOOL),
        helper.make_node("If", ["c"], ["out"], then_branch=branch("Sin"), else_branch=branch("Cos")),
    ]
    found = imported(model(nodes, {"x": [2]}, ["out"], {"w": np.array([1, 2], np.float32)}), tmp_path)
    assert np.allclose(data(found, "out"), np.sin(data(found, "x") * [1, 2]), atol=1e-6)


def one(op: str, inputs: list[str], domain: str = "", **attributes: Any) -> ModelProto:
    """A model of one node on x and w."""
    return model(
        [helper.make_node(op, inputs, ["out"], name="/a/node", domain=domain, **attributes)],
        {"x": [2, 3]}, ["out"], {"w": np.ones((3, 3), np.float32)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("proto", "what"),
    [
        (one("Det", ["w"]), r"'/a/node' \(Det\): determinants"),
        (one("NoSuchThing", ["x"]), r"\(NoSuchThing\): there is no formula for NoSuchThing"),
        (one("Mine", ["x"], "com.acme"), r"operators of 'com.acme' are not known"),
        (one("Relu", ["y"]), r"it uses 'y', which nothing before it makes"),
        (one("MatMul", ["w", "x"]), r"\(3, 3\)"),
        (one("Reshape", ["x", "x"]), r"a shape or an option that is computed"),
    ],
)
def test_a_node_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path, proto: ModelProto, what: str) -> None:
    import re

    assert re.search(what, told(proto, tmp_path))


def test_circles_and_double_names_are_refused(tmp_path: Path) -> None:
    circle = [helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"])]
    assert "nothing before it makes" in told(model(circle, {"x": [2]}, ["b"]), tmp_path)
    twice = [helper.make_node("Relu", ["x"], ["a"]), helper.make_node("Abs", ["x"], ["a"])]
    assert "made twice" in told(model(twice, {"x": [2]}, ["a"]), tmp_path)


def test_functions_that_call_themselves_are_refused(tmp_path: Path) -> None:
    proto = one("F", ["x"], "mine")
    body = [helper.make_node("F", ["a"], ["b"], domain="mine")]
    proto.functions.append(helper.make_function("mine", "F", ["a"], ["b"], body, [helper.make_opsetid("mine", 1)]))
    assert "functions call one another" in told(proto, tmp_path)


def test_functions_are_written_out(tmp_path: Path) -> None:
    proto = model([helper.make_node("F", ["x"], ["out"], domain="mine", slope=0.25)], {"x": [4]}, ["out"])
    leaky = helper.make_node("LeakyRelu", ["a"], ["c"])
    leaky.attribute.append(helper.make_attribute_ref("alpha", AttributeProto.FLOAT))
    leaky.attribute[0].ref_attr_name = "slope"
    body = [leaky, helper.make_node("Neg", ["c"], ["b"])]
    made = helper.make_function("mine", "F", ["a"], ["b"], body, [helper.make_opsetid("", 17)], ["slope"])
    proto.functions.append(made)
    proto.graph.node[0].name = "/top/F"
    found = imported(proto, tmp_path)
    x = data(found, "x")
    assert np.allclose(found.trace.loss, -np.where(x > 0, x, 0.25 * x).sum(), atol=1e-6)


@pytest.mark.parametrize("large", [[2**40], [2**20, 2**20], [-1]])
def test_nothing_large_is_computed_while_reading(tmp_path: Path, large: list[int]) -> None:
    nodes = [helper.make_node("ConstantOfShape", ["n"], ["big"]), helper.make_node("Add", ["x", "big"], ["out"])]
    said = told(model(nodes, {"x": [1]}, ["out"], {"n": np.array(large)}), tmp_path)
    assert "(ConstantOfShape): it" in said


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "nowhere.bin", "", "link.bin"])
def test_external_data_is_read_only_inside_the_folder(tmp_path: Path, location: str) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(36))
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "link.bin").symlink_to(tmp_path / "secret.bin")
    proto = one("MatMul", ["x", "w"])
    array = proto.graph.initializer[0]
    array.ClearField("raw_data")
    array.data_location = TensorProto.EXTERNAL
    array.external_data.add(key="location", value=location)
    with pytest.raises(CommandError, match="'w' cannot be read"):
        imported(proto, inner)


def test_external_data_is_read(tmp_path: Path) -> None:
    (tmp_path / "w.data").write_bytes(bytes(8) + np.arange(9, dtype="<f4").tobytes())
    proto = one("MatMul", ["x", "w"])
    array = proto.graph.initializer[0]
    array.ClearField("raw_data")
    array.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "w.data"), ("offset", "8"), ("length", "36")):
        array.external_data.add(key=key, value=value)
    assert data(imported(proto, tmp_path), "w").tolist() == np.arange(9.0).reshape(3, 3).tolist()
    (tmp_path / "w.data").write_bytes(bytes(40))
    with pytest.raises(CommandError, match=r"are not in 'w\.data', which has 40"):
        import_model(str(tmp_path / "model.onnx"), str(tmp_path / "again"), "sum(OUT)")


def test_damaged_files_are_one_line(tmp_path: Path) -> None:
    whole = perceptron().SerializeToString()
    for content in (b"", b"\x00", b"PK\x03\x04", whole[:40], whole[: len(whole) // 2], b"\xff" * 100):
        (tmp_path / "model.onnx").write_bytes(content)
        with pytest.raises(CommandError) as refused:
            import_model(str(tmp_path / "model.onnx"), str(tmp_path / "made"), "sum(OUT)")
        assert "\n" not in str(refused.value)
        assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_in_a_file_one_line_is_said_or_it_opens(tmp_path: Path, seed: int) -> None:
    rng, whole = np.random.default_rng(seed), perceptron().SerializeToString()
    for number in range(25):
        content = bytearray(whole)
        for _ in range(rng.integers(1, 6)):
            content[rng.integers(len(content))] = rng.integers(256)
        (tmp_path / "model.onnx").write_bytes(content)
        folder = tmp_path / str(number)
        said = ""
        try:
            import_model(str(tmp_path / "model.onnx"), str(folder), "sum(OUT)")
        except CommandError as error:
            said = str(error)
        assert "\n" not in said
        assert folder.exists() == (not said)
        assert said or find(str(folder)).name == str(number)


def test_arrays_of_other_sizes_than_their_shapes_are_damaged(tmp_path: Path) -> None:
    proto = perceptron()
    proto.graph.initializer[0].dims[0] = 2**40
    assert "damaged" in told(proto, tmp_path)


@pytest.mark.parametrize(
    ("loss", "options", "what"),
    [
        (None, {}, "--loss is missing"),
        ("sum(OUT", {}, "--loss: cannot read"),
        ("OUT", {}, "--loss"),
        ("mse(OUT, fc1.weigt)", {}, "did you mean 'fc1.weight'"),
        ("sum(OUT)", {"sizes": {"bach": 3}}, "did you mean 'batch'"),
        ("sum(OUT)", {"inputs": {"y": "y.npy"}}, "there is no such input"),
        ("sum(OUT)", {"inputs": {"x": "nowhere.npy"}}, "--input x:"),
        ("sum(OUT)", {"freeze": ["nothing*"]}, "no parameter has such a name"),
    ],
)
def test_what_a_person_says_wrong_is_told(tmp_path: Path, loss: str | None, options: Any, what: str) -> None:
    assert what in told(perceptron(), tmp_path, loss, **options)


def test_a_model_of_nothing_but_constants_is_refused(tmp_path: Path) -> None:
    proto = model([helper.make_node("Identity", ["w"], ["out"])], {"x": [3]}, ["out"], {"w": np.ones(3, np.float32)})
    assert "nothing that the model gives is computed" in told(proto, tmp_path)


def test_several_outputs_are_named(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["a"]), helper.make_node("Sigmoid", ["x"], ["b"])]
    proto = model(nodes, {"x": [3]}, ["a", "b"])
    assert "OUT may be any of a, b" in told(proto, tmp_path)
    found = imported(proto, tmp_path, "sum(a) + sum(b)")
    x = data(found, "x")
    assert np.allclose(found.trace.loss, (np.maximum(x, 0) + 1 / (1 + np.exp(-x))).sum(), atol=1e-5)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    imported(perceptron(), tmp_path)
    with pytest.raises(CommandError, match="exists already"):
        import_model(str(tmp_path / "model.onnx"), str(tmp_path / "made"), "sum(OUT)")
