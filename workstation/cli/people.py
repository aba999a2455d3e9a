"""`workstation people`: add and list the people of a study."""

from __future__ import annotations

from pathlib import Path

import click

from workstation.cli.session import (
    Session,
    pass_session,
    read_passphrase,
    signed_in,
    signs_in,
)
from workstation.domain.people import Qualification, Role
from workstation.i18n import tr
from workstation.services.enrolling import AddPerson, add_person, everybody


@click.group()
def people() -> None:
    """Add or list people."""


@people.command()
@signs_in
@click.option("--new-login", required=True, help="Login of the new person.")
@click.option("--name", "display_name", required=True, help="Name of the new person.")
@click.option(
    "--role", "roles", required=True, multiple=True, type=click.Choice([str(r) for r in Role])
)
@click.option("--title", default="", help="Professional title.")
@click.option("--licence", default="", help="Licence number.")
@click.option("--years", type=float, help="Years of reading experience.")
@click.option("--institution", default="", help="Institution.")
@click.option(
    "--new-passphrase-file", metavar="FILE", help="File with the new person's passphrase."
)
@pass_session
def add(
    session: Session,
    store: Path,
    login: str,
    passphrase_file: str | None,
    new_login: str,
    display_name: str,
    roles: tuple[str, ...],
    title: str,
    licence: str,
    years: float | None,
    institution: str,
    new_passphrase_file: str | None,
) -> None:
    """Add a person (as coordinator)."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        passphrase = read_passphrase(new_passphrase_file, tr("Passphrase of the new person"))
        person, _ = add_person(
            workspace,
            AddPerson(
                new_login,
                display_name,
                frozenset(Role(r) for r in roles),
                passphrase,
                Qualification(title, licence, years, institution),
            ),
        )
    session.show(
        {"login": person.login, "code": person.code, "roles": sorted(map(str, person.roles))},
        tr("Added {login} as {code}.", login=person.login, code=person.code),
    )


@people.command("list")
@signs_in
@pass_session
def list_(session: Session, store: Path, login: str, passphrase_file: str | None) -> None:
    """All people of the study."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        found = everybody(workspace)
    rows = [
        {
            "code": p.code,
            "login": p.login,
            "roles": sorted(map(str, p.roles)),
            "active": p.active,
        }
        for p in found
    ]
    text = "\n".join(f"{p.code}\t{p.login}\t{', '.join(sorted(map(str, p.roles)))}" for p in found)
    session.show({"people": rows}, text)
