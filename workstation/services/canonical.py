"""Canonical JSON (RFC 8785) and its SHA-256: the form in which content is hashed and signed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import rfc8785

from workstation.domain.errors import InvalidValue


def canonical_json(value: Any) -> bytes:
    """RFC 8785 bytes of plain JSON values. Raises InvalidValue for half a character (a surrogate)
    in a text, which is how bytes that are no text come in from the command line."""
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        try:
            json.dumps(value, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError:
            raise InvalidValue("text.not_unicode") from error
        raise


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def document_sha256(value: Any) -> str:
    """Hash that names a protocol revision, a reading's body, a frozen label file."""
    return sha256_hex(canonical_json(value))
