"""What is recorded at level `params`: the parameters and their gradients, and of all between them and the loss nothing
but that it is there: one line that is recorded and not explained."""

from __future__ import annotations

import numpy as np

from gradstep.engine.files import Names
from gradstep.torch.backward import Backward
from gradstep.torch.capture import Recorder
from gradstep.torch.seen import Key
from gradstep.torch.writing import Parts
from gradstep.torch.written import Arrays, graph_dtype

_WHY = "level 'params' holds no values between the parameters and the loss"


def only_parameters(recorder: Recorder, backward: Backward) -> tuple[Parts, dict[Key, str]]:
    """The parts of such a recording, and the names of the parameters. Raises RuntimeError where no parameter had a
    gradient."""
    leaves = [one for one in recorder.seen if one.kind == "parameter" and one.key is not None and one.key.output < 0]
    found = Parts(graph_dtype(one.dtype for one in leaves))
    arrays, names, by_key = Arrays(found.dtype), Names(), dict[Key, str]()
    for one in leaves:
        assert one.key is not None, "chosen so"
        name = by_key[one.key] = names.take(one.name or "parameter")
        array, gradient = arrays.of(one), backward.gradients.get(one.key)
        found.parameters[name] = array
        found.trace[f"gradient:{name}"] = np.zeros_like(array) if gradient is None else arrays.plain(gradient)
        if one.precision != found.dtype.name:
            found.precision[name] = one.precision
    reached = [by_key[one.key] for one in leaves if one.key in backward.gradients]
    if not reached:
        raise RuntimeError("nothing was recorded: no parameter of the model got a gradient")
    word = type(recorder.model).__name__
    found.lines["loss"] = f"recorded({', '.join(reached)}, of={word!r}, size=())"
    found.trace["value:loss"] = np.asarray(_loss(backward), found.dtype)
    found.unexplained["loss"], found.entering["loss"] = _WHY, reached
    found.origins["loss"] = {"op": word}
    return found, by_key


def _loss(backward: Backward) -> float:
    """The sum of what all backward passes began with."""
    total = 0.0
    for seen, given in backward.roots:
        data = seen.data().double()
        total += float((data if given is None else data * given.double()).sum())
    return total
