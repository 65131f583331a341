"""Averages of the weights over the updates of a training, as torch.optim.swa_utils.AveragedModel keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradstep.engine.training.rule import Line, Numbers

#: The averages are kept beside what an optimiser keeps.
AVERAGED = "averaged"
#: How much of the average gives way to the new weights, by the `avg_fn` of the averages: get_ema_multi_avg_fn (a moving
#: average, of which `decay` stays) and get_swa_multi_avg_fn (all so far count alike; Izmailov et al., UAI 2018).
AVERAGES: Mapping[str, str] = {"ema": "(1 − {decay})", "swa": "1/({averages} + 1)"}


def averaging(avg_fn: str, averages: int) -> Line:
    """The line behind an update that takes its new weights into the average, after so many `averages` before."""
    if not averages:
        return Line(
            AVERAGED, "{w}", lambda n: np.array(n["w"]), "the average over the updates begins with these weights"
        )
    says = "a moving average of the weights: this much of it gives way to the new ones"
    if avg_fn == "swa":
        says = "the average of the weights after all updates so far: all count alike"
    return Line(AVERAGED, f"{{averaged}} + {AVERAGES[avg_fn]}·({{w}} − {{averaged}})", _SHARES[avg_fn], says)


def _lerp(average: Any, weights: Any, share: float) -> Any:
    """torch.lerp: from the nearer end, so that a share of 1 gives the weights themselves."""
    way = weights - average
    return average + share * way if share < 0.5 else weights - way * (1 - share)


def _moving(n: Numbers) -> Any:
    return _lerp(n[AVERAGED], n["w"], 1 - n["decay"])


def _all(n: Numbers) -> Any:
    return _lerp(n[AVERAGED], n["w"], 1 / (n["averages"] + 1))


_SHARES = {"ema": _moving, "swa": _all}
