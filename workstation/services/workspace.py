"""A signed-in person at an open study: the ports every service is given."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol as Port

from workstation.domain.case import Assignment, Case
from workstation.domain.errors import RuleViolation
from workstation.domain.events import Changes
from workstation.domain.people import Person
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
    """One person's session. `folder` is the study's folder; `intake` opens a decoding child."""

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


def own_assignment(uow: UnitOfWork, case_id: str, person_id: str) -> tuple[Case, Assignment]:
    """The case and the person's assignment to it; refused to anyone else (and audited by none:
    nothing was shown)."""
    assignment = uow.assignments.find(case_id, person_id)
    if assignment is None:
        raise RuleViolation("assignment.not_yours")
    return uow.cases.get(case_id), assignment
