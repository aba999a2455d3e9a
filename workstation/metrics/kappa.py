"""Cohen's kappa between two readers, exact, with intervals."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from fractions import Fraction
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from workstation.domain.estimate import Estimate, KappaResult, NotEstimable, Table, Weights
from workstation.metrics.bootstrap import DEFAULT_REPLICATES, METHOD, patient_bootstrap

FLEISS_COHEN_EVERITT = "fleiss_cohen_everitt"
SMALL_N = 150
"""Below this number of pairs the asymptotic interval covers too little; bootstrap beside it."""


def tabulate(
    first: Sequence[Hashable], second: Sequence[Hashable], categories: Sequence[Hashable]
) -> Table:
    """Count pairs into a k x k table over the full scale `categories`, in its order.

    Raises ValueError for an answer outside the scale: dropping it would flatter the agreement.
    """
    index = {category: i for i, category in enumerate(categories)}
    if len(index) != len(categories):
        raise ValueError("a category stands twice on the scale")
    counts = [[0] * len(index) for _ in index]
    for a, b in zip(first, second, strict=True):
        if a not in index or b not in index:
            raise ValueError(f"answer {a if a not in index else b!r} is not on the scale")
        counts[index[a]][index[b]] += 1
    return tuple(tuple(row) for row in counts)


def kappa_exact(
    table: Sequence[Sequence[int]], weights: Weights = "unweighted"
) -> Fraction | NotEstimable:
    """Kappa as a ratio of integers: (po - pe) / (1 - pe) with agreement weights.

    NotEstimable: "no_observations" for an empty table, "expected_agreement_one" when chance
    alone would agree always (both readers used one and the same category).
    """
    size, n = _checked(table)
    if n == 0:
        return NotEstimable("no_observations")
    weight = _weights(size, weights)
    rows = [sum(row) for row in table]
    columns = [sum(row[j] for row in table) for j in range(size)]
    cells = [(i, j) for i in range(size) for j in range(size)]
    observed = sum((weight[i][j] * table[i][j] for i, j in cells), Fraction(0)) / n
    expected = sum((weight[i][j] * rows[i] * columns[j] for i, j in cells), Fraction(0)) / (n * n)
    if expected == 1:
        return NotEstimable("expected_agreement_one", {"n": n})
    return (observed - expected) / (1 - expected)


def cohen_kappa(
    table: Sequence[Sequence[int]],
    *,
    weights: Weights = "unweighted",
    unit: str,
    level: float = 0.95,
) -> Estimate | NotEstimable:
    """Kappa with the interval from the non-null standard error (Fleiss, Cohen, Everitt 1969).

    When the standard error is 0 (perfect agreement, or one reader using one category) there is no
    interval and the note says "no_variation".
    """
    exact = kappa_exact(table, weights)
    if isinstance(exact, NotEstimable):
        return exact
    _, n = _checked(table)
    value = float(exact)
    variance = _variance(table, weights)
    if variance == 0:
        return Estimate(value, None, None, FLEISS_COHEN_EVERITT, n, unit, "no_variation", exact)
    half = NormalDist().inv_cdf(1.0 - (1.0 - level) / 2.0) * math.sqrt(variance)
    low, high = max(-1.0, value - half), min(1.0, value + half)
    return Estimate(value, low, high, FLEISS_COHEN_EVERITT, n, unit, "", exact)


def kappa_of_pairs(
    first: Sequence[str],
    second: Sequence[str],
    patients: Sequence[str],
    categories: Sequence[str],
    *,
    weights: Weights = "unweighted",
    unit: str,
    seed: int,
    replicates: int = DEFAULT_REPLICATES,
) -> KappaResult:
    """Kappa of paired answers with the interval by patient beside the asymptotic one.

    One entry per observed `unit`; `patients` names the patient each belongs to. The bootstrap
    is drawn when n is below SMALL_N or a patient gives more than one observation.
    """
    table = tabulate(first, second, categories)
    asymptotic = cohen_kappa(table, weights=weights, unit=unit)
    clusters = sorted(set(patients))
    if len(patients) != len(first):
        raise ValueError("one patient per pair of answers")
    wanted = len(first) < SMALL_N or len(clusters) < len(first)
    bootstrap = None
    if wanted and isinstance(asymptotic, Estimate):
        bootstrap = _bootstrap(
            first, second, patients, categories, weights, asymptotic, seed, replicates
        )
    elif wanted:
        bootstrap = asymptotic
    return KappaResult(tuple(categories), table, weights, asymptotic, bootstrap)


def _bootstrap(
    first: Sequence[str],
    second: Sequence[str],
    patients: Sequence[str],
    categories: Sequence[str],
    weights: Weights,
    point: Estimate,
    seed: int,
    replicates: int,
) -> Estimate | NotEstimable:
    size = len(categories)
    index = {category: i for i, category in enumerate(categories)}
    # Sorted, so that the same data give the same draw whatever order they came in.
    row_of = {patient: i for i, patient in enumerate(sorted(set(patients)))}
    tables = np.zeros((len(row_of), size, size), dtype=np.int64)
    for a, b, patient in zip(first, second, patients, strict=True):
        tables[row_of[patient], index[a], index[b]] += 1
    weight = _weight_array(size, weights)
    interval = patient_bootstrap(
        tables, lambda sums: _kappa_values(sums, weight), seed=seed, replicates=replicates
    )
    if isinstance(interval, NotEstimable):
        return interval
    return Estimate(
        point.value,
        interval.low,
        interval.high,
        METHOD,
        point.n,
        point.unit,
        "",
        point.exact,
        len(row_of),
        interval.resampling,
    )


def _kappa_values(tables: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kappa of each table in a stack (b, k, k); NaN where it does not exist."""
    n = tables.sum(axis=(1, 2))
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    observed = (tables * weight).sum(axis=(1, 2)) * n
    expected = np.einsum("bi,ij,bj->b", rows, weight, columns)
    room = n * n - expected
    values = np.full(len(tables), np.nan)
    # Counts are integers, weights at worst thirds and sevenths: room is 0 or far from it.
    defined = room > 1e-9 * np.maximum(n * n, 1.0)
    values[defined] = (observed[defined] - expected[defined]) / room[defined]
    return values


def _variance(table: Sequence[Sequence[int]], weights: Weights) -> Fraction:
    """The non-null variance, exact: rounding must not make an interval out of a variance of 0."""
    size, n = _checked(table)
    weight = _weights(size, weights)
    cells = [(i, j) for i in range(size) for j in range(size)]
    rows = [Fraction(sum(row), n) for row in table]
    columns = [Fraction(sum(row[j] for row in table), n) for j in range(size)]
    mean_row = [
        sum((weight[i][j] * columns[j] for j in range(size)), Fraction(0)) for i in range(size)
    ]
    mean_column = [
        sum((weight[i][j] * rows[i] for i in range(size)), Fraction(0)) for j in range(size)
    ]
    observed = sum((weight[i][j] * table[i][j] for i, j in cells), Fraction(0)) / n
    expected = sum((mean_row[i] * rows[i] for i in range(size)), Fraction(0))
    spread = (
        sum(
            (
                table[i][j]
                * (weight[i][j] * (1 - expected) - (mean_row[i] + mean_column[j]) * (1 - observed))
                ** 2
                for i, j in cells
            ),
            Fraction(0),
        )
        / n
        - (observed * expected - 2 * expected + observed) ** 2
    )
    return spread / n / (1 - expected) ** 4


def _weights(size: int, weights: Weights) -> list[list[Fraction]]:
    if weights == "unweighted" or size == 1:
        return [[Fraction(int(i == j)) for j in range(size)] for i in range(size)]
    power = {"linear": 1, "quadratic": 2}[weights]
    return [[1 - Fraction(abs(i - j), size - 1) ** power for j in range(size)] for i in range(size)]


def _weight_array(size: int, weights: Weights) -> NDArray[np.float64]:
    return np.array([[float(w) for w in row] for row in _weights(size, weights)])


def _checked(table: Sequence[Sequence[int]]) -> tuple[int, int]:
    size = len(table)
    if size == 0 or any(len(row) != size for row in table):
        raise ValueError("a kappa table is square, one row and column per category")
    if any(count < 0 or int(count) != count for row in table for count in row):
        raise ValueError("a kappa table holds counts")
    return size, sum(sum(row) for row in table)
