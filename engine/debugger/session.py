"""A session: a person's place in a training, with all that can be asked and done there. The screen, the command line,
scripts and Python programs all drive this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine.debugger.traveller import Traveller
from gradstep.engine.errors import GoOn

# What is asked and done is loaded when it first is: it would be felt at the start of the screen.
if TYPE_CHECKING:
    from gradstep.engine.ask.comparison import Comparison
    from gradstep.engine.ask.differences.nudging import Nudge
    from gradstep.engine.ask.differences.verifying import Gradients
    from gradstep.engine.ask.explained import Explained
    from gradstep.engine.ask.hits import Hits
    from gradstep.engine.ask.query import Answer
    from gradstep.engine.ask.whatif import Edit
    from gradstep.engine.debugger.commands.table import Result
    from gradstep.engine.debugger.rows import Rows
    from gradstep.engine.debugger.trial import Trials
    from gradstep.engine.debugger.when import When
    from gradstep.engine.diagnosis.finding import Diagnosis
    from gradstep.engine.explain.blame import Blame
    from gradstep.engine.explain.paths import Paths
    from gradstep.engine.history.loss_change import LossChange
    from gradstep.engine.run.scenario import Scenario


class Session(Traveller):
    """A person's place in a scenario's training: `Session(scenario)` runs its first iteration and stands at its start.

    `frame()` is all that may be seen there. What one asks gives an object with its numbers, with `lines()` for
    people and `document()`, plain data for JSON. A NAME is one number as one types it, as in "h.grad[1]"; without
    one, what the current step writes is meant. CommandError is raised where a name, a condition or an expression
    cannot be read, with what is allowed. What takes long asks `go_on`, which is told the share that is done, whether
    to go on, and raises Interrupted where it says no; then nothing has changed.
    """

    # Questions -----------------------------------------------------------------------------------

    def why(self, name: str = "", go_on: GoOn | None = None) -> Blame | LossChange:
        """Why a gradient is what it is: its chain of hops to the loss, each along the strongest term, with upstream
        × local = product; and the `reason` where it is exactly 0. Of "loss" a LossChange: which samples, which terms
        and which parameters' last moves have made it another one than in the iteration before."""
        from gradstep.engine.debugger import questions

        return questions.why(self, name, go_on)

    def paths(self, name: str = "", k: int = 5) -> Paths:
        """How many paths lead from a number to the loss, what they bring together (the gradient), and the `k`
        strongest of them: the local derivatives along each, their product, and its share of the gradient."""
        from gradstep.engine.debugger import questions

        return questions.paths(self, name, k)

    def terms(self, name: str = "") -> Rows:
        """The rows of the sum that a number is: via, upstream × local = contribution, and the running sum. Of a
        parameter or an input, those of its gradient."""
        from gradstep.engine.debugger import questions

        return questions.terms(self, name)

    def when(self, condition: str, go_on: GoOn | None = None) -> When:
        """Goes back in time, through all iterations, to the step at which a condition became true, and says what to
        suspect next: the update, the parameter that moved most, the sample. "first COND" is the first step of all at
        which it holds. Raises CommandError where it was not true up to here."""
        from gradstep.engine.debugger import questions

        return questions.when(self, condition, go_on)

    def nudge(self, name: str = "", eps: float | None = None) -> Nudge:
        """A gradient beside the central finite difference (L(x + eps) − L(x − eps)) / 2 eps of this iteration's loss,
        computed in float64; without `eps`, a step that suits the number. Kinks in between are named."""
        from gradstep.engine.debugger import questions

        return questions.nudge(self, name, eps)

    def verify(self, go_on: GoOn | None = None) -> Gradients | Explained:
        """The same for every parameter: whether all agree (`ok`), how many were compared, the largest relative
        error, and those that do not agree. Where `go_on` says no, it tells of those that are compared by then. Of a
        recording, as it was: which of its lines explain what was recorded."""
        from gradstep.engine.debugger import questions

        return questions.verify(self, go_on)

    def findings(self, go_on: GoOn | None = None, **thresholds: float) -> Diagnosis:
        """What the rules see in this iteration and, where more than one is made, in the training: a tuple of
        Finding, each with its place, its numbers, why it matters, and what to try. `thresholds` are set by the names
        of rules, as in vanish=1e-4."""
        from gradstep.engine.debugger import questions

        return questions.findings(self, thresholds, go_on)

    def find(self, condition: str, go_on: GoOn | None = None) -> Hits:
        """The first 20 steps at which a condition holds, in all iterations that are made."""
        from gradstep.engine.debugger import questions

        return questions.find(self, condition, go_on)

    def value(self, expression: str) -> Answer:
        """What an expression is at this moment, as in "abs(W1.grad).max()": its `value` is an array of the expression's
        shape, or None while not all that it is made of is computed."""
        from gradstep.engine.debugger import questions

        return questions.value(self, expression)

    def diff(self, scenario: Scenario, go_on: GoOn | None = None) -> Comparison:
        """Compares this iteration with the same one of another scenario: where they first differ, and where most. If
        both take the same steps, frames show its numbers beside these from now on."""
        from gradstep.engine.debugger import questions

        return questions.diff(self, scenario, go_on)

    # What-if -------------------------------------------------------------------------------------

    def edit(self, text: str, go_on: GoOn | None = None) -> Edit:
        """What if? Sets something to another number, as in "W2[0,1] = 0.4", or an operation to another one, as in
        "op h = tanh", and computes again what depends on it. The place stays the same."""
        from gradstep.engine.debugger import editing

        return editing.edit(self, text, go_on)

    def undo(self, go_on: GoOn | None = None) -> Edit:
        """Takes the last edit back. Raises CommandError if there is none."""
        from gradstep.engine.debugger import editing

        return editing.undo(self, go_on)

    def redo(self, go_on: GoOn | None = None) -> Edit:
        """Makes the edit that was undone last once more. Raises CommandError if there is none."""
        from gradstep.engine.debugger import editing

        return editing.redo(self, go_on)

    def revert(self, go_on: GoOn | None = None) -> int:
        """Takes all edits back; how many there were."""
        from gradstep.engine.debugger import editing

        return editing.revert(self, go_on)

    def try_out(self, number: int | None = None, go_on: GoOn | None = None) -> Trials:
        """Trains a copy with each change that a finding advises (by its number in `findings`, from 1; else the first
        that has one), for as many iterations: both losses, whether it helps, and what the rules see then. This
        training stays as it is."""
        from gradstep.engine.debugger import trying

        return trying.try_out(self, number, go_on)

    def keep(self, number: int | None = None, go_on: GoOn | None = None) -> str:
        """Goes on with the change that a finding offers first, at the same place; which it is. The change stands in
        the scenario's text, so that `save` writes it."""
        from gradstep.engine.debugger import trying

        return trying.keep(self, number, go_on)

    # Commands ------------------------------------------------------------------------------------

    def do(self, line: str, go_on: GoOn = lambda share: True) -> Result:
        """Carries out a command, written as behind `:` on the screen: its text for people, its data for programs.
        Raises CommandError, naming the command and what is wrong with it."""
        from gradstep.engine.debugger import commands

        return commands.run(self, line, go_on)
