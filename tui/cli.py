"""The command line. Imports the standard library only until it is known what is asked."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from gradstep.engine.export import FORMATS

FINE, FAILED, BAD, INTERRUPTED = 0, 1, 2, 130
#: Seconds after which opening a scenario shows how far it is.
_PATIENCE = 0.25
_PHASES = ("forward", "loss", "backward", "update")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one call of `gradstep` and returns its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show ∂ gets a ? for it rather than a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        options = _parser().parse_args(_with_default(list(sys.argv[1:] if argv is None else argv)))
        status: int = options.act(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        return _reader_gone()
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        return _failed(error, "--debug" in (argv or sys.argv))
    except Exception as error:
        from gradstep.engine.errors import GradstepError

        if not isinstance(error, GradstepError):
            raise
        return _failed(error, "--debug" in (argv or sys.argv))


def _reader_gone() -> int:
    """Whoever read our output has seen enough, as `head` does: no error, and nothing more to say."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FINE


def _failed(error: Exception, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exception(error)
    from gradstep.engine.errors import printable

    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        lines = [f"{where}{error.strerror or error}"]
    else:
        lines = str(error).splitlines() or [type(error).__name__]
    for line in lines:
        print(f"error: {printable(line)}", file=sys.stderr)
    if isinstance(error, OSError) and sys.stdout is not None:
        # A full device makes the interpreter's last flush fail as well, with a traceback.
        try:
            sys.stdout.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BAD


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, with the nearest valid word."""

    def error(self, message: str) -> None:  # type: ignore[override]
        print(f"error: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(BAD)


def _parser() -> argparse.ArgumentParser:
    shared = _Parser(add_help=False)
    shared.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser = _Parser(
        prog="gradstep",
        description="The time-travel debugger for backpropagation, in the terminal.",
        epilog="gradstep [--ascii] SCENARIO opens the screen; without one, the built-in walkthrough. "
        "Where standard output is no terminal, the steps are printed instead.",
        parents=[shared],
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    calls = parser.add_subparsers(metavar="CALL", required=True, parser_class=_Parser)
    for name, call in CALLS.items():
        one = calls.add_parser(name, help=call.__doc__, description=call.__doc__, parents=[shared])
        one.set_defaults(act=call)
        if name in ("open", "steps", "export", "run"):
            nargs = "?" if name == "open" else None
            one.add_argument(
                "scenario",
                metavar="SCENARIO",
                nargs=nargs,
                default="walkthrough",
                help="a file, or the name of a built-in scenario",
            )
        if name == "open":
            one.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
        if name == "steps":
            one.add_argument("--phase", choices=_PHASES, help="only the steps of one phase")
            one.add_argument("--terms", action="store_true", help="list the terms of each sum")
        if name == "run":
            for flag, kind, what in (("-c", "COMMAND", "carry out a command"), ("-x", "FILE", "and those in a file")):
                one.add_argument(flag, dest="script", action=_InOrder, default=[], metavar=kind, help=what)
            one.add_argument("--json", action="store_true", help="one JSON object a command")
        if name == "diff":
            for which in "ab":
                one.add_argument(which, metavar=which.upper(), help="a file, or the name of a built-in scenario")
            one.add_argument("--rtol", type=float, default=0.0, help="numbers agree within this share (default 0)")
            one.add_argument("--json", action="store_true", help="as a JSON object")
        if name == "check":
            one.add_argument("scenarios", metavar="SCENARIO", nargs="+", help="files, or names of built-in scenarios")
            one.add_argument("--json", action="store_true", help="one JSON object a line")
        if name == "export":
            one.add_argument("--format", choices=tuple(FORMATS), required=True, help="how it is written")
            one.add_argument("-o", dest="output", metavar="FILE", help="into a file, not to standard output")
    return parser


class _InOrder(argparse.Action):
    """Commands and files of commands in the order in which they are given."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, flag: Any = None
    ) -> None:
        namespace.script = [*namespace.script, (flag, values)]


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"gradstep {version('gradstep')}")
        raise SystemExit(FINE)


def _with_default(words: list[str]) -> list[str]:
    """`gradstep`, `gradstep FILE` and `gradstep --ascii FILE` are calls of `open`.

    A word that is a call is that call; a file of such a name is opened as ./list.
    """
    flags = [w for w in words if w in ("--debug", "--ascii")]
    rest = [w for w in words if w not in flags]
    if not rest:
        return ["open", *flags]
    if rest[0] in CALLS:
        return [*rest, *flags]
    if rest[0].startswith("-") and rest[0] != "-":
        return words
    _refuse_near_miss(rest[0])
    return ["open", *rest, *flags]


def _refuse_near_miss(word: str) -> None:
    """A misspelt call must not be taken for a scenario that does not exist."""
    import difflib

    if "." in word or os.sep in word or os.path.exists(word):
        return
    near = difflib.get_close_matches(word, [c for c in CALLS if c != "open"], n=1, cutoff=0.75)
    if near:
        from gradstep.engine.errors import CommandError
        from gradstep.engine.scenario import builtin

        if word not in builtin():
            raise CommandError(f"no call and no scenario '{word}'; did you mean 'gradstep {near[0]}'?")


# The calls. The first line of each docstring is its help. ------------------------------------------


def _open(options: argparse.Namespace) -> int:
    """open the screen (the same as without a call)"""
    if not (sys.stdout.isatty() and sys.stdin.isatty()) or os.environ.get("TERM") == "dumb":
        options.phase, options.terms = None, False
        return _steps(options)
    # Nothing that is loaded from here to the first frame is ever garbage, and looking through all
    # of it again and again would be a tenth of the start. The app turns it on again.
    gc.disable()
    from gradstep.tui.loading import Loading

    loading = Loading(options.scenario)
    # What is there at once, and what cannot be opened at all, needs no screen to wait on.
    if loading.wait(_PATIENCE):
        loading.session()
    from gradstep.tui import ascii
    from gradstep.tui.app import Gradstep

    app = Gradstep(loading, options.ascii or ascii.wanted())
    status = app.run()
    if app.failure is not None:
        raise app.failure
    return FINE if status is None else status


def _list(options: argparse.Namespace) -> int:
    """the built-in scenarios, one a line"""
    from gradstep.engine.errors import printable
    from gradstep.engine.scenario import builtin, find

    for name in builtin():
        print(f"{name:<14} {printable(find(name).title)}")
    return FINE


def _steps(options: argparse.Namespace) -> int:
    """every step as plain text"""
    from gradstep.engine.recording import record
    from gradstep.engine.scenario import find
    from gradstep.engine.timeline import Phase
    from gradstep.engine.transcript import transcript

    recording = record(find(options.scenario))
    phase = Phase(options.phase) if options.phase else None
    for number, block in enumerate(transcript(recording, phase, options.terms)):
        print(f"\n{block}" if number else block)
    return FINE


def _run(options: argparse.Namespace) -> int:
    """debugger commands without a screen"""
    from gradstep.engine.batch import carry_out, read
    from gradstep.engine.errors import CommandError
    from gradstep.engine.scenario import find
    from gradstep.engine.session import Session

    if not options.script:
        raise CommandError("nothing to run: give commands with -c COMMAND or in a file with -x FILE")
    parts = [[line] if flag == "-c" else read(line) for flag, line in options.script]
    return FINE if carry_out(Session(find(options.scenario)), parts, options.json, print) else FAILED


def _check(options: argparse.Namespace) -> int:
    """verify gradients and printed numbers"""
    import json

    from gradstep.engine.check import check
    from gradstep.engine.export.json import checked
    from gradstep.engine.scenario import find

    fine = True
    for scenario in [find(name) for name in options.scenarios]:
        report = check(scenario)
        fine &= report.ok
        if options.json:
            print(json.dumps(checked(report), ensure_ascii=False, allow_nan=False))
        else:
            print("\n".join(report.lines()))
    return FINE if fine else FAILED


def _diff(options: argparse.Namespace) -> int:
    """two runs: first divergence, largest differences"""
    import json

    from gradstep.engine.compare import compare
    from gradstep.engine.recording import record
    from gradstep.engine.scenario import find

    found = compare(record(find(options.a)), record(find(options.b)), options.rtol)
    if options.json:
        print(json.dumps(found.document(), ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(found.lines()))
    return FINE if found.same else FAILED


def _export(options: argparse.Namespace) -> int:
    """the whole run as data"""
    from gradstep.engine.export import export
    from gradstep.engine.recording import record
    from gradstep.engine.scenario import find

    text = export(record(find(options.scenario)), options.format)
    if options.output is None:
        print(text, end="")
    else:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(text)
    return FINE


def _ops(options: argparse.Namespace) -> int:
    """the operations with formula, local gradient and convention at kinks"""
    from gradstep.engine.ops import described

    print("\n".join(described()))
    return FINE


CALLS: dict[str, Callable[[argparse.Namespace], int]] = {
    "open": _open,
    "list": _list,
    "steps": _steps,
    "run": _run,
    "check": _check,
    "diff": _diff,
    "export": _export,
    "ops": _ops,
}
