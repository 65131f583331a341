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


#: All of them by their names.
FURTHER: dict[str, Callable[[], Made]] = {
    make.__name__: make for make in (recurrent, normed, bags, routed, tokens, capsules)
}
