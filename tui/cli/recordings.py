"""The calls about recordings of other programs."""

from __future__ import annotations

import argparse

from gradstep.tui.cli.words import FAILED, FINE, Parser, say, set_thresholds, thresholds


def info_words(parser: Parser) -> None:
    """The words of `info`."""
    parser.add_argument("path", metavar="NAME.gradstep", help="the folder of a recording")
    parser.add_argument("--json", action="store_true", help="as a JSON object")


def info(options: argparse.Namespace) -> int:
    """what is in a recording, without loading its arrays"""
    from gradstep.engine.files import info
    from gradstep.engine.notation import json_line

    found = info(options.path)
    say([json_line(found.document())] if options.json else found.lines())
    return FINE


def join_words(parser: Parser) -> None:
    """The words of `join`."""
    parser.add_argument("ranks", metavar="RANK", nargs="+", help="the recordings of all ranks of one step")
    parser.add_argument("-o", dest="output", metavar="DIR", required=True, help="NAME.gradstep, the folder to write")
    parser.add_argument("--json", action="store_true", help="as a JSON object")


def join(options: argparse.Namespace) -> int:
    """the recordings of the ranks of a data-parallel step, as one"""
    from gradstep.engine.files import join
    from gradstep.engine.notation import json_line

    found = join(options.ranks, options.output)
    say([json_line(found._asdict())] if options.json else found.told())
    return FINE


def triage_words(parser: Parser) -> None:
    """The words of `triage`."""
    parser.add_argument("path", metavar="PATH", help="a recording, a file, or the name of a built-in scenario")
    parser.add_argument("--json", action="store_true", help="as a JSON object")
    thresholds(parser)


def triage(options: argparse.Namespace) -> int:
    """what is wrong with a step, on one page, and what to type next"""
    from gradstep.engine.debugger import triage
    from gradstep.engine.files import find
    from gradstep.engine.notation import json_line

    found = triage(find(options.path), set_thresholds(options))
    say([json_line(found.document())] if options.json else found.lines())
    return FINE if found.ok else FAILED
