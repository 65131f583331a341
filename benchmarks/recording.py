"""A recorded training step of PyTorch against the same step plain: a GPT of 10 million parameters and a ResNet-18. What
is measured is the step, while all of it is seen and copied; writing it to disk, and holding each operation against its
formula, come after it. Run by itself: `python -m benchmarks.recording`, with --quick for a few steps."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from time import process_time
from typing import Any

from benchmarks.measure import Pair

MOST = 3.0


def measure(quick: bool) -> list[Pair]:
    """Both models; nothing where PyTorch is not there."""
    try:
        import torch
    except ImportError:
        return []
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return [_pair(name, *make(torch), 3 if quick else 15) for name, make in (("GPT 10M", _gpt), ("ResNet-18", _resnet))]


def _pair(name: str, model: Any, step: Callable[[], Any], turns: int) -> Pair:
    from gradstep.torch.backward import watched
    from gradstep.torch.capture import Recorder

    ours, theirs = [], []
    step()
    for _ in range(turns):
        begun = process_time()
        step()
        theirs.append(process_time() - begun)
        begun = process_time()
        recorder = Recorder(model, {})
        with watched(recorder), recorder:
            step()
        ours.append(process_time() - begun)
        del recorder
    return Pair("recording", f"a step of {name}", "the step plain", MOST, ours, theirs)


def _gpt(torch: Any) -> tuple[Any, Callable[[], Any]]:
    """Six layers of width 384 with 6 heads, 4 sequences of 64 tokens."""
    nn, F = torch.nn, torch.nn.functional
    width, words, length = 384, 512, 64
    kind = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
    layers = [nn.TransformerEncoderLayer(width, 6, 4 * width, **kind) for _ in range(6)]
    model = nn.ModuleDict(
        {"wte": nn.Embedding(words, width), "h": nn.Sequential(*layers), "head": nn.Linear(width, words, bias=False)}
    )
    ids = torch.randint(0, words, (4, length))

    def step() -> None:
        model.zero_grad()
        F.cross_entropy(model["head"](model["h"](model["wte"](ids))).flatten(0, 1), ids.flatten()).backward()

    return model, step


def _resnet(torch: Any) -> tuple[Any, Callable[[], Any]]:
    """ResNet-18 (He et al., 2016), 4 images of 64×64."""
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):  # type: ignore[misc,name-defined]  # torch is loaded where it is needed
        def __init__(self, inner: int, outer: int, stride: int) -> None:
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(inner, outer, 3, stride, 1, bias=False), nn.BatchNorm2d(outer)
            self.conv2, self.bn2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False), nn.BatchNorm2d(outer)
            short = [nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer)]
            self.short = nn.Sequential(*short) if inner != outer else nn.Identity()

        def forward(self, x: Any) -> Any:
            return F.relu(
                self.short(x) + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True))), inplace=True
            )

    stages, inner = [], 64
    for outer, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        stages += [Block(inner, outer, stride), Block(outer, outer, 1)]
        inner = outer
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10)]
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    model = nn.Sequential(*stem, *stages, *head)
    x, t = torch.randn(4, 3, 64, 64), torch.randint(0, 10, (4,))

    def step() -> None:
        model.zero_grad()
        F.cross_entropy(model(x), t).backward()

    return model, step


if __name__ == "__main__":
    print(json.dumps([asdict(pair) for pair in measure("--quick" in sys.argv)]))
