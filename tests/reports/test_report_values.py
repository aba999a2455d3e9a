"""Report values refuse what does not add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from workstation.domain.errors import InvalidValue
from workstation.domain.report import Intake, ReasonCount, ReportData


@pytest.mark.parametrize(
    ("box", "where"),
    [
        ("imported", "flow.imported"),
        ("unassigned", "flow.included"),
        ("unread", "flow.assigned"),
        ("awaiting_comparison", "flow.read"),
        ("agreed", "flow.read"),
        ("ruled", "flow.disputed"),
        ("open_disputes", "flow.disputed"),
    ],
)
def test_a_case_that_is_in_no_box_is_an_error(
    full_report: ReportData, box: str, where: str
) -> None:
    flow = full_report.flows[0]
    with pytest.raises(InvalidValue) as caught:
        replace(flow, **{box: getattr(flow, box) + 1})
    assert caught.value.code == "report.sum"
    assert caught.value.params["where"] == where


def test_reasons_sum_to_their_box(full_report: ReportData) -> None:
    flow = full_report.flows[0]
    with pytest.raises(InvalidValue):
        replace(flow, disputed_by_reason=flow.disputed_by_reason[:-1])
    with pytest.raises(InvalidValue):
        replace(flow, excluded=())


def test_every_offered_file_is_accepted_or_refused() -> None:
    with pytest.raises(InvalidValue):
        Intake(10, 7, (ReasonCount("duplicate", 2),))
    with pytest.raises(InvalidValue):
        ReasonCount("duplicate", -1)


def test_a_report_without_time_zone_is_refused(full_report: ReportData) -> None:
    with pytest.raises(InvalidValue):
        replace(full_report, generated_at=datetime(2025, 1, 1))
