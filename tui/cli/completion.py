"""Completion in shells, by argcomplete: calls and their options, built-in scenarios, and files of scenarios."""

from __future__ import annotations

import argparse
import os

from gradstep.tui.cli.calls import CALLS, WHOLE, parser
from gradstep.tui.cli.words import Parser


def complete() -> None:
    """Answers a shell that asks, as the environment says, and ends the process."""
    import argcomplete
    from argcomplete.lexers import split_line

    line, point = os.environ["COMP_LINE"], int(os.environ["COMP_POINT"])
    _, _, _, words, _ = split_line(line, point)
    if len(words) < 2:
        asked = _first()
    else:
        asked = parser()
        if words[1] not in (*CALLS, *WHOLE):
            # A word that is no call belongs to `open`.
            at = line.index(words[0]) + len(words[0])
            os.environ["COMP_LINE"] = f"{line[:at]} open{line[at:]}"
            os.environ["COMP_POINT"] = str(point + len(" open"))
    _know(asked)
    argcomplete.autocomplete(asked, always_complete_options=False)


def _first() -> argparse.ArgumentParser:
    """What may stand behind `gradstep`: a call, or what `open` takes."""
    found = Parser(prog="gradstep")
    CALLS["open"].words(found)
    for flag in ("--version", "--completion", "--max-memory", "--debug"):
        found.add_argument(flag)
    return found


def _themes(**_: object) -> list[str]:
    from gradstep.tui.preferences import themes

    return themes()


def _operations(**_: object) -> list[str]:
    from gradstep.engine.ops import COMPOSITES, REGISTRY

    return sorted({*REGISTRY, *COMPOSITES})


def _rules(**_: object) -> list[str]:
    from gradstep.engine.diagnosis import RULES

    return [f"{name}=" for name in RULES.defaults]


def _know(asked: argparse.ArgumentParser) -> None:
    """Gives the arguments that are scenarios what they may be."""
    from argcomplete.completers import FilesCompleter

    from gradstep.engine.files import builtin

    files, models = FilesCompleter(("toml",)), FilesCompleter(("onnx",))
    calls = [call for call in CALLS if call != "open"] if asked.prog == "gradstep" else []

    def scenarios(prefix: str, **_: object) -> list[str]:
        return [*(word for word in (*calls, *builtin()) if word.startswith(prefix)), *files(prefix)]

    known = {
        **dict.fromkeys(("scenario", "scenarios", "a", "b"), scenarios), "theme": _themes, "name": _operations,
        "threshold": _rules, "model": models,
    }  # fmt: skip
    for action in asked._actions:
        if action.dest in known:
            action.completer = known[action.dest]  # type: ignore[attr-defined]  # argcomplete looks for it there
        elif isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                _know(one)
