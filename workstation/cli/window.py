"""`workstation run`: the window."""

from __future__ import annotations

from pathlib import Path

import click

from workstation.cli.session import Session, pass_session


@click.command()
@click.option("--store", type=click.Path(path_type=Path), help="Folder of a study.")
@click.option("--demo", is_flag=True, help="Open the demo study.")
@pass_session
@click.pass_context
def run(ctx: click.Context, session: Session, store: Path | None, demo: bool) -> None:
    """Open the window: on a study, on the demo study, or on those opened before."""
    ctx.exit(session.window(store, demo))
