"""Trying what a finding advises: a copy of the training is trained with the change, for as many iterations. The
training that one is in stays as it is, unless the change is to be kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradstep.engine.ask.whatif import Edit, read_edit
from gradstep.engine.debugger.runs import Runs
from gradstep.engine.debugger.traveller import Traveller
from gradstep.engine.debugger.trial import Outcome, Trial, Trials, offered
from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.diagnosis.finding import Diagnosis, Finding
from gradstep.engine.errors import CommandError, GoOn
from gradstep.engine.files.altering import altered
from gradstep.engine.history.history import History
from gradstep.engine.run.recording import Recording

#: So many bytes of numbers may be computed for the second and the following changes of a finding: a minute or so.
_ALL = 1 << 35
#: So many further learning rates are tried where the one that is advised does not help.
_FURTHER = 2


def diagnosis(here: Traveller, go_on: GoOn | None = None) -> Diagnosis:
    """What the rules see where one is, by the thresholds that were asked for last; with what came of advice that was
    tried. Raises Interrupted."""
    found = diagnose(here.history, here.thresholds, go_on, here.recording)
    return Diagnosis(offered(one, _tried(here, one)) for one in found)


def try_out(here: Traveller, number: int | None = None, go_on: GoOn | None = None) -> Trials:
    """Trains a copy with each change that finding `number` (from 1) advises, by default the first that has one; where
    none helps and one is a learning rate, further ones in its direction. What was tried before, over as many
    iterations, is not trained again. Raises CommandError where there is nothing to try, and Interrupted; what was tried
    by then is kept."""
    number, finding = _chosen(diagnosis(here, go_on), number)
    made = here.history.made if here.history.made > 1 else here.runs.last
    known = {one.change: one for one in _tried(here, finding) if one.as_it_is.made == made}
    wanted = [one.change for one in finding.changes if one.change not in known]
    cost = here.history.cost * made
    now = wanted[: max(_ALL // max(cost, 1), 1)]
    parts = len(now) + (here.history.made < made)
    base = next(iter(known.values())).as_it_is if known else None

    def share(part: int) -> GoOn | None:
        return None if go_on is None else lambda done: go_on(min((part + done) / max(parts, 1), 1.0))

    def run(change: str, part: int) -> Trial:
        nonlocal base
        base = _outcome(here, made, share(0)) if base is None else base
        known[change] = _trial(here, finding, change, base, share(part))
        _remember(here, finding, known[change])
        return known[change]

    for part, change in enumerate(now, parts - len(now)):
        run(change, part)
    if now and not any(one.helps for one in known.values()):
        any(run(change, parts).helps for change in _further(here, now))
    trials = tuple(sorted(known.values(), key=lambda one: (one.rank, one.with_it.last)))
    found = Trials(number, finding, trials, tuple(change for change in wanted if change not in known))
    here.log.note(here.position, f"try {number}: {trials[0].change}, {trials[0].verdict}")
    return found


def keep(here: Traveller, number: int | None = None, go_on: GoOn | None = None) -> str:
    """Goes on, at the same place, with the change that finding `number` offers first; which it is. Raises
    CommandError where there is none, and Interrupted; and then nothing has changed."""
    number, finding = _chosen(diagnosis(here, go_on), number)
    change = finding.changes[0].change
    runs = _changed(here, change, go_on)
    here.enter(runs if here.runs.beside is None else runs._replace(beside=here.runs.beside), go_on)
    here.log.note(here.position, f"try {number} keep: {change}")
    return change


def _further(here: Traveller, changes: Sequence[str]) -> Iterator[str]:
    """Learning rates that are as much further from the present one, where a change is one."""
    for change in changes:
        if change.startswith("lr = "):
            lr, now = float(change.removeprefix("lr = ")), float(here.recording.scenario.training.optimizer["lr"])
            for _ in range(_FURTHER if lr and now else 0):
                lr, now = lr * lr / now, lr
                yield f"lr = {lr:.3g}"


def _chosen(found: Diagnosis, number: int | None) -> tuple[int, Finding]:
    """The finding that is meant, and its number."""
    runnable = [k for k, one in enumerate(found, 1) if one.changes]
    if not found:
        raise CommandError("nothing is wrong by all rules, so there is nothing to try")
    if number is None and runnable:
        number = runnable[0]
    if number is not None and not 1 <= number <= len(found):
        raise CommandError(f"there is no finding {number}; they go from 1 to {len(found)}")
    if number is None:
        raise CommandError("no advice can be run: what the findings say to try is to be done by hand")
    if number not in runnable:
        others = f"; that of {' and '.join(map(str, runnable))} can" if runnable else ""
        raise CommandError(f"the advice of finding {number}, {found[number - 1].kind}, is to be done by hand{others}")
    return number, found[number - 1]


def _outcome(here: Traveller, made: int, go_on: GoOn | None) -> Outcome:
    """The training as it is; where it has not come so far, a copy of it goes there."""
    history = here.history
    if history.made < made:
        runs = Runs.of(here.runs.original.scenario, here.budget, go_on).with_edits(here.edits, (), go_on)
        history = runs.history
        history.make(made, go_on)
    return Outcome.of(history, made)


def _trial(here: Traveller, finding: Finding, change: str, base: Outcome, go_on: GoOn | None) -> Trial:
    history = _changed(here, change, go_on).history
    steps = history.scenario.training.steps
    made = steps if steps != here.runs.original.scenario.training.steps else base.made
    history.make(made, go_on)
    seen = diagnose(history, here.thresholds, go_on, _same_moment(history, here))
    kinds = {(one.kind, one.place.name) for first in seen.faults for one in (first, *first.follows)}
    return Trial(
        change, Outcome.of(history, made, base.at), base, seen, (finding.kind, finding.place.name) not in kinds
    )


def _same_moment(history: History, here: Traveller) -> Recording:
    """The iteration that one is in, as it is in a copy."""
    return history.recording(min(here.position.iteration, history.made))


def _changed(here: Traveller, change: str, go_on: GoOn | None) -> Runs:
    """A training of its own with a change, and with all edits that are made already."""
    scenario, said = here.runs.original.scenario, list[str]()
    for part in filter(None, (part.strip() for part in change.split(";"))):
        if part.startswith("set "):
            said.append(part.removeprefix("set "))
        else:
            scenario = altered(scenario, part)
    edits: Sequence[Edit] = here.edits
    runs = Runs.of(scenario, here.budget, go_on)
    for text in said:
        edits = [*edits, read_edit(runs.with_edits(edits, (), go_on).history.recording(1, go_on), text)]
    return runs.with_edits(edits, (), go_on)


# What is known -----------------------------------------------------------------------------------


def _tried(here: Traveller, finding: Finding) -> tuple[Trial, ...]:
    return here.runs.tried.get((finding.kind, finding.place.name), ())


def _remember(here: Traveller, finding: Finding, trial: Trial) -> None:
    """Results belong to the training as it is: with other edits they are others."""
    key = finding.kind, finding.place.name
    others = tuple(one for one in here.runs.tried.get(key, ()) if one.change != trial.change)
    here.runs = here.runs._replace(tried={**here.runs.tried, key: (*others, trial)})
