"""Intervals of a proportion: Wilson, Clopper-Pearson, and Wilson allowing for clusters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from statistics import NormalDist

from workstation.domain.estimate import Estimate, NotEstimable


def wilson(successes: int, n: int, *, unit: str, level: float = 0.95) -> Estimate | NotEstimable:
    """Score interval without continuity correction (Wilson 1927)."""
    if n == 0:
        return NotEstimable("no_observations", {"unit": unit})
    _check_counts(successes, n)
    low, high = wilson_limits(successes / n, float(n), level)
    return _proportion(successes, n, low, high, "wilson", unit)


def clopper_pearson(
    successes: int, n: int, *, unit: str, level: float = 0.95
) -> Estimate | NotEstimable:
    """The exact binomial interval (Clopper and Pearson 1934), never narrower than nominal."""
    if n == 0:
        return NotEstimable("no_observations", {"unit": unit})
    _check_counts(successes, n)
    from scipy.special import betaincinv  # here, so that starting the program does not load scipy

    tail = (1.0 - level) / 2.0
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1.0 - tail))
    return _proportion(successes, n, low, high, "clopper_pearson", unit)


def wilson_limits(proportion: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson limits for a proportion on `n` observations; `n` may be an effective number."""
    z = NormalDist().inv_cdf(1.0 - (1.0 - level) / 2.0)
    shrink = 1.0 + z * z / n
    centre = (proportion + z * z / (2.0 * n)) / shrink
    root = math.sqrt(proportion * (1.0 - proportion) / n + z * z / (4.0 * n * n))
    half = z * root / shrink
    # At 0 and 1 the formula meets the border exactly; rounding may miss it by one unit.
    low = 0.0 if proportion == 0.0 else max(0.0, centre - half)
    high = 1.0 if proportion == 1.0 else min(1.0, centre + half)
    return low, high


def design_effect(successes: Sequence[int], totals: Sequence[int]) -> float | NotEstimable:
    """Variance of a proportion over clusters (ratio estimator) divided by the binomial one.

    One entry per cluster (patient). NotEstimable: "no_observations", "too_few_patients" below
    two clusters, "no_variation" when every or no observation is a success.
    """
    if len(successes) != len(totals):
        raise ValueError("one success count and one total per cluster")
    for cluster_successes, cluster_total in zip(successes, totals, strict=True):
        _check_counts(cluster_successes, cluster_total)
    used = [(x, m) for x, m in zip(successes, totals, strict=True) if m > 0]
    n, clusters = sum(m for _, m in used), len(used)
    if n == 0:
        return NotEstimable("no_observations")
    if clusters < 2:
        return NotEstimable("too_few_patients", {"patients": clusters})
    k = sum(x for x, _ in used)
    if k in (0, n):
        return NotEstimable("no_variation")
    p = k / n
    between = sum((x - p * m) ** 2 for x, m in used)
    variance = clusters / (clusters - 1) * between / (n * n)
    return variance / (p * (1.0 - p) / n)


def wilson_clustered(
    successes: Sequence[int], totals: Sequence[int], *, unit: str, level: float = 0.95
) -> Estimate | NotEstimable:
    """Wilson interval with n_eff = n / max(1, design effect), one entry per patient.

    With no variation at all the design effect does not exist; the number of patients then
    stands for n_eff, the most cautious choice, and `note` says so.
    """
    effect = design_effect(successes, totals)
    n, clusters = sum(totals), sum(1 for m in totals if m > 0)
    if n == 0:
        return NotEstimable("no_observations", {"unit": unit})
    k = sum(successes)
    if isinstance(effect, NotEstimable) and effect.reason_code == "too_few_patients":
        return effect
    if isinstance(effect, NotEstimable):
        n_effective, note = float(clusters), "patients_as_effective_n"
    else:
        n_effective, note = n / max(1.0, effect), ""
    low, high = wilson_limits(k / n, n_effective, level)
    return _proportion(k, n, low, high, "wilson_clustered", unit, note, clusters)


def _check_counts(successes: int, n: int) -> None:
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} is impossible")


def _proportion(
    successes: int,
    n: int,
    low: float,
    high: float,
    method: str,
    unit: str,
    note: str = "",
    clusters: int | None = None,
) -> Estimate:
    exact = Fraction(successes, n)
    return Estimate(float(exact), low, high, method, n, unit, note, exact, clusters)
