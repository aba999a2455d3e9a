"""The protocol: which rules were in force, and which standards they claim to follow."""

from __future__ import annotations

from workstation.i18n import tr

from workstation.domain.report import AgreementRule, ReportData, StandardClaim
from workstation.reports.blocks import (
    Block,
    Chapter,
    Code,
    Column,
    Facts,
    Heading,
    Paragraph,
    Table,
)
from workstation.reports.setting import Setting
from workstation.reports.wording import level_name, recorded, sign

ORDER = 20


def chapter(data: ReportData, setting: Setting) -> Chapter:
    protocol = data.protocol
    blocks: list[Block] = [
        Facts(
            (
                (tr("Protocol"), protocol.title.text(setting.language)),
                (tr("Protocol identifier"), protocol.protocol_id),
                (tr("Revision"), protocol.revision),
                ("SHA-256", Code(protocol.sha256)),
                (tr("Readers per case"), str(protocol.readers_per_case)),
                (tr("Arbitration"), _arbitration(protocol.arbitration)),
                (tr("Merge of agreed regions"), _merge(protocol.merge_rule)),
            )
        ),
        Heading(tr("Standards")),
    ]
    if protocol.standards:
        blocks += [Paragraph(_standard(claim, setting)) for claim in protocol.standards]
    else:
        blocks.append(Paragraph(tr("The protocol names no standard.")))
    blocks += [
        Heading(tr("Agreement rules")),
        Table(
            tr("Items two readings must agree on"),
            (
                Column(tr("Item"), 4),
                Column(tr("Compared"), 3),
                Column(tr("Level"), 2),
                Column(tr("Rule"), 3),
                Column(tr("Source"), 4),
            ),
            tuple(_rule(rule, setting) for rule in protocol.agreement_rules),
            tr(
                "An item that does not meet its rule opens a dispute. Whether a value equal to the "
                "threshold is enough follows from the operator."
            ),
        ),
    ]
    if protocol.marked_classes:
        blocks.append(
            Table(
                tr("Marked classes"),
                (
                    Column(tr("Code"), 2),
                    Column(tr("Class"), 4),
                    Column(tr("Drawn as"), 2),
                    Column(tr("Completeness"), 3),
                ),
                tuple(
                    (
                        marked.code,
                        marked.label.text(setting.language),
                        _geometry(marked.geometry),
                        _completeness(marked.completeness),
                    )
                    for marked in protocol.marked_classes
                ),
            )
        )
    return Chapter(tr("Protocol"), tuple(blocks))


def _standard(claim: StandardClaim, setting: Setting) -> str:
    name = claim.code
    if claim.title is not None:
        name = tr("{code} ({title})", code=claim.code, title=claim.title.text(setting.language))
    if not claim.unverified_clauses:
        return tr("The protocol names {standard} as its basis.", standard=name)
    return tr(
        "The protocol names {standard} as its basis. Not verified against the text of the "
        "standard: {clauses}.",
        standard=name,
        clauses=tr(", ").join(claim.unverified_clauses),
    )


def _rule(rule: AgreementRule, setting: Setting) -> tuple[str, ...]:
    text = tr("equal") if rule.operator == "=" else f"{sign(rule.operator)} {rule.threshold}"
    return (
        rule.label.text(setting.language),
        _kind(rule.kind),
        level_name(rule.level),
        f"{text} {rule.unit}".strip(),
        recorded(rule.source),
    )


def _kind(code: str) -> str:
    names = {
        "category": tr("category"),
        "ordinal_distance": tr("distance of grades"),
        "decision_boundary": tr("side of a decision"),
        "iou": tr("overlap (IoU) of all lesions"),
        "class_iou": tr("overlap (IoU) of one class"),
        "objects": tr("matched objects"),
        "measurement": tr("measurement"),
    }
    return names.get(code, code)


def _arbitration(code: str) -> str:
    names = {
        "blind_first": tr("arbitrator reads blind first"),
        "look_first": tr("arbitrator sees both readings first"),
        "off": tr("no reading of the arbitrator's own"),
    }
    return names.get(code, code)


def _merge(code: str) -> str:
    names = {
        "mean_boundary": tr("mean boundary"),
        "intersection": tr("intersection"),
        "union": tr("union"),
    }
    return recorded(names.get(code, code))


def _geometry(code: str) -> str:
    return {"area": tr("area"), "point": tr("point"), "line": tr("line")}.get(code, code)


def _completeness(code: str) -> str:
    names = {"all": tr("all lesions"), "nearest": tr("the one nearest to the fovea")}
    return names.get(code, code)
