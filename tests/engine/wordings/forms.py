"""What a text must not look like, whatever it says."""

from __future__ import annotations

import re

_THINGS = "(?:path|term|part|sample|neuron|element|way|number|product|gradient|hop|step)"
#: What a number may not be, what grammar does not allow, and what Python prints and people do not read.
_NEVER = {
    r"(?<![\d.])\d{2,}(?:\.\d+)?e|\de\+|e-?0\d": "a number in e-notation has one digit before its point, and no zeros",
    r"\de-?\d+ ?%": "a share is not in e-notation",
    rf"(?<![\d.,])1 (?:{_THINGS}s|times|gates are)\b":
        "one of something is singular",
    rf"(?<![\d.,/])(?:[2-9]|\d{{2,}}|0) {_THINGS}\b":
        "several are plural",
    r"\b[aA] (?!acts |it |is |enters |and |at |adds |on |or )(?:[aeio]|u(?!ni|se)|∂)": "an, not a, before a vowel",
    r"\ban (?:[bcdfgjkpqtvwyz])": "a, not an",
    r"  ": "a doubled space",
    r"(?<!\w)\( *\)": "empty parentheses",
    r"\b[en]#\d": "a name that is none",
    r"np\.|array\(|float(?:32|64)\(|\bNone\b(?! of)|\bTrue\b|\bFalse\b|\bnan\b|\binf\b|\{|\}|<\w|object at":
        "Python's way to print",
    r"(?<![\w.])[+−-]0(?:\.0+)?(?![\d]|\.\d|e)": "a 0 with a sign",
    r"(?<![\w\[,:'₀-₉-])-\d": "a hyphen for a minus",
    r"\.\.|,,| [,.;]|: \.|,\.": "punctuation",
    r"\bback to\b|\bway back\b": "back is time",
}  # fmt: skip
_NUMBER = re.compile(r"(?<![\w\[,.₀-₉…])(\d[\d,]*(?:\.\d+)?)(?:e-?\d+)?(?![\w\]])")


def faults(text: str, sentence: bool = True) -> list[str]:
    """What is wrong with the form of a text: one of `sentence`s, or a fragment by design."""
    plain = re.sub(r"\[[^\]]*\]", "", re.sub(r"[a-zA-Z_₀-₉]+:[a-z_0-9]+", "part", text))
    found = [f"{why}: {text}" for regex, why in _NEVER.items() if re.search(regex, plain)]
    formula = re.search(r"= .*(?: if |[×(|√^])", plain)  # whose constants are written as they are
    for match in () if formula else _NUMBER.finditer(plain):
        digits = match[1].replace(".", "").replace(",", "").lstrip("0")
        if len(digits) > 4 and "," not in match[1]:
            found.append(f"more than four digits count in {match[0]}: {text}")
    for share in re.findall(r"(\d+(?:\.\d+)?) ?%", plain):
        if float(share) > 100:
            found.append(f"a share above 100 %: {text}")
    if sentence and not re.search(r"[.?!:)]$", text):
        found.append(f"no full stop: {text}")
    if sentence and not (text[:1].isupper() or not text[:1].isalpha() or re.match(r"\S*[₀-₉:\[]|\S+ ", text)):
        found.append(f"begins small: {text}")
    return found
