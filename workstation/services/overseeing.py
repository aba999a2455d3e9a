"""Oversee: what a coordinator sees of the study while it runs: states and counts, no content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from workstation.domain.arbitration import DisputeState
from workstation.domain.blinding import Field
from workstation.domain.case import CaseState
from workstation.domain.errors import RuleViolation
from workstation.domain.image import Image
from workstation.domain.people import Role
from workstation.domain.ports import UnitOfWork
from workstation.domain.protocol import Protocol
from workstation.services.workspace import Workspace, current_protocol, require_sees


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What a study is; anyone in it may know."""

    title: str
    protocol: Protocol
    protocol_sha256: str
    people: int
    cases: int
    images: int
    created_at: datetime


def study_facts(workspace: Workspace) -> StudyFacts:
    """Title, protocol and how many people, cases and images there are; no state of any."""
    with workspace.reading() as uow:
        sha256, protocol = current_protocol(uow)
        study = uow.study.get()
        assert study is not None
        return StudyFacts(
            study.title,
            protocol,
            sha256,
            len(uow.people.all()),
            len(uow.cases.all()),
            len(uow.images.all()),
            study.created_at,
        )


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as the coordinator's list shows it."""

    case_id: str
    number: str
    state: CaseState
    images: tuple[Image, ...]
    exclusion_reason: str = ""


def cases(workspace: Workspace) -> tuple[CaseRow, ...]:
    """Every case with its state and images. Raises RuleViolation for anyone but a coordinator."""
    with workspace.reading() as uow:
        require_sees(uow, Field.PROGRESS, Role.COORDINATOR)
        return tuple(
            CaseRow(c.case_id, c.number, c.state, uow.images.of_case(c.case_id), c.exclusion_reason)
            for c in uow.cases.all()
        )


def case_states(workspace: Workspace) -> Mapping[CaseState, int]:
    """How many cases are in each state. Raises as `cases` does."""
    with workspace.reading() as uow:
        require_sees(uow, Field.PROGRESS, Role.COORDINATOR)
        states = [case.state for case in uow.cases.all()]
    return {state: states.count(state) for state in CaseState}


def case_id(uow: UnitOfWork, number: str) -> str:
    """The case of a number, for a coordinator. Raises RuleViolation where there is none."""
    require_sees(uow, Field.PROGRESS, Role.COORDINATOR)
    found = uow.cases.by_number(number)
    if found is None:
        raise RuleViolation("case.unknown", case=number)
    return found.case_id


def image(uow: UnitOfWork, number: str) -> Image:
    """The image of a number, for a coordinator. Raises RuleViolation where there is none."""
    require_sees(uow, Field.PROGRESS, Role.COORDINATOR)
    for one in uow.images.all():
        if one.number == number:
            return one
    raise RuleViolation("image.unknown", image=number)


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """The last dispute of a case as the coordinator sees it: who has taken it stays unsaid."""

    dispute_id: str
    case_id: str
    number: str
    state: DisputeState
    taken: bool


def disputes(workspace: Workspace) -> tuple[DisputeRow, ...]:
    """The last dispute of every case that has one, by case number. Raises as `cases` does."""
    with workspace.reading() as uow:
        require_sees(uow, Field.PROGRESS, Role.COORDINATOR)
        last = {d.case_id: d for d in sorted(uow.disputes.all(), key=lambda d: d.opened_at)}
        rows = [
            DisputeRow(
                d.dispute_id,
                d.case_id,
                uow.cases.get(d.case_id).number,
                d.state,
                bool(d.arbitrator_id),
            )
            for d in last.values()
        ]
    return tuple(sorted(rows, key=lambda row: row.number))


def dispute_id(workspace: Workspace, number: str) -> str:
    """The last dispute of a case. Raises RuleViolation where the case never was disputed."""
    for row in disputes(workspace):
        if row.number == number:
            return row.dispute_id
    raise RuleViolation("arbitration.no_dispute", case=number)
