"""`workstation import`: bring de-identified images into the study."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from workstation.cli.session import Session, pass_session, signed_in, signs_in
from workstation.domain.errors import RuleViolation
from workstation.messages import import_text, refusal, unmatched_text
from workstation.services import importing


@click.command("import")
@signs_in
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--confirm",
    required=True,
    metavar="NAME",
    help="Your own name: confirms that the data were de-identified elsewhere.",
)
@click.option("--pattern", help="File-name pattern, e.g. '{patient}_{eye}_F{field}'.")
@click.option(
    "--list",
    "list_file",
    type=click.Path(path_type=Path),
    help="XLSX or CSV with the columns file, patient, visit, eye, field, centre.",
)
@pass_session
def import_(
    session: Session,
    store: Path,
    login: str,
    passphrase_file: str | None,
    sources: tuple[Path, ...],
    confirm: str,
    pattern: str | None,
    list_file: Path | None,
) -> None:
    """Import folders, zip archives or files; one line for every file that is refused."""
    if pattern is not None and list_file is not None:
        raise RuleViolation("import.pattern_and_list")
    mapping = session.opener.photo_mapping(pattern, list_file)
    with signed_in(session, store, login, passphrase_file) as workspace:
        result, _ = importing.run_import(
            workspace,
            importing.ImportFiles(sources, confirm, mapping),
            lambda: shutil.disk_usage(store).free,
            session.progress,
        )
    text = import_text(result)
    text += "".join(f"\n{r.name}: {refusal(r)}" for r in result.refusals)
    if result.unmatched:
        text += "\n" + unmatched_text(result.unmatched)
    session.show(
        {
            "files": result.file_count,
            "images": [i.number for i in result.images],
            "cases": list(result.case_numbers),
            "refused": [
                {"name": r.name, "code": r.code, "message": refusal(r)} for r in result.refusals
            ],
            "unmatched": list(result.unmatched),
        },
        text,
    )
