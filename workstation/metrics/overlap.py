"""Overlap of two regions from pixel counts, and how overlaps are distributed over a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from workstation.domain.estimate import Estimate, NotEstimable, OverlapDistribution
from workstation.metrics.bootstrap import DEFAULT_REPLICATES, METHOD, patient_bootstrap

BIN_COUNT = 20
"""Histogram bins of width 0.05, so that the usual thresholds are bin borders."""


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Pixels (or voxels) of two regions and of their intersection; `patient` is the cluster."""

    patient: str
    intersection: int
    first: int
    second: int

    def __post_init__(self) -> None:
        if not 0 <= self.intersection <= min(self.first, self.second):
            raise ValueError("an intersection is no larger than either region")

    @property
    def both_empty(self) -> bool:
        return self.first == 0 and self.second == 0

    @property
    def one_empty(self) -> bool:
        return (self.first == 0) != (self.second == 0)


def iou(counts: PairCounts) -> Fraction | NotEstimable:
    """Intersection over union; 0 when one region is empty, NotEstimable when both are."""
    if counts.both_empty:
        return NotEstimable("both_empty")
    return Fraction(counts.intersection, counts.first + counts.second - counts.intersection)


def dice(counts: PairCounts) -> Fraction | NotEstimable:
    """Dice coefficient; 0 when one region is empty, NotEstimable when both are."""
    if counts.both_empty:
        return NotEstimable("both_empty")
    return Fraction(2 * counts.intersection, counts.first + counts.second)


def iou_distribution(
    pairs: Sequence[PairCounts],
    *,
    unit: str,
    seed: int,
    replicates: int = DEFAULT_REPLICATES,
) -> OverlapDistribution | NotEstimable:
    """Distribution of IoU over pairs, the mean with its interval by patient bootstrap.

    NotEstimable: "no_observations" without pairs, "both_empty" when nobody marked anything.
    """
    if not pairs:
        return NotEstimable("no_observations", {"unit": unit})
    valued: list[tuple[str, Fraction]] = []
    for pair in pairs:
        value = iou(pair)
        if isinstance(value, Fraction):
            valued.append((pair.patient, value))
    if not valued:
        return NotEstimable("both_empty", {"n": len(pairs), "unit": unit})
    values = sorted(value for _, value in valued)
    return OverlapDistribution(
        unit=unit,
        pairs=len(pairs),
        both_empty=len(pairs) - len(valued),
        one_empty=sum(pair.one_empty for pair in pairs),
        minimum=values[0],
        quartile_1=_quantile(values, Fraction(1, 4)),
        median=_quantile(values, Fraction(1, 2)),
        quartile_3=_quantile(values, Fraction(3, 4)),
        maximum=values[-1],
        mean=mean_by_patient(valued, unit=unit, seed=seed, replicates=replicates),
        histogram=_histogram(values),
    )


def mean_by_patient(
    valued: Sequence[tuple[str, Fraction]],
    *,
    unit: str,
    seed: int,
    replicates: int = DEFAULT_REPLICATES,
) -> Estimate:
    """Exact mean of (patient, value) with a percentile interval that resamples patients.

    Raises ValueError for an empty list; callers print NotEstimable instead.
    """
    if not valued:
        raise ValueError("the mean of nothing does not exist")
    n = len(valued)
    exact = sum((value for _, value in valued), Fraction(0)) / n
    row_of = {patient: i for i, patient in enumerate(sorted({p for p, _ in valued}))}
    sums = np.zeros((len(row_of), 2), dtype=np.float64)
    for patient, value in sorted(valued):
        sums[row_of[patient]] += (float(value), 1.0)
    interval = patient_bootstrap(
        sums, lambda drawn: drawn[:, 0] / drawn[:, 1], seed=seed, replicates=replicates
    )
    if isinstance(interval, NotEstimable):
        return Estimate(
            float(exact), None, None, METHOD, n, unit, interval.reason_code, exact, len(row_of)
        )
    return Estimate(
        float(exact),
        interval.low,
        interval.high,
        METHOD,
        n,
        unit,
        "",
        exact,
        len(row_of),
        interval.resampling,
    )


def _quantile(ordered: Sequence[Fraction], share: Fraction) -> Fraction:
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def _histogram(values: Sequence[Fraction]) -> tuple[int, ...]:
    counts = [0] * BIN_COUNT
    for value in values:
        counts[min(int(value * BIN_COUNT), BIN_COUNT - 1)] += 1
    return tuple(counts)
