"""The report as JSON: complete, exact, the same bytes for the same content."""

from __future__ import annotations

import json
from dataclasses import fields

from workstation.domain.report import ReportData
from workstation.reports.report_json import report_json


def test_exact_values_and_types_survive(full_report: ReportData) -> None:
    content = json.loads(report_json(full_report))
    assert content["format"] == "report/1"
    report = content["report"]
    assert set(report) == {field.name for field in fields(ReportData)}
    kappa = report["agreement"][1]["kappa"]
    assert kappa["asymptotic"]["type"] == "Estimate"
    assert kappa["asymptotic"]["exact"] == "498/623"
    assert report["agreement"][2]["kappa"]["asymptotic"] == {
        "type": "NotEstimable",
        "reason_code": "expected_agreement_one",
        "params": {"n": 60},
    }
    assert report["generated_at"] == "2025-11-24T08:30:00+00:00"


def test_same_content_gives_same_bytes(full_report: ReportData, empty_report: ReportData) -> None:
    assert report_json(full_report) == report_json(full_report)
    assert "NaN" not in report_json(full_report)
    assert json.loads(report_json(empty_report))["report"]["dataset"] is None
