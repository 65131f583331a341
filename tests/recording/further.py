"""Further models to record, each for something that went wrong, or was not explained, when it was first tried."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from models import Made, Plain
from torch import Tensor, nn, randint, randn


def recurrent() -> Made:
    """Two directions, two layers, states that are used: in single precision PyTorch computes each layer as one."""
    net = nn.LSTM(4, 3, 2, bidirectional=True, batch_first=True)

    def step() -> Tensor:
        y, (h, c) = net(randn(2, 5, 4))
        loss: Tensor = y.square().sum() + h.sum() + (c * c).sum()
        return loss

    return net, step


def normed() -> Made:
    """Weights that are computed from other parameters, in both ways that PyTorch has."""
    net = nn.Sequential(
        nn.utils.parametrizations.weight_norm(nn.Linear(4, 5)), nn.ReLU(),
        nn.utils.parametrizations.spectral_norm(nn.Linear(5, 2)),
    )  # fmt: skip
    return net, lambda: net(randn(3, 4)).square().mean()


def bags() -> Made:
    """Rows of tables, added up, averaged and the largest of them, whose products are the features (DLRM)."""
    kinds = {kind: nn.EmbeddingBag(9, 4, mode=kind) for kind in ("sum", "mean", "max")}
    net = nn.ModuleDict({**kinds, "dense": nn.Linear(3, 4), "top": nn.Linear(10, 1)})

    def step() -> Tensor:
        ids, offsets = randint(0, 9, (7,)), torch.tensor([0, 2, 5])
        z = torch.stack([net["dense"](randn(3, 3)), *(net[kind](ids, offsets) for kind in kinds)], 1)
        rows, columns = torch.tril_indices(4, 4, -1)
        features = torch.cat([(z @ z.transpose(1, 2))[:, rows, columns], z[:, 0]], 1)
        return F.binary_cross_entropy_with_logits(net["top"](features).squeeze(1), randint(0, 2, (3,)).to(z))

    return net, step


def routed() -> Made:
    """Experts whose results are added to the rows that a mask picks."""
    net = nn.ModuleList([nn.Linear(4, 3), *(nn.Linear(4, 4) for _ in range(3))])

    def step() -> Tensor:
        x = randn(6, 4)
        share, chosen = net[0](x).topk(2, 1)
        share, out = share.softmax(1), torch.zeros_like(x)
        for k, expert in enumerate(net[1:]):
            mine = (chosen == k).any(1)
            out[mine] += share[chosen == k][:, None] * expert(x[mine])
        return out.square().mean()

    return net, step


def tokens() -> Made:
    """A vision transformer: parameters that are expanded and joined before anything is computed."""
    net = Plain(
        lambda m, x: m.head(m.block(torch.cat([m.cls.expand(2, -1, -1), m.patch(x).flatten(2).mT], 1) + m.pos)[:, 0]),
        patch=nn.Conv2d(3, 8, 4, 4), head=nn.Linear(8, 3),
        block=nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu"),
    )  # fmt: skip
    net.cls, net.pos = nn.Parameter(randn(1, 1, 8)), nn.Parameter(randn(1, 5, 8))
    return net, lambda: F.cross_entropy(net(randn(2, 3, 8, 8)), randint(0, 3, (2,)))


def capsules() -> Made:
    """Routing by agreement (Sabour et al., 2017)."""
    net = nn.ParameterDict({"w": randn(4, 3, 5, 6) * 0.3})

    def step() -> Tensor:
        u, b = torch.einsum("ijkl,bil->bijk", net["w"], randn(2, 4, 6)), torch.zeros(2, 4, 3)
        for _ in range(3):
            s = (b.softmax(2).unsqueeze(-1) * u).sum(1)
            n = s.square().sum(-1, keepdim=True)
            v = n / (1 + n) * s / n.sqrt()
            b = b + (u * v.unsqueeze(1)).sum(-1)
        length = v.norm(dim=-1)
        return (F.relu(0.9 - length)[:, 0] ** 2).sum() + 0.5 * (F.relu(length - 0.1)[:, 1:] ** 2).sum()

    return net, step


def mapped() -> Made:
    """torch.vmap over several models at once, and over samples: what the program sees there has no numbers to read."""
    net = nn.ParameterDict({"w": randn(4, 3, 5), "b": randn(4, 3)})
    layer = nn.Linear(5, 2)
    net["v"], net["c"] = layer.weight, layer.bias

    def step() -> Tensor:
        x = randn(6, 5)
        each = torch.vmap(lambda w, b: torch.tanh(x @ w.T + b).square().mean())(net["w"], net["b"])
        return each.sum() + torch.vmap(lambda row: F.softmax(layer(row), 0).square().sum())(x).mean()

    return net, step


def fourier() -> Made:
    """A Fourier layer (Li et al., 2021): complex weights, of which a part of the spectrum is written."""
    net = nn.ParameterDict({"w": torch.view_as_complex(randn(2, 2, 3, 2)), "gain": randn(2, 1)})

    def step() -> Tensor:
        x = net["gain"] * randn(2, 2, 8)
        spectrum = torch.fft.rfft(x)
        out = torch.zeros_like(spectrum)
        out[..., :3] = torch.einsum("bix,iox->box", spectrum[..., :3], net["w"])
        both = torch.fft.fft2(x).abs().mean() + torch.fft.irfft2(torch.fft.rfft2(x) * 0.5).square().mean()
        return torch.fft.irfft(out, n=8).square().mean() + both

    return net, step


def rotated() -> Made:
    """Positions as rotations of complex numbers, and a kernel that is a sum of decaying ones (S4D)."""
    net = Plain(lambda m, x: m.inner(x), inner=nn.Linear(8, 8))
    net.rate, net.turn, net.out = nn.Parameter(randn(2, 4)), nn.Parameter(randn(2, 4)), nn.Parameter(randn(2, 4, 2))

    def step() -> Tensor:
        angles = torch.outer(torch.arange(5.0), 0.1 ** torch.arange(4.0)).to(net.rate)
        x = torch.view_as_complex(net(randn(2, 5, 8)).reshape(2, 5, 4, 2)) * torch.polar(
            torch.ones_like(angles), angles
        )
        poles = -net.rate.exp() + 1j * net.turn
        kernel = torch.einsum(
            "hn,hnl->hl", torch.view_as_complex(net.out), torch.exp(poles[..., None] * torch.arange(6))
        )
        return (
            torch.view_as_real(x).flatten(2).sin().mean()
            + (2 * kernel.real).square().mean()
            + kernel.angle().sin().sum()
        )

    return net, step


def resized() -> Made:
    """Pools by places, arrays in other sizes, windows put together again."""
    net = nn.Conv2d(2, 4, 3, padding=1)

    def step() -> Tensor:
        x = net(randn(2, 2, 9, 9))
        most, places = F.max_pool2d(x, 2, return_indices=True)
        made = [
            F.max_unpool2d(most, places, 2, output_size=(9, 9)),
            F.adaptive_max_pool2d(x, 4),
            F.max_pool3d(x[None], 2),
        ]
        made += [
            F.interpolate(x, size=(7, 11), mode=mode) for mode in ("nearest", "nearest-exact", "bilinear", "bicubic")
        ]
        made += [F.interpolate(x[:, 0], size=5, mode="linear"), F.fold(F.unfold(x, 3, stride=2), 9, 3, stride=2)]
        made += [F.interpolate(x, scale_factor=0.5, mode="bilinear", antialias=True), F.rrelu(x, training=True)]
        return torch.stack([one.square().mean() for one in made]).sum()

    return net, step


def smooth() -> Made:
    """The slope of a critic of images at what lies between real and made ones is held at 1 (Gulrajani et al., 2017)."""
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(4, 4, 3, 2, 1), nn.InstanceNorm2d(4, affine=True),
        nn.Softplus(), nn.Flatten(), nn.Linear(16, 1),
    )  # fmt: skip

    def step() -> Tensor:
        x = randn(3, 2, 8, 8).requires_grad_()
        y = net(x)
        (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        return y.mean() + 10 * ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()

    return net, step


def hidden() -> Made:
    """Rows that a mask picks are written over, in a view of something that the program never names again; and a
    diagonal, twice."""
    net = nn.Linear(4, 6)
    net.token = nn.Parameter(randn(6))

    def step() -> Tensor:
        x = net(randn(2, 5, 4))
        mask = torch.zeros(2, 5, dtype=torch.bool)
        mask[0, 2] = mask[1, 0] = True
        x[mask] = net.token
        square = x[0].T @ x[1]
        return x.square().mean() + torch.diagonal(square).add_(-1).pow_(2).sum()

    return net, step


def mixed() -> Made:
    """Some of it in another precision, where data is joined to what is trained."""
    net = nn.Linear(4, 3)

    def step() -> Tensor:
        narrow = torch.float32 if net.weight.dtype is torch.float64 else torch.bfloat16
        joined = torch.cat([net(randn(5, 4)).to(narrow), torch.zeros(1, 3, dtype=narrow)])
        return (joined.T @ net(randn(6, 4)).to(narrow)).to(net.weight).square().mean()

    return net, step


def nodes() -> Made:
    """Messages along edges, folded at the nodes that they reach, and a sparse matrix that is data."""
    net = nn.ModuleDict({"inner": nn.Linear(5, 4), "outer": nn.Linear(4, 3)})

    def step() -> Tensor:
        x, (start, end) = randn(6, 5), randint(0, 6, (2, 14))
        h = net["inner"](x)
        into = end[:, None].expand(-1, 4)
        folded = [
            torch.zeros_like(h).scatter_reduce(0, into, h[start], how, include_self=False) for how in ("mean", "amax")
        ]
        edges = torch.sparse_coo_tensor(torch.stack([start, end]), torch.ones(14).to(x), (6, 6)).coalesce()
        return F.cross_entropy(net["outer"](folded[0] + folded[1] + torch.sparse.mm(edges, h)), randint(0, 3, (6,)))

    return net, step


#: All of them by their names.
FURTHER: dict[str, Callable[[], Made]] = {
    make.__name__: make
    for make in (
        *(recurrent, normed, bags, routed, tokens, capsules, mapped, fourier, rotated, resized, smooth, hidden, mixed),
        nodes,
    )
}
