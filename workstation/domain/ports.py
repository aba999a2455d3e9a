"""What the services need of the world outside: stores, pixels, clocks, writers. Protocols only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from typing import Protocol as Port

import numpy as np
import numpy.typing as npt

from workstation.domain.agreement import Verdict
from workstation.domain.arbitration import Dispute, ReferenceStandard, Ruling
from workstation.domain.audit import AuditEvent
from workstation.domain.case import Assignment, Case, CaseState, Subject
from workstation.domain.dataset import DatasetVersion, PayloadFile
from workstation.domain.image import Image
from workstation.domain.intake import (
    DecodedPlane,
    FileFacts,
    FileView,
    IdentityFinding,
    PicturePlan,
    Refusal,
    SourceFile,
    StackPlan,
)
from workstation.domain.people import Person
from workstation.domain.protocol import Protocol
from workstation.domain.reading import Reading, ReadingBody, ReadingKind

Progress = Callable[[int, int, str], None]
"""done, total, what (a coded or translated word); may raise Cancelled."""


class Clock(Port):
    def now(self) -> datetime:
        """Timezone-aware UTC."""


@dataclass(frozen=True, slots=True)
class Study:
    """The study a store holds. `seed` feeds reader order and the X/Y coin."""

    study_id: str
    title: str
    protocol_sha256: str
    seed: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Comparison:
    """A stored verdict of a case over the readings named."""

    comparison_id: str
    case_id: str
    reading_ids: tuple[str, ...]
    protocol_sha256: str
    verdict: Verdict
    compared_at: datetime


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """One import as it happened: counts and one line per refused file."""

    import_id: str
    at: datetime
    actor: str
    file_count: int
    total_bytes: int
    image_count: int
    refusals: tuple[Refusal, ...]
    confirmed_by: str


class StudyRows(Port):
    def get(self) -> Study | None: ...
    def put(self, study: Study) -> None: ...


class ProtocolRows(Port):
    def add(self, sha256: str, document: Mapping[str, Any]) -> None: ...
    def get(self, sha256: str) -> Protocol: ...


class PeopleRows(Port):
    def add(self, person: Person) -> None: ...
    def update(self, person: Person) -> None: ...
    def get(self, person_id: str) -> Person: ...
    def by_login(self, login: str) -> Person | None: ...
    def all(self) -> tuple[Person, ...]: ...


class SubjectRows(Port):
    def add(self, subject: Subject) -> None: ...
    def get(self, subject_id: str) -> Subject: ...
    def by_pseudonym(self, pseudonym: str) -> Subject | None: ...
    def all(self) -> tuple[Subject, ...]: ...


class CaseRows(Port):
    def add(self, case: Case) -> None: ...
    def update(self, case: Case) -> None: ...
    def get(self, case_id: str) -> Case: ...
    def by_number(self, number: str) -> Case | None: ...
    def of_subject(self, subject_id: str) -> tuple[Case, ...]: ...
    def all(self, *states: CaseState) -> tuple[Case, ...]: ...
    def next_number(self) -> str:
        """ "0001" and on; a number is never used twice."""


class ImageRows(Port):
    def add(self, image: Image) -> None: ...
    def update(self, image: Image) -> None: ...
    def get(self, image_id: str) -> Image: ...
    def of_case(self, case_id: str) -> tuple[Image, ...]: ...
    def all(self) -> tuple[Image, ...]: ...
    def with_source(self, sha256: str) -> Image | None:
        """The image made from a file of this hash, if one was."""

    def with_pixels(self, pixel_sha256: str) -> Image | None: ...
    def next_number(self, prefix: str) -> str:
        """ "F0001" and on for the prefix; a number is never used twice."""


class AssignmentRows(Port):
    def add(self, assignment: Assignment) -> None: ...
    def update(self, assignment: Assignment) -> None: ...
    def of_case(self, case_id: str) -> tuple[Assignment, ...]: ...
    def of_person(self, person_id: str) -> tuple[Assignment, ...]: ...
    def find(self, case_id: str, person_id: str) -> Assignment | None: ...
    def all(self) -> tuple[Assignment, ...]: ...


class ReadingRows(Port):
    def add(self, reading: Reading) -> None: ...
    def save_draft(
        self,
        reading_id: str,
        body: ReadingBody,
        at: datetime,
        revision: int,
        *,
        expected: int | None = None,
    ) -> None:
        """Raises RuleViolation("reading.submitted") where it is no draft any more,
        "reading.changed_elsewhere" where its revision is not the expected one."""

    def submit(self, reading: Reading) -> None:
        """One-way: afterwards the row cannot be changed, by trigger."""

    def get(self, reading_id: str) -> Reading: ...
    def find(self, case_id: str, person_id: str, kind: ReadingKind) -> Reading | None:
        """The person's latest reading of the kind (a re-opened dispute is read again)."""

    def submitted(self, case_id: str) -> tuple[Reading, ...]:
        """Submitted readings (kind READING) of the case, in slot order."""


class ComparisonRows(Port):
    def add(self, comparison: Comparison) -> None: ...
    def latest(self, case_id: str) -> Comparison | None: ...
    def all_latest(self) -> tuple[Comparison, ...]: ...


class DisputeRows(Port):
    def add(self, dispute: Dispute) -> None: ...
    def update(self, dispute: Dispute) -> None: ...
    def get(self, dispute_id: str) -> Dispute: ...
    def of_case(self, case_id: str) -> tuple[Dispute, ...]: ...
    def all(self) -> tuple[Dispute, ...]: ...


class RulingRows(Port):
    def add(self, ruling: Ruling) -> None: ...
    def of_dispute(self, dispute_id: str) -> Ruling | None: ...
    def all(self) -> tuple[Ruling, ...]: ...


class ReferenceRows(Port):
    def put(self, reference: ReferenceStandard) -> None: ...
    def get(self, case_id: str) -> ReferenceStandard | None: ...
    def all(self) -> tuple[ReferenceStandard, ...]: ...


class DatasetRows(Port):
    def add(self, version: DatasetVersion) -> None: ...
    def get(self, version: str) -> DatasetVersion | None: ...
    def all(self) -> tuple[DatasetVersion, ...]: ...


class ImportRows(Port):
    def add(self, record: ImportRecord) -> None: ...
    def all(self) -> tuple[ImportRecord, ...]: ...


class AuditRows(Port):
    def append(
        self, action: str, object: str, details: Mapping[str, object] | None = None
    ) -> AuditEvent:
        """Add a link by the unit of work's actor, in the same transaction."""

    def all(self) -> tuple[AuditEvent, ...]: ...
    def head(self) -> str: ...


class UnitOfWork(Port):
    """One transaction: leaving the block without `commit()` rolls everything back."""

    actor: str  # person_id of who acts
    study: StudyRows
    protocols: ProtocolRows
    people: PeopleRows
    subjects: SubjectRows
    cases: CaseRows
    images: ImageRows
    assignments: AssignmentRows
    readings: ReadingRows
    comparisons: ComparisonRows
    disputes: DisputeRows
    rulings: RulingRows
    references: ReferenceRows
    datasets: DatasetRows
    imports: ImportRows
    audit: AuditRows

    def commit(self) -> None: ...


class UnitOfWorkFactory(Port):
    def __call__(self, actor: str, *, write: bool = True) -> AbstractContextManager[UnitOfWork]:
        """`write=False` opens a read that sees one state and blocks nobody."""


class Blobs(Port):
    """Encrypted image files beside the store; each image has its own key (decision 13)."""

    def write(self, case_id: str, image_id: str, plain: bytes) -> str:
        """Encrypt and keep; returns the blob id (SHA-256 of the ciphertext)."""

    def read(self, case_id: str, image_id: str, blob_id: str) -> bytes:
        """Raises IntegrityProblem where the file is missing or damaged."""

    def remove(self, blob_ids: Sequence[str]) -> None:
        """Forget blobs of an import that was rolled back."""


class Keys(Port):
    """Key handling behind the store. Sealed readings will live here; until they do the level is
    `application`: the program, not a key, keeps readers apart."""

    @property
    def blindness_level(self) -> str: ...
    def sign(self, person_id: str, payload: bytes) -> str:
        """Hex Ed25519 signature with the signed-in person's own key."""

    def verify(self, person_id: str, payload: bytes, signature: str) -> bool: ...
    def public_key(self, person_id: str) -> str:
        """Hex Ed25519 public key."""


class Accounts(Port):
    """Sign-in slots of the study's people."""

    def add(self, person: Person, passphrase: str) -> None:
        """Make keys and a slot for the person. Raises RuleViolation for a weak passphrase."""


class Pixels(Port):
    """Canonical pixels of stored images."""

    def plane(self, image: Image, z: int = 0) -> npt.NDArray[np.generic]:
        """uint8 (rows, cols, 3) RGB, or stored grey values (rows, cols); read-only array."""

    def encoded(self, image: Image, z: int = 0) -> tuple[str, bytes]:
        """("jpeg", the coded photograph) where it was kept coded, else ("raw", canonical bytes)."""

    def volume(self, image: Image, progress: Progress) -> npt.NDArray[np.generic]:
        """All planes, (slices, rows, cols) or (slices, rows, cols, 3); read-only, and the same
        memory as the planes. The middle ones come first. `progress` is called from the caller's
        thread, and stops the loading where it raises."""

    def stored(self, pixels: npt.NDArray[np.generic]) -> tuple[str, bytes]:
        """The codec and the bytes in which canonical pixels are kept, without loss."""

    @property
    def capacity(self) -> int:
        """Bytes of pixels that are kept in memory."""

    def keep_only(self, images: Sequence[Image]) -> None:
        """Let go of the pixels of all other images; who holds an array keeps it."""

    def colour_table(self, image: Image) -> npt.NDArray[np.uint8] | None:
        """The table from the image's own colours to sRGB, as `display.colour` takes it."""


class FileIntake(Port):
    """Reads delivered files in a child process with memory and time caps."""

    def find(self, sources: Sequence[Path], progress: Progress) -> tuple[SourceFile, ...]:
        """All files in folders, zip archives and files chosen, recursively; nothing is opened."""

    def inspect(self, files: Sequence[SourceFile]) -> Iterator[FileFacts | Refusal]:
        """What each file is, in their order; many are asked about at once."""

    def stacks(self, files: Sequence[FileFacts]) -> tuple[StackPlan, ...]:
        """DICOM slices and frames grouped by series, sorted by position along the normal, or in
        time where they have none; single pictures are left out."""

    def picture(self, facts: FileFacts) -> PicturePlan:
        """How a file of one frame is shown and measured."""

    def decode(self, facts: FileFacts, frame: int = 0) -> DecodedPlane | Refusal: ...
    def close(self) -> None: ...


class FileViewing(Port):
    """Looks at one delivered file outside any study, in a child process."""

    def view(self, path: Path, frame: int, *, overlays: bool) -> FileView:
        """Frame `frame`, counted from 1. Raises InvalidValue for whatever cannot be shown."""

    def png(self, pixels: npt.NDArray[np.uint8]) -> bytes:
        """The pixels as a PNG file, without loss."""


class IdentityCheck(Port):
    """Looks for what may tell who a patient is."""

    def findings(self, facts: FileFacts) -> tuple[IdentityFinding, ...]: ...


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """What a list or a file-name pattern says of one photograph; empty where it does not say.

    `visit` counts the patient's visits from 1.
    """

    patient: str
    eye: str = ""
    field: str = ""
    centre: str = ""
    visit: int | None = None


class PhotoMapping(Port):
    """Maps photographs to patient, eye, field, centre: from a list or a file-name pattern."""

    def delivered(self, file_names: Sequence[str]) -> PhotoMapping:
        """The mapping that knows what is delivered, and so which names are unique."""

    def row(self, file_name: str) -> PhotoRow | None:
        """Raises InvalidValue where the name fits more than one file, or says no eye."""

    def unmatched(self) -> tuple[str, ...]:
        """Listed names that are no delivered file's."""


PayloadSource = tuple[str, Callable[[], bytes]]
"""Path in the payload and a function that makes its bytes when it is written."""


@dataclass(frozen=True, slots=True)
class SealProblem:
    """One thing wrong with a frozen folder: a stable code and the file it is about."""

    code: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class SealCheck:
    """The outcome of verifying a frozen folder; it holds where `problems` is empty."""

    version: str
    fingerprint: str
    file_count: int
    problems: tuple[SealProblem, ...]

    @property
    def holds(self) -> bool:
        return not self.problems


class DatasetFolder(Port):
    """Writes and checks the folder of a frozen version (BagIt layout and seal)."""

    def encode(self, image: Image, pixels: Pixels) -> tuple[str, Callable[[], bytes]]:
        """File extension and maker of the canonical file of an image: the same bytes on any
        machine for the same pixels."""

    def write(
        self,
        folder: Path,
        payload: Sequence[PayloadSource],
        seal: Callable[[tuple[PayloadFile, ...]], Mapping[str, Any]],
        sign: Callable[[bytes], Mapping[str, str]],
        progress: Progress,
    ) -> tuple[PayloadFile, ...]:
        """Write to a new folder; it appears whole or not at all.

        Raises EnvironmentProblem where the folder exists or cannot be written.
        """

    def adopt(
        self, folder: Path, payload: Sequence[PayloadSource], progress: Progress
    ) -> tuple[tuple[PayloadFile, ...], Mapping[str, Any], str] | None:
        """The files, the seal and the signer's public key of a folder that was written whole
        before and holds just this payload; None for any other, and where there is none."""

    def remove(self, folder: Path) -> None:
        """Take back a folder whose version could not be recorded."""

    def check(self, folder: Path, progress: Progress) -> SealCheck:
        """Verify every file, the manifests, the fingerprint and the signature."""


class ReportWriter(Port):
    def __call__(self, data: Any, language: str, out: Path) -> Path: ...
