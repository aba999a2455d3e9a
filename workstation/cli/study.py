"""`workstation study`: create a study, tell what it is."""

from __future__ import annotations

from pathlib import Path

import click

from workstation.cli.session import (
    Session,
    closing_late,
    pass_session,
    read_passphrase,
    signed_in,
    signs_in,
)
from workstation.domain.people import Qualification
from workstation.i18n import language, tr
from workstation.services.opening import NewStudy
from workstation.services.overseeing import study_facts


@click.group()
def study() -> None:
    """Create a study or tell what it is."""


@study.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--title", required=True, help="Title of the study.")
@click.option(
    "--protocol", "protocol_name", required=True, help="Name of a shipped protocol, or a YAML file."
)
@click.option("--login", required=True, help="Login of the first coordinator.")
@click.option("--name", "display_name", required=True, help="Name of the first coordinator.")
@click.option("--seed", type=int, help="Seed of reader orders and of the X/Y coin.")
@click.option("--passphrase-file", metavar="FILE", help='File with the passphrase; "-" = stdin.')
@pass_session
def create(
    session: Session,
    folder: Path,
    title: str,
    protocol_name: str,
    login: str,
    display_name: str,
    seed: int | None,
    passphrase_file: str | None,
) -> None:
    """Make a study in FOLDER with its first coordinator."""
    shipped = session.opener.protocol(protocol_name)
    passphrase = read_passphrase(passphrase_file, tr("New passphrase"))
    new = NewStudy(
        folder, title, shipped.document, login, display_name, passphrase, seed, Qualification()
    )
    with closing_late(session, session.opener.create(new)) as workspace:
        session.show(
            {"folder": str(workspace.folder), "protocol": shipped.protocol.code, "title": title},
            tr("Study created in {folder}.", folder=workspace.folder),
        )


@study.command()
@signs_in
@pass_session
def info(session: Session, store: Path, login: str, passphrase_file: str | None) -> None:
    """Title, protocol, people and number of cases."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        found = study_facts(workspace)
        blindness = workspace.keys.blindness_level
    protocol = found.protocol
    data = {
        "title": found.title,
        "protocol": {
            "code": protocol.code,
            "revision": protocol.revision,
            "sha256": found.protocol_sha256,
            "title": protocol.title.text(language()),
        },
        "people": found.people,
        "cases": found.cases,
        "images": found.images,
        "blindness_level": blindness,
        "created_at": found.created_at.isoformat(),
    }
    lines = [
        tr("Study: {title}", title=data["title"]),
        tr(
            "Protocol: {title} (revision {revision})",
            title=protocol.title.text(language()),
            revision=protocol.revision,
        ),
        tr("People: {count}", count=data["people"]),
        tr("Cases: {count}, images: {images}", count=data["cases"], images=data["images"]),
    ]
    session.show(data, "\n".join(lines))


@study.command()
@pass_session
def protocols(session: Session) -> None:
    """The protocols that ship with the product."""
    found = session.opener.protocols()
    session.show(
        {"protocols": [{"name": p.name, "title": p.protocol.title.to_dict()} for p in found]},
        "\n".join(f"{p.name}: {p.protocol.title.text(language())}" for p in found),
    )
