"""Who may see which part of whose work, in which state: one pure function, asked by the services
wherever they hand one of these fields out.

Level `application`: these rules are applied by the program. Sealed readings, which make them hold
against someone with the store's key, come with the keys port.
"""

from __future__ import annotations

from enum import StrEnum

from workstation.domain.arbitration import DisputeState
from workstation.domain.case import CaseState
from workstation.domain.errors import RuleViolation
from workstation.domain.people import Role


class Field(StrEnum):
    """What someone may ask to see: of a case, or (`progress`, `statistics`) of the study."""

    IMAGES = "images"
    OWN_READING = "own_reading"
    OTHER_READING = "other_reading"
    VERDICT = "verdict"  # scores and reasons
    REFERENCE = "reference"  # what was agreed or ruled
    PROGRESS = "progress"  # states of cases and readings, and counts of them
    STATISTICS = "statistics"  # coefficients over all readings, no case named


class Relation(StrEnum):
    """What the person is to the case, beside the role. Having read it outweighs the rest."""

    READER_OF_CASE = "reader_of_case"
    ARBITRATOR_OF_CASE = "arbitrator_of_case"
    NONE = "none"


_SETTLED = frozenset({CaseState.AGREED, CaseState.RULED})


def visible(
    field: Field,
    role: Role,
    relation: Relation = Relation.NONE,
    case: CaseState | None = None,
    dispute: DisputeState | None = None,
) -> bool:
    """Whether a person in `role`, being `relation` to the case, may see `field` now."""
    match role:
        case Role.READER:
            if relation is not Relation.READER_OF_CASE:
                return False
            return field in (Field.IMAGES, Field.OWN_READING)
        case Role.ARBITRATOR:
            if relation is not Relation.ARBITRATOR_OF_CASE or dispute is None:
                return False
            if field in (Field.IMAGES, Field.OWN_READING):
                return True
            revealed = dispute in (DisputeState.REVEALED, DisputeState.RESOLVED)
            return field in (Field.OTHER_READING, Field.VERDICT) and revealed
        case Role.COORDINATOR:
            if field in (Field.PROGRESS, Field.STATISTICS):
                return True
            if field in (Field.VERDICT, Field.REFERENCE):
                return case in _SETTLED
            # Images stay open to whoever checks de-identification; drawings never.
            return field is Field.IMAGES


def require_visible(
    field: Field,
    role: Role,
    relation: Relation = Relation.NONE,
    case: CaseState | None = None,
    dispute: DisputeState | None = None,
) -> None:
    """Raises RuleViolation where `visible` is False: whose case it is, or that it is hidden."""
    if visible(field, role, relation, case, dispute):
        return
    if role is Role.READER and relation is not Relation.READER_OF_CASE:
        raise RuleViolation("assignment.not_yours")
    if role is Role.ARBITRATOR and relation is Relation.READER_OF_CASE:
        raise RuleViolation("arbitration.was_reader")
    if role is Role.ARBITRATOR and relation is Relation.NONE:
        raise RuleViolation("arbitration.not_yours")
    raise RuleViolation("blinding.hidden", field=str(field))
