"""Models to record: small, random, of the families that engineers train.

Each function gives a model and a step that makes a loss. What a step draws it draws anew: who wants the same numbers
sets the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn, rand, randint, randn

Step = Callable[[], Tensor]
Made = tuple[nn.Module, Step]


class Plain(nn.Module):
    """A model of a forward function, with the modules that it uses."""

    def __init__(self, run: Callable[..., Tensor], **parts: nn.Module) -> None:
        super().__init__()
        self.run = run
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, *given: Tensor) -> Tensor:
        return self.run(self, *given)


def mlp() -> Made:
    net = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 8), nn.LeakyReLU(0.1), nn.Linear(8, 3))
    return net, lambda: F.cross_entropy(net(randn(4, 6)), randint(0, 3, (4,)))


def activations() -> Made:
    kinds: list[nn.Module] = [
        nn.ReLU6(), nn.ELU(0.7), nn.SELU(), nn.CELU(0.5), nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Mish(),
        nn.Softplus(2), nn.Hardswish(), nn.Hardsigmoid(), nn.Hardtanh(), nn.Softsign(), nn.Tanhshrink(),
        nn.LogSigmoid(), nn.PReLU(), nn.Softshrink(0.2), nn.Hardshrink(0.2), nn.GLU(), nn.Sigmoid(),
        nn.Softmax(-1), nn.LogSoftmax(-1), nn.Softmin(-1),
    ]  # fmt: skip
    net = nn.ModuleList([nn.Linear(6, 6), *kinds])

    def step() -> Tensor:
        x = net[0](randn(3, 6))
        return torch.stack([kind(x).square().mean() for kind in net[1:]]).sum()

    return net, step


def losses() -> Made:
    net = nn.Linear(6, 4)

    def step() -> Tensor:
        x, t = net(randn(5, 6)), randn(5, 4)
        p, c = torch.sigmoid(x), randint(0, 4, (5,))
        weight = rand(4)
        found = [
            F.mse_loss(x, t), F.l1_loss(x, t, reduction="sum"), F.smooth_l1_loss(x, t, beta=0.3), F.huber_loss(x, t),
            F.binary_cross_entropy(p, (t > 0).to(x)),
            F.binary_cross_entropy_with_logits(x, rand(5, 4), pos_weight=weight),
            F.nll_loss(x.log_softmax(1), c, weight), F.kl_div(x.log_softmax(1), t.softmax(1), reduction="batchmean"),
            F.cross_entropy(x, c, label_smoothing=0.1), F.cross_entropy(x, t.softmax(1)),
            F.soft_margin_loss(x, t.sign()),
            F.cross_entropy(x, torch.where(c == 1, -100, c)), F.gaussian_nll_loss(x, t, p),
            F.poisson_nll_loss(x, t.abs()),
            F.cosine_embedding_loss(x, t, torch.ones(5).to(x)), F.triplet_margin_loss(x, t, t + 1),
            F.hinge_embedding_loss(x, t.sign()),
            F.multi_margin_loss(x, c), F.multilabel_soft_margin_loss(x, (t > 0).to(x)),
        ]  # fmt: skip
        return torch.stack([one.mean() for one in found]).sum()

    return net, step


def lenet() -> Made:
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, padding=1), nn.ReLU(),
        nn.AvgPool2d(2), nn.Flatten(), nn.Linear(54, 10),
    )  # fmt: skip
    return net, lambda: F.cross_entropy(net(randn(3, 1, 14, 14)), randint(0, 10, (3,)))


def residual() -> Made:
    """A small ResNet with batch norm and dropout."""

    def block() -> nn.Module:
        return Plain(
            lambda m, x: F.relu(x + m.b2(m.c2(F.relu(m.b1(m.c1(x)), inplace=True)))),
            c1=nn.Conv2d(4, 4, 3, padding=1, bias=False), b1=nn.BatchNorm2d(4),
            c2=nn.Conv2d(4, 4, 3, padding=1, bias=False), b2=nn.BatchNorm2d(4),
        )  # fmt: skip

    net = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2, padding=1), block(), block(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Dropout(0.3), nn.Linear(4, 5),
    )  # fmt: skip
    return net, lambda: F.cross_entropy(net(randn(4, 3, 8, 8)), randint(0, 5, (4,)))


def mobile() -> Made:
    """Depthwise and dilated convolutions, squeeze and excitation, windows that are no squares."""
    squeeze = Plain(
        lambda m, x: x * m.up(F.relu(m.down(x.mean((2, 3), keepdim=True)))).sigmoid(),
        down=nn.Conv2d(6, 2, 1), up=nn.Conv2d(2, 6, 1),
    )  # fmt: skip
    net = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, groups=3), nn.Hardswish(), squeeze, nn.Conv2d(6, 6, (3, 1), (2, 1), (1, 0)),
        nn.ReLU6(), nn.Conv2d(6, 6, 3, dilation=2, padding=2), nn.MaxPool2d((2, 1), (1, 2), ceil_mode=True),
        nn.AdaptiveAvgPool2d((2, 3)), nn.Flatten(), nn.Linear(36, 2),
    )  # fmt: skip
    return net, lambda: F.smooth_l1_loss(net(randn(2, 3, 8, 8)), randn(2, 2))


def densely() -> Made:
    """Concatenated features, as in DenseNet, and shuffled channels, as in ShuffleNet."""
    net = nn.ModuleList([nn.Conv2d(2 + 2 * k, 2, 3, padding=1) for k in range(3)])

    def step() -> Tensor:
        x = randn(2, 2, 6, 6)
        for layer in net:
            x = torch.cat([x, layer(F.relu(x))], 1)
        x = x.view(2, 2, 4, 6, 6).transpose(1, 2).reshape(2, 8, 6, 6)
        return F.adaptive_avg_pool2d(x, 1).flatten(1).pow(2).sum()

    return net, step


def unet() -> Made:
    net = Plain(
        lambda m, x: m.out(torch.cat([(h := F.silu(m.norm(m.down(x)))), m.up(F.silu(m.deep(h)))], 1)),
        down=nn.Conv2d(1, 4, 3, padding=1), norm=nn.GroupNorm(2, 4), deep=nn.Conv2d(4, 8, 3, stride=2, padding=1),
        up=nn.ConvTranspose2d(8, 4, 2, stride=2), out=nn.Conv2d(8, 1, 1),
    )  # fmt: skip
    return net, lambda: F.mse_loss(net(randn(2, 1, 8, 8)), randn(2, 1, 8, 8))


def upsampled() -> Made:
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.InstanceNorm2d(2, affine=True), nn.Upsample(scale_factor=2), nn.PReLU(2),
        nn.ConstantPad2d(1, 0.5), nn.Upsample(scale_factor=2, mode="bilinear"), nn.PixelUnshuffle(2),
    )  # fmt: skip
    return net, lambda: net(randn(2, 1, 6, 6)).square().mean()


def frozen() -> Made:
    """Batch norm with its running statistics, and a layer that is not trained."""
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(32, 2)).train()
    net[1].eval()
    net[0].requires_grad_(False)
    return net, lambda: F.cross_entropy(net(randn(3, 1, 6, 6)), randint(0, 2, (3,)))


def sequences() -> Made:
    net = nn.Sequential(
        nn.Conv1d(2, 4, 3, padding=1),
        nn.ELU(),
        nn.BatchNorm1d(4),
        nn.Conv1d(4, 4, 3, stride=2, groups=2),
        nn.MaxPool1d(2),
    )
    return net, lambda: F.l1_loss(net(randn(3, 2, 11)), randn(3, 4, 2))


def volumes() -> Made:
    net = nn.Sequential(nn.Conv3d(1, 2, 2), nn.ReLU(), nn.AvgPool3d(2), nn.Flatten(), nn.Linear(2, 1))
    return net, lambda: net(randn(2, 1, 3, 3, 3)).square().mean()


def lstm() -> Made:
    net = Plain(
        lambda m, x: m.out(m.core(m.embed(x))[0]),
        embed=nn.Embedding(11, 6, padding_idx=0), core=nn.LSTM(6, 5, 2, batch_first=True), out=nn.Linear(5, 11),
    )  # fmt: skip

    def step() -> Tensor:
        x = randint(0, 11, (2, 4))
        return F.cross_entropy(net(x).flatten(0, 1), x.flatten())

    return net, step


def gru() -> Made:
    net = nn.GRU(4, 3, bidirectional=True)
    return net, lambda: net(randn(5, 2, 4))[0].square().sum()


def cells() -> Made:
    """A recurrent net written out: the same weights at each step, of which the gradient is cut off half way."""
    net = nn.RNNCell(3, 4)

    def step() -> Tensor:
        h = torch.zeros(2, 4)
        for k in range(4):
            h = net(randn(2, 3), h.detach() if k == 2 else h)
        return h.sum()

    return net, step


def transformer() -> Made:
    net = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True)
    return net, lambda: net(randn(2, 5, 8)).pow(2).mean()


def translator() -> Made:
    net = nn.Transformer(8, 2, 1, 1, 16, dropout=0.0, batch_first=True)
    mask = nn.Transformer.generate_square_subsequent_mask(4)
    return net, lambda: net(randn(2, 5, 8), randn(2, 4, 8), tgt_mask=mask.to(torch.get_default_dtype())).pow(2).mean()


class Attention(nn.Module):
    """Causal self-attention, as nanoGPT writes it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.c_attn, self.c_proj, self.heads = nn.Linear(width, 3 * width), nn.Linear(width, width), heads

    def forward(self, x: Tensor) -> Tensor:
        b, t, c = x.shape
        q, k, v = (z.view(b, t, self.heads, c // self.heads).transpose(1, 2) for z in self.c_attn(x).split(c, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        out: Tensor = self.c_proj(y.transpose(1, 2).contiguous().view(b, t, c))
        return out


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1, self.attn, self.ln_2 = nn.LayerNorm(width), Attention(width, heads), nn.LayerNorm(width)
        hidden = 4 * width
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU("tanh"), nn.Linear(hidden, width), nn.Dropout(0.1))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        out: Tensor = x + self.mlp(self.ln_2(x))
        return out


class GPT(nn.Module):
    """A small GPT whose output layer is tied to its embedding."""

    def __init__(self, words: int = 13, length: int = 6, width: int = 8, heads: int = 2, layers: int = 2) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(words, width), nn.Embedding(length, width)
        self.h = nn.ModuleList([Block(width, heads) for _ in range(layers)])
        self.ln_f, self.head = nn.LayerNorm(width), nn.Linear(width, words, bias=False)
        self.head.weight = self.wte.weight

    def forward(self, ids: Tensor) -> Tensor:
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        for block in self.h:
            x = block(x)
        out: Tensor = self.head(self.ln_f(x))
        return out


def gpt() -> Made:
    net = GPT()

    def step() -> Tensor:
        ids = randint(0, 13, (2, 6))
        return F.cross_entropy(net(ids)[:, :-1].reshape(-1, 13), ids[:, 1:].reshape(-1), ignore_index=3)

    return net, step


def llama() -> Made:
    """Root mean squares, rotated positions, gated units, heads that share keys."""
    parts = nn.ModuleDict(
        {"q": nn.Linear(8, 8, False), "k": nn.Linear(8, 4, False), "v": nn.Linear(8, 4, False), "norm": nn.RMSNorm(8)}
        | {"gate": nn.Linear(8, 12, False), "up": nn.Linear(8, 12, False), "down": nn.Linear(12, 8, False)}
    )

    def rotated(x: Tensor) -> Tensor:
        angle = torch.arange(5).to(x)[:, None] * 10 ** -torch.arange(2).to(x)
        cos, sin = (torch.cat([f(angle)] * 2, -1) for f in (torch.cos, torch.sin))
        half = torch.cat([-x[..., 2:], x[..., :2]], -1)
        return x * cos + half * sin

    def step() -> Tensor:
        x = randn(2, 5, 8)
        n = parts["norm"](x)
        q, k, v = (parts[name](n).view(2, 5, -1, 4).transpose(1, 2) for name in ("q", "k", "v"))
        k, v = (z.repeat_interleave(q.shape[1] // z.shape[1], dim=1) for z in (k, v))
        x = x + F.scaled_dot_product_attention(rotated(q), rotated(k), v, is_causal=True).transpose(1, 2).reshape(
            2, 5, 8
        )
        loss: Tensor = parts["down"](F.silu(parts["gate"](x)) * parts["up"](x)).square().mean()
        return loss

    return parts, step


def masked() -> Made:
    """Attention by hand, with a mask of −∞."""
    net = nn.Linear(4, 4)

    def step() -> Tensor:
        y = net(randn(3, 5, 4))
        later = torch.ones(5, 5).triu(1).bool()
        share = (y @ y.transpose(1, 2) / 2).masked_fill(later, float("-inf")).softmax(-1)
        return F.cross_entropy((share @ y).permute(0, 2, 1), randint(0, 4, (3, 5)), label_smoothing=0.1)

    return net, step


def experts() -> Made:
    """A router that sends each token to the two best of four experts."""
    net = nn.ModuleList([nn.Linear(4, 4), *[nn.Linear(4, 4) for _ in range(4)]])

    def step() -> Tensor:
        x = randn(6, 4)
        share, chosen = net[0](x).softmax(-1).topk(2, dim=-1)
        share = share / share.sum(-1, keepdim=True)
        out = torch.zeros_like(x)
        for k, expert in enumerate(net[1:]):
            rows, place = torch.where(chosen == k)
            out = out.index_add(0, rows, expert(x[rows]) * share[rows, place, None])
        return out.square().mean()

    return net, step


def vae() -> Made:
    net = nn.ModuleDict({"enc": nn.Linear(6, 8), "dec": nn.Linear(4, 6)})

    def step() -> Tensor:
        x = rand(3, 6)
        mu, logvar = net["enc"](x).chunk(2, -1)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()
        return F.binary_cross_entropy(net["dec"](z).sigmoid(), x, reduction="sum") + kl

    return net, step


def diffusion() -> Made:
    net = Plain(
        lambda m, x, t: m.out(F.silu(m.mix(x) + m.time(torch.cat([t.sin(), t.cos()], -1)))),
        mix=nn.Linear(4, 8), time=nn.Linear(2, 8), out=nn.Linear(8, 4),
    )  # fmt: skip

    def step() -> Tensor:
        x, noise, t = randn(5, 4), randn(5, 4), rand(5, 1)
        return F.mse_loss(net((1 - t).sqrt() * x + t.sqrt() * noise, t), noise)

    return net, step


def gan() -> Made:
    net = nn.ModuleDict({"make": nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 4)), "judge": nn.Linear(4, 1)})
    return net, lambda: F.binary_cross_entropy_with_logits(net["judge"](net["make"](randn(5, 3))), torch.ones(5, 1))


def contrastive() -> Made:
    net = nn.ModuleDict({"image": nn.Linear(5, 4), "text": nn.Linear(6, 4)})
    net.register_parameter("scale", nn.Parameter(torch.tensor(1.5)))

    def step() -> Tensor:
        a, b = (F.normalize(net[name](randn(4, n)), dim=-1) for name, n in (("image", 5), ("text", 6)))
        logits = net.scale.exp() * a @ b.t()
        own = torch.arange(4)
        return (F.cross_entropy(logits, own) + F.cross_entropy(logits.t(), own)) / 2

    return net, step


def graphs() -> Made:
    """Messages along the edges of a graph."""
    net = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 2)])
    source, target = randint(0, 5, (2, 9))

    def step() -> Tensor:
        x = randn(5, 4)
        for layer in net:
            x = layer(x)
            x = torch.zeros_like(x).index_add(0, target, x[source]).relu() + x
        return x.logsumexp(1).sum()

    return net, step


def policy() -> Made:
    """The clipped loss of PPO, with an entropy bonus and a value."""
    net = nn.ModuleDict({"actor": nn.Linear(4, 3), "critic": nn.Linear(4, 1)})

    def step() -> Tensor:
        x = randn(5, 4)
        logp = net["actor"](x).log_softmax(-1)
        taken = logp.gather(1, randint(0, 3, (5, 1))).squeeze(1)
        ratio, gain = (taken - taken.detach() - 0.2 * randn(5)).exp(), randn(5)
        loss = -torch.min(ratio * gain, ratio.clamp(0.8, 1.2) * gain).mean()
        return loss - 0.01 * -(logp.exp() * logp).sum(-1).mean() + F.mse_loss(net["critic"](x)[:, 0], randn(5))

    return net, step


def recommender() -> Made:
    net = nn.ModuleDict({"user": nn.Embedding(7, 3), "item": nn.Embedding(9, 3), "bag": nn.Linear(3, 1)})

    def step() -> Tensor:
        u, i = net["user"](randint(0, 7, (6,))), net["item"](randint(0, 9, (6, 2)))
        score = torch.einsum("bd,bkd->bk", u, i)
        return F.softplus(score[:, 1] - score[:, 0]).mean() + net["bag"](u).square().mean()

    return net, step


def scanned() -> Made:
    """A selective state, as in Mamba, written as a loop."""
    net = nn.ModuleDict({"a": nn.Linear(4, 4), "b": nn.Linear(4, 4), "conv": nn.Conv1d(4, 4, 2, groups=4, padding=1)})

    def step() -> Tensor:
        x = net["conv"](randn(2, 4, 5))[..., :5].transpose(1, 2)
        decay, h, out = torch.exp(-F.softplus(net["a"](x))), torch.zeros(2, 4), []
        for k in range(5):
            h = decay[:, k] * h + net["b"](x)[:, k]
            out.append(h)
        return torch.stack(out, 1).square().mean()

    return net, step


def reductions() -> Made:
    net = nn.Linear(4, 6)

    def step() -> Tensor:
        y = net(randn(2, 3, 4))
        a = torch.einsum("bij,bkj->bik", y, y).softmax(-1)
        found = [
            torch.einsum("bik,bkj->bij", a, y).square(), F.normalize(y, dim=-1).amax(1), y.topk(2, -1)[0], y.std(-1),
            y.cumsum(1), y.sort(-1)[0][..., :2], y.flip(1).roll(1, 2), y.var((0, 1)), y.norm(dim=-1), y.max(1)[0],
            y.prod(-1), torch.where(y > 0, y, 0.1 * y), y.tril(), y.abs().log1p(),
            torch.atan2(y, y + 2), y.median(-1)[0], y[:, [0, 2]],
        ]  # fmt: skip
        return torch.stack([one.mean() for one in found]).sum()

    return net, step


# What is hard to see ------------------------------------------------------------------------------


def written_to() -> Made:
    """Values that are written to in place, whole and through views."""
    net = nn.Linear(4, 4)

    def step() -> Tensor:
        y = net(randn(3, 4))
        z = y.clone()
        z[:, 0] = y[:, 1] * 2
        z[:, 2:] *= 3
        z = z.relu_() * 1
        z[1] += y[0]
        z.add_(1)
        return (z * y).sum()

    return net, step


class Wave(torch.autograd.Function):
    """Two outputs, and a backward pass that nobody else knows."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(a, b)
        return a * b.exp(), a + b

    @staticmethod
    def backward(ctx: Any, *up: Tensor) -> tuple[Tensor, Tensor]:
        a, b = ctx.saved_tensors
        return up[0] * b.exp() + up[1], up[0] * a * b.exp() + up[1]


def custom() -> Made:
    net = nn.Sequential(nn.Linear(4, 4), nn.Tanh())

    def step() -> Tensor:
        y = net(randn(3, 4))
        p, q = Wave.apply(y, y * 2)
        loss: Tensor = (p.relu() * q).mean()
        return loss

    return net, step


def checkpointed() -> Made:
    from torch.utils.checkpoint import checkpoint

    net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4))
    return net, lambda: checkpoint(net[:2], randn(3, 4), use_reentrant=False).pow(2).sum() + net(randn(2, 4)).sum()


def penalised() -> Made:
    """A penalty on the gradient of the input: gradients of gradients."""
    net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))

    def step() -> Tensor:
        x = randn(3, 4, requires_grad=True)
        y = net(x).sum()
        (slope,) = torch.autograd.grad(y, x, create_graph=True)
        return y + (slope.norm(2, dim=1) - 1).pow(2).mean()

    return net, step


#: All of them by their names.
MODELS: dict[str, Callable[[], Made]] = {
    make.__name__: make
    for make in (
        mlp, activations, losses, lenet, residual, mobile, densely, unet, upsampled, frozen, sequences, volumes, lstm,
        gru, cells, transformer, translator, gpt, llama, masked, experts, vae, diffusion, gan, contrastive, graphs,
        policy, recommender, scanned, reductions, written_to, custom, checkpointed, penalised,
    )
}  # fmt: skip
