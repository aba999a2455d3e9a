"""Each reader against the reference standard, with what that can and cannot show."""

from __future__ import annotations

from workstation.domain.estimate import Accuracy, Estimate, NotEstimable
from workstation.domain.report import ReaderAccuracyEntry, ReportData
from workstation.i18n import tr
from workstation.reports.blocks import Block, Chapter, Column, Paragraph, Table
from workstation.reports.setting import Setting
from workstation.reports.wording import counted, interval, method, not_estimable, point, verdict

ORDER = 80


def chapter(data: ReportData, setting: Setting) -> Chapter:
    title = tr("Readers against the reference standard")
    if not data.reader_accuracy:
        return Chapter(
            title,
            (Paragraph(not_estimable(NotEstimable("no_observations")), "note"),),
        )
    blocks: list[Block] = []
    for scope in dict.fromkeys(entry.scope for entry in data.reader_accuracy):
        entries = [entry for entry in data.reader_accuracy if entry.scope == scope]
        blocks += [Paragraph(scope_sentence(scope), "note"), _table(entries, scope, setting)]
    return Chapter(title, tuple(blocks))


def scope_sentence(scope: str) -> str:
    """Which references counted, and what bias comes with them."""
    sentences = {
        "all": tr(
            "Scope: all final references. Where the readers agreed, their answer became the "
            "reference, so it is right by construction (incorporation bias); these numbers are "
            "higher than accuracy against an independent reference would be."
        ),
        "disputed": tr(
            "Scope: disputed and ruled items only. The arbitrator had seen both answers when "
            "ruling, and easy cases are missing, so these numbers do not describe the study as a "
            "whole."
        ),
        "verified": tr(
            "Scope: references verified independently of the readers; agreed answers enter only "
            "as far as they were verified."
        ),
    }
    return sentences[scope]


def _scope_name(scope: str) -> str:
    return {
        "all": tr("all final references"),
        "disputed": tr("disputed items only"),
        "verified": tr("independently verified"),
    }[scope]


def _table(entries: list[ReaderAccuracyEntry], scope: str, setting: Setting) -> Table:
    rows: list[tuple[str, ...]] = []
    for entry in entries:
        rows += _rows(entry, setting)
    return Table(
        tr("Accuracy of each reader ({scope})", scope=_scope_name(scope)),
        (
            Column(tr("Reader"), 4),
            Column(tr("Question"), 6),
            Column(tr("Correct"), 7, "right"),
            Column(tr("Value"), 4, "right"),
            Column(tr("95 % CI"), 8),
            Column(tr("Method"), 10),
            Column(tr("Criterion"), 6),
        ),
        tuple(rows),
        (" " if setting.language == "en" else "").join(
            (
                tr(
                    "A missing answer counts as not correct. The second interval of an entry "
                    "allows for several units of one patient."
                ),
                *(
                    (_iou_note(),)
                    if any(not isinstance(e.result, Accuracy) for e in entries)
                    else ()
                ),
            )
        ),
    )


def _iou_note() -> str:
    return tr(
        "The mean IoU is over the units in which the reader or the reference has an area: an area "
        "on one side only counts as 0; a unit without any on either side has no IoU, is counted "
        "apart (“marked by neither”) and enters no average. Of classes of which only the lesion "
        "nearest to the fovea is compared, the nearest on either side counts; where one side has "
        "no fovea marked it is measured from the other’s, and where neither has one the unit is "
        "counted apart (“without a nearest lesion”)."
    )


def _undecidable(entry: ReaderAccuracyEntry, counted: str, setting: Setting) -> str:
    """The count with what was ruled undecidable and is left out of it, by name."""
    if not entry.undecidable:
        return counted
    names = ", ".join(
        f"{r.label.text(setting.language) if r.label else r.code} {r.count}"
        for r in entry.undecidable
    )
    return tr("{counted}; left out as undecidable: {names}", counted=counted, names=names)


def _rows(entry: ReaderAccuracyEntry, setting: Setting) -> list[tuple[str, ...]]:
    label, result = entry.label.text(setting.language), entry.result
    if not isinstance(result, Accuracy):
        units = counted(result.n, entry.unit) if isinstance(result, Estimate) else "–"
        if entry.both_empty:
            units = tr("{counted}; {count} marked by neither", counted=units,
                       count=entry.both_empty)  # fmt: skip
        if entry.undefined:
            units = tr("{counted}; {count} without a nearest lesion", counted=units,
                       count=entry.undefined)  # fmt: skip
        return [
            (
                entry.reader,
                label,
                _undecidable(entry, units, setting),
                point(result, entry.criterion),
                interval(result),
                method(result),
                verdict(entry.criterion),
            )
        ]
    units = f"{result.correct}/{counted(result.n, entry.unit)}"
    if result.missing:
        units = tr("{counted}, {missing} missing", counted=units, missing=result.missing)
    rows: list[tuple[str, ...]] = [
        (
            entry.reader,
            label,
            _undecidable(entry, units, setting),
            point(result.plain, entry.criterion),
            interval(result.plain),
            method(result.plain),
            verdict(entry.criterion),
        )
    ]
    if result.n and result.clustered != result.plain:
        rows.append(("", "", "", "", interval(result.clustered), method(result.clustered), ""))
    return rows
