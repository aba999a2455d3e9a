"""Audit: recompute the chain of hashes, write it out.

Coordinators only: the number of events alone tells a reader what others have done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workstation.domain.audit import AuditEvent
from workstation.domain.people import Role
from workstation.services.canonical import canonical_json, document_sha256
from workstation.services.workspace import Workspace, require_acting


def event_json(event: AuditEvent) -> dict[str, Any]:
    """All fields but the hash, as the hash covers them."""
    return {
        "seq": event.seq,
        "previous": event.previous,
        "at": event.at.isoformat(),
        "actor": event.actor,
        "action": event.action,
        "object": event.object,
        "details": dict(event.details),
    }


def event_hash(event: AuditEvent) -> str:
    return document_sha256(event_json(event))


def verify_chain(events: Sequence[AuditEvent]) -> int | None:
    """Sequence number of the first link that does not fit; None where the whole chain holds."""
    previous = ""
    for number, event in enumerate(events, 1):
        fits = event.seq == number and event.previous == previous
        if not fits or event_hash(event) != event.hash:
            return event.seq
        previous = event.hash
    return None


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """How far the audit trail goes; `broken_at` is the first link that does not fit, if any.

    `damage` names what of the study's databases is not as it was written ("store.db", "keys.db"),
    or "keys" where an image has no key.
    """

    events: int
    head: str
    broken_at: int | None
    damage: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return self.broken_at is None and not self.damage


def check_chain(workspace: Workspace) -> ChainCheck:
    """Recompute the whole chain, and check every page of the databases. Raises RuleViolation for anyone but a coordinator."""
    events = _events(workspace)
    head = events[-1].hash if events else ""
    return ChainCheck(len(events), head, verify_chain(events), workspace.damage())


def export(workspace: Workspace) -> tuple[int, bytes]:
    """Number of events, and all of them as JSON lines. Raises as `check_chain` does."""
    events = _events(workspace)
    return len(events), exported(events)


def _events(workspace: Workspace) -> tuple[AuditEvent, ...]:
    with workspace.reading() as uow:
        require_acting(uow, Role.COORDINATOR)
        return uow.audit.all()


def exported(events: Sequence[AuditEvent]) -> bytes:
    """One canonical JSON line per event, hash included."""
    return b"".join(canonical_json({**event_json(e), "hash": e.hash}) + b"\n" for e in events)
