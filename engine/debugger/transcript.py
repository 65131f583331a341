"""The run as plain text, a block a step: for pipes, screen readers and golden files."""

from __future__ import annotations

from collections.abc import Iterator

from gradstep.engine.debugger.frame import Frame
from gradstep.engine.errors import printable
from gradstep.engine.explain import formula
from gradstep.engine.notation import Digits, aligned, number
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase, Position

#: With `terms`, a longer sum is listed by its largest terms.
LISTED = 40


def block(frame: Frame, digits: int = Digits.MATH, terms: bool = False) -> str:
    """One step: number, phase and headline, rule, numbers, result, caption, the author's note."""
    story, equation = frame.story, frame.story.equation
    where = f"iteration {frame.position.iteration:,}  " if frame.position.iteration > 1 else ""
    lines = [f"{where}step {frame.step}/{frame.total}  {frame.phase.value.upper()}  {story.headline}"]
    if equation is not None:
        lines.append(f"  rule     {equation.left} {equation.relation} {equation.right}")
        if equation.numbers:
            lines.append(f"  numbers  = {formula.equation_text(equation.numbers, digits)}")
        result = number(equation.result, digits, frame.phase is Phase.BACKWARD)
        notes = (f"Δ {frame.other(digits)}" if frame.other(digits) else "", story.narration.result_note)
        lines.append("   ".join([f"  result   {equation.equals(digits)} {result}", *filter(None, notes)]))
    if terms and len(story.lines) > 1:
        lines += [f"    {line}" for line in _lines(frame, digits)]
    if terms and frame.sum.count > 1:
        lines += [f"  {line}" for line in _table(frame, digits)]
    lines.append(f"  {story.caption}")
    if story.origin:
        lines.append(f"  from     {story.origin}")
    if story.note:
        lines += [f"  note: {line}" for line in story.note.splitlines()]
    return "\n".join(map(printable, lines))


def line(frame: Frame, digits: int = Digits.MATH) -> str:
    """One step as one line of sentences, for who hears it: where, what happens, the equation with its numbers, the
    caption, the author's note."""
    story, equation = frame.story, frame.story.equation
    where = f"iteration {frame.position.iteration:,}, " if frame.position.iteration > 1 else ""
    said = [f"{where}step {frame.step} of {frame.total}, {frame.phase.value}: {story.headline}"]
    if equation is not None:
        numbers = f" = {formula.equation_text(equation.numbers, digits)}" if equation.numbers else ""
        result = number(equation.result, digits, frame.phase is Phase.BACKWARD)
        rule = f"{equation.left} {equation.relation} {equation.right}"
        said.append(f"{rule}{numbers} {equation.equals(digits)} {result}")
    said += [story.caption, *(f"note: {part}" for part in story.note.splitlines())]
    return " ".join(printable(part if part[-1:] in ".?!:" else f"{part}.") for part in said if part)


def _lines(frame: Frame, digits: int) -> Iterator[str]:
    """The lines of an update: what each makes, how, and of which numbers."""
    lines = frame.story.lines
    for left, e in zip(aligned(e.left for e in lines), lines, strict=True):
        made = number(e.result, digits, e is not lines[-1])
        yield f"{left} ← {e.right} = {formula.equation_text(e.numbers, digits)} {e.equals(digits)} {made}"


def _table(frame: Frame, digits: int) -> Iterator[str]:
    rows, fold = frame.sum.rows(LISTED)
    vias, locals_ = aligned(row.via for row in rows), aligned(row.right_name for row in rows)
    for row, via, local in zip(rows, vias, locals_, strict=True):
        product = ""
        if row.right == row.right or row.left == row.left:
            left, right = number(row.left, digits, True), number(row.right, digits, True)
            product = f"{left:>9} × {local} {right:>9} = "
        yield (
            f"  {via}  {product}{number(row.contribution, digits, True):>9}"
            f"   running Σ {number(row.running, digits, True):>9}"
        )
    if fold is not None:
        yield f"  … {fold.size:,} smaller terms together {number(fold.contribution, digits, True)}"


def blocks(recording: Recording, phase: Phase | None = None, terms: bool = False) -> Iterator[str]:
    """All steps, or those of one phase, one block each."""
    start, stop = recording.timeline.span(phase) if phase else (0, recording.timeline.total)
    for step in range(start + 1, stop + 1):
        yield block(Frame(recording, Position(step)), terms=terms)
