"""Readers and arbitrators with their qualifications, as recorded."""

from __future__ import annotations

from workstation.domain.report import ReaderEntry, ReportData
from workstation.i18n import tr
from workstation.reports.blocks import Chapter, Column, Paragraph, Table
from workstation.reports.setting import Setting
from workstation.reports.wording import recorded, role_name

ORDER = 30


def chapter(data: ReportData, setting: Setting) -> Chapter:
    title = tr("Readers and qualifications")
    if not data.readers:
        return Chapter(title, (Paragraph(tr("Nobody has been entered."), "note"),))
    named = any(reader.name for reader in data.readers)
    columns = (
        Column(tr("Code"), 2),
        *((Column(tr("Name"), 3),) if named else ()),
        Column(tr("Role"), 2),
        Column(tr("Professional title"), 3),
        Column(tr("Licence"), 3),
        Column(tr("Experience (years)"), 3, "right"),
        Column(tr("Institution"), 3),
        Column(tr("Signed (count)"), 2, "right"),
    )
    table = Table(
        tr("Persons"),
        columns,
        tuple(_row(reader, named) for reader in data.readers),
        tr(
            "Signed: readings submitted or rulings signed. Qualifications are printed as entered; "
            "the program has not checked them against a register."
        ),
    )
    note = (
        tr("Codes stand for persons; the list of names is kept by the coordinator.")
        if not named
        else ""
    )
    return Chapter(title, (table, Paragraph(note)) if note else (table,))


def _row(reader: ReaderEntry, named: bool) -> tuple[str, ...]:
    return (
        reader.code,
        *((reader.name or tr("withheld"),) if named else ()),
        role_name(reader.role),
        recorded(reader.title),
        recorded(reader.licence),
        tr("not recorded") if reader.years is None else f"{reader.years:g}",
        recorded(reader.institution),
        str(reader.submitted),
    )
