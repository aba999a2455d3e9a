"""The bootstrap draws patients, repeats exactly, and counts what it could not compute."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from workstation.domain.estimate import NotEstimable
from workstation.metrics.bootstrap import BootstrapInterval, patient_bootstrap


def _ratio(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    values = np.full(len(sums), np.nan)
    defined = sums[:, 1] > 0
    values[defined] = sums[defined, 0] / sums[defined, 1]
    return values


def test_same_seed_same_interval_and_another_seed_another() -> None:
    data = np.array([[i % 3, 3] for i in range(20)], dtype=np.int64)
    one = patient_bootstrap(data, _ratio, seed=11, replicates=500)
    assert one == patient_bootstrap(data, _ratio, seed=11, replicates=500)
    assert one != patient_bootstrap(data, _ratio, seed=12, replicates=500)


def test_limits_are_the_percentiles_of_a_plain_resampling_loop() -> None:
    data = np.array([[i % 4, 4] for i in range(30)], dtype=np.int64)
    interval = patient_bootstrap(data, _ratio, seed=5, replicates=4000)
    assert isinstance(interval, BootstrapInterval)
    generator = np.random.default_rng(99)
    loop = [data[generator.integers(0, 30, 30)].sum(axis=0) for _ in range(4000)]
    low, high = np.quantile([k / n for k, n in loop], [0.025, 0.975])
    assert interval.low == pytest.approx(low, abs=0.02)
    assert interval.high == pytest.approx(high, abs=0.02)


def test_undefined_replicates_are_counted() -> None:
    data = np.array([[1, 2], [0, 0], [0, 0], [1, 1]], dtype=np.int64)
    interval = patient_bootstrap(data, _ratio, seed=1, replicates=1000)
    assert isinstance(interval, BootstrapInterval)
    assert 20 < interval.resampling.undefined < 120, "about (1/2)^4 of the draws"


def test_degenerate_and_undefined_draws_have_no_interval() -> None:
    same = np.array([[2, 2]] * 5, dtype=np.int64)
    nothing = np.zeros((5, 2), dtype=np.int64)
    outcomes = [patient_bootstrap(data, _ratio, seed=1, replicates=50) for data in (same, nothing)]
    assert [o.reason_code for o in outcomes if isinstance(o, NotEstimable)] == [
        "bootstrap_degenerate",
        "bootstrap_undefined",
    ]
    assert patient_bootstrap(same[:1], _ratio, seed=1) == NotEstimable(
        "too_few_patients", {"patients": 1}
    )
