"""What no advice may be, whatever the case: the opposite of another one, or what the scenario does already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gradstep.engine.diagnosis.finding import Finding

#: Advice, and the line of a scenario that has it already. Numbers given with it ("clip_norm = 5") change a setting
#: that is there, and are no such advice.
DONE: Sequence[tuple[str, str]] = (
    (r"gradient clipping|\bclip_norm\b(?! = )", r"^clip_(norm|value) = "),
    (r"\bwarm-?up\b(?! = )", r"^warmup = [1-9]"),
    (r"\bshuffle\b(?! = )", r"^shuffle = "),
    (r"leaky_relu", r"^(?!.*\brelu).*leaky_relu"),
    (r"weight.decay\b(?! = )", r"^weight_decay = (?!0(\.0)?$)"),
    (r"\bdropout\b(?!\()", r"dropout\("),
    (r"zero_grad = true", r"^zero_grad = true"),
    (r"\bfloat64\b", r'^dtype = "float64"'),
    (r"\badam\b", r'^optimizer = "adam'),
    (r"he_normal|xavier_normal|drawn at random", r"\A(?!.*^W.*init = \"(?!he_normal|xavier_normal|normal))"),
)


def texts(findings: Iterable[Finding]) -> list[str]:
    """All advice in findings, with the changes that can be run."""
    return [f"{one.text} {one.change}" for finding in findings for one in finding.advice]


def opposed(findings: Sequence[Finding]) -> bool:
    """Whether a larger and a smaller rate are advised at once."""
    said = " ".join(texts(findings))
    larger, smaller = (rf"\b({words})\b (learning )?rate" for words in ("larger|higher|bigger", "smaller|lower"))
    return bool(re.search(larger, said) and re.search(smaller, said))


def idle(findings: Sequence[Finding], scenario: str) -> list[str]:
    """Advice to do what the scenario does. About dropout and decay only where more of it is not meant."""
    found = []
    for text in texts(findings):
        for advice, there in DONE:
            flags = re.MULTILINE | re.DOTALL if there.startswith(r"\A") else re.MULTILINE
            more = re.search(r"(?i)\b(less|more|smaller|larger|stronger|weaker|lower|without|remove)\b", text)
            if not more and re.search(advice, text) and re.search(there, scenario, flags):
                found.append(text)
    return found
