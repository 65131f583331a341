"""The command line. Imports the standard library only until it is known what is asked."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from gradstep.engine.files import FORMATS

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
        if name in ("open", "steps", "export", "run", "train"):
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
        if name == "train":
            one.epilog = (
                "A report says the loss; the latest loss over the samples held back, and @ in which iteration it was "
                "taken; the learning rate η; the norm ‖∂‖ of all gradients together; and how far all parameters "
                "moved, ‖Δ‖, over their size after it."
            )
            one.add_argument("--steps", type=_count, metavar="N", help="so many iterations (default: the scenario's)")
            one.add_argument("--until", metavar="COND", help="stop where this holds, as in 'dead(h[3])'")
            one.add_argument("--every", type=_count, metavar="N", help="report every so many iterations")
            one.add_argument("--json", action="store_true", help="one JSON object a report")
            one.add_argument("-o", dest="output", metavar="FILE", help="write the parameters as .safetensors")
        if name in ("open", "run", "train"):
            one.add_argument("--memory", type=_count, metavar="MIB", help="for the past of a training (default 256)")
        if name == "diff":
            one.add_argument("a", metavar="A", help="a file, or the name of a built-in scenario")
            one.add_argument("b", metavar="B", nargs="?", help="another one; default: what A's [against] says")
            one.add_argument("--steps", type=_count, metavar="N", help="train both so long, and compare all iterations")
            one.add_argument("--rtol", type=float, default=0.0, help="numbers agree within this share (default 0)")
            one.add_argument("--json", action="store_true", help="as a JSON object")
        if name == "check":
            one.add_argument("scenarios", metavar="SCENARIO", nargs="+", help="files, or names of built-in scenarios")
            one.add_argument("--json", action="store_true", help="one JSON object a line")
        if name == "export":
            one.add_argument("--format", choices=tuple(FORMATS), required=True, help="how it is written")
            one.add_argument("-o", dest="output", metavar="FILE", help="into a file, not to standard output")
    return parser


def _count(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"a whole number from 1 on, not '{text}'")
    return int(text)


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
        from gradstep.engine.files import builtin

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

    loading = Loading(options.scenario, _budget(options))
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


def _budget(options: argparse.Namespace) -> int:
    """Bytes for the past of a training."""
    from gradstep.engine.history import BUDGET

    return BUDGET if options.memory is None else options.memory << 20


def _list(options: argparse.Namespace) -> int:
    """the built-in scenarios, one a line"""
    from gradstep.engine.errors import printable
    from gradstep.engine.files import builtin, find

    for name in builtin():
        print(f"{name:<14} {printable(find(name).title)}")
    return FINE


def _steps(options: argparse.Namespace) -> int:
    """every step as plain text"""
    from gradstep.engine.debugger import blocks
    from gradstep.engine.files import find
    from gradstep.engine.run import Phase, record

    recording = record(find(options.scenario))
    phase = Phase(options.phase) if options.phase else None
    for number, block in enumerate(blocks(recording, phase, options.terms)):
        print(f"\n{block}" if number else block)
    return FINE


def _run(options: argparse.Namespace) -> int:
    """debugger commands without a screen"""
    from gradstep.engine.debugger import Session, carry_out, read_script
    from gradstep.engine.errors import CommandError
    from gradstep.engine.files import find

    if not options.script:
        raise CommandError("nothing to run: give commands with -c COMMAND or in a file with -x FILE")
    parts = [[line] if flag == "-c" else read_script(line) for flag, line in options.script]
    session = Session(find(options.scenario), budget=_budget(options))
    return FINE if carry_out(session, parts, options.json, print) else FAILED


def _train(options: argparse.Namespace) -> int:
    """train without a screen; stops at a condition"""
    import json
    import signal

    from gradstep.engine.ask import Condition
    from gradstep.engine.debugger import Ended, parameters, train
    from gradstep.engine.files import check_output, find, save_weights, stops_of
    from gradstep.engine.history import History, diagnosis

    if options.output is not None:
        check_output(options.output)
    scenario = find(options.scenario)
    history = History(scenario, _budget(options))
    stops_of(scenario, history.recording(1))
    until = None if options.until is None else Condition(options.until, history.recording(1))
    steps = options.steps or scenario.training.steps
    stopped: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: stopped.append(number))
    bar = _Bar(steps, sys.stderr.isatty() and not options.json)
    ended = None
    try:
        for found in train(history, steps, until, options.every, lambda share: bar.at(history.made, stopped)):
            if isinstance(found, Ended):
                ended = found
                continue
            bar.clear()
            print(json.dumps(found.document(), allow_nan=False) if options.json else found.line(), flush=True)
        assert ended is not None, "a training says how it ended"
        k, step = ended.position.iteration, ended.position.step
        says = f"{options.until} holds in iteration {k:,}, at step {step:,}" if ended.reason == "until" else ""
        if options.output is not None:
            save_weights(options.output, parameters(history, ended.position), k)
        seen = [] if stopped else list(diagnosis(history, None, lambda share: not stopped))
    finally:
        bar.clear()
        signal.signal(signal.SIGINT, before)
    if options.json:
        document = {
            "done": True,
            "reason": ended.reason,
            "iteration": k,
            "step": step,
            "until": options.until,
            "output": options.output,
            "findings": [f.document() for f in seen],
        }
        print(json.dumps(document, ensure_ascii=False, allow_nan=False))
    else:
        print(f"● {ended.reason}: {says or f'after iteration {k:,}'}")
        if options.output is not None:
            print(f"  parameters written to {options.output}")
        for finding in seen:
            print("\n".join(f"  {line}" for line in finding.lines()))
    if ended.reason == "interrupted":
        return INTERRUPTED
    return FAILED if options.until is not None and ended.reason == "end" else FINE


class _Bar:
    """How far a training is, on a terminal's last line."""

    def __init__(self, steps: int, shown: bool) -> None:
        self._steps, self._shown, self._last = steps, shown, 0.0
        self._begun = False

    def at(self, made: int, stopped: Sequence[int]) -> bool:
        """Shows how far it is, now and then; whether to go on."""
        if self._shown:
            from time import monotonic

            now = monotonic()
            if now - self._last > 0.1:
                self._last, self._begun = now, True
                done = round(30 * made / self._steps)
                print(
                    f"\r{'█' * done}{'░' * (30 - done)} {made:,}/{self._steps:,} ", end="", file=sys.stderr, flush=True
                )
        return not stopped

    def clear(self) -> None:
        if self._begun:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._begun = False


def _check(options: argparse.Namespace) -> int:
    """verify gradients and printed numbers"""
    import json

    from gradstep.engine.debugger import check
    from gradstep.engine.files import find

    fine = True
    for scenario in [find(name) for name in options.scenarios]:
        report = check(scenario)
        fine &= report.ok
        if options.json:
            print(json.dumps(report.document(), ensure_ascii=False, allow_nan=False))
        else:
            print("\n".join(report.lines()))
    return FINE if fine else FAILED


def _diff(options: argparse.Namespace) -> int:
    """two runs: first divergence, largest differences"""
    import json

    from gradstep.engine.ask import compare
    from gradstep.engine.errors import CommandError
    from gradstep.engine.files import find
    from gradstep.engine.history import History, trainings

    one = find(options.a)
    other = one.against if options.b is None else find(options.b)
    if other is None:
        raise CommandError(f"'{options.a}' has no [against] to compare with; name a second scenario")
    a, b = History(one), History(other)
    steps = options.steps or (one.training.steps if options.b is None else 1)
    found = trainings(a, b, steps, options.rtol) if steps > 1 else compare(a.start, b.start, options.rtol)
    if options.json:
        print(json.dumps(found.document(), ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(found.lines()))
    return FINE if found.same else FAILED


def _export(options: argparse.Namespace) -> int:
    """the whole run as data"""
    from gradstep.engine.files import export, find
    from gradstep.engine.run import record

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
    "train": _train,
    "check": _check,
    "diff": _diff,
    "export": _export,
    "ops": _ops,
}
