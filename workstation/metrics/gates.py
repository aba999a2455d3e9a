"""Pass or fail decided in exact arithmetic, never in floating point."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from workstation.domain.estimate import NotEstimable
from workstation.domain.protocol import Operator
from workstation.domain.report import Verdict

_DECIMAL = re.compile(r"-?\d+(\.\d+)?")


def decimal_fraction(text: str) -> Fraction:
    """Read a threshold written as a plain decimal ("0.80") without passing through a float.

    Raises ValueError for anything else ("80 %", "8e-1", "4/5"), since a threshold that can be
    read in two ways must not decide anything.
    """
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"threshold {text!r} is not a plain decimal such as 0.80")
    return Fraction(text)


@dataclass(frozen=True, slots=True)
class Gate:
    """An operator and a threshold, as written in the protocol (">=", "0.80")."""

    operator: Operator
    threshold: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "operator", Operator(self.operator))
        decimal_fraction(self.threshold)


def passes(value: Fraction | int, gate: Gate) -> bool:
    """Whether an exact value meets the gate; floats are refused with TypeError."""
    if isinstance(value, bool) or not isinstance(value, Fraction | int):
        raise TypeError("a gate is decided on an integer or a Fraction, not on a rounded number")
    return gate.operator.holds(Fraction(value), decimal_fraction(gate.threshold))


def judge(value: Fraction | int | NotEstimable, gate: Gate) -> Verdict:
    """The gate's verdict; a statistic that does not exist is neither met nor failed silently."""
    if isinstance(value, NotEstimable):
        return "not_estimable"
    return "met" if passes(value, gate) else "not_met"
