"""More models to record, of families that the others leave out, each a few lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from models import Made, Plain
from torch import Tensor, nn, rand, randint, randn


def windows() -> Made:
    """Attention within windows that are shifted, with a table of relative positions, as in Swin."""

    def attend(m: Any, x: Tensor, shift: int) -> Tensor:
        b, h, w, c = x.shape
        y = torch.roll(m.norm(x), (-shift, -shift), (1, 2))
        y = y.view(b, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, c)
        q, k, v = m.qkv(y).reshape(-1, 4, 3, 2, c // 2).permute(2, 0, 3, 1, 4)
        bias = m.table.weight[m.index].view(4, 4, 2).permute(2, 0, 1)
        y = ((q * (c // 2) ** -0.5) @ k.transpose(-2, -1) + bias).softmax(-1) @ v
        y = m.out(y.transpose(1, 2).reshape(-1, 4, c)).view(b, h // 2, w // 2, 2, 2, c)
        return x + torch.roll(y.permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c), (shift, shift), (1, 2))

    def block(shift: int) -> nn.Module:
        m = Plain(
            lambda m, x: attend(m, x, shift),
            norm=nn.LayerNorm(4), qkv=nn.Linear(4, 12), out=nn.Linear(4, 4), table=nn.Embedding(9, 2),
        )  # fmt: skip
        place = torch.stack(torch.meshgrid(torch.arange(2), torch.arange(2), indexing="ij")).flatten(1)
        apart = (place[:, :, None] - place[:, None, :]).permute(1, 2, 0) + 1
        m.register_buffer("index", (apart[..., 0] * 3 + apart[..., 1]).view(-1))
        return m

    net = nn.Sequential(block(0), block(1), nn.Flatten(1, 2), nn.Linear(4, 3))
    return net, lambda: F.cross_entropy(net(randn(2, 4, 4, 4)).mean(1), randint(0, 3, (2,)))


def packed() -> Made:
    """Sequences of different lengths, packed."""
    net = nn.ModuleDict({"lstm": nn.LSTM(3, 4, batch_first=True), "gru": nn.GRU(4, 3, bidirectional=True)})

    def step() -> Tensor:
        x = nn.utils.rnn.pack_padded_sequence(randn(3, 5, 3), torch.tensor([5, 3, 2], device="cpu"), batch_first=True)
        y, (h, _) = net["lstm"](x)
        z, _ = net["gru"](y)
        padded, _ = nn.utils.rnn.pad_packed_sequence(z, batch_first=True)
        loss: Tensor = padded.square().sum() + h.sum()
        return loss

    return net, step


def clip() -> Made:
    """Images and texts whose likeness is learnt with a temperature (CLIP)."""
    net = nn.ModuleDict({"image": nn.Linear(5, 4), "text": nn.EmbeddingBag(9, 4)})
    net.scale = nn.Parameter(torch.tensor(2.6))

    def step() -> Tensor:
        a = F.normalize(net["image"](randn(4, 5)), dim=-1)
        b = net["text"](randint(0, 9, (4, 3)))
        b = b / b.norm(dim=-1, keepdim=True)
        scores = net.scale.exp() * a @ b.t()
        t = torch.arange(4)
        return (F.cross_entropy(scores, t) + F.cross_entropy(scores.t(), t)) / 2

    return net, step


def transported() -> Made:
    """Images looked at where a network points to (spatial transformers, Jaderberg et al., 2015)."""
    where = nn.Sequential(nn.Flatten(), nn.Linear(25, 6))
    net = nn.ModuleDict({"where": where, "out": nn.Linear(25, 2)})

    def step() -> Tensor:
        x = randn(2, 1, 5, 5)
        grid = F.affine_grid(net["where"](x).view(-1, 2, 3) + torch.eye(2, 3), [2, 1, 5, 5], align_corners=False)
        y = F.grid_sample(x, grid, padding_mode="border", align_corners=False)
        return F.cross_entropy(net["out"](y.flatten(1)), randint(0, 2, (2,)))

    return net, step


def speech() -> Made:
    """Characters of a recording, wherever in it they are (CTC)."""
    net = nn.GRU(3, 4, batch_first=True)
    out = nn.Linear(4, 5)
    both = nn.ModuleList([net, out])

    def step() -> Tensor:
        y = out(net(randn(2, 7, 3))[0]).log_softmax(-1).transpose(0, 1)
        return F.ctc_loss(y, randint(1, 5, (2, 3)), torch.tensor([7, 6]), torch.tensor([3, 2]))

    return both, step


def gaussian() -> Made:
    """A Gaussian process: the logarithm of a likelihood through a Cholesky factor."""
    net = nn.Linear(2, 3)

    def step() -> Tensor:
        z = net(randn(5, 2))
        k = (-0.5 * torch.cdist(z, z).square()).exp() + 0.1 * torch.eye(5)
        low = torch.linalg.cholesky(k)
        t = randn(5, 1)
        a = torch.linalg.solve_triangular(low, t, upper=False)
        return 0.5 * a.square().sum() + low.diagonal().log().sum()

    return net, step


def solved() -> Made:
    """Systems of equations, inverses and determinants."""
    net = nn.Linear(3, 9)

    def step() -> Tensor:
        a = net(randn(2, 3)).view(2, 3, 3) + 3 * torch.eye(3)
        b = torch.linalg.solve(a, randn(2, 3, 1)).square().sum()
        return b + torch.linalg.inv(a).square().sum() + torch.linalg.slogdet(a)[1].sum() + torch.linalg.det(a).sum()

    return net, step


def flows() -> Made:
    """Coupling layers and their logarithms of volumes (RealNVP)."""
    parts = nn.ModuleList([nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 4)) for _ in range(2)])

    def step() -> Tensor:
        x, volume = randn(6, 4), torch.zeros(6)
        for k, part in enumerate(parts):
            a, b = x.chunk(2, 1) if k % 2 == 0 else x.chunk(2, 1)[::-1]
            s, t = part(a).chunk(2, 1)
            b = b * s.tanh().exp() + t
            volume = volume + s.tanh().sum(1)
            x = torch.cat([a, b] if k % 2 == 0 else [b, a], 1)
        return -(torch.distributions.Normal(0.0, 1.0).log_prob(x).sum(1) + volume).mean()

    return parts, step


def mixture() -> Made:
    """A mixture density network, by distributions."""
    net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 9))

    def step() -> Tensor:
        weights, means, scales = net(randn(5, 2)).chunk(3, -1)
        d = torch.distributions
        mixed = d.MixtureSameFamily(d.Categorical(logits=weights), d.Normal(means, F.softplus(scales) + 1e-3))
        return -mixed.log_prob(randn(5)).mean()

    return net, step


def quantised() -> Made:
    """The nearest of a table of codes, passed straight through (VQ-VAE)."""
    net = nn.ModuleDict({"in": nn.Linear(4, 3), "codes": nn.Embedding(6, 3), "out": nn.Linear(3, 4)})

    def step() -> Tensor:
        x = randn(5, 4)
        z = net["in"](x)
        near = torch.cdist(z, net["codes"].weight).argmin(1)
        q = net["codes"](near)
        passed = z + (q - z).detach()
        loss: Tensor = F.mse_loss(net["out"](passed), x) + F.mse_loss(q, z.detach()) + 0.25 * F.mse_loss(z, q.detach())
        return loss

    return net, step


def attentive() -> Made:
    """Attention along the edges of a graph (GAT), normalised by scattering."""
    net = nn.ModuleDict({"w": nn.Linear(3, 4, bias=False), "a": nn.Linear(8, 1)})

    def step() -> Tensor:
        x, (src, dst) = randn(5, 3), randint(0, 5, (2, 9))
        h = net["w"](x)
        e = F.leaky_relu(net["a"](torch.cat([h[src], h[dst]], 1)), 0.2).squeeze(1)
        top = torch.full((5,), -1e9).scatter_reduce(0, dst, e.detach(), "amax")
        w = (e - top[dst]).exp()
        total = torch.zeros(5).index_add(0, dst, w)
        y = torch.zeros(5, 4).index_add(0, dst, (w / total[dst])[:, None] * h[src])
        return F.elu(y).square().mean()

    return net, step


def critic() -> Made:
    """Two critics and a squashed policy (SAC), a soft target and a Huber loss."""
    net = nn.ModuleDict({"pi": nn.Linear(3, 4), "q1": nn.Linear(5, 1), "q2": nn.Linear(5, 1)})

    def step() -> Tensor:
        s = randn(6, 3)
        mean, log = net["pi"](s).chunk(2, -1)
        d = torch.distributions.Normal(mean, log.clamp(-5, 2).exp())
        u = d.rsample()
        a = u.tanh()
        logp = (d.log_prob(u) - torch.log(1 - a.pow(2) + 1e-6)).sum(-1)
        sa = torch.cat([s, a], -1)
        q = torch.min(net["q1"](sa), net["q2"](sa)).squeeze(-1)
        return (0.2 * logp - q).mean() + F.huber_loss(net["q1"](sa.detach()).squeeze(-1), randn(6))

    return net, step


def spectral() -> Made:
    """Mixing by Fourier transforms (FNet), and a learnt filter of frequencies."""
    net = nn.ModuleDict({"in": nn.Linear(4, 4), "out": nn.Linear(4, 2)})
    net.filter = nn.Parameter(rand(4, 4))

    def step() -> Tensor:
        x = net["in"](randn(2, 6, 4))
        x = x + torch.fft.fft2(x).real
        y = torch.fft.irfft(torch.fft.rfft(x, dim=1) * net.filter, n=6, dim=1)
        return net["out"](y).square().mean()

    return net, step


def detector() -> Made:
    """Boxes and their overlaps, a focal loss, matched by numbers."""
    net = nn.Linear(4, 5)

    def step() -> Tensor:
        y, t = net(randn(6, 4)), rand(6, 4).cumsum(1)
        box, score = y[:, :4].exp().cumsum(1), y[:, 4]
        low, high = torch.max(box[:, :2], t[:, :2]), torch.min(box[:, 2:], t[:, 2:])
        inter = (high - low).clamp(min=0).prod(1)
        area = (box[:, 2:] - box[:, :2]).prod(1) + (t[:, 2:] - t[:, :2]).prod(1)
        p, c = score.sigmoid(), (randint(0, 2, (6,)) > 0).to(score)
        near = p * c + (1 - p) * (1 - c)
        focal = F.binary_cross_entropy_with_logits(score, c, reduction="none") * (1 - near) ** 2
        return (1 - inter / (area - inter)).mean() + focal.sum()

    return net, step


def eigen() -> Made:
    """Eigenvalues and singular values as penalties."""
    net = nn.Linear(4, 4)

    def step() -> Tensor:
        w = net(randn(5, 4))
        return torch.linalg.svdvals(w).sum() + torch.linalg.eigvalsh(w.T @ w)[-1] + torch.linalg.matrix_norm(w, "nuc")

    return net, step


FAMILIES: dict[str, Callable[[], Made]] = {
    make.__name__: make
    for make in (
        windows, packed, clip, transported, speech, gaussian, solved, flows, mixture, quantised, attentive, critic,
        spectral, detector, eigen,
    )
}  # fmt: skip
