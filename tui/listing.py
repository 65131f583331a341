"""The listing of all steps, as a debugger lists a program: which steps have a line, which arrays are folded into
one, and the lines around the current step."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from gradstep.engine.debugger import Frame
from gradstep.engine.run import Phase, Recording, Sweep, Timeline
from gradstep.tui.kept import kept_of_network

#: Runs of more steps than this are shown with all arrays but the current one folded to a line.
UNFOLDED = 60


class Line(NamedTuple):
    """A line of the tape: a phase's rule, one step, or an array folded into one line."""

    phase: Phase
    step: int
    size: int = 1
    rule: bool = False
    folded: bool = False


class _Listing:
    """What follows from the order of steps alone."""

    def __init__(self, timeline: Timeline) -> None:
        self.sweeps, self.total = timeline.sweeps, timeline.total

    @cached_property
    def arrays(self) -> list[Line]:
        """All arrays as a line each, for where one looks from afar."""
        found: list[Line] = []
        for sweep in self.sweeps:
            if not found or found[-1].phase is not sweep.phase:
                found.append(Line(sweep.phase, sweep.start, rule=True))
            found.append(Line(sweep.phase, sweep.stop, sweep.size, folded=True))
        return found

    @cached_property
    def _of_arrays(self) -> tuple[list[int], list[int]]:
        """The lines among `arrays` that are no rules, and their steps."""
        places = [k for k, line in enumerate(self.arrays) if not line.rule]
        return places, [self.arrays[k].step for k in places]

    def array_at(self, step: int) -> int:
        """The place in `arrays` of the array that a step belongs to; 0 before the first."""
        places, steps = self._of_arrays
        at = bisect_left(steps, step)
        return places[at] if step and at < len(places) else 0

    @cached_property
    def before(self) -> list[int]:
        """How many lines there are before each sweep's first one, its phase's rule among them, if one stands in
        none of those sweeps."""
        count, phase, found = 0, None, []
        for sweep in self.sweeps:
            count += sweep.phase is not phase
            found.append(count)
            count += len(self.lines(sweep, False))
            phase = sweep.phase
        return found

    def lines(self, sweep: Sweep, here: bool) -> range:
        """The steps of a sweep that have a line; a folded one, which is any that one is not in, has its last."""
        if self.total <= UNFOLDED or here or sweep.size == 1:
            return range(sweep.start + 1, sweep.stop + 1)
        return range(sweep.stop, sweep.stop + 1)


@kept_of_network
def _listing(recording: Recording) -> _Listing:
    return _Listing(recording.timeline)


def window(frame: Frame, height: int, far: bool = False) -> list[Line]:
    """The `height` lines around the current step, which stays within the middle half; from afar, a line
    an array.

    The window moves on by half its height at a time and not with every step: the eye keeps its
    place, and a step repaints two lines instead of all of them.
    """
    if height <= 0:
        return []
    listing = _listing(frame.recording)
    if far:
        return _far(listing, frame.step, height)
    step = frame.step
    wanted = height // 4 + _lines_before(listing, frame) % max(height // 2, 1)
    here = [Line(frame.phase, step)] if step else []
    above = list(islice(_before(listing, frame), height))
    below = list(islice(_after(listing, frame), height))
    up = min(len(above), max(wanted, height - len(here) - len(below)))
    lines = above[:up][::-1] + here + below
    return lines[:height]


def _far(listing: _Listing, step: int, height: int) -> list[Line]:
    """Those of all arrays that have room, the current one in the middle half."""
    here, lines = listing.array_at(step), listing.arrays
    half = max(height // 2, 1)
    first = min(max(here // half * half - height // 4, 0), max(len(lines) - height, 0))
    return lines[first : first + height]


def _here(frame: Frame, sweep: Sweep) -> bool:
    return frame.sweep is not None and sweep.number == frame.sweep.number


def _line(sweep: Sweep, step: int, lines: range) -> Line:
    folded = len(lines) < sweep.size
    return Line(sweep.phase, step, sweep.size if folded else 1, folded=folded)


def _begins(sweeps: tuple[Sweep, ...], sweep: Sweep) -> bool:
    """Whether a sweep is the first of its phase, above which there is a rule."""
    return sweep.number == 0 or sweeps[sweep.number - 1].phase is not sweep.phase


def _after(listing: _Listing, frame: Frame) -> Iterator[Line]:
    """The lines after the current step's, nearest first."""
    step, sweeps = frame.step, listing.sweeps
    for number in range(frame.sweep.number if frame.sweep else 0, len(sweeps)):
        sweep = sweeps[number]
        if sweep.start >= step and _begins(sweeps, sweep):
            yield Line(sweep.phase, sweep.start, rule=True)
        lines = listing.lines(sweep, _here(frame, sweep))
        for at in lines[max(0, step + 1 - lines.start) :] if step >= lines.start else lines:
            yield _line(sweep, at, lines)


def _before(listing: _Listing, frame: Frame) -> Iterator[Line]:
    """The lines before the current step's, nearest first."""
    step, sweeps = frame.step, listing.sweeps
    for number in range(frame.sweep.number if frame.sweep else -1, -1, -1):
        sweep = sweeps[number]
        lines = listing.lines(sweep, _here(frame, sweep))
        for at in reversed(range(lines.start, min(lines.stop, step))):
            yield _line(sweep, at, lines)
        if _begins(sweeps, sweep):
            yield Line(sweep.phase, sweep.start, rule=True)


def _lines_before(listing: _Listing, frame: Frame) -> int:
    """How many lines the whole listing has before the current step's."""
    if frame.sweep is None:
        return 0
    return listing.before[frame.sweep.number] + frame.step - frame.sweep.start - 1
