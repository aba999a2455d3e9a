"""Key slots: one per person, opened by the person's passphrase; the file is signed and counted.

Hierarchy (per person): passphrase -> Argon2id -> key-encrypting key -> AES-256-GCM of
{store key, x25519 private, ed25519 private, last seen audit head}. The parameters are in the
associated data, so that a weakened or enlarged set does not open.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from workstation.domain.errors import EnvironmentProblem, IntegrityProblem, RuleViolation
from workstation.domain.people import Person, Role
from workstation.store.files import write_durably

SLOTS = "keyslots.json"
FORMAT = "keyslots/1"
FLOOR_KIB = 64 * 1024
DEFAULT_KIB = 256 * 1024
CEILING_KIB = 1024 * 1024
MIN_PASSPHRASE = 12
NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Kdf:
    """Argon2id parameters of a slot. Raises IntegrityProblem outside floor and ceiling: weakened
    parameters are an attack, absurd ones would freeze the machine."""

    memory_kib: int
    iterations: int
    lanes: int
    salt: bytes

    def __post_init__(self) -> None:
        if not (
            FLOOR_KIB <= self.memory_kib <= CEILING_KIB
            and 3 <= self.iterations <= 16
            and 1 <= self.lanes <= 16
            and len(self.salt) == 16
        ):
            raise IntegrityProblem("keyslots.parameters")

    def key(self, passphrase: str) -> bytes:
        kdf = Argon2id(
            salt=self.salt,
            length=32,
            iterations=self.iterations,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        )
        try:
            return kdf.derive(passphrase.encode())
        except UnicodeEncodeError as error:
            raise RuleViolation("passphrase.characters") from error


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a slot holds once it is open; never printed."""

    store_key: bytes = field(repr=False)
    x25519: bytes = field(repr=False)
    ed25519: bytes = field(repr=False)
    last_seq: int
    last_head: str
    rollbacks: frozenset[str] = frozenset()  # accepted ones the store had then, by event

    @property
    def signing_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.ed25519)

    @property
    def ed25519_public(self) -> str:
        return self.signing_key.public_key().public_bytes_raw().hex()

    @property
    def x25519_public(self) -> str:
        private = X25519PrivateKey.from_private_bytes(self.x25519)
        return private.public_key().public_bytes_raw().hex()


def new_secrets(store_key: bytes) -> Secrets:
    return Secrets(
        store_key,
        X25519PrivateKey.generate().private_bytes_raw(),
        Ed25519PrivateKey.generate().private_bytes_raw(),
        0,
        "",
    )


@dataclass(frozen=True, slots=True)
class Slot:
    """A closed slot. Login, name and roles stand in clear: they are staff, not patients."""

    person_id: str
    login: str
    display_name: str
    roles: tuple[str, ...]
    kdf: Kdf
    nonce: bytes
    ciphertext: bytes = field(repr=False)

    def aad(self, store_id: str) -> bytes:
        return rfc8785.dumps(
            {
                "format": FORMAT,
                "store": store_id,
                "person": self.person_id,
                "login": self.login,
                "kdf": _kdf_json(self.kdf),
            }
        )


@dataclass(frozen=True, slots=True)
class OpenSlot:
    """A slot with its key in memory, as long as the person is signed in."""

    slot: Slot
    key: bytes = field(repr=False)
    secrets: Secrets

    def seen(self, store_id: str, seq: int, head: str, rollbacks: Iterable[str]) -> OpenSlot:
        """The slot remembering the audit head last seen, and which rollbacks were accepted."""
        secrets = replace(
            self.secrets, last_seq=seq, last_head=head, rollbacks=frozenset(rollbacks)
        )
        return OpenSlot(_closed(self.slot, store_id, self.key, secrets), self.key, secrets)


def check_passphrase(passphrase: str, login: str) -> None:
    """Raises RuleViolation for a passphrase that is too short or tells the login."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise RuleViolation("passphrase.too_short", minimum=MIN_PASSPHRASE)
    if login.lower() in passphrase.lower() or len(set(passphrase)) < 5:
        raise RuleViolation("passphrase.guessable")


def make_slot(
    store_id: str, person: Person, passphrase: str, secrets: Secrets, memory_kib: int
) -> OpenSlot:
    check_passphrase(passphrase, person.login)
    kdf = Kdf(memory_kib, 3, 4, os.urandom(16))
    slot = Slot(
        person.person_id,
        person.login,
        person.display_name,
        tuple(sorted(str(r) for r in person.roles)),
        kdf,
        b"",
        b"",
    )
    key = kdf.key(passphrase)
    return OpenSlot(_closed(slot, store_id, key, secrets), key, secrets)


def _closed(slot: Slot, store_id: str, key: bytes, secrets: Secrets) -> Slot:
    nonce = os.urandom(NONCE_BYTES)
    plain = json.dumps(
        {
            "store_key": secrets.store_key.hex(),
            "x25519": secrets.x25519.hex(),
            "ed25519": secrets.ed25519.hex(),
            "last_seq": secrets.last_seq,
            "last_head": secrets.last_head or "-" * 64,  # same length whatever was seen
            "rollbacks": sorted(secrets.rollbacks),
        }
    ).encode()
    sealed = AESGCM(key).encrypt(nonce, plain, slot.aad(store_id))
    return replace(slot, nonce=nonce, ciphertext=sealed)


def open_slot(slot: Slot, store_id: str, passphrase: str) -> OpenSlot:
    """Raises RuleViolation("signin.failed") where the passphrase does not open the slot."""
    return open_slot_with(slot.kdf.key(passphrase), slot, store_id)


def open_slot_with(key: bytes, slot: Slot, store_id: str) -> OpenSlot:
    """As `open_slot`, where the passphrase's key is known already."""
    try:
        plain = AESGCM(key).decrypt(slot.nonce, slot.ciphertext, slot.aad(store_id))
    except InvalidTag as error:
        raise RuleViolation("signin.failed") from error
    data = json.loads(plain)
    secrets = Secrets(
        bytes.fromhex(data["store_key"]),
        bytes.fromhex(data["x25519"]),
        bytes.fromhex(data["ed25519"]),
        int(data["last_seq"]),
        data["last_head"].strip("-"),
        frozenset(data.get("rollbacks", ())),  # not in slots of before one could be accepted
    )
    return OpenSlot(slot, key, secrets)


@dataclass(frozen=True, slots=True)
class SlotFile:
    """`keyslots.json`: all slots, counted and signed by whoever wrote it last."""

    store_id: str
    generation: int
    slots: tuple[Slot, ...]
    signer: str = ""
    signature: str = ""

    def of(self, login: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.login == login), None)

    def with_slot(self, slot: Slot) -> SlotFile:
        others = tuple(s for s in self.slots if s.person_id != slot.person_id)
        return replace(self, slots=(*others, slot))

    def payload(self) -> bytes:
        return rfc8785.dumps(
            {
                "format": FORMAT,
                "store": self.store_id,
                "generation": self.generation,
                "slots": [_slot_json(s) for s in self.slots],
                "signer": self.signer,
            }
        )

    def signed(self, signer: str, key: Ed25519PrivateKey) -> SlotFile:
        """The next generation, signed."""
        unsigned = replace(self, generation=self.generation + 1, signer=signer, signature="")
        return replace(unsigned, signature=key.sign(unsigned.payload()).hex())

    def verify(self, public_key: str) -> bool:
        return verify(public_key, self.payload(), self.signature)

    def save(self, path: Path) -> None:
        data = json.loads(self.payload()) | {"signature": self.signature}
        write_durably(path, json.dumps(data, indent=1, ensure_ascii=False).encode())


def verify(public_key: str, payload: bytes, signature: str) -> bool:
    """Whether a hex Ed25519 signature holds; malformed input does not."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), payload)
    except (InvalidSignature, ValueError):
        return False
    return True


def load_slots(path: Path) -> SlotFile:
    """Raises EnvironmentProblem where there is no file, IntegrityProblem where it is damaged."""
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise EnvironmentProblem("study.not_a_study", folder=str(path.parent)) from error
    except OSError as error:
        raise EnvironmentProblem("study.unreadable", folder=str(path.parent)) from error
    except (ValueError, RecursionError) as error:
        raise IntegrityProblem("keyslots.damaged") from error
    try:
        if data["format"] != FORMAT:
            raise IntegrityProblem("keyslots.damaged")
        file = SlotFile(
            str(data["store"]),
            _number(data["generation"]),
            tuple(_slot_from(s) for s in data["slots"]),
            str(data["signer"]),
            str(data["signature"]),
        )
        file.payload()  # all of it is text and numbers that can be signed
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityProblem("keyslots.damaged") from error
    return file


def _number(value: Any) -> int:
    """A count from JSON, where 1e30 and Infinity are numbers too."""
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise ValueError(value)
    return value


def _kdf_json(kdf: Kdf) -> dict[str, Any]:
    return {
        "name": "argon2id",
        "memory_kib": kdf.memory_kib,
        "iterations": kdf.iterations,
        "lanes": kdf.lanes,
        "salt": base64.b64encode(kdf.salt).decode(),
    }


def _slot_json(slot: Slot) -> dict[str, Any]:
    return {
        "person": slot.person_id,
        "login": slot.login,
        "name": slot.display_name,
        "roles": list(slot.roles),
        "kdf": _kdf_json(slot.kdf),
        "nonce": base64.b64encode(slot.nonce).decode(),
        "sealed": base64.b64encode(slot.ciphertext).decode(),
    }


def _slot_from(data: Mapping[str, Any]) -> Slot:
    kdf = data["kdf"]
    if kdf["name"] != "argon2id":
        raise IntegrityProblem("keyslots.parameters")
    if len(base64.b64decode(data["nonce"], validate=True)) != NONCE_BYTES or not data["roles"]:
        raise IntegrityProblem("keyslots.damaged")
    return Slot(
        str(data["person"]),
        str(data["login"]),
        str(data["name"]),
        tuple(str(Role(r)) for r in data["roles"]),
        Kdf(
            _number(kdf["memory_kib"]),
            _number(kdf["iterations"]),
            _number(kdf["lanes"]),
            base64.b64decode(kdf["salt"], validate=True),
        ),
        base64.b64decode(data["nonce"], validate=True),
        base64.b64decode(data["sealed"], validate=True),
    )


def sign_in_names(folder: Path) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """(login, display name, roles) of everyone with a slot; known before anything is opened."""
    file = load_slots(folder / SLOTS)
    return tuple((s.login, s.display_name, s.roles) for s in file.slots)
