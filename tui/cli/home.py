"""The calls about a person's own files: a scenario to begin with, and what holds whatever is opened."""

from __future__ import annotations

import argparse
import os

from gradstep.tui.cli.words import FINE, Parser, say


def config_words(parser: Parser) -> None:
    parser.add_argument("--keys", action="store_true", help="the names of all keys, with what they are now")


def config(options: argparse.Namespace) -> int:
    """where your preferences lie, and what they say"""
    from gradstep.engine.files import text_of
    from gradstep.tui.preferences import EXAMPLE, config_file, preferences

    mine = preferences()
    if options.keys:
        width = max(len(key.id) for key in mine.keymap.keys)
        say(f"{key.id:<{width}}  {key.shown:<9} {key.help}" for key in mine.keymap.keys)
        return FINE
    file = config_file()
    if os.path.lexists(file):
        say([str(file), "", text_of(str(file), str(file)).rstrip("\n")])
    else:
        say([f"{file} (there is none yet; this is what it may say)", "", EXAMPLE.rstrip("\n")])
    return FINE


def new_words(parser: Parser) -> None:
    parser.add_argument("file", nargs="?", default="network.toml", metavar="FILE", help="default: network.toml")


def new(options: argparse.Namespace) -> int:
    """write a commented scenario to begin with"""
    from gradstep.engine.files import starter, write_new

    write_new(options.file, starter())
    say([f"{options.file} is written; open it with: gradstep {_quoted(options.file)}"])
    return FINE


def schema(options: argparse.Namespace) -> int:
    """the JSON Schema of the scenario format, for editors"""
    import json

    from gradstep.engine.files import json_schema

    say([json.dumps(json_schema(), indent=2)])
    return FINE


def _quoted(word: str) -> str:
    """A word as a shell takes it; `./` before what might be taken for an option or a call."""
    import shlex

    return shlex.quote(f"./{word}" if word.startswith("-") or not set(word) & {".", "/"} else word)
