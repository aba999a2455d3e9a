"""`workstation cases`, `assign`, `compare`: what becomes of the cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from workstation.cli.session import Session, pass_session, signed_in, signs_in
from workstation.domain.case import CaseState
from workstation.domain.errors import RuleViolation
from workstation.domain.image import Eye
from workstation.domain.ports import UnitOfWork
from workstation.i18n import tr
from workstation.services import assigning, importing
from workstation.services.workspace import Workspace


def case_id(uow: UnitOfWork, number: str) -> str:
    """The case of a number people see. Raises RuleViolation where there is none."""
    found = uow.cases.by_number(number)
    if found is None:
        raise RuleViolation("case.unknown", case=number)
    return found.case_id


@click.group()
def cases() -> None:
    """List, include and exclude cases."""


@cases.command("list")
@signs_in
@pass_session
def list_(session: Session, store: Path, login: str, passphrase_file: str | None) -> None:
    """Every case with its state and images; no content."""
    rows = []
    with signed_in(session, store, login, passphrase_file) as workspace, workspace.reading() as uow:
        for case in uow.cases.all():
            images = uow.images.of_case(case.case_id)
            rows.append(
                {
                    "case": case.number,
                    "state": str(case.state),
                    "images": [
                        {
                            "number": i.number,
                            "kind": str(i.kind),
                            "eye": str(i.eye) if i.eye else None,
                            "field": i.field,
                            "slices": i.slices,
                            "target": i.is_target,
                            "warnings": list(i.warnings),
                        }
                        for i in images
                    ],
                }
            )
    text = "\n".join(f"{r['case']}\t{r['state']}\t{len(r['images'])}" for r in rows)  # type: ignore[arg-type]
    session.show({"cases": rows}, text)


def _each(workspace: Workspace, numbers: Sequence[str]) -> list[str]:
    with workspace.reading() as uow:
        if not numbers:
            return [c.case_id for c in uow.cases.all(CaseState.IMPORTED)]
        return [case_id(uow, number) for number in numbers]


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
            found = [i for i in uow.images.all() if i.number == image_number]
        if not found:
            raise RuleViolation("image.unknown", image=image_number)
        if eye or field_:
            importing.set_photo_facts(
                workspace,
                found[0].image_id,
                Eye(eye) if eye else found[0].eye,
                field_ if field_ is not None else found[0].field,
            )
        if target:
            importing.set_target(workspace, found[0].case_id, found[0].image_id)
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
        with workspace.reading() as uow:
            ids = []
            for one in logins:
                person = uow.people.by_login(one)
                if person is None:
                    raise RuleViolation("person.unknown", login=one)
                ids.append(person.person_id)
            plan = assigning.plan(uow, ids)
            codes = {p.person_id: p.code for p in uow.people.all()}
        if not dry_run:
            assigning.assign(workspace, plan.pairs)
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
        workspace.comparison.compare_pending()
        with workspace.reading() as uow:
            states = [c.state for c in uow.cases.all()]
    counts = {
        str(s): states.count(s)
        for s in (
            CaseState.AWAITING_COMPARISON,
            CaseState.AGREED,
            CaseState.DISPUTED,
            CaseState.RULED,
        )
    }
    session.show(counts, "\n".join(f"{k}\t{v}" for k, v in counts.items()))
