"""`workstation arbitrate`: queue, blind read, reveal, sign."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from workstation.cli.reading import load_body, named_body
from workstation.cli.session import Session, pass_session, signed_in, signs_in
from workstation.domain.arbitration import Choice, Decision
from workstation.domain.errors import InvalidValue, RuleViolation
from workstation.i18n import tr
from workstation.services import arbitrating, overseeing
from workstation.services import reading as reading_service
from workstation.services.arbitrating import DisputeItem, OpenDispute
from workstation.services.workspace import Workspace


@click.group()
def arbitrate() -> None:
    """Rule on disputed cases."""


@arbitrate.command()
@signs_in
@pass_session
def queue(session: Session, store: Path, login: str, passphrase_file: str | None) -> None:
    """The disputes one may rule on."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        rows = arbitrating.queue(workspace)
    session.show(
        {
            "queue": [
                {
                    "case": r.number,
                    "state": str(r.state),
                    "age_days": r.age_days,
                    "items": r.items,
                }
                for r in rows
            ]
        },
        "\n".join(f"{r.number}\t{r.state}\t{r.age_days}" for r in rows),
    )


def _find(workspace: Workspace, number: str) -> str:
    for row in arbitrating.queue(workspace):
        if row.number == number:
            return row.dispute_id
    raise RuleViolation("arbitration.not_in_queue", case=number)


@arbitrate.command("blind-read")
@signs_in
@click.argument("case_number")
@click.option("--from", "file", required=True, type=click.Path(path_type=Path))
@pass_session
def blind_read(
    session: Session,
    store: Path,
    login: str,
    passphrase_file: str | None,
    case_number: str,
    file: Path,
) -> None:
    """Seal one's own read of a case, before X and Y may be seen."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        dispute_id = _find(workspace, case_number)
        opened = arbitrating.open_dispute(workspace, dispute_id)
        body = load_body(file, {i.number: i.image_id for i in opened.images})
        reading_service.save_draft(workspace, opened.mine.reading_id, body)
        arbitrating.seal_blind_read(workspace, dispute_id)
    session.show(
        {"case": case_number, "sealed": True},
        tr("Own read of case {case} sealed.", case=case_number),
    )


@arbitrate.command()
@signs_in
@click.argument("case_number")
@pass_session
def show(
    session: Session, store: Path, login: str, passphrase_file: str | None, case_number: str
) -> None:
    """Reveal X and Y and list what there is to decide."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        dispute_id = _find(workspace, case_number)
        arbitrating.open_dispute(workspace, dispute_id)
        arbitrating.reveal(workspace, dispute_id)
        opened = arbitrating.open_dispute(workspace, dispute_id)
    numbers = {i.image_id: i.number for i in opened.images}
    assert opened.x is not None and opened.y is not None
    data = {
        "case": case_number,
        "items": [_item_json(n, item, numbers) for n, item in enumerate(opened.items)],
        "x": named_body(opened.x, numbers),
        "y": named_body(opened.y, numbers),
    }
    text = "\n".join(
        f"{n}\t{reading_service.named_scope(item.scope, numbers)}\t{item.question or item.class_code}\t"
        f"{', '.join(map(str, item.reasons)) or '-'}"
        for n, item in enumerate(opened.items)
    )
    session.show(data, text)


def _item_json(n: int, item: DisputeItem, numbers: dict[str, str]) -> dict[str, Any]:
    return {
        "item": n,
        "scope": reading_service.named_scope(item.scope, numbers),
        "question": item.question,
        "class": item.class_code,
        "x": item.x_value if item.question else list(item.x_marks),
        "y": item.y_value if item.question else list(item.y_marks),
        "mine": item.mine_value if item.question else list(item.mine_marks),
        "reasons": [str(r) for r in item.reasons],
        "disputed": item.disputed,
    }


@arbitrate.command()
@signs_in
@click.argument("case_number")
@click.option(
    "--all",
    "choice_for_all",
    type=click.Choice([str(c) for c in Choice]),
    help="The same choice for every disputed item.",
)
@click.option(
    "--decisions",
    "file",
    type=click.Path(path_type=Path),
    help='JSON file: {"0": "x", "1": "y", ...} by item number of `show`.',
)
@click.option("--reason", "reason_code", required=True, help="Reason code of the protocol.")
@click.option("--confidence", type=click.IntRange(1, 4), default=3, show_default=True)
@click.option("--note", default="", help="Needed where the ruling matches neither reader.")
@pass_session
def sign(
    session: Session,
    store: Path,
    login: str,
    passphrase_file: str | None,
    case_number: str,
    choice_for_all: str | None,
    file: Path | None,
    reason_code: str,
    confidence: int,
    note: str,
) -> None:
    """Sign the ruling of a case."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        dispute_id = _find(workspace, case_number)
        opened = arbitrating.open_dispute(workspace, dispute_id)
        chosen = _choices(opened, choice_for_all, file)
        decisions = [
            Decision(
                item.scope,
                chosen[n],
                question=item.question,
                class_code=item.class_code,
                x_marks=item.x_marks,
                y_marks=item.y_marks,
                result_marks=item.mine_marks if chosen[n] is Choice.MINE else (),
            )
            for n, item in enumerate(opened.items)
            if n in chosen
        ]
        arbitrating.sign(workspace, dispute_id, decisions, reason_code, confidence, note)
    session.show(
        {"case": case_number, "signed": True}, tr("Ruling of case {case} signed.", case=case_number)
    )


def _choices(
    opened: OpenDispute, choice_for_all: str | None, file: Path | None
) -> dict[int, Choice]:
    """Choices by item number. Raises InvalidValue for a file that does not fit the items."""
    chosen: dict[int, Choice] = {}
    if choice_for_all is not None:
        chosen = {n: Choice(choice_for_all) for n, item in enumerate(opened.items) if item.disputed}
    if file is not None:
        try:
            given = json.loads(file.read_text("utf-8"))
            chosen |= {int(n): Choice(choice) for n, choice in given.items()}
        except (OSError, ValueError, AttributeError) as error:
            raise InvalidValue("arbitration.decisions_file", file=str(file)) from error
        if any(not 0 <= n < len(opened.items) for n in chosen):
            raise InvalidValue("arbitration.decisions_file", file=str(file))
    return chosen


@arbitrate.command()
@signs_in
@click.argument("case_number")
@click.option("--because", required=True, help="Why; kept with the dispute.")
@pass_session
def reopen(
    session: Session,
    store: Path,
    login: str,
    passphrase_file: str | None,
    case_number: str,
    because: str,
) -> None:
    """Open a ruled case again, as coordinator; the ruling so far stays as history."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        arbitrating.reopen(workspace, overseeing.dispute_id(workspace, case_number), because)
    session.show(
        {"case": case_number, "reopened": True},
        tr("Dispute of case {case} re-opened.", case=case_number),
    )


@arbitrate.command()
@signs_in
@click.argument("case_number")
@click.option("--because", required=True, help="Why; kept in the audit trail.")
@pass_session
def release(
    session: Session,
    store: Path,
    login: str,
    passphrase_file: str | None,
    case_number: str,
    because: str,
) -> None:
    """Give a dispute an arbitrator has taken, and not sealed, back to the queue, as coordinator."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        arbitrating.release(workspace, overseeing.dispute_id(workspace, case_number), because)
    session.show(
        {"case": case_number, "released": True},
        tr("Dispute of case {case} is open to every arbitrator again.", case=case_number),
    )
