"""The protocol: which rules were in force, and which standards they claim to follow."""

from __future__ import annotations

from workstation.domain.report import AgreementRule, ReportData, StandardClaim
from workstation.i18n import tr
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
                (tr("Arbitration"), _arbitration(protocol.blind_read)),
                (tr("Merge of agreed regions"), _merge(protocol.merge_rule)),
            )
        ),
        Heading(tr("Standards and other sources")),
    ]
    if protocol.standards:
        blocks.append(_sources(protocol.standards, setting))
    else:
        blocks.append(Paragraph(tr("The protocol names no source.")))
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


def _sources(claims: tuple[StandardClaim, ...], setting: Setting) -> Table:
    return Table(
        tr("Sources of the rules"),
        (Column(tr("Code"), 3), Column(tr("Source"), 6), Column(tr("State"), 5)),
        tuple((claim.code, claim.title.text(setting.language), _state(claim)) for claim in claims),
        tr("Naming a source is no statement that the study fulfils it."),
    )


def _state(claim: StandardClaim) -> str:
    if not claim.verified:
        return tr("not verified against the text")
    if claim.unverified_clauses:
        return tr(
            "not verified against the text: {clauses}",
            clauses=tr(", ").join(claim.unverified_clauses),
        )
    return tr("verified against the text")


def _rule(rule: AgreementRule, setting: Setting) -> tuple[str, ...]:
    return (
        rule.label.text(setting.language),
        _kind(rule.kind),
        level_name(rule.level),
        _condition(rule),
        recorded(rule.source),
    )


def _condition(rule: AgreementRule) -> str:
    if rule.kind in ("answer_equal", "not_evaluable"):
        return tr("equal")
    counted = {
        "objects": tr("unmatched objects"),
        "object_attribute": tr("differing objects"),
        "ordinal_distance": tr("steps"),
    }
    return f"{sign(rule.operator)} {rule.threshold} {counted.get(rule.kind, '')}".strip()


def _kind(code: str) -> str:
    names = {
        "answer_equal": tr("answers"),
        "not_evaluable": tr("whether evaluable"),
        "ordinal_distance": tr("distance of grades"),
        "decision_boundary": tr("side of a decision"),
        "lesion_iou": tr("overlap (IoU) of all lesions"),
        "class_iou": tr("overlap (IoU) of one class"),
        "objects": tr("matched objects"),
        "object_attribute": tr("attribute of matched objects"),
        "measurement": tr("measurement"),
    }
    return names.get(code, code)


def _arbitration(code: str) -> str:
    names = {
        "required": tr("arbitrator reads blind first"),
        "off": tr("arbitrator sees both readings at once"),
    }
    return names.get(code, code)


def _merge(code: str) -> str:
    names = {
        "mean_boundary": tr("mean boundary"),
        "intersection": tr("intersection"),
        "union": tr("union"),
        "first": tr("outline of the first reader"),
    }
    return recorded(names.get(code, code))


def _geometry(code: str) -> str:
    return {"area": tr("area"), "point": tr("point"), "line": tr("line")}.get(code, code)


def _completeness(code: str) -> str:
    names = {
        "all": tr("all lesions"),
        "nearest": tr("the one nearest to the fovea"),
        "optional": tr("optional, in no rule"),
    }
    return names.get(code, code)
