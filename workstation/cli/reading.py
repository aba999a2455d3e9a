"""`workstation reading`: worklist, export, save and submit of one's own readings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from workstation.cli.session import Session, pass_session, signed_in, signs_in
from workstation.domain.errors import InvalidValue
from workstation.domain.reading import ReadingBody, body_from_json, body_to_json
from workstation.domain.schema import Scope
from workstation.i18n import tr
from workstation.services import reading as service


@click.group()
def reading() -> None:
    """Work on one's own readings."""


@reading.command("list")
@signs_in
@pass_session
def list_(session: Session, store: Path, login: str, passphrase_file: str | None) -> None:
    """One's own worklist, in one's own order."""
    with signed_in(session, store, login, passphrase_file) as workspace, workspace.reading() as uow:
        rows = service.worklist(uow, workspace.person.person_id)
    session.show(
        {"worklist": [{"case": r.number, "state": str(r.state)} for r in rows]},
        "\n".join(f"{r.number}\t{r.state}" for r in rows),
    )


def load_body(file: Path, images: dict[str, str]) -> ReadingBody:
    """A reading's body from a JSON file (`reading/1`); images may be named by their number.

    Raises InvalidValue for a file that is no JSON, or no body.
    """
    try:
        data = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidValue("reading.file", file=str(file)) from error
    if not isinstance(data, dict):
        raise InvalidValue("reading.file", file=str(file))
    answers: dict[str, Any] = {}
    listed = ("marks", "measures", "viewing")
    if not all(isinstance(data.get(name, []), list) for name in listed):
        raise InvalidValue("reading.body_json")
    try:
        for scope, given in data.get("answers", {}).items():
            level, _, key = scope.partition(":")
            answers[f"{level}:{images.get(key, key)}" if key else level] = given
        placed = {
            name: [{**one, "image": images.get(one["image"], one["image"])} for one in data[name]]
            for name in listed
            if name in data
        }
    except (AttributeError, KeyError, TypeError) as error:
        raise InvalidValue("reading.body_json") from error
    return body_from_json({"marks": [], **data, "answers": answers, **placed})


def named_body(body: ReadingBody, numbers: dict[str, str]) -> dict[str, Any]:
    """The body as JSON with images named by their number."""
    data = body_to_json(body)
    data["answers"] = {
        service.named_scope(Scope.parse(scope), numbers): given
        for scope, given in data["answers"].items()
    }
    for one in (*data["marks"], *data.get("measures", ()), *data.get("viewing", ())):
        one["image"] = numbers[one["image"]]
    return data


@reading.command()
@signs_in
@click.argument("case_number")
@pass_session
def export(
    session: Session, store: Path, login: str, passphrase_file: str | None, case_number: str
) -> None:
    """Print one's own reading of a case as JSON (`reading/1`)."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        with workspace.reading() as uow:
            found = service.own_case(uow, case_number)
        opened = service.open_case(workspace, found)
    numbers = {i.image_id: i.number for i in opened.images}
    click.echo(json.dumps(named_body(opened.reading.body, numbers), ensure_ascii=False, indent=1))


@reading.command()
@signs_in
@click.argument("case_number")
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path),
    help="JSON file with the answers and marks; without it the draft as it stands.",
)
@click.option("--draft", is_flag=True, help="Save only; do not submit.")
@pass_session
def submit(
    session: Session,
    store: Path,
    login: str,
    passphrase_file: str | None,
    case_number: str,
    file: Path | None,
    draft: bool,
) -> None:
    """Submit one's reading of a case; there is no way back."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        with workspace.reading() as uow:
            found = service.own_case(uow, case_number)
        opened = service.open_case(workspace, found)
        if file is not None:
            body = load_body(file, {i.number: i.image_id for i in opened.images})
            service.save_draft(workspace, opened.reading.reading_id, body)
        if not draft:
            service.submit(workspace, opened.reading.reading_id)
    text = (
        tr("Draft of case {case} saved.", case=case_number)
        if draft
        else tr("Reading of case {case} submitted.", case=case_number)
    )
    session.show({"case": case_number, "state": "draft" if draft else "submitted"}, text)
