"""What the scorer found, for people."""

from __future__ import annotations

from pathlib import Path

from tests.diagnosis.case import Case, Healthy
from tests.diagnosis.scoring import Run, Score, Scored, run, scored
from tests.diagnosis.sets import CASES, HEALTHY
from tests.diagnosis.vocabulary import CAUSES, KINDS

FIGURES = Path(__file__).parent / "figures.toml"


def table(score: Score) -> str:
    """By rule, then in all."""
    lines = [f"{'kind':<24}{'cases':>6}{'named':>7}{'placed':>8}{'right':>7}{'wrong':>7}{'alarms':>8}"]
    for kind, row in sorted(score.rows().items()):
        numbers = f"{row.cases:>6}{row.named:>7}{row.placed:>8}{row.right:>7}{row.wrong:>7}{row.alarms:>8}"
        lines.append(f"{kind:<24}{numbers}")
    figures = score.figures()
    bugs, fine, early = figures["cases"], figures["healthy"], sum(one.before is not None for one in score.scored)
    underway = f"on the way there, or before, {figures['healthy_underway']}"
    lines += [
        "",
        f"bugs: the cause is named first in {figures['first']} of {bugs}, among the first three in {figures['named']}, "
        f"with its place in {figures['placed']}, and not in its twin in {figures['apart']}",
        f"      before it is trained in {figures['early']} of the {early} that can be seen there; misleading advice in "
        f"{figures['misled']}, kinds of findings that are not true {figures['wrong']}",
        f"advice: one the opposite of another in {figures['opposed']} runs, what is done already in {figures['idle']}",
        f"alarms: {figures['twins_alarmed']} of {bugs} twins, {figures['healthy_alarmed']} of {fine} healthy "
        f"trainings; {underway}",
        f"precision {score.precision():.2f}, recall {score.recall():.2f} ({score.seconds():.0f} s)",
    ]
    return "\n".join(lines)


def verdicts(score: Score) -> str:
    """A line for each case: 1 its cause is named first, n among the first three, p with its place, a not in its twin;
    then how well
    bug and twin learn, what is said first, and what in the twin. Of healthy trainings only those with alarms."""
    lines = [_verdict(one) for one in score.scored]
    for fine, made in score.healthy:
        said = _said(made)
        if said:
            lines.append(f"alarm {fine.name:<32}{'healthy':<24}{_share(made):<12}said: {said}")
    return "\n".join([*lines, ""])


def _verdict(one: Scored) -> str:
    reached = zip("1npa", (one.first, one.naming, one.placed, one.apart), strict=True)
    marks = "".join(mark if ok else "·" for mark, ok in reached)
    said = _said(one.bug) or "nothing"
    twin = _said(one.twin)
    more = (f"   twin: {twin}" if twin else "") + (f"   never: {one.misled[0]}" if one.misled else "")
    learned = f"{_share(one.bug)}/{_share(one.twin)}"
    return f"{marks} {one.case.name:<33}{one.case.accepted[0]:<24}{learned:<12}said: {said}{more}"


def _said(made: Run) -> str:
    return " ".join(dict.fromkeys(found.kind for found in made.told))


def _share(made: Run) -> str:
    return "–" if made.quality is None else f"{max(made.quality, -9.0):.2f}"


def one_case(name: str, toml: bool) -> str:
    """One case or healthy training, with its truth and what is said."""
    for case in (one for found in CASES.values() for one in found):
        if case.name == name:
            return _bug(case, toml)
    for fine in (one for found in HEALTHY.values() for one in found):
        if fine.name == name:
            return _fine(fine, toml)
    raise SystemExit(f"there is no case '{name}'")


def _bug(case: Case, toml: bool) -> str:
    one = scored(case)
    reached = f"named {one.naming is not None}, first {one.first}, placed {one.placed}, apart {one.apart}"
    early = f", before it is trained {one.early}" if one.before else ""
    return "\n".join(
        [
            f"{case.name}: {CAUSES[case.cause].text} ({case.cause})",
            f"named by {' or '.join(case.accepted)}",
            f"true as well {' '.join(sorted(case.true - set(case.accepted)))}",
            f"place {case.where}; says {case.says!r}; never advise {case.never!r}",
            f"source: {case.source}",
            reached + early,
            *_run("the bug", case.text if toml else "", one.bug),
            *_run("its twin", case.twin if toml else "", one.twin),
        ]
    )


def _fine(fine: Healthy, toml: bool) -> str:
    lines = _run(f"healthy, reaches {fine.reaches}", fine.text if toml else "", run(fine.text))
    return "\n".join([f"{fine.name}: {fine.why}", *lines])


def _run(word: str, text: str, made: Run) -> list[str]:
    head = f"== {word}: loss {made.began:g} → {made.ended:g}, learned {_share(made)}, {made.seconds:.2f} s"
    return ["", head, *([text] if text else []), *made.diagnosis.lines()]


def vocabulary() -> str:
    """Kinds, then causes with the kinds that name them."""
    kinds = [f"{kind:<24}{text}" for kind, text in KINDS.items()]
    causes = [f"{name:<28}{one.text}: {', '.join(one.kinds)}" for name, one in CAUSES.items()]
    return "\n".join([*kinds, "", *causes])


def keep(score: Score) -> None:
    """Writes the figures that must not get worse."""
    rows = {kind: row for kind, row in sorted(score.rows().items()) if row.cases}
    lines = [
        "# What has been reached, kept by a test; `python -m tests.diagnosis --keep` writes it, after a conflict too.",
        "[all]",
    ]
    lines += [f"{name} = {value}" for name, value in score.figures().items()]
    lines += ["", "[named]", *(f"{kind} = {row.named}" for kind, row in rows.items())]
    FIGURES.write_text("\n".join(lines) + "\n", encoding="utf-8")
