"""A statistic as a value: the number with its interval, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Resampling:
    """How an interval by resampling was drawn, so that anyone can draw it again.

    `undefined` counts the replicates in which the statistic did not exist; they are left out of
    the percentiles and must be printed.
    """

    replicates: int
    seed: int
    undefined: int

    def __post_init__(self) -> None:
        if self.replicates < 1 or not 0 <= self.undefined <= self.replicates or self.seed < 0:
            raise ValueError("resampling counts out of range")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A point estimate with its 95 % interval.

    `low` and `high` are None together when the interval does not exist; `note` then holds the
    reason code. `method` names the interval (see `metrics`), `n` counts observations of `unit`
    ("image", "eye", "case", "patient", "lesion"), `clusters` the patients behind them where the
    interval allows for clustering. `exact` is the value as a ratio of integers, which is what
    gates are decided on.
    """

    value: float
    low: float | None
    high: float | None
    method: str
    n: int
    unit: str
    note: str = ""
    exact: Fraction | None = None
    clusters: int | None = None
    resampling: Resampling | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError("an estimate is a finite number; use NotEstimable with the reason")
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has two limits or none")
        if self.low is None or self.high is None:
            if not self.note:
                raise ValueError("a missing interval needs its reason in note")
        elif not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise ValueError("interval limits must be finite and in order")
        if self.n < 1:
            raise ValueError("an estimate rests on at least one observation")


@dataclass(frozen=True, slots=True)
class NotEstimable:
    """A statistic that does not exist for these data: a reason code and its numbers."""

    reason_code: str
    params: Mapping[str, int | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.reason_code:
            raise ValueError("say why the statistic is not estimable")
