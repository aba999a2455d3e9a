"""Kappa against published tables, against statsmodels, and at its edges."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workstation.domain.estimate import Estimate, NotEstimable, Weights
from workstation.domain.protocol import Operator
from workstation.metrics.gates import Gate, judge
from workstation.metrics.kappa import (
    cohen_kappa,
    kappa_exact,
    kappa_of_pairs,
    tabulate,
)

AT_LEAST_80 = Gate(Operator(">="), "0.80")
DR_DIAGNOSIS = ((49, 0, 1), (0, 6, 0), (2, 0, 42))


@pytest.mark.parametrize(
    ("table", "four_decimals", "verdict"),
    [
        (((48, 4), (6, 42)), "0.7994", "not_met"),
        (((48, 4), (5, 43)), "0.8196", "met"),
        (((45, 5), (5, 45)), "0.8000", "met"),
        (DR_DIAGNOSIS, "0.9457", "met"),
    ],
)
def test_reference_tables(
    table: tuple[tuple[int, ...], ...], four_decimals: str, verdict: str
) -> None:
    exact = kappa_exact(table)
    assert isinstance(exact, Fraction)
    assert f"{float(exact):.4f}" == four_decimals
    assert judge(exact, AT_LEAST_80) == verdict


def test_exactly_four_fifths_is_exact_where_floats_are_not() -> None:
    assert kappa_exact(((45, 5), (5, 45))) == Fraction(4, 5)
    assert judge(kappa_exact(((45, 5), (5, 45))), Gate(Operator(">"), "0.8")) == "not_met"
    fours = [
        ((a, b), (c, d))
        for n in (40, 60, 100)
        for b in range(6)
        for c in range(6)
        for a in range(n)
        if (d := n - a - b - c) >= 0 and kappa_exact(((a, b), (c, d))) == Fraction(4, 5)
    ]
    assert fours
    assert all(judge(kappa_exact(table), AT_LEAST_80) == "met" for table in fours)


def test_agreement_worse_than_chance_is_negative() -> None:
    value = kappa_exact(((118, 5), (2, 0)))
    assert isinstance(value, Fraction) and value < 0


@pytest.mark.parametrize("weights", ["unweighted", "linear", "quadratic"])
def test_one_category_used_by_both_has_no_kappa(weights: Weights) -> None:
    result = cohen_kappa(((0, 0, 0), (0, 30, 0), (0, 0, 0)), weights=weights, unit="image")
    assert result == NotEstimable("expected_agreement_one", {"n": 30})


def test_empty_table_has_no_kappa() -> None:
    assert kappa_exact(((0, 0), (0, 0))) == NotEstimable("no_observations")


def test_perfect_agreement_has_a_value_but_no_interval() -> None:
    result = cohen_kappa(((5, 0), (0, 7)), unit="image")
    assert isinstance(result, Estimate)
    assert (result.value, result.low, result.note) == (1.0, None, "no_variation")


def test_a_variance_of_nought_is_no_narrow_interval() -> None:
    result = cohen_kappa(((0, 0), (35, 1)), unit="image")
    assert isinstance(result, Estimate)
    assert (result.value, result.low, result.note) == (0.0, None, "no_variation")


def test_dropping_a_grade_nobody_used_would_change_the_weighted_kappa() -> None:
    full = ((20, 3, 0, 1), (2, 15, 0, 4), (0, 0, 0, 0), (0, 2, 0, 13))
    dropped = ((20, 3, 1), (2, 15, 4), (0, 2, 13))
    assert kappa_exact(full, "linear") != kappa_exact(dropped, "linear")
    assert kappa_exact(full) == kappa_exact(dropped)


# The oracle also tests against kappa = 0, which some tables do not allow.
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(max_examples=60, deadline=None)
@given(st.integers(2, 5), st.data())
def test_equals_statsmodels(size: int, data: st.DataObject) -> None:
    from statsmodels.stats.inter_rater import cohens_kappa

    table = data.draw(
        st.lists(
            st.lists(st.integers(0, 40), min_size=size, max_size=size),
            min_size=size,
            max_size=size,
        )
    )
    weights: Weights = data.draw(st.sampled_from(["unweighted", "linear", "quadratic"]))
    result = cohen_kappa(table, weights=weights, unit="image")
    if isinstance(result, NotEstimable):
        return
    oracle = cohens_kappa(np.array(table), wt=None if weights == "unweighted" else weights)
    assert result.value == pytest.approx(oracle.kappa, abs=1e-12)
    if result.low is not None:
        assert oracle.std_kappa > 0
        assert result.low == pytest.approx(max(-1.0, oracle.kappa_low), abs=1e-9)
        assert result.high == pytest.approx(min(1.0, oracle.kappa_upp), abs=1e-9)


def _pairs() -> tuple[list[str], list[str], list[str]]:
    first, second = [], []
    for i, row in enumerate(DR_DIAGNOSIS):
        for j, count in enumerate(row):
            first += [str(i)] * count
            second += [str(j)] * count
    return first, second, [f"P{i // 2:02d}" for i in range(len(first))]


def test_small_sets_get_a_bootstrap_with_its_seed_beside_the_asymptotic_interval() -> None:
    first, second, patients = _pairs()
    result = kappa_of_pairs(
        first, second, patients, ["0", "1", "2"], unit="image", seed=7, replicates=400
    )
    assert result.table == DR_DIAGNOSIS
    assert isinstance(result.asymptotic, Estimate) and isinstance(result.bootstrap, Estimate)
    assert result.bootstrap.resampling is not None
    assert (result.bootstrap.resampling.seed, result.bootstrap.clusters) == (7, 50)
    assert result.bootstrap.exact == result.asymptotic.exact
    again = kappa_of_pairs(
        first[::-1],
        second[::-1],
        patients[::-1],
        ["0", "1", "2"],
        unit="image",
        seed=7,
        replicates=400,
    )
    assert again.bootstrap == result.bootstrap


def test_tripling_every_image_of_a_patient_leaves_the_patient_interval_alone() -> None:
    first, second, patients = _pairs()
    once = kappa_of_pairs(
        first, second, patients, ["0", "1", "2"], unit="image", seed=3, replicates=300
    )
    thrice = kappa_of_pairs(
        first * 3, second * 3, patients * 3, ["0", "1", "2"], unit="image", seed=3, replicates=300
    )
    assert isinstance(once.bootstrap, Estimate) and isinstance(thrice.bootstrap, Estimate)
    assert thrice.bootstrap.low == pytest.approx(once.bootstrap.low)
    assert thrice.bootstrap.high == pytest.approx(once.bootstrap.high)


def test_large_independent_sets_need_no_bootstrap() -> None:
    first = ["a", "b"] * 100
    patients = [f"P{i}" for i in range(200)]
    result = kappa_of_pairs(
        first, [*first[:-2], "b", "a"], patients, ["a", "b"], unit="case", seed=1
    )
    assert result.bootstrap is None


def test_no_pairs_at_all() -> None:
    result = kappa_of_pairs([], [], [], ["a", "b"], unit="image", seed=1)
    assert result.asymptotic == result.bootstrap == NotEstimable("no_observations")


def test_an_answer_off_the_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="not on the scale"):
        tabulate(["a", "x"], ["a", "a"], ["a", "b"])


@pytest.mark.parametrize("table", [((1, 2), (3,)), ((1, -1), (0, 1)), ()])
def test_a_table_that_is_none_is_refused(table: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ValueError, match="kappa table"):
        kappa_exact(table)
