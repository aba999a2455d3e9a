"""A case and its life: one patient's visit, one transition table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from workstation.domain.errors import InvalidValue, RuleViolation

LAST_VISIT = 999


class CaseState(StrEnum):
    IMPORTED = "imported"
    INCLUDED = "included"
    EXCLUDED = "excluded"
    ASSIGNED = "assigned"
    AWAITING_COMPARISON = "awaiting_comparison"
    AGREED = "agreed"
    DISPUTED = "disputed"
    RULED = "ruled"
    WITHDRAWN = "withdrawn"


TRANSITIONS: Mapping[CaseState, frozenset[CaseState]] = MappingProxyType(
    {
        CaseState.IMPORTED: frozenset({CaseState.INCLUDED, CaseState.EXCLUDED}),
        CaseState.INCLUDED: frozenset({CaseState.ASSIGNED, CaseState.EXCLUDED}),
        CaseState.EXCLUDED: frozenset({CaseState.INCLUDED}),
        CaseState.ASSIGNED: frozenset({CaseState.AWAITING_COMPARISON, CaseState.WITHDRAWN}),
        CaseState.AWAITING_COMPARISON: frozenset(
            {CaseState.AGREED, CaseState.DISPUTED, CaseState.WITHDRAWN}
        ),
        CaseState.AGREED: frozenset({CaseState.WITHDRAWN}),
        CaseState.DISPUTED: frozenset({CaseState.RULED, CaseState.WITHDRAWN}),
        CaseState.RULED: frozenset({CaseState.DISPUTED, CaseState.WITHDRAWN}),
        CaseState.WITHDRAWN: frozenset(),
    }
)

REFERENCED = frozenset({CaseState.AGREED, CaseState.RULED})


def moved(state: CaseState, to: CaseState, case_number: str = "") -> CaseState:
    """The new state; raises RuleViolation where the table has no such arrow."""
    if to not in TRANSITIONS[state]:
        raise RuleViolation("case.transition", case=case_number, state=str(state), to=str(to))
    return to


@dataclass(frozen=True, slots=True)
class Subject:
    """A de-identified patient: a pseudonym and what the set may keep of the person."""

    subject_id: str
    pseudonym: str
    centre: str = ""
    sex: str = ""
    birth_year: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One patient's visit. `number` is what people see (0001); it tells nothing.

    `visit` is the patient's how-manieth visit it is, where the delivery said so; no date.
    """

    case_id: str
    number: str
    subject_id: str
    state: CaseState
    exclusion_reason: str = ""
    identity_confirmed: bool = False
    visit: int | None = None

    def __post_init__(self) -> None:
        if self.visit is not None and not 1 <= self.visit <= LAST_VISIT:
            raise InvalidValue("case.visit", visit=self.visit)


class AssignmentState(StrEnum):
    """All that a reader may see of a case's progress (decision 2)."""

    WAITING = "waiting"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"


@dataclass(frozen=True, slots=True)
class Assignment:
    """Case x reader; `position` is the place in that reader's own random order."""

    assignment_id: str
    case_id: str
    person_id: str
    slot: int
    position: int
    state: AssignmentState = AssignmentState.WAITING
