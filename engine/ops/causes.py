"""Why a number is not finite, and why a value or a gradient is exactly zero: the kinds there are."""

from __future__ import annotations

from enum import Enum


class Cause(Enum):
    """What makes a number NaN or infinite. All but the first three happen where the numbers that enter are finite,
    or make something new of infinite ones; IEEE 754-2019 §6.1, §7."""

    CARRIED = "carried on"
    GIVEN = "given"
    MASKED = "masked on purpose"
    LOG_OF_ZERO = "log of 0"
    LOG_OF_NEGATIVE = "log of a negative"
    ROOT_OF_NEGATIVE = "square root of a negative"
    POWER_OF_NEGATIVE = "fractional power of a negative"
    EXP_OVERFLOW = "overflow of exp"
    OVERFLOW = "overflow"
    DIVISION_BY_ZERO = "division by 0"
    STEEP = "infinite slope"
    ZERO_BY_ZERO = "0/0"
    INFINITE_BY_INFINITE = "∞/∞"
    INFINITE_MINUS_INFINITE = "∞ − ∞"
    ZERO_TIMES_INFINITE = "0 · ∞"
    MASKED_ROW = "a row that is wholly masked"
    UNDEFINED = "not defined"
    RECORDED = "recorded, not explained"
    NORM = "the norm that clips is no number"
    RATE = "the learning rate is not finite"


class ZeroReason(Enum):
    """What makes a gradient, or a value, exactly 0. A local gradient that is 0 without a gate, a factor or
    rounding being the reason, as that of a square at 0, is `FLAT`."""

    GATE_SHUT = "gate shut"
    MASKED = "masked"
    INPUT_ZERO = "input zero"
    WEIGHT_ZERO = "weight zero"
    NO_PATH = "no path"
    CANCELLED = "cancelled"
    FITS = "target met"
    CONSTANT = "constant"
    UNDERFLOW = "underflow"
    FLAT = "flat"
    GIVEN = "given"
    BY_INFINITY = "divided by ∞"
