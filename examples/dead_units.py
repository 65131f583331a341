"""A regression that stops learning: in one step the learning rate was thousands of times too large, and since then the
units of the hidden layer answer to no sample.

    python examples/dead_units.py
    gradstep run stuck.gradstep -c "goto end" -c findings -c "why net.0.weight[0,0]"
"""

import torch
import torch.nn.functional as F
from torch import nn

import gradstep.torch as gs

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
x = torch.rand(16, 3)
t = x.sum(1, keepdim=True).sin()


def train() -> torch.Tensor:
    """One step."""
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), t)
    loss.backward()
    optimizer.step()
    return loss


for step in range(30):
    optimizer.param_groups[0]["lr"] = 200.0 if step == 12 else 0.05
    loss = train()
    if step in (0, 11, 13, 29):
        print(f"step {step}: loss {loss.item():.4f}")

with gs.record("stuck.gradstep", model, optimizer=optimizer, x=x, t=t):
    train()
print("recorded in stuck.gradstep")
