"""Audit events: a chain of hashes over who did what, when; never what was said or seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One link. `details` holds ids, counts, hashes: nothing that identifies or breaks blindness.

    `hash` = SHA-256 of the RFC 8785 JSON of all other fields, `previous` among them.
    """

    seq: int
    previous: str
    at: datetime
    actor: str
    action: str
    object: str
    details: Mapping[str, Any] = field(default_factory=dict)
    hash: str = ""
