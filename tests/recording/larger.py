"""Architectures of torchvision and transformers, from their configurations alone, without downloads:
`python tests/recording/larger.py [NAME ...]`. What of them is not installed is left out.

    uv pip install --no-deps torchvision transformers

Where torchvision was built for another PyTorch, its own operations are missing, and no model of it needs them.
"""

from __future__ import annotations

import os
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from measured import measure
from models import Made
from torch import Tensor, randint, randn

_VISION: Mapping[str, Mapping[str, Any]] = {
    "resnet18": {}, "densenet121": {}, "mobilenet_v2": {}, "mobilenet_v3_small": {}, "efficientnet_b0": {},
    "regnet_x_400mf": {}, "shufflenet_v2_x0_5": {}, "mnasnet0_5": {}, "squeezenet1_0": {}, "swin_t": {},
    "googlenet": {"aux_logits": True, "init_weights": False}, "convnext_tiny": {},
}  # fmt: skip
_TINY = {
    "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 24,
    "max_position_embeddings": 32,
}  # fmt: skip
_FEW = {**_TINY, "num_key_value_heads": 2}
#: The class of the model and of its configuration, what that says, and whether it classifies.
_LANGUAGE: Mapping[str, tuple[str, str, Mapping[str, Any], bool]] = {
    "gpt2": ("GPT2LMHeadModel", "GPT2Config", {"vocab_size": 50, "n_embd": 16, "n_layer": 2, "n_head": 4}, False),
    "bert": ("BertForSequenceClassification", "BertConfig", _TINY, True),
    "distilbert": (
        "DistilBertForSequenceClassification", "DistilBertConfig",
        {"vocab_size": 50, "dim": 16, "n_layers": 2, "n_heads": 4, "hidden_dim": 24}, True,
    ),
    "llama": ("LlamaForCausalLM", "LlamaConfig", _FEW, False),
    "mistral": ("MistralForCausalLM", "MistralConfig", {**_FEW, "sliding_window": 4}, False),
    "qwen2": ("Qwen2ForCausalLM", "Qwen2Config", _FEW, False),
    "gemma2": ("Gemma2ForCausalLM", "Gemma2Config", {**_FEW, "head_dim": 4}, False),
    "t5": (
        "T5ForConditionalGeneration", "T5Config",
        {"vocab_size": 50, "d_model": 16, "d_kv": 4, "d_ff": 24, "num_layers": 2, "num_heads": 4,
         "decoder_start_token_id": 0}, False,
    ),
    "mamba": ("MambaForCausalLM", "MambaConfig", {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2}, False),
    "opt": (
        "OPTForCausalLM", "OPTConfig",
        {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "ffn_dim": 24,
         "word_embed_proj_dim": 16}, False,
    ),
    "gpt_neox": ("GPTNeoXForCausalLM", "GPTNeoXConfig", _TINY, False),
}  # fmt: skip


def _vision(name: str, options: Mapping[str, Any]) -> Made:
    net = getattr(import_module("torchvision.models"), name)(weights=None, num_classes=10, **options)

    def step() -> Tensor:
        out = net(randn(2, 3, 64, 64))
        out = out if isinstance(out, Tensor) else out.logits + 0.3 * out.aux_logits2
        return F.cross_entropy(out, randint(0, 10, (2,)))

    return net, step


def _language(model: str, config: str, options: Mapping[str, Any], classifies: bool) -> Made:
    library = import_module("transformers")
    net = getattr(library, model)(getattr(library, config)(**options)).train()

    def step() -> Tensor:
        ids = randint(3, 50, (2, 9))
        loss: Tensor = net(input_ids=ids, labels=randint(0, 2, (2,)) if classifies else ids).loss
        return loss

    return net, step


def made() -> dict[str, Callable[[], Made]]:
    """All whose libraries are there."""
    sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations"))
    found: dict[str, Callable[[], Made]] = {}
    if find_spec("torchvision") is not None:
        found |= {name: lambda n=name, o=options: _vision(n, o) for name, options in _VISION.items()}
    if find_spec("transformers") is not None:
        found |= {name: lambda a=about: _language(*a) for name, about in _LANGUAGE.items()}
    return found


def main(names: Sequence[str]) -> int:
    warnings.filterwarnings("ignore")
    os.environ["HF_HUB_OFFLINE"] = "1"
    models, lines, opaque, wrong = made(), 0, 0, 0
    for name in names or models:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(models[name], torch.float64, Path(folder))
        lines, opaque = lines + found.explained.total, opaque + len(found.explained.opaque)
        bad = found.error > 1e-9 or not found.same or not found.explained.ok
        wrong += bad
        print(
            f"{name:18} {found.explained.checked:4} of {found.explained.total:4} lines explained, wrong: {bad}",
            flush=True,
        )
        for line, why in found.reasons.items():
            print(f"    {line}: {why}")
    print(f"{opaque} of {lines} lines are not explained; {wrong} recordings are wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
