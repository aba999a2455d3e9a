"""Canonical JSON (RFC 8785) and its SHA-256: the form in which content is hashed and signed."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785


def canonical_json(value: Any) -> bytes:
    """RFC 8785 bytes of plain JSON values."""
    return rfc8785.dumps(value)


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def document_sha256(value: Any) -> str:
    """Hash that names a protocol revision, a reading's body, a frozen label file."""
    return sha256_hex(canonical_json(value))
