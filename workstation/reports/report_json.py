"""The report's content as JSON (`report/1`), for programs and for the archive.

Objects carry the field names of `domain.report`; a union of kinds is told apart by "type". Exact
ratios are strings "numerator/denominator", times ISO 8601 in UTC. Keys are sorted, so that equal
content gives equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from workstation.domain.estimate import Accuracy, Estimate, NotEstimable, OverlapDistribution
from workstation.domain.report import REPORT_FORMAT, ReportData

_TAGGED = (Accuracy, Estimate, NotEstimable, OverlapDistribution)


def report_json(data: ReportData) -> str:
    """The whole report as a JSON text ending in a line break."""
    content = {"format": REPORT_FORMAT, "report": _plain(data)}
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if is_dataclass(value):
        content = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        if isinstance(value, _TAGGED):
            content["type"] = type(value).__name__
        return content
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
