"""Intervals of proportions against the published vectors and scipy's own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from workstation.domain.estimate import Estimate, NotEstimable
from workstation.metrics.intervals import (
    clopper_pearson,
    design_effect,
    wilson,
    wilson_clustered,
)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (16, 18, "0.6720", "0.9690"),
        (76, 82, "0.8494", "0.9660"),
        (92, 100, "0.8500", "0.9589"),
        (85, 100, "0.7672", "0.9069"),
        (180, 200, "0.8506", "0.9343"),
    ],
)
def test_wilson_reference_values(successes: int, n: int, low: str, high: str) -> None:
    result = wilson(successes, n, unit="image")
    assert isinstance(result, Estimate)
    assert (f"{result.low:.4f}", f"{result.high:.4f}") == (low, high)


def test_clopper_pearson_reference_values() -> None:
    result = clopper_pearson(85, 100, unit="image")
    assert isinstance(result, Estimate)
    assert (f"{result.low:.4f}", f"{result.high:.4f}") == ("0.7647", "0.9135")
    repeatability = clopper_pearson(10, 10, unit="run")
    assert isinstance(repeatability, Estimate)
    assert (f"{repeatability.low:.3f}", repeatability.high) == ("0.692", 1.0)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_equal_to_scipy(counts: tuple[int, int]) -> None:
    successes, n = counts
    for function, name in ((wilson, "wilson"), (clopper_pearson, "exact")):
        result = function(successes, n, unit="image")
        oracle = binomtest(successes, n).proportion_ci(method=name)
        assert isinstance(result, Estimate)
        assert result.low == pytest.approx(oracle.low, abs=1e-9)
        assert result.high == pytest.approx(oracle.high, abs=1e-9)
        assert result.low <= result.value <= result.high


@pytest.mark.parametrize("function", [wilson, clopper_pearson])
def test_nothing_observed_has_no_proportion(function: object) -> None:
    assert callable(function)
    assert function(0, 0, unit="eye") == NotEstimable("no_observations", {"unit": "eye"})
    with pytest.raises(ValueError, match="impossible"):
        function(3, 2, unit="eye")


def test_two_identical_eyes_double_the_design_effect() -> None:
    one_eye = design_effect([1, 0, 1, 1, 0, 1], [1] * 6)
    both_eyes = design_effect([2, 0, 2, 2, 0, 2], [2] * 6)
    assert isinstance(one_eye, float) and isinstance(both_eyes, float)
    assert both_eyes == pytest.approx(2 * one_eye)


def test_repeating_every_image_does_not_narrow_the_clustered_interval() -> None:
    successes, totals = [2, 1, 2, 0, 2, 2, 1, 2], [2] * 8
    once = wilson_clustered(successes, totals, unit="image")
    thrice = wilson_clustered([3 * x for x in successes], [6] * 8, unit="image")
    assert isinstance(once, Estimate) and isinstance(thrice, Estimate)
    assert thrice.low == pytest.approx(once.low)
    assert thrice.clusters == 8


def test_clustered_interval_is_never_narrower_than_the_plain_one() -> None:
    clustered = wilson_clustered([1, 1, 0, 1], [2, 2, 2, 2], unit="image")
    plain = wilson(3, 8, unit="image")
    assert isinstance(clustered, Estimate) and isinstance(plain, Estimate)
    assert clustered.low is not None and plain.low is not None
    assert clustered.low <= plain.low


def test_all_correct_counts_patients_not_images() -> None:
    clustered = wilson_clustered([2] * 10, [2] * 10, unit="image")
    patients = wilson(10, 10, unit="patient")
    assert isinstance(clustered, Estimate) and isinstance(patients, Estimate)
    assert (clustered.low, clustered.n) == (pytest.approx(patients.low), 20)
    assert clustered.note == "patients_as_effective_n"


def test_one_patient_gives_no_interval() -> None:
    assert wilson_clustered([3], [4], unit="image") == NotEstimable(
        "too_few_patients", {"patients": 1}
    )
    assert design_effect([], []) == NotEstimable("no_observations")
