"""How well the readers' regions overlap: the distribution of IoU, empty regions counted apart."""

from __future__ import annotations

from workstation.domain.estimate import NotEstimable, OverlapDistribution
from workstation.domain.report import OverlapEntry, ReportData
from workstation.i18n import tr
from workstation.reports.blocks import Block, Chapter, Chart, Column, Heading, Paragraph, Table
from workstation.reports.charts import histogram
from workstation.reports.setting import Setting
from workstation.reports.wording import (
    counted,
    estimate,
    method,
    not_estimable,
    number,
    sign,
    unit_name,
)

ORDER = 60


def chapter(data: ReportData, setting: Setting) -> Chapter:
    title = tr("Overlap of marked regions")
    if not data.overlap:
        return Chapter(
            title,
            (Paragraph(not_estimable(NotEstimable("no_observations")), "note"),),
        )
    blocks: list[Block] = [
        Paragraph(
            tr(
                "IoU is the area marked by both readers divided by the area marked by either. "
                "Where only one reader marked anything IoU is 0 and counts in the figures below; "
                "where neither did there is no IoU, the readers agree, and the pair is counted "
                "apart and averaged nowhere."
            )
        )
    ]
    for entry in data.overlap:
        blocks += [Heading(entry.label.text(setting.language)), *_entry(entry, setting)]
    return Chapter(title, tuple(blocks))


def _entry(entry: OverlapEntry, setting: Setting) -> list[Block]:
    spread = entry.distribution
    if isinstance(spread, NotEstimable):
        return [
            Paragraph(
                tr(
                    "{reason}: {counted} compared.",
                    reason=not_estimable(spread),
                    counted=counted(entry.pairs, entry.unit),
                ),
                "note",
            )
        ]
    return [_numbers(entry, spread), _chart(entry, spread, setting), _bins(spread)]


def _numbers(entry: OverlapEntry, spread: OverlapDistribution) -> Table:
    rows = [
        (tr("Pairs compared ({unit})", unit=unit_name(entry.unit)), str(spread.pairs)),
        (tr("Marked by neither reader (no IoU)"), str(spread.both_empty)),
        (tr("Marked by one reader only (IoU 0)"), str(spread.one_empty)),
        (tr("Pairs with an IoU"), str(spread.n)),
        (tr("Median"), number(spread.median)),
        (
            tr("Interquartile range"),
            tr("{low} to {high}", low=number(spread.quartile_1), high=number(spread.quartile_3)),
        ),
        (
            tr("Smallest and largest"),
            tr("{low} to {high}", low=number(spread.minimum), high=number(spread.maximum)),
        ),
        (tr("Mean"), f"{estimate(spread.mean)}; {method(spread.mean)}"),
    ]
    if entry.rule is not None and entry.pairs_meeting_rule is not None:
        rows.append(
            (
                tr(
                    "Pairs that agree: IoU {operator} {threshold}, or marked by neither",
                    operator=sign(entry.rule.operator),
                    threshold=entry.rule.threshold,
                ),
                tr("{count} of {n}", count=entry.pairs_meeting_rule, n=spread.pairs),
            )
        )
    return Table(
        tr("Overlap (IoU)"),
        (Column(tr("Measure"), 3), Column(tr("Value"), 4)),
        tuple(rows),
    )


def _chart(entry: OverlapEntry, spread: OverlapDistribution, setting: Setting) -> Chart:
    rule = entry.rule
    drawn = histogram(
        spread.histogram,
        threshold=None if rule is None else float(rule.threshold),
        x_title=tr("IoU"),
        y_title=tr("Pairs"),
        threshold_title=""
        if rule is None
        else tr("rule: {rule}", rule=f"{sign(rule.operator)} {rule.threshold}"),
        font=setting.regular_font,
    )
    return Chart(
        tr("Distribution of IoU over {n} pair", n=spread.n)
        if spread.n == 1
        else tr("Distribution of IoU over {n} pairs", n=spread.n),
        drawn,
        tr("Histogram; its counts stand in the table below."),
    )


def _bins(spread: OverlapDistribution) -> Table:
    width = len(spread.histogram)
    rows = [
        (
            tr(
                "{low} to {high}",
                low=f"{i / width:.2f}",
                high=f"{(i + 1) / width:.2f}",
            ),
            str(count),
        )
        for i, count in enumerate(spread.histogram)
        if count
    ]
    return Table(
        tr("Counts of the histogram"),
        (Column(tr("IoU"), 3), Column(tr("Pairs"), 1, "right")),
        tuple(rows),
        tr("A bin includes its lower border; the last one also 1. Empty bins are left out."),
    )
