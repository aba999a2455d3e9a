"""Enrol people: coordinators add readers and arbitrators, each with keys of their own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from workstation.domain.errors import RuleViolation
from workstation.domain.events import Changes, Topic, changed
from workstation.domain.people import Person, Qualification, Role, require_role
from workstation.domain.ports import UnitOfWork
from workstation.services.workspace import Workspace, require_acting

_PREFIX = {Role.COORDINATOR: "C", Role.READER: "R", Role.ARBITRATOR: "A"}


@dataclass(frozen=True, slots=True)
class AddPerson:
    """A new person of the study; the passphrase opens the person's own key slot."""

    login: str
    display_name: str
    roles: frozenset[Role]
    passphrase: str = field(repr=False)
    qualification: Qualification = field(default_factory=Qualification)


def next_code(people: tuple[Person, ...], roles: frozenset[Role]) -> str:
    """R1, R2 ... A1 ...: stands for the person where names are hidden."""
    first = next(role for role in Role if role in roles)
    prefix = _PREFIX[first]
    taken = {person.code for person in people}
    number = 1
    while f"{prefix}{number}" in taken:
        number += 1
    return f"{prefix}{number}"


def add_person(workspace: Workspace, command: AddPerson) -> tuple[Person, Changes]:
    """Add a person and open the key slot.

    Raises RuleViolation for a login already in use, a weak passphrase, or a caller who is no
    coordinator; InvalidValue for a malformed login or roles that exclude each other.
    """
    require_role(workspace.person, Role.COORDINATOR)
    with workspace.reading() as uow:
        people = uow.people.all()
    person = Person(
        person_id=str(uuid.uuid4()),
        login=command.login,
        display_name=command.display_name.strip(),
        code=next_code(people, command.roles),
        roles=command.roles,
        qualification=command.qualification,
    )
    if any(p.login == person.login for p in people):
        raise RuleViolation("person.login_taken", login=person.login)
    # The slot comes before the row: a slot without a person opens nothing in the program and is
    # replaced on the next try, a person without a slot could never sign in.
    workspace.accounts.add(person, command.passphrase)
    with workspace.writing() as uow:
        if uow.people.by_login(person.login) is not None:
            raise RuleViolation("person.login_taken", login=person.login)
        uow.people.add(person)
        uow.audit.append(
            "person.added", person.person_id, {"roles": sorted(str(r) for r in person.roles)}
        )
        uow.commit()
    return person, changed(Topic.PEOPLE)


def everybody(workspace: Workspace) -> tuple[Person, ...]:
    """All people of the study. Raises RuleViolation for anyone but a coordinator: who else reads
    is nothing a reader needs to know."""
    with workspace.reading() as uow:
        require_acting(uow, Role.COORDINATOR)
        return uow.people.all()


def people_with(uow: UnitOfWork, role: Role) -> tuple[Person, ...]:
    """Active people of a role, by code."""
    found = [p for p in uow.people.all() if p.active and role in p.roles]
    return tuple(sorted(found, key=lambda p: (p.code[0], len(p.code), p.code)))
