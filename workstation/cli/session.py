"""What every command shares: the opener, sign-in, output as text or JSON, errors as sentences."""

from __future__ import annotations

import errno
import functools
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from workstation.domain.errors import (
    Cancelled,
    EnvironmentProblem,
    InvalidValue,
    RuleViolation,
    WorkstationError,
)
from workstation.i18n import tr
from workstation.messages import sentence, step_text

if TYPE_CHECKING:
    from workstation.services.opening import StudyOpener
    from workstation.services.workspace import Workspace

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Session:
    """The state of one invocation."""

    opener: StudyOpener
    window: Callable[[Path | None, bool], int]
    as_json: bool = False
    quiet: bool = False
    _step: str = ""
    late: WorkstationError | None = (
        None  # what signing out met, after the command had done its work
    )

    def show(self, data: Mapping[str, Any], text: str) -> None:
        """Print the result: `data` with --json, else `text`."""
        if self.as_json:
            click.echo(json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True, default=str))
        else:
            click.echo(text)

    def progress(self, done: int, total: int, what: str) -> None:
        """Progress on standard error; silent with --json or --quiet.

        On a terminal one line is rewritten; in a log every step is one line.
        """
        if self.as_json or self.quiet:
            return
        if sys.stderr.isatty():
            end = "\n" if done >= total else ""
            click.echo(f"\r\033[K{step_text(what)} {done}/{total}{end}", nl=False, err=True)
        elif self._step != what:
            click.echo(f"{step_text(what)} …", err=True)
        self._step = what


pass_session = click.make_pass_decorator(Session)


def read_passphrase(source: str | None, prompt: str) -> str:
    """From a file, from standard input ("-"), or asked for; never from the command line itself.

    Raises RuleViolation where there is none.
    """
    if source == "-" and sys.stdin is not None:
        try:
            text = sys.stdin.readline().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise RuleViolation("passphrase.file", file=source) from error
    elif source is not None and source != "-":
        try:
            text = Path(source).read_text("utf-8").splitlines()[0]
        except (OSError, UnicodeDecodeError, IndexError) as error:
            raise RuleViolation("passphrase.file", file=source) from error
    elif sys.stdin is not None and sys.stdin.isatty():
        text = click.prompt(prompt, hide_input=True, err=True)
    else:
        raise RuleViolation("passphrase.missing")
    return str(text)


def signs_in(command: Callable[P, R]) -> Callable[..., R]:
    """Options of a command that works in a study: --store, --login, --passphrase-file."""

    @click.option(
        "--store",
        "store",
        required=True,
        type=click.Path(path_type=Path),
        help="Folder of the study (NAME.study).",
    )
    @click.option("--login", required=True, help="Who signs in.")
    @click.option(
        "--passphrase-file",
        metavar="FILE",
        help='File with the passphrase in its first line; "-" reads standard input.',
    )
    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> R:
        return command(*args, **kwargs)

    return wrapped


@contextmanager
def signed_in(
    session: Session, store: Path, login: str, passphrase_file: str | None
) -> Iterator[Workspace]:
    """A workspace for the length of a command."""
    passphrase = read_passphrase(passphrase_file, tr("Passphrase"))
    with closing_late(session, session.opener.open(store, login, passphrase)) as workspace:
        yield workspace


@contextmanager
def closing_late(session: Session, workspace: Workspace) -> Iterator[Workspace]:
    """Sign out at the end. What goes wrong then neither undoes nor hides what the command did: it
    is told after the result."""
    try:
        yield workspace
    finally:
        try:
            workspace.close()
        except WorkstationError as error:
            session.late = error


def _tell_late(ctx: click.Context) -> None:
    session = ctx.find_object(Session)
    if session is not None and session.late is not None:
        problem = sentence(session.late)
        click.echo(
            tr("The work is done and saved, but signing out was not: {problem}", problem=problem),
            err=True,
        )


def _tell(ctx: click.Context, error: WorkstationError) -> None:
    session = ctx.find_object(Session)
    if session is not None and session.as_json:
        data = {"error": error.code, "params": error.params, "message": sentence(error)}
        with suppress(OSError):  # the output may be what fails
            click.echo(json.dumps(data, ensure_ascii=False, sort_keys=True, default=str))
    click.echo(sentence(error), err=True)


def system_problem(error: OSError) -> EnvironmentProblem:
    """What the system refused, of a file no command said more about, or of the output itself."""
    where = str(error.filename) if error.filename is not None else "-"
    return EnvironmentProblem(
        "system.refused", file=where, problem=error.strerror or type(error).__name__
    )


class SentenceGroup(click.Group):
    """Turns coded errors into one sentence on standard error and exit status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            done = super().invoke(ctx)
            _tell_late(ctx)
            return done
        except click.exceptions.Exit:
            _tell_late(ctx)
            raise
        except WorkstationError as error:
            _tell(ctx, error)
            ctx.exit(2)
        except UnicodeEncodeError:  # an argument of bytes that are no text
            _tell(ctx, InvalidValue("text.not_unicode"))
            ctx.exit(2)
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever read the output has had enough
                raise
            _tell(ctx, system_problem(error))
            ctx.exit(2)
        except Cancelled:
            click.echo(tr("Cancelled; nothing was changed."), err=True)
            ctx.exit(130)
