"""The root command and its groups."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from workstation.cli.arbitrate import arbitrate
from workstation.cli.audit import audit
from workstation.cli.cases import assign, cases, compare
from workstation.cli.dataset import dataset, report
from workstation.cli.demo import demo
from workstation.cli.info import info
from workstation.cli.intake import import_
from workstation.cli.metrics import metrics
from workstation.cli.people import people
from workstation.cli.reading import reading
from workstation.cli.render import render
from workstation.cli.session import SentenceGroup, Session, system_problem
from workstation.cli.store import store
from workstation.cli.study import study
from workstation.cli.window import run
from workstation.domain.errors import RuleViolation
from workstation.i18n import LANGUAGES, set_language, tr
from workstation.messages import sentence
from workstation.services.opening import StudyOpener


@click.group(
    cls=SentenceGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--json", "as_json", is_flag=True, help="Print results as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Language of all text.")
@click.pass_context
def root(ctx: click.Context, as_json: bool, quiet: bool, language: str | None) -> None:
    """Annotation and arbitration workstation.

    Without a command the window opens. A study is a folder NAME.study; every command that works
    in one signs in with --login and a passphrase that is asked for, read from a file or from
    standard input.
    """
    session = ctx.ensure_object(Session)
    session.as_json = as_json
    session.quiet = quiet
    if language:
        set_language(language)
    if ctx.invoked_subcommand is None:
        ctx.exit(session.window(None, False))


for command in (
    study,
    people,
    import_,
    cases,
    assign,
    reading,
    compare,
    arbitrate,
    dataset,
    report,
    audit,
    store,
    metrics,
    render,
    info,
    demo,
    run,
):
    root.add_command(command)


def no_window(store: Path | None, demo: bool) -> int:
    """Where no window is at hand."""
    raise RuleViolation("window.none")


def main(
    opener: StudyOpener,
    arguments: list[str],
    window: Callable[[Path | None, bool], int] = no_window,
) -> int:
    """Run one command; returns the exit status. `window` opens the window."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name the console has no letters for
            stream.reconfigure(errors="backslashreplace")
    try:
        status = root.main(
            arguments, prog_name="workstation", obj=Session(opener, window), standalone_mode=False
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo(tr("Cancelled."), err=True)
        return 130
    except OSError as error:
        click.echo(sentence(system_problem(error)), err=True)
        return 2
    finally:
        _give_up_full_output()
    return int(status) if isinstance(status, int) else 0


def _give_up_full_output() -> None:
    """What could not be printed is not tried again, and complained of, when the program ends."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
