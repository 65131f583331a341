"""A classifier of token sequences whose loss becomes NaN: one of the sequences is empty, and all of its tokens masked.

python examples/masked_nan.py
gradstep run crash.gradstep -c "goto end" -c "when first nonfinite"
"""

import torch
import torch.nn.functional as F
from torch import nn

import gradstep.torch as gs


class Classifier(nn.Module):
    """Each token's share of the sequence is learnt; what is behind the end of it has none."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.score, self.out = nn.Embedding(20, 8), nn.Linear(8, 1), nn.Linear(8, 2)

    def forward(self, tokens: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        x = self.embed(tokens)
        score = self.score(torch.tanh(x)).squeeze(-1)
        late = torch.arange(tokens.shape[1]) >= length[:, None]
        share = score.masked_fill(late, float("-inf")).softmax(-1)
        out: torch.Tensor = self.out((share[:, :, None] * x).sum(1))
        return out


torch.manual_seed(3)
model = Classifier()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for step in range(20):
    tokens, t = torch.randint(0, 20, (4, 5)), torch.randint(0, 2, (4,))
    length = torch.randint(1, 6, (4,))
    if step == 7:
        length[2] = 0  # an empty line in the file
    with gs.record("crash.gradstep", model, optimizer=optimizer, tokens=tokens, length=length, t=t):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(tokens, length), t)
        loss.backward()
        optimizer.step()
    print(f"step {step}: loss {loss.item():.4f}")
    if not loss.isfinite():
        print("recorded in crash.gradstep")
        break
