"""Flow: what became of every file, image and case, without a remainder."""

from __future__ import annotations

from workstation.domain.report import Flow, Intake, ReasonCount, ReportData
from workstation.i18n import tr
from workstation.reports.blocks import (
    Block,
    Box,
    Chapter,
    Column,
    FlowDiagram,
    Heading,
    Paragraph,
    Table,
)
from workstation.reports.refused import refused_name
from workstation.reports.setting import Setting
from workstation.reports.wording import reason, unit_name

ORDER = 40


def chapter(data: ReportData, setting: Setting) -> Chapter:
    blocks: list[Block] = []
    if data.intake is not None:
        blocks += _intake(data.intake, setting)
    if not data.flows:
        blocks.append(Paragraph(tr("Nothing has been imported."), "note"))
    for flow in data.flows:
        blocks += _flow(flow, setting)
    return Chapter(tr("Flow of files, images and cases"), tuple(blocks))


def _intake(intake: Intake, setting: Setting) -> list[Block]:
    rows = [
        (tr("Files offered"), str(intake.offered)),
        *(
            (tr("Refused: {reason}", reason=_refused(entry, setting)), str(entry.count))
            for entry in intake.refused
        ),
        (tr("Files accepted"), str(intake.accepted)),
    ]
    return [
        Heading(tr("Import")),
        Table(
            tr("Files at import"),
            (Column("", 5), Column(tr("Files"), 1, "right")),
            tuple(rows),
        ),
    ]


def _refused(entry: ReasonCount, setting: Setting) -> str:
    return refused_name(entry.code) if entry.label is None else reason(entry, setting.language)


def _flow(flow: Flow, setting: Setting) -> list[Block]:
    language = setting.language
    unit = unit_name(flow.unit)
    diagram = FlowDiagram(
        tr("Flow of {unit}", unit=unit),
        steps=(
            (
                Box(tr("Imported"), flow.imported),
                Box(
                    tr("Excluded"),
                    flow.imported - flow.included,
                    _parts(flow.excluded, language),
                ),
            ),
            (Box(tr("Included"), flow.included), Box(tr("Not assigned"), flow.unassigned)),
            (Box(tr("Assigned"), flow.assigned), _not_read(flow, language)),
            (
                Box(tr("Read by all readers"), flow.read),
                Box(tr("Awaiting comparison"), flow.awaiting_comparison),
            ),
        ),
        outcomes=(
            Box(tr("Agreed"), flow.agreed),
            Box(
                tr("Disputed"),
                flow.disputed,
                (
                    (tr("Ruled"), flow.ruled),
                    (tr("Irreducible"), flow.irreducible),
                    (tr("Still open"), flow.open_disputes),
                ),
            ),
        ),
        last=Box(tr("With a reference standard"), flow.reference),
    )
    blocks: list[Block] = [Heading(tr("Flow of {unit}", unit=unit)), diagram]
    if flow.disputed:
        met = {entry.code: entry.count for entry in flow.reasons_met}
        rows = [
            (reason(entry, language), str(entry.count), str(met.pop(entry.code, "–")))
            for entry in flow.disputed_by_reason
        ]
        rows += [
            (reason(entry, language), "0", str(entry.count))
            for entry in flow.reasons_met
            if entry.code in met
        ]
        rows.append((tr("Total"), str(flow.disputed), ""))
        blocks.append(
            Table(
                tr("Disputes by reason, {unit}", unit=unit),
                (
                    Column(tr("Reason"), 5),
                    Column(tr("As leading reason"), 2, "right"),
                    Column(tr("Met at all"), 2, "right"),
                ),
                tuple(rows),
                tr("Each dispute is counted once under its leading reason; it may meet several."),
            )
        )
    return blocks


def _not_read(flow: Flow, language: str) -> Box:
    if not flow.withdrawn:
        return Box(tr("Not yet read by all"), flow.unread)
    return Box(
        tr("Withdrawn or not yet read"),
        flow.assigned - flow.read,
        (
            *(
                (tr("Withdrawn: {reason}", reason=reason(entry, language)), entry.count)
                for entry in flow.withdrawn
            ),
            (tr("Not yet read by all"), flow.unread),
        ),
    )


def _parts(entries: tuple[ReasonCount, ...], language: str) -> tuple[tuple[str, int], ...]:
    return tuple((reason(entry, language), entry.count) for entry in entries)
