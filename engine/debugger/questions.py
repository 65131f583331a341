"""What can be asked where one is: each question gives an object with `lines()` for people and `document()` for
programs. A name is written as one types it, as in h.grad[1]; none means what the current step writes."""

from __future__ import annotations

from collections.abc import Mapping

from gradstep.engine.ask.comparison import Comparison, alike, compare
from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.differences import nudging, verifying
from gradstep.engine.ask.differences.nudging import Nudge
from gradstep.engine.ask.differences.verifying import Gradients
from gradstep.engine.ask.explained import Explained, explained
from gradstep.engine.ask.hits import Hits
from gradstep.engine.ask.query import Answer, Query
from gradstep.engine.ask.scope import Moment
from gradstep.engine.debugger import trying
from gradstep.engine.debugger import when as seeking
from gradstep.engine.debugger.rows import Rows
from gradstep.engine.debugger.traveller import Traveller
from gradstep.engine.debugger.when import When
from gradstep.engine.diagnosis.diagnosing import RULES
from gradstep.engine.diagnosis.finding import Diagnosis
from gradstep.engine.errors import CommandError, GoOn
from gradstep.engine.explain import blame
from gradstep.engine.explain.blame import Blame
from gradstep.engine.explain.paths import Paths, paths_from
from gradstep.engine.graph.element import Element
from gradstep.engine.history import search
from gradstep.engine.history.history import History
from gradstep.engine.history.loss_change import LossChange
from gradstep.engine.history.loss_parts import loss_change
from gradstep.engine.run import moments
from gradstep.engine.run.scenario import Scenario

#: So many steps are listed.
_FOUND = 20


def _element(traveller: Traveller, name: str) -> Element:
    """The one element that a name means; that of the current step where none is given."""
    board, here = traveller.recording.board, traveller.frame().element
    if not name and here is not None:
        return here
    if not name:
        raise CommandError("a name is needed, as in h.grad[1]")
    found = board.resolve(name)
    if not found.value.size:
        raise CommandError(f"'{name}' is empty, of shape {found.value.shape}")
    if found.flat is None:
        one = board.typed(found.value.id, 0)
        raise CommandError(f"'{name}' has {found.value.size:,} numbers; name one, as in {one}")
    return Element(found.value.id, found.flat)


def _with_gradient(traveller: Traveller, name: str) -> Element:
    element = _element(traveller, name)
    if traveller.recording.trace.grad[element.value] is None:
        value = traveller.recording.graph.values[element.value]
        why = ": it is frozen (requires_grad = false)" if value.frozen else ""
        raise CommandError(f"'{value.name}' has no gradient{why}")
    return element


def why(traveller: Traveller, name: str = "", go_on: GoOn | None = None) -> Blame | LossChange:
    """The blame chain of a gradient; of the loss itself, why it is another one than in the iteration before."""
    if name and _is_loss(traveller, name):
        return loss_change(traveller.history, traveller.position.iteration, go_on)
    return blame.why(traveller.recording, _with_gradient(traveller, name))


def _is_loss(traveller: Traveller, name: str) -> bool:
    found = traveller.recording.board.resolve(name)
    return found.kind == "data" and found.value is traveller.recording.graph.loss


def paths(traveller: Traveller, name: str = "", k: int = 5, go_on: GoOn | None = None) -> Paths:
    """The paths from an element to the loss, and the `k` strongest of them."""
    if k < 1:
        raise CommandError(f"how many is a whole number from 1 on, not '{k}'")
    return paths_from(traveller.recording, _element(traveller, name), k, go_on)


def terms(traveller: Traveller, name: str = "") -> Rows:
    """The rows of a sum: of what a step writes; of a leaf, of its gradient."""
    recording, position = traveller.recording, traveller.position
    if name:
        target = recording.board.resolve(name)
        given = target.kind == "data" and target.value.node < 0
        there = f"{target.value.name}.grad" + name.partition("[")[1] + name.partition("[")[2] if given else name
        position = moments.find(recording.timeline, recording.board, position, there)
    frame = traveller.frame_at(position._replace(term=None))
    if frame.sum.terms is None:
        why = "was set by you, and" if frame.by_hand else ""
        raise CommandError(" ".join(filter(None, (f"'{name or 'this step'}'", why, "is no sum"))))
    return Rows(frame)


def when(traveller: Traveller, condition: str, go_on: GoOn | None = None) -> When:
    """Travels to the step, earlier in time, at which a condition became true."""
    found = seeking.when(traveller.history, traveller.recording, traveller.position, condition, go_on)
    traveller.jump(found.position, go_on)
    traveller.log.note(found.position, f"when {condition}: step {found.position.step:,}")
    return found


def nudge(traveller: Traveller, name: str = "", eps: float | None = None) -> Nudge:
    """A gradient beside a finite difference."""
    if eps is not None and not 0 < eps < float("inf"):
        raise CommandError("EPS is a finite number above 0")
    found = nudging.nudge(traveller.recording, _with_gradient(traveller, name), eps)
    traveller.log.note(traveller.position, next(found.lines()))
    return found


def verify(traveller: Traveller, go_on: GoOn | None = None) -> Gradients | Explained:
    """The gradients of all parameters beside finite differences; of a recording, which lines explain it."""
    progress = None if go_on is None else lambda done, total: go_on(done / max(total, 1))
    recording = traveller.recording
    as_recorded = recording.scenario.observed is not None and not recording.given and recording.iteration == 1
    found = explained(recording) if as_recorded else verifying.verify(recording, progress)
    traveller.log.note(traveller.position, next(found.lines()))
    return found


def findings(
    traveller: Traveller, thresholds: Mapping[str, float] | None = None, go_on: GoOn | None = None
) -> Diagnosis:
    """What is wrong in this iteration and, where more than one is made, in the training; with what came of advice that
    was tried."""
    traveller.thresholds = RULES.thresholds(thresholds)
    return trying.diagnosis(traveller, go_on)


def find(traveller: Traveller, condition: str, go_on: GoOn | None = None) -> Hits:
    """The first steps at which a condition holds, in all iterations that are made."""
    return search.find(traveller.history, Condition(condition, traveller.recording), _FOUND, go_on)


def value(traveller: Traveller, expression: str) -> Answer:
    """What an expression is at this moment."""
    return Query(expression).answer(Moment.at(traveller.recording, traveller.position))


def diff(traveller: Traveller, scenario: Scenario, go_on: GoOn | None = None) -> Comparison:
    """Compares with the run of another scenario. If it takes the same steps, the screen shows its
    numbers beside these from now on."""
    other = History(scenario, traveller.budget, go_on)
    there = other.recording(traveller.position.iteration, go_on)
    found = compare(traveller.recording, there)
    traveller.runs = traveller.runs._replace(beside=other if alike(traveller.recording, there) else None)
    about = f"diff {scenario.name}: {found.differing:,} of {found.compared:,} numbers differ"
    traveller.log.note(traveller.position, about)
    return found
