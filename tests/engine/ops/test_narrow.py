"""Operations on halves: what PyTorch's kernels make of them, forward and backward."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradstep.engine.ask.differences.verifying import verify
from gradstep.engine.files import loads
from gradstep.engine.ops import REGISTRY
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.ops.narrow import Narrow, narrow, unrounded, wide
from gradstep.engine.run.recording import Recording, record

X = [[0.5, -1.0, 0.25], [1.5, 0.5, -0.75], [-0.5, 2.0, 1.0], [0.0, -0.25, 0.6]]
T = [[0.3], [1.0], [-0.7], [0.2]]
LEAVES = {"W1": [[0.4, -0.3, 0.2], [0.1, 0.6, -0.5]], "b1": [0.05, -0.1], "W2": [[0.5, -0.4]]}


def half(kind: str, activation: str) -> Recording:
    lines = [f"{name} = {value}" for name, value in LEAVES.items()]
    return record(
        loads(f"""format = 1
dtype = "float32"
batch = ["x", "t"]
[inputs]
x = {X}
t = {T}
[parameters]
{chr(10).join(lines)}
[graph]
h = "{activation}(cast(x, '{kind}') @ cast(W1, '{kind}').T + cast(b1, '{kind}'))"
y = "cast(h @ cast(W2, '{kind}').T, 'float32')"
L = "mse(y, t)"
""")
    )


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "silu"])
def test_a_network_of_halves_is_that_of_pytorch_bit_for_bit(kind: str, activation: str) -> None:
    recording, to = half(kind, activation), getattr(torch, kind)
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in LEAVES.items()}
    of = {"relu": torch.relu, "silu": torch.nn.functional.silu}.get(activation) or getattr(torch, activation)
    z = torch.nn.functional.linear(torch.tensor(X).to(to), leaves["W1"].to(to), leaves["b1"].to(to))
    h = of(z)
    y = (h @ leaves["W2"].to(to).T).float()
    torch.nn.functional.mse_loss(y, torch.tensor(T)).backward()
    graph, trace = recording.graph, recording.trace
    for name, theirs in (("h:linear", z), ("h", h), ("y", y)):
        assert np.array_equal(trace.data[graph.by_name[name].id], theirs.detach().float().numpy()), name
    for name, leaf in leaves.items():
        assert leaf.grad is not None
        assert np.array_equal(trace.gradient(graph.by_name[name].id), leaf.grad.numpy()), name
    assert [graph.by_name[name].kind for name in ("x", "h:cast", "h:linear", "h", "y", "L")] == [
        "", kind, kind, kind, "", "",
    ]  # fmt: skip
    assert verify(recording).ok


def test_it_is_still_the_operation_that_it_was() -> None:
    op = narrow(REGISTRY["elu"](alpha=0.5), "float16", ["float16"])  # type: ignore[call-arg]
    x, g = np.array([-0.3, 0.7]), np.array([0.1, 0.2])
    assert isinstance(op, REGISTRY["elu"])
    assert isinstance(op, Narrow)
    assert op.forward([x]).tolist() == np.float16([0.5 * np.expm1(-0.3), 0.7]).tolist()
    plain = wide(op)
    assert (type(plain), plain) == (REGISTRY["elu"], REGISTRY["elu"](alpha=0.5))  # type: ignore[call-arg]
    y = op.forward([x])
    assert op.vjp(0, g, y, [x]).dtype == np.float64
    # The slope of ELU where it is curved is y + α: of the operation itself that of y before it is rounded.
    assert unrounded(op).vjp(0, g, y, [x]) == pytest.approx([0.1 * 0.5 * np.exp(-0.3), 0.2], rel=1e-15)
    assert narrow(plain, "", [""]) is plain
    assert narrow(Linear(), "float16", ["float16", "float16"]).contracts
