"""Encrypted image files: `blobs/ab/<sha256 of the ciphertext>`, a key of its own per image.

File: magic, 16-byte salt, then 1 MiB chunks of AES-256-GCM. The file's key is
HKDF(image key, salt); the nonce counts chunks and flags the last one, so that a cut, swapped or
emptied file is seen. Associated data bind store, case and image.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from workstation.domain.errors import IntegrityProblem
from workstation.store.engine import translated
from workstation.store.files import Held, held, write_durably
from workstation.store.tables import KEYS_DDL

MAGIC = b"WSB1"
CHUNK = 1 << 20
TAG = 16
ORPHAN_SECONDS = 24 * 3600
WRITING = ".writing-"


def derived(key: bytes, salt: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt, purpose.encode()).derive(key)


def _nonce(counter: int, last: bool) -> bytes:
    return b"\0" * 7 + counter.to_bytes(4, "big") + (b"\1" if last else b"\0")


def sealed(key: bytes, aad: bytes, plain: bytes) -> bytes:
    """The file's bytes for `plain`."""
    salt = os.urandom(16)
    cipher = AESGCM(derived(key, salt, "blob"))
    parts = [MAGIC, salt]
    count = max(1, -(-len(plain) // CHUNK))
    for n in range(count):
        chunk = plain[n * CHUNK : (n + 1) * CHUNK]
        parts.append(cipher.encrypt(_nonce(n, n == count - 1), chunk, aad))
    return b"".join(parts)


def opened(key: bytes, aad: bytes, data: bytes) -> bytes:
    """The plain bytes. Raises IntegrityProblem for anything but what `sealed` made."""
    if data[:4] != MAGIC or len(data) < 20 + TAG:
        raise IntegrityProblem("blob.damaged")
    cipher = AESGCM(derived(key, data[4:20], "blob"))
    body = memoryview(data)[20:]
    size = CHUNK + TAG
    count = -(-len(body) // size)
    try:
        return b"".join(
            cipher.decrypt(_nonce(n, n == count - 1), body[n * size : (n + 1) * size], aad)
            for n in range(count)
        )
    except InvalidTag as error:
        raise IntegrityProblem("blob.damaged") from error


def _removed_if_old(path: Path) -> bool:
    try:
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode) or time.time() - facts.st_mtime <= ORPHAN_SECONDS:
            return False
        path.unlink()
    except OSError:  # somebody else swept it, or it is not ours to remove
        return False
    return True


class BlobFolder:
    """The `Blobs` port over a folder and the key database."""

    def __init__(self, folder: Path, keys: sa.Engine, store_id: str) -> None:
        self._folder = folder
        self._keys = keys
        self._store_id = store_id
        self._cache: dict[str, tuple[str, bytes]] = {}
        self._lock = threading.Lock()
        self._writing: Held | None = None

    def __repr__(self) -> str:
        return "BlobFolder()"

    def make_keys(self) -> None:
        """The tables of a new study's key database."""
        with translated(), self._keys.connect().execution_options(write=True) as connection:
            for statement in KEYS_DDL:
                connection.execute(sa.text(statement))
            connection.commit()

    def check_keys(self) -> None:
        """Raises IntegrityProblem where the key database has not its tables."""
        with translated(), self._keys.connect() as connection:
            if not {"case_keys", "image_keys"} <= set(sa.inspect(connection).get_table_names()):
                raise IntegrityProblem("store.keys_missing")

    def keyed(self) -> set[str]:
        """Ids of the images that have a key."""
        with translated(), self._keys.connect() as connection:
            return set(connection.scalars(sa.text("SELECT image_id FROM image_keys")))

    def write(self, case_id: str, image_id: str, plain: bytes) -> str:
        data = sealed(
            self._image_key(case_id, image_id, make=True), self._aad(case_id, image_id), plain
        )
        blob_id = hashlib.sha256(data).hexdigest()
        path = self._path(blob_id)
        with self._lock:
            # Held until the study is closed: the rows that know the file come after all files.
            if self._writing is None:
                self._writing = Held(self._folder / f"{WRITING}{uuid.uuid4().hex}")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(path, data)
        return blob_id

    def has(self, blob_id: str) -> bool:
        return self._path(blob_id).is_file()

    def let_go(self) -> None:
        """Nothing is written any more."""
        with self._lock:
            if self._writing is not None:
                self._writing.release()
                self._writing = None

    def at_rest(self) -> bool:
        """Whether nobody has written images that no row may know yet."""
        return not any(held(path) for path in self._folder.glob(f"{WRITING}*"))

    def read(self, case_id: str, image_id: str, blob_id: str) -> bytes:
        try:
            data = self._path(blob_id).read_bytes()
        except OSError as error:
            raise IntegrityProblem("blob.missing") from error
        if hashlib.sha256(data).hexdigest() != blob_id:
            raise IntegrityProblem("blob.damaged")
        return opened(
            self._image_key(case_id, image_id, make=False), self._aad(case_id, image_id), data
        )

    def remove(self, blob_ids: Sequence[str]) -> None:
        for blob_id in blob_ids:
            self._path(blob_id).unlink(missing_ok=True)

    def sweep(self, known: set[str]) -> tuple[int, tuple[str, ...]]:
        """Delete files no row knows and that are older than a day; returns how many, and the ids
        rows know but the folder has not.

        Only where `at_rest` said yes before `known` was read: an import writes its files first.
        """
        present: set[str] = set()
        removed = 0
        for path in self._folder.glob("??/*"):
            if path.name in known:
                present.add(path.name)
            else:
                removed += _removed_if_old(path)
        return removed, tuple(sorted(known - present))

    def _path(self, blob_id: str) -> Path:
        if len(blob_id) != 64 or not all(c in "0123456789abcdef" for c in blob_id):
            raise IntegrityProblem("blob.missing")
        return self._folder / blob_id[:2] / blob_id

    def _aad(self, case_id: str, image_id: str) -> bytes:
        return f"blob|{self._store_id}|{case_id}|{image_id}".encode()

    def _image_key(self, case_id: str, image_id: str, *, make: bool) -> bytes:
        """The image's key, unwrapped with its case's; both are made at the first write."""
        with self._lock:
            cached = self._cache.get(image_id)
            if cached is None:
                cached = self._cache[image_id] = (case_id, self._load_key(case_id, image_id, make))
        if cached[0] != case_id:
            raise IntegrityProblem("blob.damaged")
        return cached[1]

    def _load_key(self, case_id: str, image_id: str, make: bool) -> bytes:
        aad = f"cek|{self._store_id}|{case_id}|{image_id}".encode()
        with (
            translated(),
            self._keys.connect().execution_options(write=make) as connection,
        ):
            case_key = connection.scalar(
                sa.text("SELECT key FROM case_keys WHERE case_id = :c"), {"c": case_id}
            )
            row = connection.execute(
                sa.text("SELECT nonce, wrapped FROM image_keys WHERE image_id = :i AND case_id=:c"),
                {"i": image_id, "c": case_id},
            ).one_or_none()
            if row is None:
                if not make:
                    raise IntegrityProblem("blob.key_missing")
                if case_key is None:
                    case_key = os.urandom(32)
                    connection.execute(
                        sa.text("INSERT INTO case_keys VALUES (:c, :k)"),
                        {"c": case_id, "k": case_key},
                    )
                key, nonce = os.urandom(32), os.urandom(12)
                wrapped = AESGCM(case_key).encrypt(nonce, key, aad)
                connection.execute(
                    sa.text("INSERT INTO image_keys VALUES (:i, :c, :n, :w)"),
                    {"i": image_id, "c": case_id, "n": nonce, "w": wrapped},
                )
                connection.commit()
                return key
        try:
            return AESGCM(case_key).decrypt(row.nonce, row.wrapped, aad)
        except InvalidTag as error:
            raise IntegrityProblem("blob.key_missing") from error
