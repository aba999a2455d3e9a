"""The root command and its groups."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workstation.cli.session import SentenceGroup, Session, system_problem
from workstation.domain.errors import RuleViolation
from workstation.i18n import LANGUAGES, set_language, tr
from workstation.messages import sentence

if TYPE_CHECKING:
    from workstation.services.opening import StudyOpener


class CommandTable(MutableMapping[str, click.Command]):
    """The commands by name, each module loaded when its command is asked for: the window, and
    every other command, start without the rest."""

    def __init__(self, places: Mapping[str, tuple[str, str]]) -> None:
        self._places = dict(places)
        self._added: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._added:
            module, attribute = self._places[name]
            loaded = importlib.import_module(f"workstation.cli.{module}")
            self._added[name] = getattr(loaded, attribute)
        return self._added[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._added[name] = command

    def __delitem__(self, name: str) -> None:
        self._places.pop(name, None)
        self._added.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter({**self._places, **self._added})

    def __len__(self) -> int:
        return len({**self._places, **self._added})


COMMANDS = {
    "study": ("study", "study"),
    "people": ("people", "people"),
    "import": ("intake", "import_"),
    "cases": ("cases", "cases"),
    "assign": ("cases", "assign"),
    "reading": ("reading", "reading"),
    "compare": ("cases", "compare"),
    "arbitrate": ("arbitrate", "arbitrate"),
    "dataset": ("dataset", "dataset"),
    "report": ("dataset", "report"),
    "audit": ("audit", "audit"),
    "store": ("store", "store"),
    "metrics": ("metrics", "metrics"),
    "render": ("render", "render"),
    "info": ("info", "info"),
    "demo": ("demo", "demo"),
    "run": ("window", "run"),
}


@click.group(
    cls=SentenceGroup,
    commands=CommandTable(COMMANDS),
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
