"""One step of two processes that train together, each recorded: `python ranks.py FOLDER`. What PyTorch's
DistributedDataParallel has then is beside the recordings."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import gradstep.torch as gs

RANKS = 2


class Net(nn.Module):
    """A shared layer, batch norm with numbers of each rank's own, and a branch that only rank 0 uses."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.norm, self.b, self.only = (nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 2), nn.Linear(3, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.tanh(self.a(self.norm(self.a(x))))
        out: torch.Tensor = self.b(h)
        return out + self.only(h) if dist.get_rank() == 0 else out


def train(rank: int, folder: str) -> None:
    """Two accumulated passes, of which the second is averaged; clipped, and an update."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=RANKS)
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    net = Net()
    model = DistributedDataParallel(net, find_unused_parameters=True, broadcast_buffers=False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    torch.manual_seed(rank + 1)
    x, t = torch.randn(4, 3), torch.randint(0, 2, (4,))
    with gs.record(f"{folder}/rank{rank}.gradstep", model, optimizer=optimizer, x=x, t=t, quiet=True):
        optimizer.zero_grad()
        with model.no_sync():
            F.cross_entropy(model(x), t).backward()
        F.cross_entropy(model(x * 2), t).backward()
        averaged = {name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None}
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
    torch.save({"grad": averaged, "next": dict(net.named_parameters())}, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


def main(folder: str) -> None:
    """Both ranks, each in a process of its own."""
    Path(folder).mkdir(exist_ok=True)
    torch.multiprocessing.start_processes(train, (folder,), RANKS, start_method="fork")  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main(sys.argv[1])
