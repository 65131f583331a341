"""What only CUDA devices compute: rules of their operations held against PyTorch's own layers, and how many digits they
have there. No device is needed: operations are said to be called with what a layer on a processor takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gradstep.engine.run.agreement import explains
from gradstep.torch import devices
from gradstep.torch.devices import computed_in
from gradstep.torch.formulas.table import OPERATIONS
from gradstep.torch.seen import Called, Ref, Seen


class Said:
    """A call of an operation with tensors, and what writes it."""

    def __init__(self, name: str, arguments: tuple[Any, ...], outputs: list[Tensor | None]) -> None:
        self.seen: list[Seen] = []
        self.used: dict[str, Tensor] = {}
        self.outputs = outputs
        schema = getattr(torch.ops.aten, name).default._schema
        made = [None if one is None else self.ref(one).seen for one in outputs]
        self.call = Called(name, tuple(map(self.ref, arguments)), {}, outputs=made, schema=schema)
        self.rule = OPERATIONS[name]

    def ref(self, one: Any) -> Any:
        if isinstance(one, list):
            return [self.ref(part) for part in one]
        if not isinstance(one, Tensor):
            return one
        found = next((seen for seen in self.seen if seen.tensor is one), None)
        if found is None:
            found = Seen(len(self.seen), one, 0, "made")
            self.seen.append(found)
        return Ref(found)

    def __call__(self, argument: Any) -> str:
        self.used[f"v{argument.seen.number}"] = argument.seen.tensor
        return f"v{argument.seen.number}"

    def differs(self) -> str:
        """Why its formulas do not give the outputs and the gradients of PyTorch."""
        formulas = self.rule(self.call, self)  # type: ignore[arg-type]  # it writes tensors, and that is all
        assert isinstance(formulas, list)
        pairs = [(f, out) for f, out in zip(formulas, self.outputs, strict=True) if f is not None and out is not None]
        upstream, leaves = [torch.randn_like(out) for _, out in pairs], list(self.used.values())
        gradients = torch.autograd.grad([out for _, out in pairs], leaves, upstream)
        arrays = {name: one.detach().numpy() for name, one in self.used.items()}
        parts = {name: one.numpy() for name, one in zip(self.used, gradients, strict=True)}
        outs: list[np.ndarray[Any, Any]] = [out.detach().numpy() for _, out in pairs]
        ups = [one.numpy() for one in upstream]
        return explains([f for f, _ in pairs], arrays, list(arrays), outs, ups, parts, "float64")


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize(
    ("mode", "layer", "options"),
    [
        (0, nn.RNN, {"nonlinearity": "relu"}),
        (1, nn.RNN, {}),
        (2, nn.LSTM, {}),
        (2, nn.LSTM, {"proj_size": 2}),
        (3, nn.GRU, {}),
    ],
)
def test_recurrent_layers(
    mode: int, layer: Callable[..., Any], options: dict[str, Any], batch_first: bool, bias: bool
) -> None:
    torch.manual_seed(0)
    kind = {"dtype": torch.float64}
    made = layer(3, 4, num_layers=2, bidirectional=True, batch_first=batch_first, bias=bias, **options, **kind)
    x = torch.randn(2, 5, 3, requires_grad=True, **kind)
    samples, projected = 2 if batch_first else 5, options.get("proj_size", 0)
    h = torch.randn(4, samples, projected or 4, requires_grad=True, **kind)
    c = torch.randn(4, samples, 4, requires_grad=True, **kind) if mode == 2 else None
    y, last = made(x, h if c is None else (h, c))
    states = [last, None] if c is None else list(last)
    weights = list(made._flat_weights)
    sizes = (mode, 4, projected, 2, batch_first, 0.0, True, True, [], None)
    said = Said("_cudnn_rnn", (x, weights, len(weights) // 4, None, h, c, *sizes), [y, *states, None, None])
    assert said.differs() == ""


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_cells(kind: str) -> None:
    torch.manual_seed(0)
    width, count = 3, 4 if kind == "lstm" else 3
    of_input, of_state = (torch.randn(2, count * width, dtype=torch.float64, requires_grad=True) for _ in range(2))
    state = torch.randn(2, width, dtype=torch.float64, requires_grad=True)
    biases = [torch.randn(count * width, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    outputs: list[Tensor | None]
    if kind == "lstm":  # as the documentation of torch.nn.LSTMCell and GRUCell has them
        i, f, g, o = (of_input + of_state + biases[0] + biases[1]).chunk(4, 1)
        c = f.sigmoid() * state + i.sigmoid() * g.tanh()
        outputs = [o.sigmoid() * c.tanh(), c, None]
    else:
        (ri, zi, ni), (rh, zh, nh) = (
            (one + b).chunk(3, 1) for one, b in zip((of_input, of_state), biases, strict=True)
        )
        n = (ni + (ri + rh).sigmoid() * nh).tanh()
        outputs = [n + (zi + zh).sigmoid() * (state - n), None]
    said = Said(f"_thnn_fused_{kind}_cell", (of_input, of_state, state, *biases), outputs)
    assert said.differs() == ""


@pytest.mark.parametrize("cublas", [True, False])
def test_digits_of_devices(cublas: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_allowed", lambda library: cublas or library == "cudnn")
    assert computed_in(["convolution"], "float32", "cpu") == "float32"
    assert computed_in(["convolution"], "float32", "cuda") == "tf32"
    assert computed_in(["convolution"], "bfloat16", "cuda") == "bfloat16"
    assert computed_in(["addmm", "relu"], "float32", "cuda") == ("tf32" if cublas else "float32")
    assert computed_in(["relu"], "float32", "cuda") == "float32"
    assert computed_in(["hardswish"], "float64", "cuda") == "float32"
    assert computed_in(["hardswish"], "float64", "cpu") == "float64"


def test_what_pytorch_says_of_its_digits() -> None:
    assert devices._allowed("cudnn") is torch.backends.cudnn.allow_tf32
    assert devices._allowed("cublas") is torch.backends.cuda.matmul.allow_tf32
