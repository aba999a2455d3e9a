"""`workstation demo`: play the demo study without a display."""

from __future__ import annotations

from pathlib import Path

import click

from workstation.cli.session import Session, pass_session
from workstation.i18n import tr


@click.command()
@click.option("--headless", is_flag=True, required=True, help="Without a display.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for results.")
@pass_session
def demo(session: Session, headless: bool, out: Path) -> None:
    """Play the demo study: import, two blind readers, arbitration, frozen dataset, report."""
    summary = session.opener.play_demo(out, session.progress)
    session.show(summary, tr("Done. Results are in {folder}.", folder=out))
