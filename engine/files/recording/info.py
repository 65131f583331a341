"""What is in a recording, from its manifest and its headers; no array is read."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gradstep.engine.errors import GraphError
from gradstep.engine.files.arrays.block import Unreadable
from gradstep.engine.files.arrays.tensors import header
from gradstep.engine.files.opening import ordinary
from gradstep.engine.files.recording.manifest import FILES, LEAVES, LEVELS, TRACE, bad, read_manifest
from gradstep.engine.notation import amount
from gradstep.engine.run.observed import passes_in

#: So many parameters are named.
_TOLD = 3


class Info(NamedTuple):
    """What a recording has: its manifest, how many arrays of each kind, and the shapes of its leaves by name."""

    folder: str
    about: Mapping[str, Any]
    arrays: Mapping[str, int]
    leaves: Mapping[str, tuple[int, ...]]

    def lines(self) -> Iterator[str]:
        """For people."""
        about = self.about
        sizes = about["files"]
        yield f"{self.folder}: {about.get('title', 'a recording')}"
        made = [f"{name} {about[name]}" for name in ("torch", "python", "gradstep") if name in about]
        yield f"  made by    {', '.join(made) or 'nobody knows'}"
        where = [str(about[name]) for name in ("dtype", "device") if name in about]
        yield f"  numbers    {', '.join([*where, *(f'{k} {v}' for k, v in _options(about))])}"
        yield f"  holds      {_holds(about)}"
        if passes := passes_in(about):
            yield f"  backward   {passes}"
        if "raised" in about:
            yield f"  ended      by {about['raised']}, after the backward pass"
        kinds = ", ".join(f"{count:,} {kind}s" for kind, count in sorted(self.arrays.items()))
        yield f"  arrays     {kinds}; {len(self.leaves):,} to start from"
        yield f"  files      {', '.join(f'{name} {amount(sizes[name])}' for name in FILES)}"
        yield from _norms(about.get("gradient_norms"))
        coarse = about.get("computed_in")
        for kind, count in Counter(coarse.values()).items() if isinstance(coarse, dict) else ():
            yield f"  computed   {count:,} lines in {kind}, which has fewer digits than their numbers"
        why = about.get("unexplained", {})
        if isinstance(why, dict):
            yield f"  explained  {about.get('lines', 0) - len(why):,} of {about.get('lines', 0):,} lines"
            yield from (f"    {name}: {reason}" for name, reason in why.items())

    def document(self) -> dict[str, Any]:
        """For programs."""
        leaves = {name: list(shape) for name, shape in self.leaves.items()}
        return {"folder": self.folder, **self.about, "arrays": dict(self.arrays), "leaves": leaves}


def _holds(about: Mapping[str, Any]) -> str:
    """How much of the step is recorded."""
    samples, keep = about.get("samples"), about.get("keep")
    if not samples and not keep:
        return LEVELS.get(str(about.get("level", "full")), "nobody knows how much")
    said = [f"values of {', '.join(map(str, keep))}"] if isinstance(keep, list) else ["values"]
    if isinstance(samples, list):
        said.append(f"of the samples {', '.join(map(str, samples[:8]))}{' …' if len(samples) > 8 else ''}")
    return f"{' '.join(said)}, and the gradients of parameters; all else is computed again"


def _norms(norms: object) -> Iterator[str]:
    """The largest gradients of parameters, and those that are not finite."""
    if not isinstance(norms, dict) or not norms:
        return
    sizes = {name: float(norm) for name, norm in norms.items() if isinstance(norm, int | float)}
    whole = math.sqrt(sum(norm * norm for norm in sizes.values()))
    largest = sorted(sizes, key=lambda name: -sizes[name])[:_TOLD]
    told = ", ".join(f"{name} {sizes[name]:.3g}" for name in largest)
    if len(sizes) < len(norms):
        bad = [name for name in norms if name not in sizes]
        more = f" and {len(bad) - _TOLD:,} more" if len(bad) > _TOLD else ""
        yield f"  gradients  not finite in {', '.join(bad[:_TOLD])}{more}"
    if told:
        yield f"  gradients  norm {whole:.4g}{' of the others' if len(sizes) < len(norms) else ''}; largest {told}"


def _options(about: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What else is said of the step."""
    for name in ("step", "loss", "loss_scale", "optimizer"):
        if name in about:
            yield name, about[name]


def info(path: str) -> Info:
    """What is in the recording in a folder. Raises ScenarioError."""
    folder = Path(path)
    about = read_manifest(folder)
    found = {}
    for name in (LEAVES, TRACE):
        try:
            with ordinary(folder / name, links=False) as file:
                found[name], _ = header(file)
        except (OSError, Unreadable, GraphError) as error:
            raise bad(folder, f"{name} cannot be read: {error}") from None
    kinds = Counter(key.partition(":")[0] for key in found[TRACE])
    leaves = {key: tuple(one["shape"]) for key, one in found[LEAVES].items()}
    return Info(path, about, kinds, leaves)
