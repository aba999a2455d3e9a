"""Statistics as values: a number with its interval, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal


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


Weights = Literal["unweighted", "linear", "quadratic"]
Table = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class KappaResult:
    """Kappa of one question for one pair of readers.

    `table[i][j]` counts pairs with category i by the first and j by the second reader, over the
    *full* scale. `asymptotic` carries the Fleiss-Cohen-Everitt interval, `bootstrap` the one by
    patient, None where n is large and every patient gives one observation.
    """

    categories: tuple[str, ...]
    table: Table
    weights: Weights
    asymptotic: Estimate | NotEstimable
    bootstrap: Estimate | NotEstimable | None

    def __post_init__(self) -> None:
        size = len(self.categories)
        if len(self.table) != size or any(len(row) != size for row in self.table):
            raise ValueError("one row and one column per category")


@dataclass(frozen=True, slots=True)
class OverlapDistribution:
    """Spread of an overlap over all pairs with something marked by at least one reader.

    Pairs marked by one reader only count as 0 and are counted in `one_empty`; pairs marked by
    neither have no overlap: they are counted in `both_empty` and enter no average. Quartiles
    interpolate linearly and are exact. `histogram` holds bins of equal width over 0 to 1, each
    including its lower border, the last one also 1.
    """

    unit: str
    pairs: int
    both_empty: int
    one_empty: int
    minimum: Fraction
    quartile_1: Fraction
    median: Fraction
    quartile_3: Fraction
    maximum: Fraction
    mean: Estimate
    histogram: tuple[int, ...]

    def __post_init__(self) -> None:
        if sum(self.histogram) != self.n or self.one_empty > self.n:
            raise ValueError("every pair with a value stands in the histogram once")

    @property
    def n(self) -> int:
        """Pairs that have a value."""
        return self.pairs - self.both_empty


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Correct answers out of all units with a reference; a missing answer is not correct.

    `plain` is the Wilson interval over units, `clustered` the one that allows for several units
    of one patient.
    """

    correct: int
    n: int
    missing: int
    plain: Estimate | NotEstimable
    clustered: Estimate | NotEstimable

    def __post_init__(self) -> None:
        if not 0 <= self.correct <= self.n - self.missing:
            raise ValueError("more correct answers than answers")
