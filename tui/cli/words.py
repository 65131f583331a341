"""What the calls share: exit statuses, and the words that several of them take."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from gradstep.engine.errors import printable, shortened

FINE, FAILED, BAD, INTERRUPTED = 0, 1, 2, 130


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, with the nearest valid word."""

    def error(self, message: str) -> None:  # type: ignore[override]
        print(f"error: {printable(message)}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(BAD)


def say(texts: Iterable[str], at_once: bool = False) -> None:
    """Prints texts of one or more lines; `at_once`, so that who waits for them sees each. What comes from files must
    not speak to the terminal."""
    for text in texts:
        print("\n".join(map(printable, text.split("\n"))), flush=at_once)


def telling(error: Exception, debug: bool) -> str:
    """What is said of an error; to `debug` it, its traceback goes to standard error first."""
    from gradstep.engine.files import told

    if debug:
        import traceback

        traceback.print_exception(error)
    return told(error) or type(error).__name__


def complain(text: str) -> None:
    """Says on standard error what is wrong, each line as one error."""
    for line in text.splitlines():
        print(f"error: {printable(line)}", file=sys.stderr)


def scenario(parser: Parser, default: str | None = None) -> None:
    """Which scenario a call is about; with a `default` it may be left out."""
    parser.add_argument(
        "scenario",
        metavar="SCENARIO",
        nargs=None if default is None else "?",
        default=default,
        help="a file, or the name of a built-in scenario",
    )


def memory(parser: Parser) -> None:
    """How much the past of a training may take; see `budget`."""
    parser.add_argument("--memory", type=count, metavar="MIB", help="for the past of a training (default 256)")


def thresholds(parser: Parser) -> None:
    """Other thresholds of rules than their own; see `set_thresholds`."""
    says = "the threshold of a rule of findings, as in vanish=1e-4; may be given several times"
    parser.add_argument("--threshold", action="append", default=[], metavar="NAME=VALUE", help=says)


def set_thresholds(options: argparse.Namespace) -> dict[str, float]:
    """Those that were given, by the names of rules. Raises CommandError where there is no such rule."""
    from gradstep.engine.diagnosis import RULES

    return RULES.read(options.threshold)


def budget(options: argparse.Namespace) -> int:
    """Bytes for the past of a training."""
    from gradstep.engine.history import BUDGET

    return BUDGET if options.memory is None else options.memory << 20


def count(text: str) -> int:
    """A whole number from 1 on, of at most 12 digits, as commands take it."""
    if not text.isdecimal() or len(text) > 12 or not int(text):
        raise argparse.ArgumentTypeError(f"a whole number from 1 on, of at most 12 digits, not '{shortened(text)}'")
    return int(text)


def share(text: str) -> float:
    """A finite number from 0 on."""
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not 0 <= found < float("inf"):
        raise argparse.ArgumentTypeError(f"a finite number from 0 on, not '{shortened(text)}'")
    return found
