"""`workstation audit`: verify and export the audit chain."""

from __future__ import annotations

from pathlib import Path

import click

from workstation.cli.session import Session, pass_session, signed_in, signs_in
from workstation.domain.people import Role, require_role
from workstation.i18n import tr
from workstation.services.auditing import exported, verify_chain


@click.group()
def audit() -> None:
    """Verify or export the audit trail."""


@audit.command()
@signs_in
@click.pass_context
def verify(ctx: click.Context, store: Path, login: str, passphrase_file: str | None) -> None:
    """Recompute the whole chain; names the first link that does not fit."""
    session = ctx.ensure_object(Session)
    with signed_in(session, store, login, passphrase_file) as workspace, workspace.reading() as uow:
        events = uow.audit.all()
        broken = verify_chain(events)
    head = events[-1].hash if events else ""
    text = (
        tr("The audit trail holds: {count} events, head {head}", count=len(events), head=head)
        if broken is None
        else tr("The audit trail is broken at event {seq}.", seq=broken)
    )
    session.show(
        {"events": len(events), "head": head, "holds": broken is None, "broken_at": broken}, text
    )
    if broken is not None:
        ctx.exit(1)


@audit.command()
@signs_in
@click.option("--out", required=True, type=click.Path(path_type=Path), help="JSON-lines file.")
@pass_session
def export(
    session: Session, store: Path, login: str, passphrase_file: str | None, out: Path
) -> None:
    """Write all events as JSON lines."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        require_role(workspace.person, Role.COORDINATOR)
        with workspace.reading() as uow:
            events = uow.audit.all()
        out.write_bytes(exported(events))
    session.show(
        {"events": len(events), "file": str(out)},
        tr("{count} events written to {file}.", count=len(events), file=out),
    )
