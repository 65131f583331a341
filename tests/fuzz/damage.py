"""Array files that are damaged where it hurts: in each field of a header, and anywhere else."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from typing import Any

import numpy as np

KINDS = ("f4", "f8", "f2", "i8", "i4", "u1", "O", "U3", "S4", "c16", ">f8", ">i2", "?", "M8[s]", "V8", "g", "f4,f4")
_SHAPES = (
    "()",
    "(0,)",
    "(6,)",
    "(2, 3)",
    "(3, 2)",
    "(6, 0)",
    "(-1,)",
    "(10**30,)",
    "(9999999999,)",
    "(6L,)",
    "(2, 3",
    "6",
    "[6]",
    "(6.0,)",
    "(True,)",
    "(1,)*70",
    "(" + "1, " * 64 + ")",
    "(" + "1, " * 65 + ")",
    "(" * 300,
    "(9223372036854775807, 9223372036854775807)",
    "(0, 9223372036854775807)",
    "None",
    "('6',)",
    "{6}",
    "(" + "9" * 5000 + ",)",
    "(0x6,)",
    "(06,)",
)
_DESCRIBED = (
    *(f"'{kind}'" for kind in KINDS),
    "'<f8'",
    "'<f8'",
    "'<f8'",
    "'>f4'",
    "'|b1'",
    "'<f3'",
    "'f'",
    "''",
    "'<' * 9",
    "8",
    "None",
    "[('a', '<f8')]",
    "('<f8', (2,))",
    "'<f8'" * 2,
    "'f8'.__class__",
    "'\\x00'",
    "'é'",
    "'<f99999999999999'",
    "'(2,3)f8'",
    "'a5'",
)


def arrays(random: random.Random) -> tuple[str, bytes]:
    """The name and the content of an array file, damaged or not."""
    kind = random.choice((".npy", ".npz", ".safetensors"))
    data = bytearray({".npy": _npy, ".npz": _npz, ".safetensors": _tensors}[kind](random))
    for _ in range(random.choice((0, 0, 1, 2, 8))):
        data = _damaged(random, data)
    return f"a{random.choice((kind, kind, kind, '.npy', '.npz', '.safetensors', '.zip', '.NPY'))}", bytes(data)


def _damaged(random: random.Random, data: bytearray) -> bytearray:
    at = random.randrange(len(data) + 1)
    match random.randrange(6):
        case 0:
            del data[at:]
        case 1 | 2:
            data[at : at + 1] = bytes([random.randrange(256)])
        case 3:
            data[at:at] = random.choice((b"PK\x03\x04", b"\x93NUMPY", b"", bytes(8), b"\xff" * 8))
        case 4:
            data[0:0] = random.choice((b"PK\x03\x04", b"\x93NUMPY", b"", bytes(8)))
        case _:
            data += bytes(random.randrange(100))
    return data


def _npy(random: random.Random) -> bytes:
    if random.random() < 0.4:
        array = np.zeros(random.choice(((), (0,), (6,), (2, 3), (1,) * 32)), dtype=random.choice(KINDS))
        written = io.BytesIO()
        np.save(written, np.asfortranarray(array) if random.random() < 0.3 else array, allow_pickle=True)
        return written.getvalue()
    parts = {
        "descr": random.choice(_DESCRIBED),
        "fortran_order": random.choice(("False", "False", "True", "0", "None", "'no'")),
        "shape": random.choice(_SHAPES),
    }
    if random.random() < 0.1:
        parts[random.choice(("shape", "more"))] = "1"
    said = (
        "{" + ", ".join(f"'{key}': {part}" for key, part in parts.items()) + random.choice(("}", "}", "}\n", ", }", ""))
    )
    if random.random() < 0.1:
        said = random.choice(
            ("", "'''", "[]", "{1: 2}", "{[]: 1}", "\\", "\0", "(" * 5000, "1 +", "é", "lambda: 1", "f'{1}'")
        )
    major = random.choice((1, 1, 1, 2, 3, 0, 9))
    length = len(said.encode()) if random.random() < 0.9 else random.choice((0, 1, 9999, 65535, 2**31, 2**32 - 1))
    size = struct.pack("<H", length & 0xFFFF) if major == 1 else struct.pack("<I", length)
    return (
        b"\x93NUMPY"
        + bytes([major, random.choice((0, 0, 0, 1))])
        + size
        + said.encode()
        + bytes(random.choice((48, 48, 0, 47)))
    )


def _npz(random: random.Random) -> bytes:
    written = io.BytesIO()
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    with zipfile.ZipFile(written, "w", random.choice(methods)) as made:
        for name in random.sample(["a.npy", "b.npy", "../a.npy", "a", "a.npy/", "é.npy", "x.npy"], random.randrange(4)):
            made.writestr(name, _npy(random))
    data = bytearray(written.getvalue())
    for _ in range(random.choice((0, 0, 1, 1, 3))):
        # A field of a record: of a file, of the directory, of the end.
        signature, length = random.choice(((b"PK\x03\x04", 30), (b"PK\x01\x02", 46), (b"PK\x05\x06", 22)))
        found = data.find(signature)
        if found >= 0:
            at = found + random.randrange(4, length)
            size = random.choice((1, 2, 4))
            data[at : at + size] = random.choice((b"\xff" * size, bytes(size), bytes([random.randrange(256)]) * size))
    return bytes(data)


def _tensors(random: random.Random) -> bytes:
    def tensor() -> Any:
        fields: dict[str, Any] = {
            "dtype": random.choice(("F64", "F64", "F32", "BF16", "I8", "BOOL", "", None, 1)),
            "shape": random.choice(
                ([6], [6], [2, 3], [], [0], [-6], [6.0], None, [10**30], [1] * 65, "6", [True], [2**63, 0])
            ),
            "data_offsets": random.choice(
                ([0, 48], [0, 48], [0, 24], [48, 0], [0], [-8, 40], None, [0, 2**70], [1e9, 2], "0")
            ),
        }
        if random.random() < 0.1:
            del fields[random.choice(list(fields))]
        return random.choice((fields, fields, fields, fields, 1, None, [], "a"))

    said: Any = {
        name: tensor() for name in random.sample(["a", "b", "__metadata__", "é", "", "x" * 300], random.randrange(4))
    }
    header = json.dumps(random.choice((said, said, said, said, [], 1, None, "a"))).encode()
    if random.random() < 0.1:
        header = random.choice(
            (
                b"",
                b"[" * 100_000,
                b"9" * 5000,
                b'{"a": 1e999}',
                b"NaN",
                b'{"a": {}, "a": {}}',
                b"\xff",
                b"{",
                b'{"\\ud800": 1}',
            )
        )
    length = len(header) if random.random() < 0.9 else random.choice((0, 7, 2**31, 2**63, 2**64 - 1))
    return length.to_bytes(8, "little") + header + bytes(random.choice((48, 48, 47, 0)))
