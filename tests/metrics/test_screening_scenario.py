"""The screening scenario's published numbers, from its table of 100 read images."""

from __future__ import annotations

import csv
import os
from fractions import Fraction
from pathlib import Path

import pytest

from workstation.domain.estimate import Estimate, OverlapDistribution
from workstation.domain.protocol import Operator
from workstation.metrics.gates import Gate, judge
from workstation.metrics.kappa import Weights, kappa_exact, tabulate
from workstation.metrics.overlap import PairCounts, iou, iou_distribution
from workstation.metrics.reader_accuracy import Answer, answer_accuracy, mean_iou

SAMPLES = Path(
    os.environ.get("WORKSTATION_SAMPLES", Path(__file__).resolve().parents[2].parent / "shared")
)
SCENARIO = SAMPLES / "fixtures" / "dr_scenario.csv"
STAGES = ["normal", "I", "II", "III", "IV", "V", "VI"]

pytestmark = pytest.mark.skipif(
    not SCENARIO.is_file(), reason="sample data absent (WORKSTATION_SAMPLES)"
)

Row = dict[str, str]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with SCENARIO.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def diagnosis(label: str) -> str:
    return label if label in ("normal", "other") else "DR"


def referral(label: str) -> str:
    return "1" if label in ("III", "IV", "V", "VI") else "0"


def test_kappas(rows: list[Row]) -> None:
    first, second = [r["R1_label"] for r in rows], [r["R2_label"] for r in rows]
    tables = {
        "0.9457": tabulate(
            list(map(diagnosis, first)), list(map(diagnosis, second)), ["normal", "other", "DR"]
        ),
        "0.8854": tabulate(first, second, [*STAGES, "other"]),
        "0.8649": tabulate(list(map(referral, first)), list(map(referral, second)), ["0", "1"]),
    }
    for printed, table in tables.items():
        value = kappa_exact(table)
        assert isinstance(value, Fraction)
        assert f"{float(value):.4f}" == printed
        assert judge(value, Gate(Operator(">="), "0.80")) == "met"


def test_quadratic_kappa_of_the_staged_images(rows: list[Row]) -> None:
    staged = [r for r in rows if "other" not in (r["R1_label"], r["R2_label"])]
    assert len(staged) == 94
    weights: Weights = "quadratic"
    value = kappa_exact(
        tabulate([r["R1_label"] for r in staged], [r["R2_label"] for r in staged], STAGES), weights
    )
    assert isinstance(value, Fraction)
    assert f"{float(value):.4f}" == "0.9816"


@pytest.mark.parametrize(
    ("reader", "right"), [("R1_label", (100, 97, 98)), ("R2_label", (97, 95, 98))]
)
def test_reader_accuracy(rows: list[Row], reader: str, right: tuple[int, int, int]) -> None:
    found = tuple(
        answer_accuracy(
            [Answer(r["patient"], of(r[reader]), of(r["reference_label"])) for r in rows],
            unit="image",
        ).correct
        for of in (diagnosis, str, referral)
    )
    assert found == right


def overlapping(row: Row) -> PairCounts:
    """The two readers' squares as the scenario draws them."""
    name, patient = row["image_id"], row["patient"]
    if row["R1R2_overall_IoU"] == "":
        return PairCounts(patient, 0, 0, 0)
    if row["R1_label"] == "normal":
        return PairCounts(patient, 0, 0, 10_000)
    if row["R2_label"] == "normal":
        return PairCounts(patient, 0, 10_000, 0)
    if name == "F0017":
        return PairCounts(patient, 80 * 100, 9_000, 9_000)
    shift = 12 if name in ("F0024", "F0028", "F0039") else 10
    return PairCounts(patient, (100 - shift) * 100, 10_000, 10_000)


def test_overlap_between_the_readers(rows: list[Row]) -> None:
    pairs = [overlapping(r) for r in rows]
    for row, pair in zip(rows, pairs, strict=True):
        value = iou(pair)
        if isinstance(value, Fraction):
            assert float(value) == pytest.approx(float(row["R1R2_overall_IoU"]), abs=5e-5)
    failing = [
        r["image_id"]
        for r, p in zip(rows, pairs, strict=True)
        if judge(iou(p), Gate(Operator(">"), "0.80")) == "not_met"
    ]
    assert {"F0017", "F0024", "F0028", "F0039"} <= set(failing)
    assert "F0017" not in [
        r["image_id"]
        for r, p in zip(rows, pairs, strict=True)
        if judge(iou(p), Gate(Operator(">="), "0.80")) == "not_met"
    ]
    spread = iou_distribution(pairs, unit="image", seed=1, replicates=200)
    assert isinstance(spread, OverlapDistribution)
    assert (spread.pairs, spread.both_empty, spread.one_empty) == (100, 55, 3)


@pytest.mark.parametrize(("reader", "printed", "n"), [("R1", "0.915", 44), ("R2", "0.830", 45)])
def test_mean_overlap_with_the_reference(
    rows: list[Row], reader: str, printed: str, n: int
) -> None:
    pairs = [against_reference(r, reader) for r in rows]
    result = mean_iou(pairs, unit="image", seed=1, replicates=200)
    assert isinstance(result, Estimate)
    assert (f"{result.value:.3f}", result.n) == (printed, n)


def against_reference(row: Row, reader: str) -> PairCounts:
    """Agreed: the intersection is the reference. Overlap disputes: the rectangle half-way.
    Other disputes: the first reader's region."""
    pair, patient = overlapping(row), row["patient"]
    mine = pair.first if reader == "R1" else pair.second
    if row["expected_state"] == "consensus":
        return PairCounts(patient, pair.intersection, mine, pair.intersection)
    if row["dispute_reason"] == "lesion IoU":
        half = (pair.first - pair.intersection) // 2
        return PairCounts(patient, pair.first - half, mine, pair.first)
    reference = pair.first
    return PairCounts(patient, reference if reader == "R1" else pair.intersection, mine, reference)
