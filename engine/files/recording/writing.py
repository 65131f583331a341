"""Recordings are written here: into a folder of another name beside it, which gets its own when it is complete."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gradstep.engine.errors import CommandError, printable, shortened
from gradstep.engine.files.opening import reason
from gradstep.engine.files.recording.manifest import (
    FILES,
    FORMAT,
    GRAPH,
    LEAVES,
    MANIFEST,
    SUFFIX,
    TRACE,
    read_manifest,
)
from gradstep.engine.files.recording.storing import store
from gradstep.engine.index import Array
from gradstep.engine.run.sizes import sizes_of


def check_folder(path: str) -> Path:
    """The folder that a recording is to be written to. Raises CommandError where it could not be: before anything is
    recorded, not after."""
    folder = Path(path)
    if folder.suffix != SUFFIX:
        raise CommandError(f"'{printable(shortened(path))}': a recording is called NAME{SUFFIX}")
    if not os.path.isdir(folder.parent):
        raise _cannot(path, "no such folder")
    if os.path.lexists(folder) and not os.path.isfile(folder / MANIFEST):
        raise _cannot(path, "there is something of that name which is no recording")
    if not os.access(folder.parent, os.W_OK):
        raise _cannot(path, "permission denied")
    return folder


def write_recording(
    path: str,
    graph: str,
    leaves: Mapping[str, Array],
    trace: Mapping[str, Array],
    about: Mapping[str, Any],
    kinds: Mapping[str, str] | None = None,
) -> int:
    """Writes a recording, in the place of one of that name; how many bytes it has. `kinds` says by name or key which
    arrays were float16 or bfloat16; they take half the room. Raises CommandError where it cannot be written; what was
    there then stays."""
    folder = check_folder(path)
    try:
        part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.stem}-", suffix=".part"))
        try:
            sizes = _fill(part, graph, leaves, trace, kinds or {})
            large = {LEAVES: sizes_of(leaves), TRACE: sizes_of(trace)}
            manifest = {"kind": "gradstep recording", "format": FORMAT, "files": sizes, "sizes": large, **about}
            _flushed(part / MANIFEST, _json(manifest))
            os.chmod(part, 0o777 & ~_mask())
            _name(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise _cannot(path, reason(error)) from None
    return sum(sizes.values())


def amend_recording(path: str, about: Mapping[str, Any]) -> None:
    """Says more, or otherwise, in the manifest of a recording. Raises CommandError and ScenarioError."""
    folder = Path(path)
    manifest = {**read_manifest(folder), **about}
    try:
        _flushed(folder / f"{MANIFEST}.part", _json(manifest))
        os.replace(folder / f"{MANIFEST}.part", folder / MANIFEST)
    except OSError as error:
        raise _cannot(path, reason(error)) from None


def _json(manifest: Mapping[str, Any]) -> bytes:
    return json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False).encode()


def _fill(
    part: Path, graph: str, leaves: Mapping[str, Array], trace: Mapping[str, Array], kinds: Mapping[str, str]
) -> dict[str, int]:
    _flushed(part / GRAPH, graph.encode("utf-8"))
    store(part / LEAVES, leaves, kinds)
    store(part / TRACE, trace, kinds)
    return {name: (part / name).stat().st_size for name in FILES}


def _flushed(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _name(part: Path, folder: Path) -> None:
    """Gives a finished folder its name; a recording that has it goes."""
    old = part.with_suffix(".old")
    with suppress(FileNotFoundError):
        os.rename(folder, old)
    try:
        os.rename(part, folder)
    except OSError:
        with suppress(FileNotFoundError):
            os.rename(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _cannot(path: str, why: str) -> CommandError:
    return CommandError(f"'{printable(shortened(path))}' cannot be written: {why}")
