"""A GPT-2 of 124 million parameters in bfloat16 on a CUDA device, recorded: `python -m benchmarks.cuda`, under five
minutes. It times the step plain and recorded, records it, opens the recording, holds each line against it, and prints
the ratio and what it takes; where there is no CUDA device it says so and ends with 2. `--small` is a model of a few
thousand parameters that runs wherever PyTorch does, to try the script itself."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

#: Words, length, width, heads, layers, and sequences in a batch: GPT-2 (Radford et al., 2019), and the small one.
_GPT2, _SMALL = (50257, 1024, 768, 12, 12, 1), (50, 8, 16, 2, 2, 2)
_TURNS = 5


def main(small: bool) -> int:
    """All of it; the exit status."""
    try:
        import torch
    except ImportError:
        print("there is no PyTorch here: pip install '.[torch]'", file=sys.stderr)
        return 2
    if not small and not torch.cuda.is_available():
        print(
            "there is no CUDA device here: nothing was measured (--small tries the script without one)", file=sys.stderr
        )
        return 2
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    model, step, optimizer = _made(torch, _SMALL if small else _GPT2, device)
    for _ in range(2):
        step()
    found = _measured(torch, model, step, optimizer, device)
    print(json.dumps(found, indent=1))
    return 0 if found["ok"] else 1


def _measured(torch: Any, model: Any, step: Callable[[], Any], optimizer: Any, device: str) -> dict[str, Any]:
    import gradstep.torch as gs
    from gradstep.engine.ask.explained import explained
    from gradstep.engine.files import find
    from gradstep.engine.run import record
    from gradstep.torch.backward import watched
    from gradstep.torch.capture import Recorder

    def timed(act: Callable[[], Any]) -> float:
        _wait(torch, device)
        begun = perf_counter()
        act()
        _wait(torch, device)
        return perf_counter() - begun

    def seen() -> None:
        recorder = Recorder(model, {})
        with watched(recorder), recorder:
            step()

    plain, recorded = (min(timed(act) for _ in range(_TURNS)) for act in (step, seen))
    print(f"a step takes {plain:.3f} s, a recorded one {recorded:.3f} s", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gpt2.gradstep"

        def whole() -> None:
            with gs.record(str(path), model, optimizer=optimizer):
                step()

        written = timed(whole)
        size = sum(file.stat().st_size for file in path.iterdir())
        print(f"written in {written:.1f} s", file=sys.stderr)
        begun = perf_counter()
        run = record(find(str(path)))
        opened = perf_counter() - begun
        print(f"opened in {opened:.1f} s", file=sys.stderr)
        checked = explained(run)
        held = perf_counter() - begun - opened
    return {
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "torch": torch.__version__,
        "parameters": sum(p.numel() for p in model.parameters()),
        "step_plain_s": plain,
        "step_recorded_s": recorded,
        "ratio": recorded / plain,
        "record_and_write_s": written,
        "bytes": size,
        "open_s": opened,
        "check_s": held,
        "peak_memory_bytes": torch.cuda.max_memory_allocated() if device == "cuda" else None,
        "lines": checked.total,
        "opaque": len(checked.opaque),
        "not_explained": [f"{name}: {why}" for name, _, why in checked.opaque[:20]],
        "differences": [f"{name}: {difference}" for name, difference in checked.differences[:10]],
        "ok": checked.ok,
    }


def _wait(torch: Any, device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def _made(torch: Any, sizes: tuple[int, ...], device: str) -> tuple[Any, Callable[[], Any], Any]:
    """The model, its step with the update, and its optimiser."""
    nn, F = torch.nn, torch.nn.functional
    words, length, width, heads, layers, samples = sizes
    kind = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
    blocks = [nn.TransformerEncoderLayer(width, heads, 4 * width, **kind) for _ in range(layers)]
    parts = {"wte": nn.Embedding(words, width), "wpe": nn.Embedding(length, width), "h": nn.ModuleList(blocks)}
    model = nn.ModuleDict({**parts, "ln_f": nn.LayerNorm(width)}).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), 3e-4)
    ids = torch.randint(0, words, (samples, length), device=device)
    mask = nn.Transformer.generate_square_subsequent_mask(length, device=device)
    places = torch.arange(length, device=device)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast(device, torch.bfloat16):
            x = model["wte"](ids) + model["wpe"](places)
            for block in model["h"]:
                x = block(x, src_mask=mask, is_causal=True)
            logits = model["ln_f"](x) @ model["wte"].weight.t()
            loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
        optimizer.step()

    return model, step, optimizer


if __name__ == "__main__":
    raise SystemExit(main("--small" in sys.argv))
