"""A frozen dataset version: its payload files, and the fingerprint that names them all.

Fingerprint: RFC 6962 Merkle root (SHA-256, leaf prefix 0x00, node prefix 0x01) over the payload
files sorted by path; a leaf is the RFC 8785 JSON of {path, sha256, size} (decision 17).
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workstation.domain.errors import InvalidValue

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_VERSION = re.compile(r"v[0-9]{1,4}\.[0-9]{1,4}\Z")


@dataclass(frozen=True, slots=True)
class PayloadFile:
    """One file of a version: `path` relative to `data/`, NFC, `/` between parts."""

    path: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        parts = self.path.split("/")
        if (
            unicodedata.normalize("NFC", self.path) != self.path
            or any(part in ("", ".", "..") for part in parts)
            or "\\" in self.path
            or any(ord(c) < 32 for c in self.path)
        ):
            raise InvalidValue("dataset.path", path=self.path)
        if self.size < 0 or not _SHA256.match(self.sha256):
            raise InvalidValue("dataset.file", path=self.path)

    def leaf(self) -> bytes:
        value = {"path": self.path, "sha256": self.sha256, "size": self.size}
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 2.1: the tree head of the leaves in the order given; SHA-256 of nothing if none."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        # Pairing from the left and carrying an odd last node up equals the RFC's split at the
        # largest power of two.
        paired = [
            hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest()
            for i in range(0, len(level) - 1, 2)
        ]
        level = paired + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def fingerprint(files: Sequence[PayloadFile]) -> str:
    """Hex fingerprint of a payload; independent of the order given.

    Raises InvalidValue for two files that only differ in letter case, or twice the same path.
    """
    folded = [f.path.casefold() for f in files]
    if len(set(folded)) != len(folded):
        twice = sorted({p for p in folded if folded.count(p) > 1})
        raise InvalidValue("dataset.path_collision", paths=twice)
    ordered = sorted(files, key=lambda f: f.path.encode())
    return merkle_root([f.leaf() for f in ordered]).hex()


def checked_version(version: str) -> str:
    """`v1.0`, `v1.1` ...; raises InvalidValue otherwise."""
    if not _VERSION.match(version):
        raise InvalidValue("dataset.version", version=version)
    return version


def next_version(existing: Sequence[str]) -> str:
    """The version after the newest: v1.0 first, then the minor number counts up."""
    if not existing:
        return "v1.0"
    major, minor = max(tuple(int(n) for n in v[1:].split(".")) for v in existing)
    return f"v{major}.{minor + 1}"


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """A frozen version as the store remembers it; the files themselves are in a folder outside."""

    version: str
    parent: str
    fingerprint: str
    files: tuple[PayloadFile, ...]
    case_count: int
    image_count: int
    changes: tuple[str, ...]
    protocol_sha256: str
    audit_head: str
    frozen_at: datetime
    frozen_by: str

    def __post_init__(self) -> None:
        checked_version(self.version)
        if fingerprint(self.files) != self.fingerprint:
            raise InvalidValue("dataset.fingerprint", version=self.version)


@dataclass(frozen=True, slots=True)
class LabelChange:
    """One difference between two versions: `kind` is added, removed, answer, marks or protocol.

    The case's name in each version; for an answer `place` is scope/question and `before`,
    `after` the values; for marks the counts.
    """

    case_before: str
    case_after: str
    kind: str
    place: str = ""
    before: str = ""
    after: str = ""
