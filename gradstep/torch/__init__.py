"""Records a training step of PyTorch, to be stepped anywhere, without PyTorch.

    import gradstep.torch as gs

    with gs.record("step.gradstep", model, x=x, t=t, optimizer=optimizer):
        optimizer.zero_grad()
        loss = loss_fn(model(x), t)
        loss.backward()
        optimizer.step()

    gs.record_step(model, (x, t), loss_fn, "step.gradstep")

    watch = gs.flight(model, optimizer=optimizer, keep=3, when="nonfinite or grad_norm > 100", path="crash")
    for x, t in loader:
        with watch(x, t):  # or: loss = watch(train_step, x, t)
            train_step(x, t)

    Trainer(callbacks=[gs.Lightning(at=[0, 500])])  # of Lightning; and gs.HuggingFace(when="nonfinite") of transformers

What is recorded is exactly what is computed: model, gradients, random numbers and optimiser are afterwards as they
would be without it. Where nothing is recorded, nothing is slower.
"""

from gradstep.torch.callbacks import HuggingFace, Lightning
from gradstep.torch.flying import flight
from gradstep.torch.recording import record, record_step

__all__ = ["HuggingFace", "Lightning", "flight", "record", "record_step"]
