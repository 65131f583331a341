"""The listing of all steps, as a debugger lists a program: which steps have a line, which arrays are folded into
one, and the lines around the current step."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from itertools import groupby, islice
from typing import NamedTuple

from gradstep.engine.debugger import Frame
from gradstep.engine.run import Phase, Recording, Sweep, Timeline
from gradstep.tui.folding import NOTHING, Closed, branches, foldable, home
from gradstep.tui.kept import kept_of_network

#: Runs of more steps than this are shown with all arrays but the current one folded to a line.
UNFOLDED = 60


class Line(NamedTuple):
    """A line of the tape: a phase's rule, one step, an array folded into one line, or `arrays` of a `group` that is
    closed; or where a group that is open begins, which then is a rule. `inside` is the open group around it, `depth`
    says how many there are."""

    phase: Phase
    step: int
    size: int = 1
    rule: bool = False
    folded: bool = False
    group: str = ""
    arrays: int = 1
    inside: str = ""
    depth: int = 0


class _Listing:
    """What follows from the order of steps alone; `homes` are the modules of what the sweeps write."""

    def __init__(self, timeline: Timeline, homes: list[str]) -> None:
        self.sweeps, self.total, self.homes = timeline.sweeps, timeline.total, homes

    @cached_property
    def before(self) -> list[int]:
        """How many lines there are before each sweep's first one, its phase's rule among them, if one stands in
        none of those sweeps."""
        count, found = 0, []
        for sweep in self.sweeps:
            count += len(self.rules(sweep))
            found.append(count)
            count += len(self.lines(sweep, False))
        return found

    def rules(self, sweep: Sweep) -> list[Line]:
        """The lines above a sweep: where its phase begins, and where its module does."""
        before, home = sweep.number - 1, self.homes[sweep.number]
        begins = before < 0 or self.sweeps[before].phase is not sweep.phase
        found = [Line(sweep.phase, sweep.start, rule=True)] if begins else []
        if home and (begins or self.homes[before] != home):
            found.append(Line(sweep.phase, sweep.start, rule=True, group=home))
        return found

    def lines(self, sweep: Sweep, here: bool) -> range:
        """The steps of a sweep that have a line; a folded one, which is any that one is not in, has its last."""
        if self.total <= UNFOLDED or here or sweep.size == 1:
            return range(sweep.start + 1, sweep.stop + 1)
        return range(sweep.stop, sweep.stop + 1)


@kept_of_network
def _listing(recording: Recording) -> _Listing:
    sweeps = recording.timeline.sweeps
    homes = [home(recording, sweep.value) for sweep in sweeps] if foldable(recording) else [""] * len(sweeps)
    return _Listing(recording.timeline, homes)


class _Folded:
    """All arrays as a line each, or of what is closed together, for where one looks from afar."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        #: The lines that are no rules, and their steps.
        self._places = [k for k, line in enumerate(lines) if not line.rule]
        self._steps = [lines[k].step for k in self._places]

    def at(self, step: int) -> int:
        """The place of the line that a step belongs to; 0 before the first."""
        at = bisect_left(self._steps, step)
        return self._places[at] if step and at < len(self._places) else 0


@kept_of_network
def _folded(recording: Recording, closed: Closed) -> _Folded:
    found: list[Line] = []
    for phase, group in groupby(recording.timeline.sweeps, lambda sweep: sweep.phase):
        sweeps = [*group]
        found.append(Line(phase, sweeps[0].start, rule=True))
        for row in branches(recording, [sweep.value for sweep in sweeps], closed):
            start = sweeps[row.first].start
            stop = start if row.begins else sweeps[row.last - 1].stop
            name = row.group if row.begins or row.size > 1 else ""
            place = name, row.size, row.inside, len(row.around)
            found.append(Line(phase, stop, max(stop - start, 1), row.begins, not row.begins, *place))
    return _Folded(found)


def window(frame: Frame, height: int, far: bool = False, closed: Closed = NOTHING) -> list[Line]:
    """The `height` lines around the current step, which stays within the middle half; from afar, a line
    an array, or of what is `closed` together.

    The window moves on by half its height at a time and not with every step: the eye keeps its
    place, and a step repaints two lines instead of all of them.
    """
    if height <= 0:
        return []
    if far:
        return _far(_folded(frame.recording, closed), frame.step, height)
    listing = _listing(frame.recording)
    step = frame.step
    wanted = height // 4 + _lines_before(listing, frame) % max(height // 2, 1)
    here = [_line(listing, frame.sweep, step, listing.lines(frame.sweep, True))] if frame.sweep else []
    above = list(islice(_before(listing, frame), height))
    below = list(islice(_after(listing, frame), height))
    up = min(len(above), max(wanted, height - len(here) - len(below)))
    lines = above[:up][::-1] + here + below
    return lines[:height]


def _far(listing: _Folded, step: int, height: int) -> list[Line]:
    """Those of all arrays that have room, the current one in the middle half."""
    here, lines = listing.at(step), listing.lines
    half = max(height // 2, 1)
    first = min(max(here // half * half - height // 4, 0), max(len(lines) - height, 0))
    return lines[first : first + height]


def _here(frame: Frame, sweep: Sweep) -> bool:
    return frame.sweep is not None and sweep.number == frame.sweep.number


def _line(listing: _Listing, sweep: Sweep, step: int, lines: range) -> Line:
    home, folded = listing.homes[sweep.number], len(lines) < sweep.size
    return Line(sweep.phase, step, sweep.size if folded else 1, folded=folded, inside=home)


def _after(listing: _Listing, frame: Frame) -> Iterator[Line]:
    """The lines after the current step's, nearest first."""
    step, sweeps = frame.step, listing.sweeps
    for number in range(frame.sweep.number if frame.sweep else 0, len(sweeps)):
        sweep = sweeps[number]
        if sweep.start >= step:
            yield from listing.rules(sweep)
        lines = listing.lines(sweep, _here(frame, sweep))
        for at in lines[max(0, step + 1 - lines.start) :] if step >= lines.start else lines:
            yield _line(listing, sweep, at, lines)


def _before(listing: _Listing, frame: Frame) -> Iterator[Line]:
    """The lines before the current step's, nearest first."""
    step, sweeps = frame.step, listing.sweeps
    for number in range(frame.sweep.number if frame.sweep else -1, -1, -1):
        sweep = sweeps[number]
        lines = listing.lines(sweep, _here(frame, sweep))
        for at in reversed(range(lines.start, min(lines.stop, step))):
            yield _line(listing, sweep, at, lines)
        yield from reversed(listing.rules(sweep))


def _lines_before(listing: _Listing, frame: Frame) -> int:
    """How many lines the whole listing has before the current step's."""
    if frame.sweep is None:
        return 0
    return listing.before[frame.sweep.number] + frame.step - frame.sweep.start - 1
