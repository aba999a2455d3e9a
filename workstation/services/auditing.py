"""Audit: recompute the chain of hashes, write it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workstation.domain.audit import AuditEvent
from workstation.services.canonical import canonical_json, document_sha256


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


def exported(events: Sequence[AuditEvent]) -> bytes:
    """One canonical JSON line per event, hash included."""
    return b"".join(canonical_json({**event_json(e), "hash": e.hash}) + b"\n" for e in events)
