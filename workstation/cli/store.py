"""`workstation store`: what concerns a study's folder as such."""

from __future__ import annotations

from pathlib import Path

import click

from workstation.cli.session import Session, pass_session, read_passphrase, signs_in
from workstation.i18n import tr


@click.group()
def store() -> None:
    """Look after the folder of a study."""


@store.command("accept-rollback")
@signs_in
@click.option("--because", required=True, help="Why the older copy is meant; kept in the trail.")
@pass_session
def accept_rollback(
    session: Session, store: Path, login: str, passphrase_file: str | None, because: str
) -> None:
    """Accept, as coordinator, a store older than what was seen before, such as a backup put back.

    What was done after that copy is lost. Everybody can sign in again afterwards.
    """
    passphrase = read_passphrase(passphrase_file, tr("Passphrase"))
    session.opener.accept_rollback(store, login, passphrase, because)
    session.show({"accepted": True}, tr("The older store is accepted; this is in the audit trail."))
