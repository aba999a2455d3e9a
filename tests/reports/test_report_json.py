"""The report as JSON: complete, exact, the same bytes for the same content."""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

from workstation.domain import estimate, report
from workstation.domain.report import ReportData
from workstation.reports.report_json import report_json


def test_exact_values_and_types_survive(full_report: ReportData) -> None:
    content = json.loads(report_json(full_report))
    assert content["format"] == "report/1"
    values = content["report"]
    assert set(values) == {field.name for field in fields(ReportData)}
    kappa = values["agreement"][1]["kappa"]
    assert kappa["asymptotic"]["type"] == "Estimate"
    assert kappa["asymptotic"]["exact"] == "498/623"
    assert values["agreement"][2]["kappa"]["asymptotic"] == {
        "type": "NotEstimable",
        "reason_code": "expected_agreement_one",
        "params": {"n": 60},
    }
    assert values["generated_at"] == "2025-11-24T08:30:00+00:00"


def test_same_content_gives_same_bytes(full_report: ReportData, empty_report: ReportData) -> None:
    assert report_json(full_report) == report_json(full_report)
    assert "NaN" not in report_json(full_report)
    assert json.loads(report_json(empty_report))["report"]["dataset"] is None


def test_every_field_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "formats" / "report.md").read_text("utf-8")
    sums = re.findall(r"^\w+ += .+$", page, re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", page)) | set(re.findall(r"\w+", " ".join(sums)))
    classes = [
        value
        for module in (report, estimate)
        for value in vars(module).values()
        if isinstance(value, type) and is_dataclass(value) and value.__module__ == module.__name__
    ]
    missing = {f"{c.__name__}.{f.name}" for c in classes for f in fields(c) if f.name not in named}
    assert missing == set()
