"""Assign readers to cases: balanced, patients in a random order of each reader's own."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from workstation.domain.blinding import Field
from workstation.domain.case import Assignment, AssignmentState, Case, CaseState, moved
from workstation.domain.errors import RuleViolation
from workstation.domain.events import Changes, Topic, changed
from workstation.domain.people import Person, Role, require_role
from workstation.domain.ports import UnitOfWork
from workstation.services.enrolling import people_with
from workstation.services.workspace import (
    Workspace,
    current_protocol,
    require_acting,
    require_sees,
)


@dataclass(frozen=True, slots=True)
class AssignmentPlan:
    """Who would read what: case id -> readers, and each reader's load in images."""

    pairs: tuple[tuple[str, tuple[str, ...]], ...]
    images_of: tuple[tuple[str, int], ...]
    cases_of: tuple[tuple[str, int], ...]


def plan(uow: UnitOfWork, reader_ids: Sequence[str] = ()) -> AssignmentPlan:
    """A balanced plan for all included cases.

    Every case gets as many different readers as the protocol asks for; the readers with the
    fewest images so far come first, a seeded draw breaking ties. With exactly that many readers
    everybody reads everything.
    Raises RuleViolation where there are too few active readers, or nothing to assign, and for
    anyone but a coordinator.
    """
    require_acting(uow, Role.COORDINATOR)
    _, protocol = current_protocol(uow)
    study = uow.study.get()
    assert study is not None
    readers = people_with(uow, Role.READER)
    if reader_ids:
        unknown = sorted(set(reader_ids) - {p.person_id for p in readers})
        if unknown:
            raise RuleViolation("assignment.not_a_reader", people=unknown)
        readers = tuple(p for p in readers if p.person_id in set(reader_ids))
    if len(readers) < protocol.readers_per_case:
        raise RuleViolation(
            "assignment.too_few_readers", needed=protocol.readers_per_case, found=len(readers)
        )
    cases = uow.cases.all(CaseState.INCLUDED)
    if not cases:
        raise RuleViolation("assignment.no_case")
    unconfirmed = [case.number for case in cases if not case.identity_confirmed]
    if unconfirmed:
        raise RuleViolation("assignment.identity_unconfirmed", cases=unconfirmed)
    load = {p.person_id: 0 for p in readers}
    for existing in uow.assignments.all():
        if existing.person_id in load:
            load[existing.person_id] += len(_targets(uow, existing.case_id))
    draw = random.Random(f"assign|{study.seed}")
    count = dict.fromkeys(load, 0)
    pairs: list[tuple[str, tuple[str, ...]]] = []
    for case in _shuffled_by_subject(cases, f"plan|{study.seed}"):
        tie = {person_id: draw.random() for person_id in sorted(load)}
        chosen = sorted(load, key=lambda p: (load[p], tie[p]))[: protocol.readers_per_case]
        for person_id in chosen:
            load[person_id] += len(_targets(uow, case.case_id))
            count[person_id] += 1
        pairs.append((case.case_id, tuple(chosen)))
    return AssignmentPlan(tuple(pairs), tuple(load.items()), tuple(count.items()))


def assign(workspace: Workspace, pairs: Sequence[tuple[str, Sequence[str]]]) -> Changes:
    """Assign each case to its readers and lay every reader's order anew.

    The order of a reader is by patient, drawn with the study's seed and the reader's own id;
    cases of one patient stay together, and what the reader has begun keeps its place.
    Raises RuleViolation for a case that is not included, an unconfirmed identity check, too few
    or repeated readers, or a person who is no active reader.
    """
    require_role(workspace.person, Role.COORDINATOR)
    with workspace.writing() as uow:
        _, protocol = current_protocol(uow)
        study = uow.study.get()
        assert study is not None
        readers = {p.person_id: p for p in people_with(uow, Role.READER)}
        for case_id, reader_ids in pairs:
            case = uow.cases.get(case_id)
            _check_pair(case, reader_ids, readers, protocol.readers_per_case)
            uow.cases.update(_with_state(case, CaseState.ASSIGNED))
            for slot, person_id in enumerate(reader_ids, start=1):
                uow.assignments.add(
                    Assignment(str(uuid.uuid4()), case_id, person_id, slot, position=0)
                )
            uow.audit.append(
                "case.assigned", case_id, {"readers": list(reader_ids), "seed": study.seed}
            )
        for person_id in sorted({p for _, reader_ids in pairs for p in reader_ids}):
            _order(uow, study.seed, person_id)
        uow.commit()
    return changed(Topic.ASSIGNMENTS, Topic.CASES, case_ids=tuple(case_id for case_id, _ in pairs))


def _check_pair(
    case: Case, reader_ids: Sequence[str], readers: dict[str, Person], needed: int
) -> None:
    if case.state is not CaseState.INCLUDED:
        raise RuleViolation("assignment.not_included", case=case.number, state=str(case.state))
    if not case.identity_confirmed:
        raise RuleViolation("assignment.identity_unconfirmed", cases=[case.number])
    if len(set(reader_ids)) != len(reader_ids):
        raise RuleViolation("assignment.same_reader_twice", case=case.number)
    if len(reader_ids) != needed:
        raise RuleViolation("assignment.too_few_readers", needed=needed, found=len(reader_ids))
    for person_id in reader_ids:
        if person_id not in readers:
            raise RuleViolation("assignment.not_a_reader", people=[person_id])


def _with_state(case: Case, to: CaseState) -> Case:
    return replace(case, state=moved(case.state, to, case.number))


def _targets(uow: UnitOfWork, case_id: str) -> list[str]:
    return [i.image_id for i in uow.images.of_case(case_id) if i.is_target]


def _shuffled_by_subject(cases: Sequence[Case], seed: str) -> list[Case]:
    """Cases by patient in a drawn order; a patient's cases together, by number.

    The key is a hash of seed and subject, so that adding a case moves no other.
    """

    def key(case: Case) -> tuple[bytes, str]:
        return hashlib.sha256(f"{seed}|{case.subject_id}".encode()).digest(), case.number

    return sorted(cases, key=key)


def _order(uow: UnitOfWork, seed: int, person_id: str) -> None:
    """Lay the reader's order: begun work first as it was, the rest by drawn patient."""
    mine = {a.case_id: a for a in uow.assignments.of_person(person_id)}
    begun = [a for a in mine.values() if a.state is not AssignmentState.WAITING]
    begun.sort(key=lambda a: a.position)
    waiting = [uow.cases.get(c) for c, a in mine.items() if a.state is AssignmentState.WAITING]
    drawn = _shuffled_by_subject(waiting, f"order|{seed}|{person_id}")
    for position, case_id in enumerate([a.case_id for a in begun] + [c.case_id for c in drawn], 1):
        a = mine[case_id]
        if a.position != position:
            uow.assignments.update(
                Assignment(a.assignment_id, a.case_id, a.person_id, a.slot, position, a.state)
            )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the study is; no content, no names of who is ahead."""

    cases: tuple[tuple[CaseState, int], ...]
    readers: tuple[tuple[str, int, int, int], ...]  # code, waiting, in progress, submitted


def progress(uow: UnitOfWork) -> Progress:
    """Counts per case state, and per reader code of waiting, in progress, submitted.

    Raises RuleViolation for anyone but a coordinator.
    """
    require_sees(uow, Field.PROGRESS, Role.COORDINATOR)
    states = [case.state for case in uow.cases.all()]
    rows = []
    for person in people_with(uow, Role.READER):
        mine = [a.state for a in uow.assignments.of_person(person.person_id)]
        rows.append((person.code, *(mine.count(s) for s in AssignmentState)))
    return Progress(
        tuple((state, states.count(state)) for state in CaseState),
        tuple(rows),  # type: ignore[arg-type]
    )
