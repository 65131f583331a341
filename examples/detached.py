"""A model that learns less than it should: what its encoder makes was detached, so no gradient comes back to it.

python examples/detached.py
gradstep run half.gradstep -c "goto end" -c "why encoder.0.weight[0,0]" -c findings
"""

import torch
import torch.nn.functional as F
from torch import nn

import gradstep.torch as gs

torch.manual_seed(0)
encoder = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 4), nn.SiLU())
model = nn.ModuleDict({"encoder": encoder, "head": nn.Linear(4, 3)})
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
x = torch.randn(32, 6)
t = (x[:, 0] * x[:, 1] > 0).long() + (x[:, 2] > 1).long()


def train() -> torch.Tensor:
    """One step."""
    optimizer.zero_grad()
    features = model["encoder"](x).detach()  # meant for the plot of the features, and left here
    loss = F.cross_entropy(model["head"](features), t)
    loss.backward()
    optimizer.step()
    return loss


for step in range(100):
    loss = train()
    if step % 33 == 0:
        print(f"step {step}: loss {loss.item():.4f}")

with gs.record("half.gradstep", model, optimizer=optimizer, x=x, t=t):
    train()
print("recorded in half.gradstep")
