"""The screen in ASCII, for terminals that show nothing else: every other character has one in its place.

One filter over all lines that are written, so that no panel knows of it.
"""

from __future__ import annotations

import os
import re
import select
import sys
from collections.abc import Mapping

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

#: Terminals whose fonts have neither braille nor half blocks.
_POOR = re.compile(r"linux|vt\d+|ansi|dumb")
#: Languages in whose terminals a line may be two cells wide.
_EAST = re.compile(r"(ja|ko|zh)_")

_PAIRS = (
    "─-│|╭+╮+╰+╯+├+┤+┌+┐+└+┘+┬+┴+┼+━=┃#┏#┓#┗#┛#┣#┫#▔-",  # frames; the current one is heavy
    '▁.▂.▃:▄_▅=▆*▇#█#▀"▏|▕|▎|▍|▌|▋#▊#▉#▐|░.▒%▓%',  # bars
    "▸>◂<▾v▼V▲^▴^◆*◇o●@○o⌫,⏎=↑^↓v←<→>⇧^⇥>▶>◀<‹<›>✎!╳X⋮:…~┊:†t↻@↕:",  # marks
    "∂dΣSηnσsΔDλlβbαaεeτtμuγgρrφfΦFψyπpθtωw∇D∞I√v∈e⊙*×x÷/·.≈~≤<≥>≠!±+−-∘o‖|′'½hℓl⁄/⊕+∑S∏P∘o",  # mathematics
    "₀0₁1₂2₃3₄4₅5₆6₇7₈8₉9ᵢiⱼjₖkₗlₘmₙnₚpᵣrₛsₜtᵤuᵥv₊+₋-ₓx⁰0¹1²2³3⁴4⁵5⁶6⁷7⁸8⁹9ᵀT⁻-⁺+ⁿn",
    "–-—-‘'’'“\"”\"«<»>✓Y✗X°o©cäaöoüuéeèe",
)
_TABLE = {ord(pair[k]): pair[k + 1] for pair in _PAIRS for k in range(0, len(pair), 2)}
#: Braille: the upper and the lower half of a cell, and what stands for them.
_UPPER, _LOWER = 0x1B, 0xE4


class _Table(dict[int, str]):
    """What stands for a character, in as many cells; ? for one that nothing stands for."""

    def __missing__(self, code: int) -> str:
        if code < 0x80:
            found = chr(code)
        elif 0x2800 <= code < 0x2900:
            bits = code - 0x2800
            found = ":" if bits & _UPPER and bits & _LOWER else "'" if bits & _UPPER else "." if bits else " "
        else:
            found = "?" * get_character_cell_size(chr(code))
        self[code] = found
        return found


TABLE: Mapping[int, str] = _Table(_TABLE)


class Ascii(LineFilter):
    """Puts a character of ASCII in the place of every other one."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(text if text.isascii() else text.translate(TABLE), style, control)
            for text, style, control in segments
        ]


def wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal shows only ASCII, or lines and marks two cells wide, by all one can know."""
    locale = next((v for name in ("LC_ALL", "LC_CTYPE", "LANG") if (v := environ.get(name))), "")
    encoding = locale.partition(".")[2].partition("@")[0].lower().replace("-", "")
    if _POOR.fullmatch(environ.get("TERM", "")) or (encoding and encoding != "utf8"):
        return True
    return bool(_EAST.match(locale)) and _is_wide()


def _is_wide() -> bool:
    """Asks the terminal how far a line moves its cursor. Only asked where two cells are likely: each
    question costs a journey to the terminal and back."""
    try:
        import termios
        import tty
    except ImportError:  # no such terminals here
        return False
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    answer = b""
    try:
        tty.setcbreak(descriptor)
        os.write(sys.stdout.fileno(), "\r─\x1b[6n".encode())
        while not answer.endswith(b"R") and select.select([descriptor], [], [], 0.3)[0]:
            answer += os.read(descriptor, 32)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        os.write(sys.stdout.fileno(), b"\r\x1b[K")
    found = re.search(rb"\x1b\[\d+;(\d+)R", answer)
    return found is not None and int(found[1]) == 3
