"""`workstation dataset` and `report`: freeze, verify, list; make the report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from workstation.cli.session import Session, pass_session, signed_in, signs_in
from workstation.domain.ports import SealCheck
from workstation.i18n import LANGUAGES, tr
from workstation.messages import seal_text
from workstation.services import freezing, reporting
from workstation.services.opening import ExportForm


@click.group()
def dataset() -> None:
    """Freeze and verify dataset versions."""


@dataset.command()
@signs_in
@click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder in which the version's own folder is made.",
)
@click.option("--version", default="", help="vN.N; the next one if not given.")
@click.option("--change", "changes", multiple=True, help="What changed since the last version.")
@pass_session
def freeze(
    session: Session,
    store: Path,
    login: str,
    passphrase_file: str | None,
    folder: Path,
    version: str,
    changes: tuple[str, ...],
) -> None:
    """Freeze all referenced cases as a dataset version."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        record, where, _ = freezing.freeze(
            workspace, freezing.Freeze(folder, version, changes), session.progress
        )
    session.show(
        {
            "version": record.version,
            "fingerprint": record.fingerprint,
            "folder": str(where),
            "cases": record.case_count,
            "images": record.image_count,
            "files": len(record.files),
        },
        tr(
            "Frozen {version}: {fingerprint}",
            version=record.version,
            fingerprint=record.fingerprint,
        ),
    )


@dataset.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_context
def verify(ctx: click.Context, folder: Path) -> None:
    """Prove that a frozen folder is what was frozen, or name what differs; no study is needed."""
    session = ctx.ensure_object(Session)
    check: SealCheck = session.opener.check_folder(folder, session.progress)
    data: dict[str, Any] = {
        "holds": check.holds,
        "version": check.version,
        "fingerprint": check.fingerprint,
        "files": check.file_count,
        "problems": [{"code": p.code, "path": p.path} for p in check.problems],
    }
    session.show(data, seal_text(check))
    if not check.holds:
        ctx.exit(1)


@dataset.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Zip file, or folder.")
@click.option(
    "--as",
    "form",
    type=click.Choice([str(f) for f in ExportForm]),
    default="zip",
    show_default=True,
    help="The whole version as one zip file, or its labels as CSV tables in a folder.",
)
@pass_session
def export(session: Session, folder: Path, out: Path, form: str) -> None:
    """Hand a frozen version on, after verifying it; no study is needed."""
    made = session.opener.export_folder(folder, out, ExportForm(form), session.progress)
    session.show(
        {"written": [str(path) for path in made]},
        "\n".join(tr("Written: {file}", file=path) for path in made),
    )


@dataset.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@pass_session
def diff(session: Session, before: Path, after: Path) -> None:
    """What changed between two frozen versions, case by case."""
    changes = session.opener.diff_folders(before, after, session.progress)
    text = "\n".join(
        "\t".join((c.case_before or "-", c.case_after or "-", c.kind, c.place, c.before, c.after))
        for c in changes
    )
    session.show({"changes": [asdict(c) for c in changes]}, text or tr("No difference."))


@dataset.command("list")
@signs_in
@pass_session
def list_(session: Session, store: Path, login: str, passphrase_file: str | None) -> None:
    """The frozen versions and what is missing for the next."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        versions, checks = freezing.versions(workspace)
    session.show(
        {
            "versions": [
                {"version": v.version, "fingerprint": v.fingerprint, "cases": v.case_count}
                for v in versions
            ],
            "checklist": [
                {"code": c.code, "state": str(c.state), "cases": list(c.cases)} for c in checks
            ],
        },
        "\n".join(f"{v.version}\t{v.fingerprint}\t{v.case_count}" for v in versions),
    )


@click.group()
def report() -> None:
    """Make the study report."""


@report.command()
@signs_in
@click.option("--out", required=True, type=click.Path(path_type=Path), help="PDF to write.")
@click.option("--report-language", type=click.Choice(LANGUAGES), default="zh_CN", show_default=True)
@pass_session
def make(
    session: Session,
    store: Path,
    login: str,
    passphrase_file: str | None,
    out: Path,
    report_language: str,
) -> None:
    """Write the study report as PDF."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        written = reporting.make_report(workspace, report_language, out)
    session.show({"report": str(written)}, tr("Report written to {file}.", file=written))
