"""Dispute, blind read, reveal and ruling: what an arbitrator decides, item by item."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from workstation.domain.errors import InvalidValue, RuleViolation
from workstation.domain.protocol import BlindRead, Protocol
from workstation.domain.reading import ReadingBody
from workstation.domain.schema import Scope


class Choice(StrEnum):
    """What was decided for one item or object."""

    ADOPT_X = "x"
    ADOPT_Y = "y"
    MINE = "mine"
    UNION = "union"
    INTERSECTION = "intersection"
    NOTHING = "nothing"
    UNDECIDABLE = "undecidable"
    AGREED = "agreed"


@dataclass(frozen=True, slots=True)
class Decision:
    """The ruling on one thing: a question of a scope (`question` set) or an object of an image.

    `x_marks`, `y_marks` are the mark ids compared; `result_marks` the ids in the ruling's body.
    """

    scope: Scope
    choice: Choice
    question: str = ""
    class_code: str = ""
    x_marks: tuple[str, ...] = ()
    y_marks: tuple[str, ...] = ()
    result_marks: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return (str(self.scope), self.question, self.class_code, *self.x_marks, "|", *self.y_marks)


class DisputeState(StrEnum):
    OPEN = "open"
    BLIND_READ_SEALED = "blind_read_sealed"
    REVEALED = "revealed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Dispute:
    """An open question for the arbitrator. `x_reading_id`, `y_reading_id`: the coin's order.

    `decisions` are those made so far and not yet signed.
    """

    dispute_id: str
    case_id: str
    comparison_id: str
    state: DisputeState
    x_reading_id: str
    y_reading_id: str
    opened_at: datetime
    arbitrator_id: str = ""
    revealed_at: datetime | None = None
    revealed_without_blind_read: bool = False
    reopened_because: str = ""
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """A signed decision of a dispute: the reference body, item by item, and why."""

    ruling_id: str
    dispute_id: str
    case_id: str
    person_id: str
    body: ReadingBody
    decisions: tuple[Decision, ...]
    reason_code: str
    confidence: int
    note: str
    signed_at: datetime
    body_sha256: str
    signature: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.confidence <= 4:
            raise InvalidValue("ruling.confidence", confidence=self.confidence)
        keys = [d.key for d in self.decisions]
        if len(set(keys)) != len(keys):
            raise InvalidValue("ruling.duplicate_decision")


def x_is_first(study_seed: int, case_id: str) -> bool:
    """The seeded coin: whether X is the first reader's reading. Same seed and case, same side."""
    digest = hashlib.sha256(f"xy|{study_seed}|{case_id}".encode()).digest()
    return digest[0] % 2 == 0


def require_reveal_allowed(protocol: Protocol, dispute: Dispute) -> None:
    """Raises RuleViolation where X and Y may not be seen yet."""
    if protocol.blind_read is BlindRead.REQUIRED and dispute.state is DisputeState.OPEN:
        raise RuleViolation("arbitration.blind_read_first")


def require_ruling_complete(
    protocol: Protocol,
    unresolved: tuple[str, ...],
    reason_code: str,
    note: str,
    differs_from_both: bool,
) -> None:
    """Raises RuleViolation naming what keeps a ruling from being signed."""
    if unresolved:
        raise RuleViolation("arbitration.unresolved", items=list(unresolved))
    if reason_code not in {option.code for option in protocol.reason_codes}:
        raise RuleViolation("arbitration.reason_missing")
    if differs_from_both and not note.strip():
        raise RuleViolation("arbitration.note_missing")


class Provenance(StrEnum):
    """Where an item of the reference standard comes from."""

    AGREED = "agreed"
    TOLERATED = "tolerated"
    ONE_READER = "one_reader"
    ADOPTED_X = "adopted_x"
    ADOPTED_Y = "adopted_y"
    ARBITRATED = "arbitrated"
    UNDECIDABLE = "undecidable"


_OBJECT = "object:"


def object_code(class_code: str, n: int | None = None) -> str:
    """How an object without a mark is named in a provenance key; without `n`, its class."""
    return f"{_OBJECT}{class_code}" if n is None else f"{_OBJECT}{class_code}:{n}"


@dataclass(frozen=True, slots=True)
class ReferenceStandard:
    """The reference of a case: a view on the readings or the ruling, with per-item provenance.

    `provenance` maps "scope/question", "mark:<id>" and "scope/object:<class>:<n>" (an object ruled
    undecidable, which no mark stands for) to where it comes from; `source` is "consensus" or
    "arbitration". `notes` is plain JSON: the merge rule, of a consensus `tolerated_answers`
    ("scope/question") and `left_out` (image, class and number of marks that are not in it; their
    ids are `not_in_consensus`), of a ruling the marks left out as `not_evaluable`.
    """

    case_id: str
    source: str
    body: ReadingBody
    provenance: Mapping[str, str]
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def undecidable(self) -> frozenset[tuple[Scope, str]]:
        """What was ruled undecidable: scope, and question code or `object_code` of a class."""
        out: set[tuple[Scope, str]] = set()
        for key, source in self.provenance.items():
            scope, _, code = key.rpartition("/")
            if source == Provenance.UNDECIDABLE and scope:
                about = object_code(code.split(":")[1]) if code.startswith(_OBJECT) else code
                out.add((Scope.parse(scope), about))
        return frozenset(out)
