"""People and their roles in a study."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from workstation.domain.errors import InvalidValue, RuleViolation

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}\Z")


class Role(StrEnum):
    COORDINATOR = "coordinator"
    READER = "reader"
    ARBITRATOR = "arbitrator"


@dataclass(frozen=True, slots=True)
class Qualification:
    """What the report prints of a person; unknown stays empty, nothing is assumed."""

    title: str = ""
    licence: str = ""
    years: float | None = None
    institution: str = ""

    def __post_init__(self) -> None:
        if self.years is not None and not 0 <= self.years <= 80:
            raise InvalidValue("qualification.years", years=self.years)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who signs in. `code` (R1, A1 ...) stands for the person where names are hidden."""

    person_id: str
    login: str
    display_name: str
    code: str
    roles: frozenset[Role]
    qualification: Qualification = field(default_factory=Qualification)
    active: bool = True

    def __post_init__(self) -> None:
        if not _LOGIN.match(self.login):
            raise InvalidValue("person.login", login=self.login)
        if not self.display_name.strip() or len(self.display_name) > 80:
            raise InvalidValue("person.display_name")
        if any("\ud800" <= c <= "\udfff" for c in self.display_name):
            raise InvalidValue("text.not_unicode")
        if not self.roles:
            raise InvalidValue("person.roles", login=self.login)
        if Role.COORDINATOR in self.roles and len(self.roles) > 1:
            # Whoever may see the comparison neither reads nor arbitrates in that study.
            raise InvalidValue("person.role_conflict", login=self.login)


def require_role(person: Person, role: Role) -> None:
    """Raises RuleViolation where the person has not the role, or is no longer active."""
    if not person.active or role not in person.roles:
        raise RuleViolation("role.needed", role=str(role), person=person.login)
