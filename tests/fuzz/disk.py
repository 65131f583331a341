"""Files as they lie on a disk: bits that have flipped, half a character at the end, other encodings, nesting without
end, and what is no ordinary file at all."""

from __future__ import annotations

import io
import os
import random
import zipfile
from functools import cache
from pathlib import Path

import numpy as np

_ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7")
#: What no UTF-8 text has: half characters, too long ones, halves of pairs; and ends of lines of other worlds.
_BYTES = (
    b"\x00", b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80", b"\xef\xbb\xbf",
    b"\r", b"\r\r\n", b"\x0b", b"\x0c", b"\x1a", b"\xc2\x85", b"\xe2\x80\xa8", b"\x7f", b"\x1b]0;x\x07",
)  # fmt: skip
#: What opens something, and closes it again.
_NESTED = (
    ("[", "]"), ("{ a = ", " }"), ("(", ")"), ("a.", ""), ('"', '"'), ('"""', '"""'), ("'''", "'''"), ("[[", "]]"),
    ("-", ""), ("not ", ""), ("relu(", ")"), ("x[", "]"), ("x.T @ ", ""), ("1 + ", ""), ("\\u0041", ""), ("#", "\n"),
)  # fmt: skip
_DEPTHS = (1, 2, 15, 16, 17, 63, 64, 65, 99, 101, 199, 201, 1000, 20_000)


def written(random: random.Random, text: str, path: Path) -> None:
    """Writes a scenario's text, damaged or not; or something else in its place."""
    if random.random() < 0.15:
        _no_text(random, path)
        return
    if random.random() < 0.3:
        text = _nested(random, text)
    encoding = random.choice(_ENCODINGS)
    data = bytearray(text.encode(encoding, errors="ignore" if encoding != "utf-8" else "surrogatepass"))
    for _ in range(random.choice((0, 1, 1, 3, 30))):
        at = random.randrange(len(data) + 1)
        match random.randrange(5):
            case 0 | 1 if at < len(data):
                data[at] ^= 1 << random.randrange(8)
            case 2:
                data[at:at] = random.choice(_BYTES)
            case 3:
                del data[at : at + random.choice((1, 2, 50))]
            case _:
                data[at:at] = data[at : at + random.choice((1, 10, 1000))]
    if random.random() < 0.15:
        del data[random.randrange(len(data) + 1) :]
    path.write_bytes(bytes(data))


def _nested(random: random.Random, text: str) -> str:
    """Something that is opened very often, and maybe closed as often, in the place of a value or of a line."""
    opened, closed = random.choice(_NESTED)
    depth = random.choice(_DEPTHS)
    nest = (
        opened * depth + random.choice(("", "1", "x", "a = 1")) + closed * random.choice((depth, depth, 0, depth + 1))
    )
    lines = text.split("\n")
    at = random.randrange(len(lines))
    key = lines[at].split("=")[0] if "=" in lines[at] else random.choice(("x ", "a ", "y "))
    lines[at] = random.choice((f"{key}= {nest}", f'{key}= "{nest}"', nest, f"{nest} = 1", f"[{nest}]"))
    return "\n".join(lines)


def _no_text(random: random.Random, path: Path) -> None:
    """A pipe, a folder, a link that leads nowhere, round in a circle or to what has no end, a file of a terabyte."""
    match random.randrange(8):
        case 0:
            os.mkfifo(path)
        case 1:
            path.mkdir()
        case 2:
            path.symlink_to(path.name)
        case 3:
            path.symlink_to("nowhere")
        case 4:
            path.symlink_to(random.choice(("/dev/zero", "/dev/null", "/dev/tty", "/etc/passwd", "/proc/self/mem", "/")))
        case 5:
            with path.open("wb") as file:
                file.write(random.choice((b"", b"format = 1\n", b"\x93NUMPY\x01\x00v\x00", b"PK\x03\x04", b"\xff" * 8)))
                file.truncate(random.choice((1 << 20, 17 << 20, 1 << 32, 1 << 40)))
        case 6:
            path.write_bytes(random.randbytes(random.choice((0, 1, 7, 300, 100_000))))
        case _:
            path.write_bytes(random.choice((b"\n", b" ", b"\t", b"#", b'"', b"[", b"=", b"\x00", b"a = 1\n")) * 100_000)


def array(random: random.Random, path: Path) -> None:
    """An array file that asks for more than it is, or is none."""
    match random.randrange(4):
        case 0:
            _no_text(random, path)
        case 1:  # terabytes of numbers, more than any machine has room for: all of them are there, and none is written
            shape = random.choice(((1 << 40,), (3, 1 << 20), (1 << 20, 1 << 20)))
            with path.open("wb") as file:
                np.lib.format.write_array_header_1_0(
                    file, {"descr": random.choice(("<f8", "|u1", "<f2")), "fortran_order": False, "shape": shape}
                )
                file.truncate(file.tell() + 8 * int(np.prod(shape)))
        case 2:
            path.write_bytes(_bomb(random.choice((1, 8, 32)) << 20))
        case _:  # a tensor whose numbers begin far behind the end, or go on for ever
            size = random.choice((48, 1 << 43, 1 << 62))
            said = f'{{"a":{{"dtype":"F64","shape":[{size // 8}],"data_offsets":[0,{size}]}}}}'.encode()
            with path.open("wb") as file:
                file.write(len(said).to_bytes(8, "little") + said)
                file.truncate(file.tell() + min(size, 1 << 43))


@cache
def _bomb(size: int) -> bytes:
    """An array of so many bytes of nothing, packed into a thousandth of it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made, made.open("a.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (size,)})
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    return packed.getvalue()
