"""Rulings: what the arbitrators chose, and why."""

from __future__ import annotations

from collections import Counter

from workstation.domain.report import ReportData, RulingEntry
from workstation.i18n import tr
from workstation.reports.blocks import Block, Chapter, Column, Facts, Paragraph, Table
from workstation.reports.setting import Setting
from workstation.reports.wording import choice_name, reason_name

ORDER = 70


def chapter(data: ReportData, setting: Setting) -> Chapter:
    title = tr("Rulings")
    if not data.rulings:
        return Chapter(title, (Paragraph(tr("No ruling has been signed."), "note"),))
    blocks: list[Block] = []
    if data.ruling_summary is not None:
        summary = data.ruling_summary
        blocks.append(
            Facts(
                (
                    (
                        tr("Cases ruled after the arbitrator's own blind reading"),
                        str(summary.with_blind_read),
                    ),
                    (
                        tr("Cases ruled without a blind reading first"),
                        str(summary.without_blind_read),
                    ),
                )
            )
        )
    blocks += [
        _counted(
            tr("Choices"),
            tr("Choice"),
            Counter(choice_name(entry.choice) for entry in data.rulings),
        ),
        _counted(
            tr("Reasons given"),
            tr("Reason"),
            Counter(_reason(entry, setting) for entry in data.rulings),
        ),
        Table(
            tr("Ruled items"),
            (
                Column(tr("Case"), 4),
                Column(tr("Image"), 4),
                Column(tr("Item"), 7),
                Column(tr("Choice"), 8),
                Column(tr("Reason"), 5),
                Column(tr("Arbitrator"), 4),
                Column(tr("Note"), 14),
            ),
            tuple(_row(entry, setting) for entry in data.rulings),
            tr(
                "X and Y are the two readers in a random order drawn for each case; both readings "
                "are kept unchanged."
            ),
        ),
    ]
    return Chapter(title, tuple(blocks))


def _row(entry: RulingEntry, setting: Setting) -> tuple[str, ...]:
    return (
        entry.case,
        entry.image or tr("whole case"),
        entry.item.text(setting.language),
        choice_name(entry.choice),
        _reason(entry, setting),
        entry.arbitrator,
        tr("; ").join(part for part in (_confidence(entry.confidence), entry.note) if part) or "–",
    )


def _reason(entry: RulingEntry, setting: Setting) -> str:
    if entry.reason_label is not None:
        return entry.reason_label.text(setting.language)
    return reason_name(entry.reason)


def _confidence(grade: int | None) -> str:
    return "" if grade is None else tr("confidence {grade} of 4", grade=grade)


def _counted(caption: str, title: str, counts: Counter[str]) -> Table:
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Table(
        caption,
        (Column(title, 5), Column(tr("Items"), 1, "right")),
        (*((name, str(count)) for name, count in rows), (tr("Total"), str(counts.total()))),
    )
