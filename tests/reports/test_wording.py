"""Numbers are worded without hiding on which side of a threshold they lie."""

from __future__ import annotations

from fractions import Fraction

import pytest

from workstation.domain.estimate import Estimate, NotEstimable
from workstation.reports.wording import (
    counted,
    interval,
    number,
    number_against,
    point,
    verdict,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1, 3), "0.3333"),
        (Fraction(-1, 100_000), "0.0000"),
        (1, "1.0000"),
        (-0.25, "-0.2500"),
    ],
)
def test_fixed_decimals(value: Fraction, text: str) -> None:
    assert number(value) == text


def test_a_value_just_below_the_threshold_does_not_read_as_the_threshold() -> None:
    assert number_against(Fraction(79_999, 100_000), "0.80") == "0.79999"
    assert number_against(Fraction(4, 5), "0.80") == "0.8000"
    assert number_against(Fraction(7994, 10_000), "0.80") == "0.7994"


def test_what_does_not_exist_is_never_printed_as_a_number() -> None:
    nothing = NotEstimable("no_observations")
    assert point(nothing) == "not estimable"
    assert interval(nothing) == "no observations"
    without = Estimate(1.0, None, None, "fleiss_cohen_everitt", 9, "image", "no_variation")
    assert interval(without) == "no interval: no variation in the data"
    assert verdict(None) == "–"


@pytest.mark.parametrize("unit", ["image", "eye", "case", "patient", "lesion"])
def test_one_is_no_plural(unit: str) -> None:
    assert counted(1, unit) == f"1 {unit}"
    assert counted(2, unit) == f"2 {unit}s" and counted(0, unit) == f"0 {unit}s"
