"""Accuracy of a reader: missing answers stay in the denominator."""

from __future__ import annotations

from fractions import Fraction

from workstation.domain.estimate import Estimate, NotEstimable
from workstation.domain.protocol import Operator
from workstation.metrics.gates import Gate, judge
from workstation.metrics.overlap import PairCounts
from workstation.metrics.reader_accuracy import Answer, answer_accuracy, mean_iou


def test_forty_of_fifty_passes_eighty_per_cent_with_a_wide_interval() -> None:
    answers = [Answer(f"P{i}", "II" if i < 40 else "I", "II") for i in range(50)]
    result = answer_accuracy(answers, unit="image")
    assert isinstance(result.plain, Estimate) and result.plain.exact is not None
    assert judge(result.plain.exact, Gate(Operator(">="), "0.80")) == "met"
    assert (f"{result.plain.low:.2f}", f"{result.plain.high:.2f}") == ("0.67", "0.89")


def test_a_missing_answer_is_not_correct_and_is_counted() -> None:
    answers = [Answer("P1", None, "0"), Answer("P1", "0", "0"), Answer("P2", "0", "0")]
    result = answer_accuracy(answers, unit="image")
    assert (result.correct, result.n, result.missing) == (2, 3, 1)
    assert isinstance(result.clustered, Estimate) and result.clustered.clusters == 2


def test_no_references_in_scope() -> None:
    result = answer_accuracy([], unit="image")
    assert result.n == 0
    assert result.plain == result.clustered == NotEstimable("no_observations", {"unit": "image"})


def test_mean_iou_counts_a_missed_region_as_zero_and_skips_blank_images() -> None:
    pairs = [
        PairCounts("P1", 10, 10, 10),
        PairCounts("P2", 0, 0, 10),
        PairCounts("P3", 0, 0, 0),
    ]
    result = mean_iou(pairs, unit="image", seed=1, replicates=100)
    assert isinstance(result, Estimate)
    assert (result.exact, result.n) == (Fraction(1, 2), 2)
    assert mean_iou([], unit="image", seed=1) == NotEstimable("no_observations", {"unit": "image"})
    assert mean_iou(pairs[2:], unit="image", seed=1) == NotEstimable(
        "both_empty", {"n": 1, "unit": "image"}
    )
