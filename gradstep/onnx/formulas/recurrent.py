"""Networks over time: the weights of ONNX, gate by gate, in PyTorch's order."""

from __future__ import annotations

from gradstep.onnx.formulas.table import Called, Made, Unwritable, op

#: For each gate in PyTorch's order, which it is in ONNX's: i f g o there are i o f c here, and r z n are z r h.
_GATES = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
_USUAL = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}


def _layer(of: str) -> None:
    @op(of)
    def made(c: Called) -> Made:
        directions = _checked(c, of)
        hidden, count = c.shape(2)[2], len(directions)
        length, samples = c.shape()[:2] if not c.get("layout") else c.shape()[1::-1]
        first = f"swapaxes({c[0]}, 0, 1)" if c.get("layout") else c[0]
        reverse = directions == ["reverse"]
        first = f"flip({first}, 0)" if reverse else first
        slots = (5, 6) if of == "LSTM" else (5,)
        begins = [f", {name}={_begun(c, k)}" for name, k in zip(("h0", "c0"), slots, strict=False) if c.has(k)]
        weights = [text for d in range(count) for text in _weights(c, of, d, hidden)]
        options = _options(c, of, count)
        names = c.several(
            f"{of.lower()}({', '.join([first, *weights])}{''.join(begins)}{options})", "", 2 + (of == "LSTM")
        )
        made = f"flip({names[0]}, 0)" if reverse else names[0]
        made = f"transpose(reshape({made}, {(length, samples, count, hidden)}), (0, 2, 1, 3))"
        ends = names[1:]
        if c.get("layout"):
            made, ends = f"transpose({made}, (2, 0, 1, 3))", [f"swapaxes({one}, 0, 1)" for one in ends]
        return made if c.outputs == 1 else [made, *ends][: c.outputs]


def _checked(c: Called, of: str) -> list[str]:
    """The directions. Raises Unwritable for what PyTorch's layers do not have."""
    direction = str(c.get("direction", "forward"))
    directions = ["forward", "reverse"] if direction == "bidirectional" else [direction]
    usual = [one.lower() for one in _USUAL[of]] * len(directions)
    functions = [
        str(one, "utf-8").lower() if isinstance(one, bytes) else str(one).lower()
        for one in c.get("activations") or usual
    ]
    relu = of == "RNN" and set(functions) == {"relu"}
    if functions != usual and not relu:
        raise Unwritable(f"{of} with the activations {', '.join(functions)}")
    if c.get("clip") or c.get("input_forget"):
        raise Unwritable(f"{of} with {'clip' if c.get('clip') else 'input_forget'}")
    if of == "LSTM" and c.has(7):
        raise Unwritable("LSTM with peepholes")
    if of == "GRU" and not c.get("linear_before_reset"):
        raise Unwritable("GRU without linear_before_reset, as PyTorch has it")
    length = c.shape()[1 if c.get("layout") else 0]
    if c.has(4) and any(int(n) != length for n in c.array(4).reshape(-1)):
        raise Unwritable(f"{of} over sequences of different lengths")
    return directions


def _begun(c: Called, k: int) -> str:
    return f"swapaxes({c[k]}, 0, 1)" if c.get("layout") else c[k]


def _weights(c: Called, of: str, direction: int, hidden: int) -> list[str]:
    """Weights and biases of one direction."""
    made = [_in_order(f"{c[k]}[{direction}]", of, hidden, 0) for k in (1, 2)]
    if c.has(3):
        start = len(_GATES[of]) * hidden
        made += [_in_order(f"{c[3]}[{direction}]", of, hidden, at) for at in (0, start)]
    return made


def _in_order(text: str, of: str, hidden: int, start: int) -> str:
    parts = [f"{text}[{start + g * hidden}:{start + (g + 1) * hidden}]" for g in _GATES[of]]
    return f"concat({', '.join(parts)}, axis=0)" if len(parts) > 1 else parts[0]


def _options(c: Called, of: str, count: int) -> str:
    relu = of == "RNN" and b"relu" in [
        one.lower() if isinstance(one, bytes) else one for one in c.get("activations") or []
    ]
    found = ", bidirectional=True" if count > 1 else ""
    found += "" if c.has(3) else ", bias=False"
    return found + (", nonlinearity='relu'" if relu else "")


for _one in _GATES:
    _layer(_one)
