"""Networks of PyTorch to export: small, random, of the families that engineers train. Each function gives a module, and
what goes in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Made = tuple[nn.Module, tuple[Tensor, ...]]


def mlp() -> Made:
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)), (torch.randn(4, 6),)


def cnn() -> Made:
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, stride=2),
        nn.AvgPool2d(2, padding=1, count_include_pad=False), nn.Flatten(), nn.Linear(24, 5),
    )  # fmt: skip
    with torch.no_grad():
        net[1].running_mean.normal_()
        net[1].running_var.uniform_(0.5, 2)
    return net, (torch.randn(2, 3, 12, 12),)


class Residual(nn.Module):
    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.down = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.down(x))


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.layers = nn.Sequential(Residual(4, 4, 1), Residual(4, 6, 2))
        self.fc = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(F.adaptive_avg_pool2d(self.layers(self.stem(x)), 1).flatten(1))


def resnet() -> Made:
    return ResNet(), (torch.randn(3, 3, 8, 8),)


class Inverted(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        wide = channels * 2
        self.expand = nn.Sequential(nn.Conv2d(channels, wide, 1), nn.BatchNorm2d(wide), nn.ReLU6())
        self.depth = nn.Sequential(
            nn.Conv2d(wide, wide, 3, padding=1, groups=wide), nn.BatchNorm2d(wide), nn.Hardswish()
        )
        self.squeeze = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(wide, 2, 1), nn.SiLU(), nn.Conv2d(2, wide, 1), nn.Hardsigmoid()
        )
        self.project = nn.Conv2d(wide, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.depth(self.expand(x))
        return x + self.project(y * self.squeeze(y))


def mobilenet() -> Made:
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2, padding=1), Inverted(4), Inverted(4), nn.Flatten(), nn.Linear(64, 4)
    )
    return net, (torch.randn(2, 3, 8, 8),)


class UNet(nn.Module):
    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode
        self.down = nn.Conv2d(2, 4, 3, padding=1)
        self.norm = nn.GroupNorm(2, 4)
        self.middle = nn.Conv2d(4, 4, 3, padding=1)
        self.up = nn.ConvTranspose2d(4, 4, 2, stride=2)
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = F.leaky_relu(self.norm(self.down(x)))
        b = self.middle(F.max_pool2d(a, 2))
        b = (
            F.interpolate(b, scale_factor=2, mode=self.mode)
            if self.mode == "nearest"
            else F.interpolate(b, size=a.shape[-2:], mode=self.mode, align_corners=self.mode == "bicubic")
        )
        return self.out(torch.cat([a, b + self.up(F.max_pool2d(a, 2))], 1))


def unet_nearest() -> Made:
    return UNet("nearest"), (torch.randn(2, 2, 6, 6),)


def unet_bilinear() -> Made:
    return UNet("bilinear"), (torch.randn(2, 2, 6, 6),)


class Attention(nn.Module):
    def __init__(self, wide: int, heads: int, causal: bool) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.qkv, self.proj = nn.Linear(wide, 3 * wide), nn.Linear(wide, wide)

    def forward(self, x: Tensor) -> Tensor:
        n, length, wide = x.shape
        q, k, v = (
            one.view(n, length, self.heads, wide // self.heads).transpose(1, 2)
            for one in self.qkv(x).split(wide, dim=2)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.proj(y.transpose(1, 2).reshape(n, length, wide))


class Block(nn.Module):
    def __init__(self, wide: int, causal: bool) -> None:
        super().__init__()
        self.ln1, self.attn = nn.LayerNorm(wide), Attention(wide, 2, causal)
        self.ln2 = nn.LayerNorm(wide)
        self.mlp = nn.Sequential(nn.Linear(wide, 2 * wide), nn.GELU(approximate="tanh"), nn.Linear(2 * wide, wide))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    """With the table of tokens at both ends."""

    def __init__(self) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(11, 8), nn.Embedding(16, 8)
        self.h = nn.ModuleList([Block(8, True), Block(8, True)])
        self.ln_f, self.lm_head = nn.LayerNorm(8), nn.Linear(8, 11, bias=False)
        self.lm_head.weight = self.wte.weight

    def forward(self, ids: Tensor) -> Tensor:
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1], device=ids.device))
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))


def gpt() -> Made:
    return GPT(), (torch.randint(0, 11, (2, 5)),)


class ViT(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, stride=4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.place = nn.Parameter(torch.randn(1, 5, 8))
        self.blocks = nn.Sequential(Block(8, False))
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.place
        return self.head(self.blocks(x)[:, 0])


def vit() -> Made:
    return ViT(), (torch.randn(2, 3, 8, 8),)


class Recurrent(nn.Module):
    def __init__(self, layer: type[nn.RNNBase], **options: object) -> None:
        super().__init__()
        self.layer = layer(3, 4, batch_first=True, **options)
        self.head = nn.Linear(8 if options.get("bidirectional") else 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(x)[0][:, -1])


def lstm() -> Made:
    return Recurrent(nn.LSTM, num_layers=2), (torch.randn(2, 5, 3),)


def bilstm() -> Made:
    return Recurrent(nn.LSTM, bidirectional=True), (torch.randn(2, 5, 3),)


def gru() -> Made:
    return Recurrent(nn.GRU), (torch.randn(2, 5, 3),)


def rnn() -> Made:
    return Recurrent(nn.RNN, nonlinearity="relu"), (torch.randn(2, 5, 3),)


class Activations(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 6)
        self.kinds = nn.ModuleList([
            nn.ELU(0.7), nn.SELU(), nn.CELU(0.5), nn.GELU(), nn.SiLU(), nn.Mish(), nn.Softplus(2), nn.Hardtanh(),
            nn.Softsign(), nn.LogSigmoid(), nn.PReLU(), nn.Hardshrink(0.2), nn.GLU(), nn.Softmax(-1), nn.LogSoftmax(-1),
        ])  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc(x)
        return torch.stack([kind(x).square().mean(-1) for kind in self.kinds], 1)


def activations() -> Made:
    return Activations(), (torch.randn(3, 6),)


class Masked(nn.Module):
    """An encoder of sequences that are filled up, with PyTorch's own layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(9, 8)
        self.attn = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 2)

    def forward(self, ids: Tensor, there: Tensor) -> Tensor:
        x = self.embed(ids)
        x = self.norm(x + self.attn(x, x, x, key_padding_mask=~there, need_weights=False)[0])
        weight = there.to(x.dtype).unsqueeze(-1)
        return self.head((x * weight).sum(1) / weight.sum(1).clamp(min=1))


def masked() -> Made:
    there = torch.ones(3, 5, dtype=torch.bool)
    there[1, 3:] = False
    return Masked(), (torch.randint(0, 9, (3, 5)), there)


class Autoencoder(nn.Module):
    """One weight used in two places, once turned round."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.bias = nn.Linear(6, 4), nn.Parameter(torch.randn(6))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(torch.sigmoid(self.fc(x)), self.fc.weight.t(), self.bias)


def tied() -> Made:
    return Autoencoder(), (torch.randn(4, 6),)


class Pieces(nn.Module):
    """Shapes, indices and reductions of all kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(6, 4))
        self.scale = nn.Parameter(torch.rand(4) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.einsum("bi,ij->bj", x, self.w)
        a, b = y.chunk(2, 1)
        z = torch.cat([torch.where(a > 0, a, b.exp()), torch.minimum(a, b)], -1)
        z = F.pad(z[:, None], (1, 1), value=0.5).squeeze(1)[:, ::2]
        best = y.topk(2, dim=1).values.sum(1, keepdim=True)
        top = torch.tril(y.unsqueeze(2) * self.scale).amax(2)
        return torch.cat([z, best, top.cumsum(1), y.std(1, keepdim=True), y.norm(dim=1, keepdim=True)], 1)


def pieces() -> Made:
    return Pieces(), (torch.randn(3, 6),)


NETWORKS: Mapping[str, Callable[[], Made]] = {
    one.__name__: one
    for one in (
        mlp, cnn, resnet, mobilenet, unet_nearest, unet_bilinear, gpt, vit, lstm, bilstm, gru, rnn, activations, masked,
        tied, pieces,
    )
}  # fmt: skip
