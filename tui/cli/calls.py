"""All calls, and how the words behind `gradstep` become one of them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from gradstep.tui.cli import home, importing, recordings, runs, screen, training
from gradstep.tui.cli.words import FINE, Parser, count


class Call(NamedTuple):
    """What it does, which gives the exit status, and what adds its words to a parser. The docstring of
    `act` is its help."""

    act: Callable[[argparse.Namespace], int]
    words: Callable[[Parser], None]


CALLS: Mapping[str, Call] = {
    "open": Call(screen.open_screen, screen.open_words),
    "list": Call(runs.list_scenarios, runs.no_words),
    "steps": Call(runs.steps, runs.steps_words),
    "run": Call(runs.run, runs.run_words),
    "train": Call(training.train, training.train_words),
    "check": Call(runs.check, runs.check_words),
    "diff": Call(runs.diff, runs.diff_words),
    "export": Call(runs.export, runs.export_words),
    "import": Call(importing.import_, importing.import_words),
    "info": Call(recordings.info, recordings.info_words),
    "join": Call(recordings.join, recordings.join_words),
    "triage": Call(recordings.triage, recordings.triage_words),
    "ops": Call(runs.ops, runs.ops_words),
    "new": Call(home.new, home.new_words),
    "schema": Call(home.schema, runs.no_words),
    "config": Call(home.config, home.config_words),
}


def parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """What reads the words of any call; `act` of what it gives carries the call out. Where the first of some words
    names a call, of that one only."""
    named = words[0] if words and words[0] in CALLS else None
    shared = Parser(add_help=False)
    shared.add_argument("--debug", action="store_true", help="show the traceback of an error")
    shared.add_argument(
        "--max-memory", type=count, metavar="MIB", help="refuse a network that needs more (default: what is free)"
    )
    whole = Parser(
        prog="gradstep",
        description="The time-travel debugger for backpropagation, in the terminal.",
        epilog="gradstep [--ascii] SCENARIO opens the screen; without one, the built-in walkthrough. "
        "Where standard output is no terminal, the steps are printed instead.",
        parents=[shared],
    )
    whole.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    whole.add_argument(
        "--completion", action=_Completion, choices=("bash", "zsh", "fish"), help="print what the shell reads"
    )
    calls = whole.add_subparsers(metavar="CALL", required=True, parser_class=Parser)
    for name, call in CALLS.items() if named is None else [(named, CALLS[named])]:
        says = call.act.__doc__
        one = calls.add_parser(name, help=says, description=says, parents=[shared])
        one.set_defaults(act=call.act)
        call.words(one)
    return whole


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"gradstep {version('gradstep')}")
        raise SystemExit(FINE)


class _Completion(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, namespace: object, shell: object, *_: object) -> None:
        from argcomplete.shell_integration import shellcode

        print(shellcode(["gradstep"], shell=str(shell)), end="")
        raise SystemExit(FINE)


def with_default(words: list[str]) -> list[str]:
    """`gradstep`, `gradstep FILE` and `gradstep --ascii FILE` are calls of `open`.

    A word that is a call is that call; a file of such a name is opened as ./list.
    """
    flags = [w for w in words if w == "--debug"]
    rest = [w for w in words if w not in flags]
    if not rest:
        return ["open", *flags]
    if rest[0] in CALLS:
        return [*rest, *flags]
    if rest[0].partition("=")[0] in WHOLE:
        return words
    if not rest[0].startswith("-"):
        _refuse_near_miss(rest[0])
    return ["open", *rest, *flags]


#: Words about the whole, and not about one call.
WHOLE = ("-h", "--help", "--version", "--completion")


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
