"""Which software made the numbers."""

from __future__ import annotations

from workstation.domain.report import ReportData
from workstation.i18n import tr
from workstation.reports.blocks import Chapter, Column, Paragraph, Table
from workstation.reports.setting import Setting

ORDER = 100


def chapter(data: ReportData, setting: Setting) -> Chapter:
    rows = tuple((entry.name, entry.version) for entry in data.software)
    if not rows:
        return Chapter(tr("Software"), (Paragraph(tr("No versions have been recorded."), "note"),))
    return Chapter(
        tr("Software"),
        (
            Table(
                tr("Software versions"),
                (Column(tr("Component"), 3), Column(tr("Version"), 2)),
                rows,
            ),
        ),
    )
