"""`workstation audit`: verify and export the audit chain."""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path

import click

from workstation.cli.session import Session, pass_session, signed_in, signs_in
from workstation.domain.errors import EnvironmentProblem
from workstation.i18n import tr
from workstation.messages import damage_text
from workstation.services import auditing


@click.group()
def audit() -> None:
    """Verify or export the audit trail."""


@audit.command()
@signs_in
@click.pass_context
def verify(ctx: click.Context, store: Path, login: str, passphrase_file: str | None) -> None:
    """Recompute the whole chain and check the databases; names what does not fit."""
    session = ctx.ensure_object(Session)
    with signed_in(session, store, login, passphrase_file) as workspace:
        found = auditing.check_chain(workspace)
    text = (
        tr(
            "The audit trail holds: {count} events, head {head}",
            count=found.events,
            head=found.head,
        )
        if found.broken_at is None
        else tr("The audit trail is broken at event {seq}.", seq=found.broken_at)
    )
    databases = [damage_text(name) for name in found.damage] or [
        tr("The databases hold: every page is as it was written, and every image has its key.")
    ]
    session.show(
        {
            "events": found.events,
            "head": found.head,
            "holds": found.holds,
            "broken_at": found.broken_at,
            "damage": list(found.damage),
        },
        "\n".join([text, *databases]),
    )
    if not found.holds:
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
        count, lines = auditing.export(workspace)
        _write(out, lines)
    session.show(
        {"events": count, "file": str(out)},
        tr("{count} events written to {file}.", count=count, file=out),
    )


def _write(out: Path, lines: bytes) -> None:
    new = not out.exists()
    try:
        out.write_bytes(lines)
    except OSError as error:
        if new:
            with suppress(OSError):
                out.unlink()
        if error.errno == errno.ENOSPC:
            raise EnvironmentProblem("disk.full", folder=str(out.parent)) from error
        raise EnvironmentProblem(
            "file.not_written", file=str(out), problem=error.strerror or type(error).__name__
        ) from error
