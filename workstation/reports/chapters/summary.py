"""Summary: what was studied, how blind it was, and the headline numbers."""

from __future__ import annotations

from workstation.domain.estimate import NotEstimable, OverlapDistribution
from workstation.domain.report import Flow, ReportData
from workstation.i18n import tr
from workstation.reports.blocks import Block, Chapter, Column, Facts, Paragraph, Table
from workstation.reports.setting import Setting
from workstation.reports.wording import (
    interval,
    moment,
    not_estimable,
    number,
    point,
    recorded,
    unit_name,
    verdict,
)

ORDER = 10


def chapter(data: ReportData, setting: Setting) -> Chapter:
    blocks: list[Block] = [
        Facts(
            (
                (tr("Study"), data.study.title),
                (tr("Study identifier"), data.study.study_id),
                (tr("Purpose"), _purpose(data, setting)),
                (tr("Report made at"), moment(data.generated_at)),
                (tr("Program version"), data.product_version),
            )
        ),
        # The field's own name stands in every language, so that programs and people find it.
        Paragraph(
            tr(
                "{sentence} (blindness_level: {level})",
                sentence=blindness_sentence(data.blindness_level),
                level=data.blindness_level,
            ),
            "note",
        ),
        Table(
            tr("Cases and images"),
            (
                Column("", 3),
                *(Column(unit_name(flow.unit), 2, "right") for flow in data.flows),
            ),
            tuple(_flow_rows(data.flows)),
        )
        if data.flows
        else Paragraph(tr("Nothing has been imported."), "note"),
        _results(data, setting),
    ]
    return Chapter(tr("Summary"), tuple(blocks))


def _purpose(data: ReportData, setting: Setting) -> str:
    purpose = data.study.purpose
    return recorded(purpose.text(setting.language) if purpose is not None else "")


def blindness_sentence(level: str) -> str:
    """What the blindness level means, in one plain sentence."""
    sentences = {
        "application": tr(
            "The readers were kept blind by the rules of this program: it shows no one the other "
            "reader's answers before both have submitted, but the answers are not encrypted "
            "against each other in the store."
        ),
        "cryptographic": tr(
            "The readers were kept blind by encryption: a submitted reading cannot be decrypted "
            "from another reader's account."
        ),
    }
    return sentences.get(level, tr("The program has no description of this blindness level."))


def _flow_rows(flows: tuple[Flow, ...]) -> list[tuple[str, ...]]:
    lines = (
        (tr("Imported"), [flow.imported for flow in flows]),
        (tr("Included"), [flow.included for flow in flows]),
        (tr("Read by all readers"), [flow.read for flow in flows]),
        (tr("Agreed"), [flow.agreed for flow in flows]),
        (tr("Disputed"), [flow.disputed for flow in flows]),
        (tr("With a reference standard"), [flow.reference for flow in flows]),
    )
    return [(title, *(str(count) for count in counts)) for title, counts in lines]


def _results(data: ReportData, setting: Setting) -> Block:
    rows = [
        (
            tr("Kappa, {question}", question=entry.label.text(setting.language)),
            point(entry.kappa.asymptotic, entry.criterion),
            interval(entry.kappa.asymptotic),
            str(sum(map(sum, entry.kappa.table))),
            verdict(entry.criterion),
        )
        for entry in data.agreement
    ]
    for overlap in data.overlap:
        label = tr("Median IoU, {what}", what=overlap.label.text(setting.language))
        spread = overlap.distribution
        if isinstance(spread, OverlapDistribution):
            rows.append(
                (
                    label,
                    number(spread.median),
                    tr(
                        "IQR {low} to {high}",
                        low=number(spread.quartile_1),
                        high=number(spread.quartile_3),
                    ),
                    str(spread.n),
                    "–",
                )
            )
        else:
            rows.append((label, point(spread), interval(spread), "0", "–"))
    if not rows:
        return Paragraph(not_estimable(NotEstimable("no_observations")), "note")
    return Table(
        tr("Agreement between the readers before arbitration"),
        (
            Column(tr("Measure"), 4),
            Column(tr("Value"), 2, "right"),
            Column(tr("95 % interval or spread"), 4),
            Column(tr("n"), 1, "right"),
            Column(tr("Criterion"), 3),
        ),
        tuple(rows),
        tr("Criteria are decided on exact fractions, not on the printed decimals."),
    )
