"""`workstation cases`, `assign`, `compare`: what becomes of the cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from workstation.cli.session import Session, pass_session, signed_in, signs_in
from workstation.domain.case import CaseState
from workstation.domain.errors import RuleViolation
from workstation.domain.image import Eye
from workstation.i18n import tr
from workstation.services import assigning, comparing, enrolling, importing, overseeing
from workstation.services.workspace import Workspace


@click.group()
def cases() -> None:
    """List, include and exclude cases."""


@cases.command("list")
@signs_in
@pass_session
def list_(session: Session, store: Path, login: str, passphrase_file: str | None) -> None:
    """Every case with its state and images; no content."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        found = overseeing.cases(workspace)
    rows = [
        {
            "case": row.number,
            "state": str(row.state),
            "images": [
                {
                    "number": i.number,
                    "kind": str(i.kind),
                    "eye": str(i.eye) if i.eye else None,
                    "side": i.side,
                    "field": i.field,
                    "slices": i.slices,
                    "target": i.is_target,
                    "warnings": list(i.warnings),
                }
                for i in row.images
            ],
        }
        for row in found
    ]
    text = "\n".join(f"{row.number}\t{row.state}\t{len(row.images)}" for row in found)
    session.show({"cases": rows}, text)


def _each(workspace: Workspace, numbers: Sequence[str]) -> list[str]:
    if not numbers:
        found = overseeing.cases(workspace)
        return [row.case_id for row in found if row.state is CaseState.IMPORTED]
    with workspace.reading() as uow:
        return [overseeing.case_id(uow, number) for number in numbers]


@cases.command()
@signs_in
@click.argument("numbers", nargs=-1)
@pass_session
def include(
    session: Session,
    store: Path,
    login: str,
    passphrase_file: str | None,
    numbers: tuple[str, ...],
) -> None:
    """Include cases NUMBERS, or all imported ones."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        found = _each(workspace, numbers)
        for one in found:
            importing.include(workspace, one)
    session.show({"included": len(found)}, tr("{count} cases included.", count=len(found)))


@cases.command()
@signs_in
@click.argument("number")
@click.option("--reason", required=True, help="Why the case is excluded.")
@pass_session
def exclude(
    session: Session,
    store: Path,
    login: str,
    passphrase_file: str | None,
    number: str,
    reason: str,
) -> None:
    """Exclude a case, with a reason."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        importing.exclude(workspace, _each(workspace, [number])[0], reason)
    session.show({"excluded": number}, tr("Case {case} excluded.", case=number))


@cases.command()
@signs_in
@click.argument("image_number")
@click.option("--eye", type=click.Choice([str(e) for e in Eye]))
@click.option("--field", "field_")
@click.option("--target", is_flag=True, help="Make this series the case's target series.")
@pass_session
def image(
    session: Session,
    store: Path,
    login: str,
    passphrase_file: str | None,
    image_number: str,
    eye: str | None,
    field_: str | None,
    target: bool,
) -> None:
    """Set what is unknown of an image: eye, field, target series."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        with workspace.reading() as uow:
            found = overseeing.image(uow, image_number)
        if eye or field_:
            importing.set_photo_facts(
                workspace,
                found.image_id,
                Eye(eye) if eye else found.eye,
                field_ if field_ is not None else found.field,
            )
        if target:
            importing.set_target(workspace, found.case_id, found.image_id)
    session.show({"image": image_number}, tr("Image {image} changed.", image=image_number))


@click.command()
@signs_in
@click.option("--reader", "logins", multiple=True, help="Login of a reader; all if none is given.")
@click.option("--dry-run", is_flag=True, help="Show the plan only.")
@pass_session
def assign(
    session: Session,
    store: Path,
    login: str,
    passphrase_file: str | None,
    logins: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Assign readers to all included cases, balanced."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        people = enrolling.everybody(workspace)
        ids = {p.login: p.person_id for p in people}
        unknown = next((one for one in logins if one not in ids), None)
        if unknown is not None:
            raise RuleViolation("person.unknown", login=unknown)
        with workspace.reading() as uow:
            plan = assigning.plan(uow, [ids[one] for one in logins])
        if not dry_run:
            assigning.assign(workspace, plan.pairs)
    codes = {p.person_id: p.code for p in people}
    loads = {codes[p]: n for p, n in plan.cases_of}
    text = tr("{count} cases assigned.", count=len(plan.pairs))
    text += "".join(f"\n{code}\t{n}" for code, n in loads.items())
    session.show({"cases": len(plan.pairs), "cases_of": loads, "dry_run": dry_run}, text)


@click.command()
@signs_in
@pass_session
def compare(session: Session, store: Path, login: str, passphrase_file: str | None) -> None:
    """Compare every case that awaits it (also done at each submission and sign-in)."""
    with signed_in(session, store, login, passphrase_file) as workspace:
        comparing.compare_now(workspace)
        states = overseeing.case_states(workspace)
    counts = {
        str(s): states[s]
        for s in (
            CaseState.AWAITING_COMPARISON,
            CaseState.AGREED,
            CaseState.DISPUTED,
            CaseState.RULED,
        )
    }
    session.show(counts, "\n".join(f"{k}\t{v}" for k, v in counts.items()))
