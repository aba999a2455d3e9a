"""The composition root: the only module that sees every room; wires ports to adapters. `start.py`
loads it when somebody signs in or a command needs it."""

from __future__ import annotations

import importlib
import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from workstation.domain.dataset import LabelChange
from workstation.domain.errors import EnvironmentProblem, IntegrityProblem, InvalidValue
from workstation.domain.nodule_readings import NoduleReadings, RadiographReadings
from workstation.domain.people import Person, Role
from workstation.domain.ports import (
    FileIntake,
    FileViewing,
    PhotoMapping,
    Progress,
    SealCheck,
    Study,
)
from workstation.exchange.dataset_folder import BagFolder
from workstation.exchange.frozen_archive import write_archive
from workstation.exchange.frozen_difference import frozen_difference
from workstation.exchange.frozen_tables import TABLES, frozen_tables
from workstation.exchange.lidc_xml import lidc_files, lidc_readings
from workstation.exchange.name_pattern import name_pattern
from workstation.exchange.photo_list import photo_list
from workstation.imaging.intake import ChildIntake
from workstation.imaging.pixels import StudyPixels
from workstation.imaging.viewing import ChildViewing
from workstation.paths import resources_dir, user_data_dir
from workstation.privacy.identity import HeaderIdentity
from workstation.reports.render import render_pdf
from workstation.services.canonical import canonical_json, document_sha256
from workstation.services.comparing import ProgramComparison
from workstation.services.opening import (
    DemoStudy,
    ExportForm,
    NewStudy,
    ShippedProtocol,
    SignInCard,
)
from workstation.services.protocol_check import checked_protocol
from workstation.services.workspace import Workspace
from workstation.store.files import folder_problem
from workstation.store.recent import recent_studies, remember, sign_in_cards
from workstation.store.slots import DEFAULT_KIB, verify

if TYPE_CHECKING:
    from workstation.store.study_folder import OpenedStudy


def _study_folder() -> Any:
    """The store's module: the database library takes a quarter of a start, and nothing needs it
    before somebody signs in."""
    return importlib.import_module("workstation.store.study_folder")


def _demo_story() -> Any:
    """What draws and plays the demo studies, with the image libraries it draws by."""
    return importlib.import_module("workstation.demo.story")


class SystemClock:
    """UTC, to the millisecond: what the audit trail and the records are stamped with."""

    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


class Opener:
    """The `StudyOpener` port over the real adapters.

    `memory_kib` is the Argon2id memory of new key slots; the demo study, whose passphrase is no
    secret, and tests use the floor.
    """

    def __init__(self, memory_kib: int = DEFAULT_KIB) -> None:
        self._clock = SystemClock()
        self._memory_kib = memory_kib

    def protocols(self) -> tuple[ShippedProtocol, ...]:
        folder = resources_dir() / "protocols"
        return tuple(_read_protocol(path) for path in sorted(folder.glob("*.yaml")))

    def protocol(self, name_or_file: str) -> ShippedProtocol:
        for shipped in self.protocols():
            if name_or_file in (shipped.name, shipped.protocol.code):
                return shipped
        path = Path(name_or_file)
        try:
            found = path.is_file()
        except OSError:  # a name too long for the system
            found = False
        if not found:
            raise InvalidValue("protocol.unknown", name=name_or_file)
        return _read_protocol(path)

    def cards(self, folder: Path) -> tuple[SignInCard, ...]:
        return sign_in_cards(folder)

    def open(self, folder: Path, login: str, passphrase: str) -> Workspace:
        opened, person = _study_folder().open_study(folder, login, passphrase, self._clock)
        workspace = self._workspace(opened, person)
        # What a crash left between submission and comparison is compared before anything else.
        workspace.comparison.compare_pending()
        remember(folder)
        return workspace

    def accept_rollback(self, folder: Path, login: str, passphrase: str, because: str) -> None:
        _study_folder().accept_rollback(folder, login, passphrase, self._clock, because)

    def create(self, study: NewStudy) -> Workspace:
        checked_protocol(study.document)
        canonical_json(study.title)  # refuses what is no text
        person = Person(
            str(uuid.uuid4()),
            study.login,
            study.display_name.strip(),
            "C1",
            frozenset({Role.COORDINATOR}),
            study.qualification,
        )
        sha256 = document_sha256(study.document)
        seed = study.seed if study.seed is not None else secrets.randbelow(2**31)
        record = Study(str(uuid.uuid4()), study.title.strip(), sha256, seed, self._clock.now())
        store = _study_folder()
        new = store.NewStore(study.folder, record, study.document, person, self._memory_kib)
        opened = store.create_study(new, study.passphrase, self._clock)
        remember(study.folder)
        return self._workspace(opened, person)

    def recent(self) -> tuple[Path, ...]:
        return recent_studies()

    def demo(self, progress: Progress) -> DemoStudy:
        folder = user_data_dir() / "demo"
        story = _demo_story()
        found: DemoStudy = story.prepare(folder, Opener(story.MEMORY_KIB), progress)
        return found

    def play_demo(self, out: Path, progress: Progress) -> Mapping[str, Any]:
        story = _demo_story()
        played: Mapping[str, Any] = story.play(out, Opener(story.MEMORY_KIB), progress)
        return played

    def check_folder(self, folder: Path, progress: Progress) -> SealCheck:
        if not folder.is_dir():
            raise EnvironmentProblem("study.unreadable", folder=str(folder))
        return BagFolder(verify).check(folder, progress)

    def export_folder(
        self, folder: Path, out: Path, form: ExportForm, progress: Progress
    ) -> tuple[Path, ...]:
        self._require_holding(folder, progress)
        made = [out] if form is ExportForm.ZIP else [out / name for name in TABLES]
        for path in made:
            if path.exists():
                raise EnvironmentProblem("dataset.folder_exists", folder=str(path))
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            if form is ExportForm.ZIP:
                write_archive(folder, out, progress)
            else:
                out.mkdir(exist_ok=True)
                for name, data in frozen_tables(folder).items():
                    (out / name).write_bytes(data)
        except BaseException as error:
            for path in made:
                path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise folder_problem(error, out.parent) from error
            raise
        return tuple(made)

    def diff_folders(
        self, before: Path, after: Path, progress: Progress
    ) -> tuple[LabelChange, ...]:
        for folder in (before, after):
            self._require_holding(folder, progress)
        return frozen_difference(before, after)

    def _require_holding(self, folder: Path, progress: Progress) -> None:
        check = self.check_folder(folder, progress)
        if not check.holds:
            first = check.problems[0]
            raise IntegrityProblem(
                "export.not_holding", folder=str(folder), file=first.path or first.code
            )

    def photo_mapping(self, pattern: str | None, list_file: Path | None) -> PhotoMapping | None:
        if pattern is not None:
            return name_pattern(pattern)
        return photo_list(list_file) if list_file is not None else None

    def viewing(self) -> FileViewing:
        return ChildViewing()

    def intake(self) -> FileIntake:
        return ChildIntake()

    def nodule_files(self, sources: Sequence[Path]) -> tuple[Path, ...]:
        return lidc_files(sources)

    def nodule_readings(self, file: Path) -> NoduleReadings | RadiographReadings:
        return lidc_readings(file)

    def _workspace(self, opened: OpenedStudy, person: Person) -> Workspace:
        return Workspace(
            person=person,
            folder=opened.folder,
            unit_of_work=opened.unit_of_work,
            blobs=opened.blobs,
            pixels=StudyPixels(opened.blobs),
            keys=opened.keys,
            accounts=opened.accounts,
            clock=self._clock,
            comparison=ProgramComparison(opened.unit_of_work, self._clock),
            intake=ChildIntake,
            identity=HeaderIdentity(),
            dataset_folder=BagFolder(verify),
            report_writer=render_pdf,
            damage=opened.damage,
            close=opened.close,
        )


def _read_protocol(path: Path) -> ShippedProtocol:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue("protocol.unknown", name=str(path)) from error
    try:
        document = yaml.safe_load(text)
    except Exception as error:
        raise InvalidValue("protocol.yaml", file=path.name, problem=type(error).__name__) from error
    return ShippedProtocol(path.stem, document, checked_protocol(document))
