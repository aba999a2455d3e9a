"""A study's folder: made, opened with a passphrase, closed; its keys and remembered heads.

NAME.study/ holds `store.db` (store key), `keys.db` (keys of cases and images), `keyslots.json`,
`blobs/` and `heads.log`, which remembers outside the store how far its audit trail had come.
"""

from __future__ import annotations

import os
import shutil
import threading
import uuid
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from workstation.domain.errors import (
    EnvironmentProblem,
    IntegrityProblem,
    RuleViolation,
    WorkstationError,
)
from workstation.domain.people import Person, Role, require_role
from workstation.domain.ports import Clock, Study
from workstation.store import migrations, rollback, rows, tables
from workstation.store.blobs import BlobFolder, derived
from workstation.store.engine import make_engine, translated
from workstation.store.files import folder_problem, sync_file, sync_folder
from workstation.store.slots import (
    DEFAULT_KIB,
    SLOTS,
    OpenSlot,
    SlotFile,
    load_slots,
    make_slot,
    new_secrets,
    open_slot,
    open_slot_with,
    verify,
)
from workstation.store.unit_of_work import StoreUnitOfWork, UnitsOfWork

STORE, KEYS, BLOBS = "store.db", "keys.db", "blobs"
MIN_REASON = 10


@dataclass(frozen=True, slots=True)
class NewStore:
    """What a new study's folder is made of."""

    folder: Path
    study: Study
    protocol_document: Mapping[str, Any]
    coordinator: Person
    memory_kib: int = DEFAULT_KIB


class StudyKeys:
    """The `Keys` port: the signed-in person signs, anyone's signature can be checked.

    Sealed readings (HPKE to a comparison key no reader holds) will be made and opened here; until
    then the level is `application`.
    """

    def __init__(self, units: UnitsOfWork, slot: OpenSlot) -> None:
        self._units = units
        self._slot = slot

    def __repr__(self) -> str:
        return "StudyKeys()"

    @property
    def blindness_level(self) -> str:
        return "application"

    def sign(self, person_id: str, payload: bytes) -> str:
        if person_id != self._slot.slot.person_id:
            raise RuleViolation("keys.not_yours")
        return self._slot.secrets.signing_key.sign(payload).hex()

    def public_key(self, person_id: str) -> str:
        with self._units(person_id, write=False) as uow:
            return _public_key(uow, person_id)

    def verify(self, person_id: str, payload: bytes, signature: str) -> bool:
        return verify(self.public_key(person_id), payload, signature)


def _driver(connection: sa.Connection) -> Any:
    return connection.connection.driver_connection


def _public_key(uow: StoreUnitOfWork, person_id: str) -> str:
    found = uow.connection.scalar(
        sa.select(tables.person_keys.c.ed25519).where(tables.person_keys.c.person_id == person_id)
    )
    if found is None:
        raise RuleViolation("store.not_found", noun="key", key=person_id)
    return str(found)


def _put_keys(uow: StoreUnitOfWork, slot: OpenSlot) -> None:
    k = tables.person_keys
    person_id = slot.slot.person_id
    uow.connection.execute(sa.delete(k).where(k.c.person_id == person_id))
    uow.connection.execute(
        sa.insert(k).values(
            person_id=person_id,
            ed25519=slot.secrets.ed25519_public,
            x25519=slot.secrets.x25519_public,
        )
    )


class OpenedStudy:
    """A study open for one person. `close` must be called: it remembers the audit head."""

    def __init__(self, folder: Path, store_id: str, slot: OpenSlot, clock: Clock) -> None:
        self.folder = folder
        self._store_id = store_id
        self._slot: OpenSlot | None = slot
        self._store_key = slot.secrets.store_key
        self._engine = make_engine(folder / STORE, slot.secrets.store_key)
        self._keys_engine = make_engine(
            folder / KEYS, derived(slot.secrets.store_key, b"", "keys.db")
        )
        self._head_lock = threading.Lock()
        self._logged_seq = 0
        self._trusted = False
        self.blobs = BlobFolder(folder / BLOBS, self._keys_engine, store_id)
        self.unit_of_work = UnitsOfWork(self._engine, clock, self.blobs.has, self._after_write)
        self.keys = StudyKeys(self.unit_of_work, slot)
        self.accounts = StudyAccounts(self, slot)

    def __repr__(self) -> str:
        return "OpenedStudy()"

    @property
    def store_id(self) -> str:
        return self._store_id

    def _log_head(self) -> None:
        """Remember outside the store how far the audit trail has come, once it was checked: an
        older store must not push out what is remembered of the newer one."""
        if not self._trusted:
            return
        with self.unit_of_work("system", write=False) as uow:
            seq, head = uow.audit.last_seq(), uow.audit.head()
        with self._head_lock:
            if seq <= self._logged_seq:
                return
            try:
                rollback.log_head(self.folder, seq, head)
            except OSError as error:
                raise folder_problem(error, self.folder) from error
            self._logged_seq = seq

    def _after_write(self) -> None:
        """What was written is on the disk: a log that cannot be kept does not make it fail. It is
        tried again with the next write, and when closing, which tells."""
        with suppress(WorkstationError):
            self._log_head()

    def trust(self) -> None:
        """What the store says may be remembered from now on."""
        self._trusted = True

    def close(self) -> None:
        """Remember the head, empty the write-ahead log, let go of keys and connections.

        Raises a problem of these after all were tried; what was saved before stays saved.
        """
        if self._slot is None:
            return
        slot, self._slot = self._slot, None
        try:
            with ExitStack() as steps:  # last first; each is taken whatever the others met
                steps.callback(self._checkpoint)
                steps.callback(self._remember, slot)
                steps.callback(self._log_head)
        finally:
            self.let_go()

    def _remember(self, slot: OpenSlot) -> None:
        with self.unit_of_work(slot.slot.person_id) as uow:
            seen = slot.seen(
                self._store_id, uow.audit.last_seq(), uow.audit.head(), rollback.accepted(uow)
            )
            _save_slot(self.folder, uow, seen, seen)
            uow.commit()

    def _checkpoint(self) -> None:
        with translated(), self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def copy_store(self, path: Path) -> None:
        """A copy of the store as it is, under the same key; on the disk when this returns."""
        draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        copy = make_engine(draft, self._store_key)
        try:
            with translated(), self._engine.connect() as source, copy.connect() as target:
                _driver(source).backup(_driver(target))
                _driver(target).execute("PRAGMA journal_mode=DELETE")  # all in the one file
            copy.dispose()
            sync_file(draft)
            draft.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            raise folder_problem(error, path.parent) from error
        finally:
            copy.dispose()
            for rest in ("", "-wal", "-shm", "-journal"):
                draft.with_name(draft.name + rest).unlink(missing_ok=True)

    def damage(self) -> tuple[str, ...]:
        """What of the databases does not hold: "store.db" or "keys.db" where a page is not as it
        was written, "keys" where an image has no key."""
        found = []
        for name, engine in ((STORE, self._engine), (KEYS, self._keys_engine)):
            try:
                with translated(), engine.connect() as connection:
                    if connection.exec_driver_sql("PRAGMA cipher_integrity_check").first():
                        found.append(name)
            except IntegrityProblem:
                found.append(name)
        if not found:
            with self.unit_of_work("system", write=False) as uow:
                wanted = {image.image_id for image in uow.images.all() if image.planes}
            if not wanted <= self.blobs.keyed():
                found.append("keys")
        return tuple(found)

    def let_go(self) -> None:
        """Close the connections and nothing else, where signing in failed."""
        self.blobs.let_go()
        self._engine.dispose()
        self._keys_engine.dispose()


class StudyAccounts:
    """The `Accounts` port: a slot of the same store key for another person."""

    def __init__(self, opened: OpenedStudy, slot: OpenSlot) -> None:
        self._opened = opened
        self._slot = slot

    def __repr__(self) -> str:
        return "StudyAccounts()"

    def add(self, person: Person, passphrase: str) -> None:
        memory_kib = self._slot.slot.kdf.memory_kib
        secrets = new_secrets(self._slot.secrets.store_key)
        made = make_slot(self._opened.store_id, person, passphrase, secrets, memory_kib)
        with self._opened.unit_of_work(self._slot.slot.person_id) as uow:
            _put_keys(uow, made)
            _save_slot(self._opened.folder, uow, made, self._slot)
            uow.commit()


def _save_slot(folder: Path, uow: StoreUnitOfWork, slot: OpenSlot, signer: OpenSlot) -> None:
    """Put a slot into the file, as the next generation.

    Inside a write transaction, which is also the lock between processes. The file comes first: a
    crash in between leaves a file newer than the store says, which opens; an older one does not.
    """
    current = load_slots(folder / SLOTS)
    signed = current.with_slot(slot.slot).signed(signer.slot.person_id, signer.secrets.signing_key)
    signed.save(folder / SLOTS)
    rows.set_meta(uow.connection, "keyslots_generation", str(signed.generation))


def create_study(new: NewStore, passphrase: str, clock: Clock) -> OpenedStudy:
    """Make the folder and sign the coordinator in.

    Raises RuleViolation for a weak passphrase or a person who is no coordinator,
    EnvironmentProblem where the folder exists or cannot be made; nothing is left behind then.
    """
    require_role(new.coordinator, Role.COORDINATOR)
    if str(new.folder).startswith(("\\\\", "//")):
        raise EnvironmentProblem("store.network_path", folder=str(new.folder))
    store_id = str(uuid.uuid4())
    secrets = new_secrets(os.urandom(32))
    slot = make_slot(store_id, new.coordinator, passphrase, secrets, new.memory_kib)
    try:
        new.folder.parent.mkdir(parents=True, exist_ok=True)
        new.folder.mkdir(mode=0o700)
    except FileExistsError as error:
        raise EnvironmentProblem("study.folder_exists", folder=str(new.folder)) from error
    except OSError as error:
        raise folder_problem(error, new.folder.parent) from error
    try:
        (new.folder / BLOBS).mkdir(mode=0o700)
        (new.folder / rollback.HEADS).touch(mode=0o600)
        file = SlotFile(store_id, 0, (slot.slot,)).signed(
            slot.slot.person_id, slot.secrets.signing_key
        )
        file.save(new.folder / SLOTS)
        opened = OpenedStudy(new.folder, store_id, slot, clock)
        opened.trust()
        with opened.unit_of_work(new.coordinator.person_id) as uow:
            opened.blobs.make_keys()
            migrations.migrate(uow.connection)
            rows.set_meta(uow.connection, "store_id", store_id)
            rows.set_meta(uow.connection, "keyslots_generation", str(file.generation))
            uow.protocols.add(new.study.protocol_sha256, new.protocol_document)
            uow.study.put(new.study)
            uow.people.add(new.coordinator)
            _put_keys(uow, slot)
            uow.audit.append(
                "study.created", new.study.study_id, {"protocol": new.study.protocol_sha256}
            )
            uow.commit()
        for name in (STORE, KEYS):
            (new.folder / name).chmod(0o600)
        sync_folder(new.folder)
    except BaseException:
        shutil.rmtree(new.folder, ignore_errors=True)
        raise
    return opened


def open_study(
    folder: Path, login: str, passphrase: str, clock: Clock
) -> tuple[OpenedStudy, Person]:
    """Sign a person in.

    Raises RuleViolation("signin.failed") for a wrong login or passphrase, IntegrityProblem where
    the store, the key slots or the audit trail are damaged, or older than what was seen before
    ("store.rolled_back"; see `accept_rollback`), EnvironmentProblem for a store of a newer program.
    """
    opened, slot = _unlocked(folder, login, passphrase, clock)
    try:
        person, rolled_back = _checked(opened, slot)
        if rolled_back is not None:
            raise rolled_back
        opened.trust()
        with opened.unit_of_work(person.person_id) as uow:
            uow.audit.append("person.signed_in", person.person_id, {})
            uow.commit()
        if opened.blobs.at_rest():
            with opened.unit_of_work(person.person_id, write=False) as uow:
                known = {p.blob_id for image in uow.images.all() for p in image.stored}
            opened.blobs.sweep(known)
    except BaseException:
        opened.let_go()
        raise
    return opened, person


def accept_rollback(folder: Path, login: str, passphrase: str, clock: Clock, because: str) -> None:
    """Take a store that is older than remembered as it is from now on, as a coordinator.

    It is audited, and everybody can sign in again. Raises as `open_study` does; RuleViolation
    without a reason, for anyone but a coordinator, and where the store is as it was last seen.
    """
    if len(because.strip()) < MIN_REASON:
        raise RuleViolation("store.rollback_reason", minimum=MIN_REASON)
    opened, slot = _unlocked(folder, login, passphrase, clock)
    try:
        person, rolled_back = _checked(opened, slot)
        require_role(person, Role.COORDINATOR)
        if rolled_back is None:
            raise RuleViolation("store.not_rolled_back")
        with opened.unit_of_work(person.person_id) as uow:
            rollback.accept(uow, opened.store_id, rolled_back, because.strip())
            seq, head = uow.audit.last_seq(), uow.audit.head()
            uow.commit()
        try:
            rollback.log_head(folder, seq, head, anew=True)
        except OSError as error:
            raise folder_problem(error, folder) from error
        opened.trust()
    except BaseException:
        opened.let_go()
        raise
    opened.close()


def _unlocked(
    folder: Path, login: str, passphrase: str, clock: Clock
) -> tuple[OpenedStudy, OpenSlot]:
    """The study open with the person's slot; nothing of it is checked yet."""
    file = load_slots(folder / SLOTS)
    closed = file.of(login)
    if closed is None:
        raise RuleViolation("signin.failed")
    slot = open_slot(closed, file.store_id, passphrase)
    for name, code in ((STORE, "store.missing"), (KEYS, "store.keys_missing")):
        # SQLite would make an empty one here, and with it the impression that all is gone.
        path = folder / name
        if not path.is_file() or path.stat().st_size == 0:
            raise IntegrityProblem(code)
    return OpenedStudy(folder, file.store_id, slot, clock), slot


def _checked(opened: OpenedStudy, slot: OpenSlot) -> tuple[Person, IntegrityProblem | None]:
    """Who signs in, once slots and audit trail hold; and what a rollback is, if there was one."""
    _check_databases(opened)
    _upgrade(opened.folder, opened, slot.slot.person_id)
    with suppress(IntegrityProblem):
        person, rolled_back = _judged(opened, slot, write=False)
        if rolled_back is None:
            return person, None
    # Somebody signing in or out at the same moment may look like it: once more with the lock of
    # writing held, under which neither the key slots nor the trail move.
    return _judged(opened, slot, write=True)


def _judged(
    opened: OpenedStudy, slot: OpenSlot, *, write: bool
) -> tuple[Person, IntegrityProblem | None]:
    heads = rollback.logged(opened.folder)
    with opened.unit_of_work(slot.slot.person_id, write=write) as uow:
        # The first row read fixes what the transaction sees. The key file is read after it: it is
        # written before the generation it has is committed, so that it is never the older one.
        person = uow.people.get(slot.slot.person_id)
        file = load_slots(opened.folder / SLOTS)
        _check_slots(uow, file)
        closed = file.of(slot.slot.login)
        if closed is None:
            raise RuleViolation("signin.failed")
        # Signed out elsewhere since: what the slot remembers now counts.
        slot = open_slot_with(slot.key, closed, file.store_id)
        rolled_back = rollback.check_audit(opened.folder, uow, slot, heads)
    if not person.active:
        raise RuleViolation("signin.inactive")
    return person, rolled_back


def _check_databases(opened: OpenedStudy) -> None:
    """Both databases hold what the folder's key file is for; before anything is written there."""
    with opened.unit_of_work("system", write=False) as uow:
        if migrations.current_revision(uow.connection) is None:
            raise IntegrityProblem("store.damaged")
        if rows.get_meta(uow.connection, "store_id") != opened.store_id:
            raise IntegrityProblem("keyslots.other_store")
    opened.blobs.check_keys()


def _upgrade(folder: Path, opened: OpenedStudy, actor: str) -> None:
    """Run outstanding migrations, after a copy of the store was put aside."""
    with opened.unit_of_work(actor, write=False) as uow:
        found = migrations.current_revision(uow.connection)
        wanted = migrations.head_revision()
    if found == wanted:
        return
    with opened.unit_of_work(actor) as uow:
        # Nobody else writes now: what is copied is what is migrated, the write-ahead log included.
        opened.copy_store(folder / f"{STORE}.before-{wanted}")
        migrations.migrate(uow.connection)
        uow.audit.append("store.migrated", wanted, {"from": found or ""})
        uow.commit()


def _check_slots(uow: StoreUnitOfWork, file: SlotFile) -> None:
    if rows.get_meta(uow.connection, "store_id") != file.store_id:  # a folder exchanged meanwhile
        raise IntegrityProblem("keyslots.other_store")
    if file.generation < int(rows.get_meta(uow.connection, "keyslots_generation") or 0):
        raise IntegrityProblem("keyslots.rolled_back")
    try:
        key = _public_key(uow, file.signer)
    except RuleViolation as error:
        raise IntegrityProblem("keyslots.signature") from error
    if not file.verify(key):
        raise IntegrityProblem("keyslots.signature")
