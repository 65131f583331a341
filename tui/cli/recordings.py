"""The calls about recordings of other programs."""

from __future__ import annotations

import argparse

from gradstep.tui.cli.words import FINE, Parser, say


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
