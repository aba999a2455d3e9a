"""A signed-in person at an open study: the ports every service is given."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol as Port

from workstation.domain.arbitration import Dispute
from workstation.domain.blinding import Field, Relation, require_visible, visible
from workstation.domain.case import Assignment, Case
from workstation.domain.errors import RuleViolation
from workstation.domain.events import Changes
from workstation.domain.people import Person, Role, require_role
from workstation.domain.ports import (
    Accounts,
    Blobs,
    Clock,
    DatasetFolder,
    FileIntake,
    IdentityCheck,
    Keys,
    Pixels,
    ReportWriter,
    UnitOfWork,
    UnitOfWorkFactory,
)
from workstation.domain.protocol import Protocol


class ComparisonAgent(Port):
    """Whoever compares: today this program, later the holder of the comparison key."""

    def compare_pending(self) -> Changes:
        """Compare every case both of whose readings are in; safe to call at any time."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One person's session. `folder` is the study's folder; `intake` opens a decoding child,
    `damage` names what of the databases does not hold."""

    person: Person
    folder: Path
    unit_of_work: UnitOfWorkFactory
    blobs: Blobs
    pixels: Pixels
    keys: Keys
    accounts: Accounts
    clock: Clock
    comparison: ComparisonAgent
    intake: Callable[[], FileIntake]
    identity: IdentityCheck
    dataset_folder: DatasetFolder
    report_writer: ReportWriter
    damage: Callable[[], tuple[str, ...]]
    close: Callable[[], None]

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        """A transaction that only reads, by this person."""
        return self.unit_of_work(self.person.person_id, write=False)

    def writing(self) -> AbstractContextManager[UnitOfWork]:
        """A transaction that may write, by this person."""
        return self.unit_of_work(self.person.person_id, write=True)


def current_protocol(uow: UnitOfWork) -> tuple[str, Protocol]:
    """Hash and value of the study's protocol revision in force."""
    study = uow.study.get()
    if study is None:
        raise RuleViolation("study.missing")
    return study.protocol_sha256, uow.protocols.get(study.protocol_sha256)


# Who may: every service asks one of these about whoever the unit of work acts for.


def require_acting(uow: UnitOfWork, role: Role) -> Person:
    """The person acting. Raises RuleViolation where the role is not theirs."""
    person = uow.people.get(uow.actor)
    require_role(person, role)
    return person


def sees(
    uow: UnitOfWork, field: Field, role: Role, case: Case, dispute: Dispute | None = None
) -> bool:
    """Whether the person acting may see the field of the case, in a role they have."""
    require_acting(uow, role)
    relation = _relation(uow, case, dispute)
    return visible(field, role, relation, case.state, dispute.state if dispute else None)


def require_sees(
    uow: UnitOfWork,
    field: Field,
    role: Role,
    case: Case | None = None,
    dispute: Dispute | None = None,
) -> None:
    """Raises RuleViolation where the person acting may not see the field: of the case, or of
    the study where no case is given."""
    require_acting(uow, role)
    if case is None:
        require_visible(field, role)
    else:
        relation = _relation(uow, case, dispute)
        require_visible(field, role, relation, case.state, dispute.state if dispute else None)


def _relation(uow: UnitOfWork, case: Case, dispute: Dispute | None) -> Relation:
    """What the person acting is to the case; a dispute nobody has taken is every arbitrator's."""
    if uow.assignments.find(case.case_id, uow.actor) is not None:
        return Relation.READER_OF_CASE
    if dispute is not None and dispute.arbitrator_id in ("", uow.actor):
        return Relation.ARBITRATOR_OF_CASE
    return Relation.NONE


def own_assignment(uow: UnitOfWork, case_id: str) -> tuple[Case, Assignment]:
    """The case and the reader's assignment to it; refused to anyone else (and audited by none:
    nothing was shown)."""
    case = uow.cases.get(case_id)
    require_sees(uow, Field.OWN_READING, Role.READER, case)
    assignment = uow.assignments.find(case_id, uow.actor)
    assert assignment is not None
    return case, assignment
