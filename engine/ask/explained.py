"""How much of a recording its operations explain: each line by itself, against the numbers that were recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from gradstep.engine.errors import printable
from gradstep.engine.notation import plain
from gradstep.engine.run.agreement import disagreements, is_held, lines_of
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.roundings import Difference

#: So many that are not explained are told in lines.
_TOLD = 20


class Explained(NamedTuple):
    """Of `total` lines of a recording, `opaque` ones are only shown as they were recorded, by their names and the
    operations that they were; `again` many were left out of the recording, and computed again; the others are
    `checked`. `differences` are the numbers by which lines do not explain what was recorded."""

    total: int
    opaque: tuple[tuple[str, str, str], ...] = ()
    differences: tuple[tuple[str, Difference], ...] = ()
    again: int = 0

    @property
    def checked(self) -> int:
        return self.total - len(self.opaque) - self.again

    @property
    def ok(self) -> bool:
        return not self.differences

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{'✗' if self.differences else '✓'} {self.checked:,} of {self.total:,} lines {self.summary()}"
        yield from (f"  {line}" for line in self.details())

    def summary(self) -> str:
        """What became of those that are explained."""
        wrong = len({name for name, _ in self.differences})
        if wrong:
            return f"explained, and {wrong:,} of them not as recorded"
        if self.total and not self.checked:
            return "held against the recording: of none it has all numbers"
        return "explained: each by itself gives the value and the gradients that were recorded"

    def details(self) -> Iterator[str]:
        """What is not explained."""
        if self.again:
            yield f"{self.again:,} of which not all is recorded are computed again here"
        for name, of, why in self.opaque[:_TOLD]:
            text = (
                f"{name} is recorded and not explained" if name == of else f"{name} is {of}, recorded and not explained"
            )
            yield f"{text}: {why}" if why else text
        if len(self.opaque) > _TOLD:
            yield f"and {len(self.opaque) - _TOLD:,} more that are recorded and not explained"
        for name, difference in self.differences[:_TOLD]:
            yield f"✗ {name}: {difference}"
        if len(self.differences) > _TOLD:
            yield f"✗ and {len(self.differences) - _TOLD:,} more"

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "ok": self.ok,
            "checked": self.checked,
            "of": self.total,
            "computed_again": self.again,
            "opaque": [{"name": name, "op": of, "why": why or None} for name, of, why in self.opaque],
            "failed": [
                {
                    "line": name,
                    "of": one.of,
                    "index": list(one.place),
                    "recorded": plain(one.recorded),
                    "computed": plain(one.computed),
                    "error": plain(one.error),
                }
                for name, one in self.differences
            ],
        }


@remembered
def explained(recording: Recording) -> Explained:
    """What of a recording is explained."""
    graph, observed = recording.graph, recording.scenario.observed
    assert observed is not None, "asked of recordings alone"
    lines = list(lines_of(graph))
    opaque = tuple(
        (line.name, node.op.label, printable(observed.unexplained(line.name)))
        for line in lines
        for node in line.nodes
        if node.op.opaque
    )
    again = sum(not is_held(graph, line, observed) for line in lines) - len(opaque)
    return Explained(len(lines), opaque, tuple(disagreements(graph, recording.scenario.leaves, observed)), again)
