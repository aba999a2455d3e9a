"""Overlap from counts, empty regions stated and never averaged away."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workstation.domain.estimate import NotEstimable, OverlapDistribution
from workstation.domain.protocol import Operator
from workstation.metrics.gates import Gate, judge
from workstation.metrics.overlap import (
    PairCounts,
    dice,
    iou,
    iou_distribution,
)


def test_shifted_rectangles_of_the_screening_scenario() -> None:
    square_12 = PairCounts("P1", 88 * 100, 10_000, 10_000)
    rectangle_10 = PairCounts("P1", 80 * 100, 9_000, 9_000)
    assert iou(square_12) == Fraction(8800, 11200)
    assert f"{float(Fraction(8800, 11200)):.4f}" == "0.7857"
    assert iou(rectangle_10) == Fraction(4, 5)
    assert judge(iou(rectangle_10), Gate(Operator(">"), "0.80")) == "not_met"
    assert judge(iou(rectangle_10), Gate(Operator(">="), "0.80")) == "met"


def test_empty_regions() -> None:
    assert iou(PairCounts("P1", 0, 0, 12)) == 0 == dice(PairCounts("P1", 0, 12, 0))
    assert iou(PairCounts("P1", 0, 0, 0)) == NotEstimable("both_empty")
    assert dice(PairCounts("P1", 0, 0, 0)) == NotEstimable("both_empty")


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="no larger"):
        PairCounts("P1", 5, 4, 9)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.booleans(), min_size=30, max_size=30),
    st.lists(st.booleans(), min_size=30, max_size=30),
)
def test_equal_to_set_arithmetic(first: list[bool], second: list[bool]) -> None:
    a = {i for i, on in enumerate(first) if on}
    b = {i for i, on in enumerate(second) if on}
    counts = PairCounts("P1", len(a & b), len(a), len(b))
    if a | b:
        assert iou(counts) == Fraction(len(a & b), len(a | b))
        j = iou(counts)
        assert isinstance(j, Fraction)
        assert dice(counts) == 2 * j / (1 + j)


def test_distribution_counts_every_pair_once() -> None:
    pairs = [
        PairCounts("P1", 0, 0, 0),
        PairCounts("P1", 0, 0, 9),
        PairCounts("P2", 8, 8, 10),
        PairCounts("P2", 10, 10, 10),
        PairCounts("P3", 5, 10, 10),
    ]
    result = iou_distribution(pairs, unit="image", seed=1, replicates=200)
    assert isinstance(result, OverlapDistribution)
    assert (result.pairs, result.both_empty, result.one_empty, result.n) == (5, 1, 1, 4)
    assert sum(result.histogram) == result.n
    assert result.histogram[16] == 1, "0.80 exactly belongs to the bin that starts there"
    assert result.histogram[0] == result.histogram[19] == 1
    values = [0.0, 0.8, 1.0, 1 / 3]
    quartiles = [result.quartile_1, result.median, result.quartile_3]
    assert [float(q) for q in quartiles] == pytest.approx(
        list(np.quantile(values, [0.25, 0.5, 0.75]))
    )
    assert result.mean.exact == (Fraction(4, 5) + 1 + Fraction(1, 3)) / 4
    assert result.mean.clusters == 3


def test_nothing_marked_by_anyone() -> None:
    empty = [PairCounts("P1", 0, 0, 0)] * 3
    assert iou_distribution(empty, unit="image", seed=1) == NotEstimable(
        "both_empty", {"n": 3, "unit": "image"}
    )
    assert iou_distribution([], unit="image", seed=1) == NotEstimable(
        "no_observations", {"unit": "image"}
    )


def test_one_patient_has_a_mean_without_interval() -> None:
    result = iou_distribution([PairCounts("P1", 1, 2, 2)], unit="image", seed=1)
    assert isinstance(result, OverlapDistribution)
    assert (result.mean.low, result.mean.note) == (None, "too_few_patients")
