"""What gradstep says, read back: each sentence is taken apart, and what it claims is computed again.

A text is read from its beginning, claim by claim; where none is known that begins there, that is a fault: whoever adds
a sentence says here what proves it.
"""

from wordings import casts, fragments, gradients, lessons, overviews, parameters, reasons, updates, values  # noqa: F401  (they add claims)
from wordings.facts import Facts
from wordings.forms import faults
from wordings.grammar import CLAIMS, read

__all__ = ["CLAIMS", "Facts", "faults", "read"]
