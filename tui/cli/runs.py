"""The calls about runs of scenarios, without a screen: as text, as data, checked, compared."""

from __future__ import annotations

import argparse
from typing import Any

from gradstep.tui.cli.words import (
    FAILED,
    FINE,
    Parser,
    budget,
    count,
    memory,
    say,
    scenario,
    set_thresholds,
    share,
    telling,
    thresholds,
)

_PHASES = ("forward", "loss", "backward", "update")


def no_words(parser: Parser) -> None:
    """For calls that take none."""


def list_scenarios(options: argparse.Namespace) -> int:
    """the built-in scenarios, one a line: name, title, what it shows"""
    import shutil
    import sys

    from gradstep.engine.files import builtin, find
    from gradstep.engine.notation import aligned

    found = [find(name) for name in builtin()]
    names, titles = aligned(one.name for one in found), aligned(one.title for one in found)
    lines = [f"{name}  {title}  {one.shows}" for name, title, one in zip(names, titles, found, strict=True)]
    if sys.stdout.isatty() and max(map(len, lines)) > shutil.get_terminal_size().columns:
        lines = [f"{name}  {one.shows}" for name, one in zip(names, found, strict=True)]
    say(lines)
    return FINE


def steps_words(parser: Parser) -> None:
    scenario(parser)
    parser.add_argument("--phase", choices=_PHASES, help="only the steps of one phase")
    parser.add_argument("--terms", action="store_true", help="list the terms of each sum")


def steps(options: argparse.Namespace) -> int:
    """every step as plain text"""
    from gradstep.engine.debugger import blocks
    from gradstep.engine.files import find
    from gradstep.engine.run import Phase, record

    recording = record(find(options.scenario))
    phase = Phase(options.phase) if options.phase else None
    for number, block in enumerate(blocks(recording, phase, options.terms)):
        say([f"\n{block}" if number else block])
    return FINE


def moment(options: argparse.Namespace) -> int:
    """the step that `--at` names, as plain text"""
    from gradstep.engine.debugger import Session
    from gradstep.engine.files import find

    say([Session(find(options.scenario), budget=budget(options)).do(f"goto {options.at}").text])
    return FINE


class _InOrder(argparse.Action):
    """Commands and files of commands in the order in which they are given."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, flag: Any = None
    ) -> None:
        namespace.script = [*namespace.script, (flag, values)]


def run_words(parser: Parser) -> None:
    scenario(parser)
    for flag, kind, what in (("-c", "COMMAND", "carry out a command"), ("-x", "FILE", "and those in a file")):
        parser.add_argument(flag, dest="script", action=_InOrder, default=[], metavar=kind, help=what)
    parser.add_argument("--json", action="store_true", help="one JSON object a command")
    memory(parser)


def run(options: argparse.Namespace) -> int:
    """debugger commands without a screen"""
    from gradstep.engine.debugger import Session, carry_out, read_script
    from gradstep.engine.errors import CommandError
    from gradstep.engine.files import find

    if not options.script:
        raise CommandError("nothing to run: give commands with -c COMMAND or in a file with -x FILE")
    parts = [[line] if flag == "-c" else read_script(line) for flag, line in options.script]
    session = Session(find(options.scenario), budget=budget(options))
    fine = carry_out(session, parts, options.json, print, lambda error: telling(error, options.debug))
    return FINE if fine else FAILED


def check_words(parser: Parser) -> None:
    parser.add_argument("scenarios", metavar="SCENARIO", nargs="+", help="files, or names of built-in scenarios")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    thresholds(parser)


def check(options: argparse.Namespace) -> int:
    """verify gradients and printed numbers"""
    from gradstep.engine.debugger import check
    from gradstep.engine.files import find
    from gradstep.engine.notation import json_line

    fine, given = True, set_thresholds(options)
    for chosen in [find(name) for name in options.scenarios]:
        report = check(chosen, given)
        fine &= report.ok
        if options.json:
            say([json_line(report.document())])
        else:
            say(report.lines())
    return FINE if fine else FAILED


def diff_words(parser: Parser) -> None:
    parser.add_argument("a", metavar="A", help="a file, or the name of a built-in scenario")
    parser.add_argument("b", metavar="B", nargs="?", help="another one; default: what A's [against] says")
    parser.add_argument("--steps", type=count, metavar="N", help="train both so long, and compare all iterations")
    parser.add_argument("--rtol", type=share, metavar="X", default=0.0, help="numbers agree within this share")
    parser.add_argument("--json", action="store_true", help="as a JSON object")


def diff(options: argparse.Namespace) -> int:
    """two runs: first divergence, largest differences"""
    from gradstep.engine.ask import compare
    from gradstep.engine.errors import CommandError
    from gradstep.engine.files import find
    from gradstep.engine.history import History, trainings
    from gradstep.engine.notation import json_line

    one = find(options.a)
    other = one.against if options.b is None else find(options.b)
    if other is None:
        raise CommandError(f"'{options.a}' has no [against] to compare with; name a second scenario")
    a, b = History(one), History(other)
    steps = options.steps or (one.training.steps if options.b is None else 1)
    found = trainings(a, b, steps, options.rtol) if steps > 1 else compare(a.start, b.start, options.rtol)
    if options.json:
        say([json_line(found.document())])
    else:
        say(found.lines())
    return FINE if found.same else FAILED


def export_words(parser: Parser) -> None:
    from gradstep.engine.files import FORMATS

    scenario(parser)
    parser.add_argument("--format", choices=tuple(FORMATS), required=True, help="how it is written")
    parser.add_argument("-o", dest="output", metavar="FILE", help="into a file, not to standard output")


def export(options: argparse.Namespace) -> int:
    """the whole run as data"""
    from gradstep.engine.files import check_place, export, find, write_over
    from gradstep.engine.run import record

    if options.output is not None:
        check_place(options.output)
    text = export(record(find(options.scenario)), options.format)
    if options.output is None:
        print(text, end="")
    else:
        write_over(options.output, text)
    return FINE


def ops(options: argparse.Namespace) -> int:
    """the operations with formula, local gradient and convention at kinks; NAME: of one, and an example to run"""
    from gradstep.engine.ops import described, explained

    say(explained(options.name) if options.name else described())
    return FINE


def ops_words(parser: Parser) -> None:
    """The word of `ops`."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="an operation, by gradstep's name or PyTorch's")
