"""Gates are decided on integers and on the protocol's own decimals."""

from __future__ import annotations

from fractions import Fraction

import pytest

from workstation.domain.estimate import NotEstimable
from workstation.domain.protocol import Operator
from workstation.metrics.gates import Gate, decimal_fraction, judge, passes


def test_the_border_belongs_to_the_operator() -> None:
    exactly = Fraction(8000, 10000)
    assert passes(exactly, Gate(Operator(">="), "0.80")) and not passes(
        exactly, Gate(Operator(">"), "0.80")
    )
    assert passes(exactly, Gate(Operator("<="), "0.8")) and not passes(
        exactly, Gate(Operator("<"), "0.8")
    )


def test_differences_that_floats_get_wrong() -> None:
    assert 0.8 - 0.7 > 0.1
    assert passes(decimal_fraction("0.8") - decimal_fraction("0.7"), Gate(Operator("<="), "0.1"))


def test_floats_and_truth_values_are_refused() -> None:
    for value in (0.8, True):
        with pytest.raises(TypeError):
            passes(value, Gate(Operator(">="), "0.8"))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["80 %", "8e-1", "4/5", "", ".8", "nan", "0,8"])
def test_ambiguous_thresholds_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="plain decimal"):
        Gate(Operator(">="), text)


def test_unknown_operator_is_refused() -> None:
    with pytest.raises(ValueError, match="=="):
        Gate(Operator("=="), "0.8")


def test_what_does_not_exist_does_not_pass() -> None:
    assert judge(NotEstimable("no_observations"), Gate(Operator(">="), "0.0")) == "not_estimable"
    assert judge(40, Gate(Operator(">="), "40")) == "met"
