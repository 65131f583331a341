"""What has become of a model, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from gradstep.engine.notation import amount, counted
from gradstep.engine.run import budget
from gradstep.onnx.composing import Composed, kinds_of
from gradstep.onnx.reading import Model
from gradstep.onnx.translating import Translation


@dataclass(frozen=True, eq=False)
class Report:
    """The folder that a model was written to, and what is in it."""

    file: str
    folder: str
    model: Model
    translation: Translation
    made: Composed
    dtype: str
    #: How the numbers of inputs and targets came about, by their names.
    how: Mapping[str, str]
    frozen: Sequence[str]
    #: Parameters of the program that are in the file under no name, as far as its exporter says.
    absent: Sequence[str]
    memory: int
    size: int

    @property
    def parameters(self) -> int:
        return sum(prod(one.shape) for one in self.made.parameters.values())

    def lines(self) -> Iterator[str]:
        """For people."""
        made, folded = self.made, self.translation.network.folded
        says = ", ".join(filter(None, (f"opset {self.model.opset}", self.model.producer)))
        yield f"{self.file}: {self.model.name}, {says}"
        most = ", ".join(f"{count:,} {op}" for op, count in folded.most_common(4))
        aside = f"; {counted(folded.total(), 'node')} of constant numbers computed ({most})" if folded else ""
        yield f"  lines       {len(made.lines):,} of {counted(len(self.model.nodes), 'node')}{aside}"
        still = f", {len(self.frozen):,} of them frozen" if self.frozen else ""
        kinds = ", ".join(kinds_of(made.parameters))
        arrays = counted(len(made.parameters), "array")
        said = f"{arrays} of {counted(self.parameters, 'number')}, {kinds}{still}"
        yield f"  parameters  {said if made.parameters else 'none'}"
        if absent := self.absent:
            more = ", …" if len(absent) > 8 else ""
            yield f"  absent      {', '.join(absent[:8])}{more}: the exporter has renamed them or left them out"
        for name, how in self.how.items():
            yield f"  input       {name} {made.inputs[name].shape}: {how}"
        yield f"  loss        {made.loss} = {made.lines.get(made.loss, '')}"
        yield f"  memory      {amount(self.memory)} to run it in {self.dtype}"
        most_ = budget()
        if most_ is not None and self.memory > most_:
            yield f"  too large   here are {amount(most_)}; another machine, or smaller sizes (--size), can open it"
        yield f"  written     {self.folder}, {amount(self.size)}; gradstep {self.folder} opens it"

    def document(self) -> dict[str, Any]:
        """For programs."""
        made = self.made
        return {
            "file": self.file,
            "folder": self.folder,
            "opset": self.model.opset,
            "producer": self.model.producer,
            "dtype": self.dtype,
            "loss": made.loss,
            "lines": len(made.lines),
            "nodes": len(self.model.nodes),
            "folded": dict(self.translation.network.folded),
            "parameters": {name: list(one.shape) for name, one in made.parameters.items()},
            "frozen": list(self.frozen),
            "absent": list(self.absent),
            "inputs": {name: {"shape": list(made.inputs[name].shape), "from": how} for name, how in self.how.items()},
            "memory": self.memory,
            "bytes": self.size,
        }
