"""The frozen dataset version, its fingerprint, and how anyone can check it."""

from __future__ import annotations

from workstation.domain.report import ReportData
from workstation.i18n import tr
from workstation.reports.blocks import Block, Chapter, Code, Facts, Heading, Paragraph
from workstation.reports.setting import Setting
from workstation.reports.wording import moment

ORDER = 90


def chapter(data: ReportData, setting: Setting) -> Chapter:
    title = tr("Dataset version")
    blocks: list[Block] = []
    if data.dataset is None:
        blocks.append(Paragraph(tr("No dataset version has been frozen."), "note"))
    else:
        version = data.dataset
        blocks += [
            Facts(
                (
                    (tr("Version"), version.version),
                    (tr("Parent version"), version.parent or tr("none")),
                    (tr("Frozen at"), moment(version.frozen_at)),
                    (tr("Cases"), str(version.cases)),
                    (tr("Images"), str(version.images)),
                    (tr("Files"), str(version.files)),
                    (tr("Bytes"), str(version.size_bytes)),
                    (tr("Fingerprint"), Code(version.fingerprint)),
                )
            ),
            Heading(tr("How to verify")),
            Paragraph(
                tr(
                    "The fingerprint is the root of a SHA-256 Merkle tree (RFC 6962) over all "
                    "payload files: equal content gives the same fingerprint on any machine. To "
                    "check a copy of the dataset, run one of these two commands in its folder; the "
                    "first needs Python only, the second this program. Either prints the "
                    "fingerprint, or names the first file that differs."
                )
            ),
            Facts(
                (
                    (tr("Python only"), Code("python3 verify_seal.py .")),
                    (tr("This program"), Code("workstation dataset verify .")),
                )
            ),
        ]
    if data.audit is not None:
        blocks += [
            Heading(tr("Audit chain")),
            Facts(
                (
                    (tr("Events"), str(data.audit.events)),
                    (tr("Head of the chain"), Code(data.audit.head)),
                    (
                        tr("Check of the chain"),
                        tr("chain is whole") if data.audit.verified else tr("CHAIN IS BROKEN"),
                    ),
                )
            ),
        ]
    return Chapter(title, tuple(blocks))
