"""What to look at next, where something became true: the update before it, the parameter it moved most, the sample."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.errors import CommandError, GoOn
from gradstep.engine.explain import remarks, zeros
from gradstep.engine.explain.accounts import account
from gradstep.engine.explain.advice import against
from gradstep.engine.explain.loss_terms import by_sample, loss_terms
from gradstep.engine.explain.nonfinite import Trouble
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Role
from gradstep.engine.history.history import History
from gradstep.engine.history.loss_change import PARTS
from gradstep.engine.history.loss_parts import loss_change
from gradstep.engine.history.mover import Moved, largest, mover
from gradstep.engine.index import Array
from gradstep.engine.notation import number, plain
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase


class Suspects(NamedTuple):
    """What is to be said; the update before, with the parameter that it `moved` most, and the `sample` of the batch
    that has the largest part in it, with its `row` of the data; None where there is none."""

    text: str
    moved: Moved | None
    parameter: str
    sample: int | None
    row: int | None

    def document(self) -> dict[str, Any]:
        """For programs."""
        moved = self.moved
        update = None if moved is None else {
            "iteration": moved.iteration, "step": moved.step, "parameter": self.parameter,
            "old": plain(moved.old), "new": plain(moved.new),
        }  # fmt: skip
        return {"update": update, "sample": self.sample, "row": self.row}


def suspects(
    history: History, frame: Frame, element: Element, condition: Condition, go_on: GoOn | None = None
) -> Suspects:
    """What to suspect where a condition became true at a step that writes an element. Raises Interrupted."""
    recording = frame.recording
    moved = _moved(history, frame, element, condition, go_on)
    said = [_reason(history, frame, element, moved, go_on)]
    if _of_units(condition):
        sample, text = _last_open(history, frame, element, go_on)
    else:
        sample, text = _sample(frame, element), "The largest part: {}."
        if recording.samples.of(*element) is not None:
            text = "It is about {}."
    row = None if sample is None else recording.row(sample)
    if sample is not None:
        said.append(text.format(f"sample {sample}" if row is None else f"sample {sample} (row {row:,})"))
    parameter = "" if moved is None else recording.typed(moved.element)
    return Suspects(" ".join(filter(None, said)), moved, parameter, sample, row)


# The update ---------------------------------------------------------------------------------------


def _moved(history: History, frame: Frame, element: Element, condition: Condition, go_on: GoOn | None) -> Moved | None:
    """The largest move in the update before: of a parameter that the condition names; else into the neuron that the
    step is about, forward and where its gradient is 0; else of all. What an update writes is its own."""
    recording, graph = frame.recording, frame.recording.graph
    if frame.phase is Phase.UPDATE:
        old, new = recording.trace.number(element), recording.moved_to(element)
        text = f"which moves {recording.board.element(*element)}: {number(old)} → {number(new)}"
        return Moved(recording.iteration, frame.step, element, old, new, text)
    named = list(_named(condition, recording))
    if named:
        return largest(history, named, recording.iteration, go_on=go_on)
    own = frame.phase is not Phase.BACKWARD or recording.trace.derivative(element) == 0
    found = mover(history, element, recording.iteration, go_on) if own else None
    everything = ((p.id, np.arange(p.size)) for p in graph.parameters if p.size)
    return found or largest(history, everything, recording.iteration, go_on=go_on)


#: What may be a name, or a part of what has one.
_NAMES = (ast.Name, ast.Subscript, ast.Attribute)


def _named(condition: Condition, recording: Recording) -> Iterator[tuple[int, Array]]:
    """The parameters that a condition names, or the elements of them."""
    if condition.query is None:
        return
    scope = Moment.end(recording)
    nodes = [condition.query.tree]
    while nodes:
        node = nodes.pop()
        try:
            found = (
                Query.of(node).reference(scope) if isinstance(node, ast.Name | ast.Subscript | ast.Attribute) else None
            )
        except CommandError:  # a word of the language, and no name
            found = None
        if found is None:
            nodes += [inner for inner in ast.iter_child_nodes(node) if isinstance(inner, ast.expr)]
        elif found.value in recording.graph.parameters and found.kind == "data":
            flats = np.arange(found.value.size).reshape(found.value.shape)
            yield found.value.id, np.atleast_1d(flats[found.at] if found.at else flats).reshape(-1)


# The sample ---------------------------------------------------------------------------------------


def _sample(frame: Frame, element: Element) -> int | None:
    """The sample that an element belongs to; else the one that adds most to it; None where there is only one, or none
    has a part of its own."""
    recording = frame.recording
    samples = recording.samples
    if samples.count < 2 or frame.phase is Phase.UPDATE:
        return None
    own = samples.of(*element)
    if own is not None:
        return own
    if element.value == recording.graph.loss.id:
        parts = by_sample(loss_terms(recording.trace, samples))
    else:
        parts = _of_sum(frame)
    return None if parts is None or not abs(parts).any() else int(np.nan_to_num(abs(parts), nan=np.inf).argmax())


def _of_units(condition: Condition) -> bool:
    """Whether it speaks of a neuron in all samples."""
    words = condition.query.words() if condition.query is not None else set()
    return any(KINDS[word].units for word in words & set(KINDS))


def _last_open(history: History, frame: Frame, element: Element, go_on: GoOn | None) -> tuple[int | None, str]:
    """The sample for which a gate that is shut in all of them now was open furthest in the iteration before; none
    where that had other samples."""
    recording, k = frame.recording, frame.recording.iteration
    layer = recording.board.layer_of.get(element.value)
    value = layer.pre if layer is not None and layer.pre >= 0 else element.value
    if k < 2 or recording.scenario.pool or recording.samples.axis(value) is None:
        return None, ""
    before = history.recording(k - 1, go_on).trace.data[value]
    sums = before.take(recording.samples.over(value, element.flat).take(0, recording.samples.count))
    sample = int(np.nan_to_num(sums, nan=-np.inf).argmax())
    name = recording.board.element(value, recording.samples.moved(value, element.flat, sample))
    return sample, f"The last to open it: {{}}, {name} = {number(sums[sample])}."


def _of_sum(frame: Frame) -> Array | None:
    """What each sample adds to what the step writes, shape (samples,)."""
    recording, found = frame.recording, np.zeros(frame.recording.samples.count)
    some = False
    for segment in frame.sum.segments:
        axis = recording.samples.axis(segment.via_value)
        if axis is None:
            continue
        some, shape = True, recording.graph.values[segment.via_value].shape
        for start, _, _, contribution in segment.pieces():
            flats = segment.via.take(start, start + len(contribution))
            with np.errstate(all="ignore"):
                found += np.bincount(np.unravel_index(flats, shape)[axis], contribution, minlength=len(found))
    return found if some else None


# In words -----------------------------------------------------------------------------------------


def _reason(history: History, frame: Frame, element: Element, moved: Moved | None, go_on: GoOn | None) -> str:
    """What to look at next, and what to try; in a later iteration the update before it."""
    trouble, before = frame.story.trouble, ""
    if moved is not None:
        when = (
            "this update" if frame.phase is Phase.UPDATE else f"the update at the end of iteration {moved.iteration:,}"
        )
        before = f"{when}, {moved.text}."
    if trouble is not None:
        return _of_trouble(frame, trouble) + (f" Before it: {before}" if before else "")
    found = _of_gradient(frame, element) if frame.phase is Phase.BACKWARD else ""
    if before:
        if element.value == frame.recording.graph.loss.id and frame.phase is Phase.LOSS:
            return f"{_of_loss(history, frame.recording, go_on)}The next suspect: {before}"
        return f"{found} Before it: {before}" if found else f"The next suspect: {before}"
    values = frame.recording.graph.values
    live = [link for link in frame.origin.live if values[link.source.value].role is not Role.LITERAL]
    if not found and live:
        source = max(live, key=lambda link: abs(link.amount)).source
        found = f"The next suspect: {frame.recording.board.element(*source)}, which enters it."
    return found


def _of_loss(history: History, recording: Recording, go_on: GoOn | None) -> str:
    """What the loss has changed by since the iteration before, where it is not the update alone that did it."""
    change = loss_change(history, recording.iteration, go_on)
    if len(change.parts) < 2 or not isfinite(change.change):
        return ""
    names = {**PARTS, "update": "the update"}
    parts = ", ".join(f"{names[name]} {number(part, signed=True)}" for name, part in change.parts.items())
    return f"Since iteration {recording.iteration - 1:,}: {parts}. "


def _of_trouble(frame: Frame, trouble: Trouble) -> str:
    told = account(frame.recording, trouble)
    began = told.began
    here = began.step == frame.step and began.iteration == frame.recording.iteration
    there = "" if began.iteration == frame.recording.iteration else f" of iteration {began.iteration:,}"
    moment = "here" if here else f"at step {began.step:,}{there}"
    hint = f" Try: {against(told)}." if began.blame.cause is not Cause.MASKED else ""
    return f"The next suspect: {began.blame.cause.value}, {moment}. {remarks.told(told)}{hint}"


def _of_gradient(frame: Frame, element: Element) -> str:
    """Why a gradient is zero; else what brings the largest part of it; empty where it has no parts."""
    recording, terms = frame.recording, frame.sum.terms
    found = zeros.settled(recording, element)
    if found is not None:
        zero = next(iter(found.found))
        step = recording.timeline.step_of(Phase.BACKWARD, *zero.element) or frame.step
        moment = "here" if step == frame.step else f"at step {step:,}, {recording.board.gradient(*zero.element)}"
        kinds = " and ".join(one.reason.value for one in found.found)
        return f"The next suspect: {kinds}, {moment}. {remarks.zero_reason(recording, element)}"
    if terms is None or not len(terms):
        return ""
    k = int(abs(terms.contribution).argmax())
    via = recording.board.gradient(int(terms.via_value[k]), int(terms.via[k]))
    return f"The next suspect: {via}, which brings the largest part."
