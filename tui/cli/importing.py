"""The call that imports networks of other programs."""

from __future__ import annotations

import argparse

from gradstep.tui.cli.words import FINE, Parser, say


def import_words(parser: Parser) -> None:
    """The words of `import`."""
    parser.add_argument("model", metavar="MODEL.onnx", help="a model in ONNX")
    parser.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="the folder to write; nothing is overwritten"
    )
    parser.add_argument(
        "--loss", metavar="FORMULA", help="as in cross_entropy(OUT, t): OUT is the model's output, t is given or drawn"
    )
    parser.add_argument(
        "--size", action="append", default=[], metavar="NAME=N", type=_size, help="a size that the model leaves open"
    )
    parser.add_argument(
        "--input", action="append", default=[], metavar="NAME=FILE", type=_named,
        help="numbers of an input or a target: .npy, .npz or .safetensors (default: drawn)",
    )  # fmt: skip
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="of what is drawn (default 0)")
    parser.add_argument(
        "--freeze", action="append", default=[], metavar="PATTERN", help="parameters that get no gradient, as in emb.*"
    )
    parser.add_argument("--json", action="store_true", help="as a JSON object")


def import_(options: argparse.Namespace) -> int:
    """a model in ONNX as a scenario, in a folder of its own (needs gradstep[onnx])"""
    from gradstep.engine.errors import CommandError
    from gradstep.engine.notation import json_line

    try:
        import onnx  # noqa: F401  # whether it is there
    except ImportError:
        raise CommandError("importing ONNX needs the onnx package: pip install 'gradstep[onnx]'") from None
    from gradstep.onnx import import_model

    report = import_model(
        options.model, options.output, options.loss, sizes=dict(options.size), inputs=dict(options.input),
        seed=options.seed, freeze=options.freeze,
    )  # fmt: skip
    say([json_line(report.document())] if options.json else report.lines())
    return FINE


def _named(text: str) -> tuple[str, str]:
    name, sign, said = text.partition("=")
    if not name or not sign or not said:
        raise argparse.ArgumentTypeError(f"NAME=FILE, not '{text}'")
    return name, said


def _size(text: str) -> tuple[str, int]:
    name, _, said = text.rpartition("=")
    if not name or not said.isdecimal() or not said.isascii() or len(said) > 12:
        raise argparse.ArgumentTypeError(f"NAME=N with a whole number, not '{text}'")
    return name, int(said)


def _seed(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > 12:
        raise argparse.ArgumentTypeError(f"a whole number from 0 on, not '{text}'")
    return int(text)
