"""Open and create studies: the port through which window and command line get a workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from typing import Protocol as Port

from workstation.domain.people import Qualification, Role

if TYPE_CHECKING:
    from workstation.domain.dataset import LabelChange
    from workstation.domain.nodule_readings import NoduleReadings, RadiographReadings
    from workstation.domain.ports import FileIntake, FileViewing, PhotoMapping, Progress, SealCheck
    from workstation.domain.protocol import Protocol
    from workstation.services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SignInCard:
    """Someone who can sign in at a study; known before anything is unlocked."""

    login: str
    display_name: str
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class NewStudy:
    """A study to be created in `folder` (made; must not exist), and its first coordinator."""

    folder: Path
    title: str
    document: Mapping[str, Any]
    login: str
    display_name: str
    passphrase: str = field(repr=False)
    seed: int | None = None
    qualification: Qualification = field(default_factory=Qualification)


@dataclass(frozen=True, slots=True)
class ShippedProtocol:
    """A protocol that ships with the product, or was read from a file."""

    name: str
    document: Mapping[str, Any]
    protocol: Protocol


@dataclass(frozen=True, slots=True)
class DemoStudy:
    """Where the demo study is and the passphrase all its people share."""

    folder: Path
    passphrase: str


class ExportForm(StrEnum):
    """How a frozen version is handed on."""

    ZIP = "zip"
    TABLES = "tables"


class StudyOpener(Port):
    """Made by bootstrap; the only way to a `Workspace`."""

    def protocols(self) -> tuple[ShippedProtocol, ...]:
        """The protocols that ship."""

    def protocol(self, name_or_file: str) -> ShippedProtocol:
        """A shipped protocol by name, or one from a YAML file.

        Raises InvalidValue naming what is wrong in the file.
        """

    def cards(self, folder: Path) -> tuple[SignInCard, ...]:
        """Who can sign in. Raises EnvironmentProblem where the folder is no study."""

    def open(self, folder: Path, login: str, passphrase: str) -> Workspace:
        """Sign in. Cases left between submission and comparison are compared at once.

        Raises RuleViolation("signin.failed") for a wrong login or passphrase.
        """

    def accept_rollback(self, folder: Path, login: str, passphrase: str, because: str) -> None:
        """Take a store older than what was seen before as it is, as a coordinator; audited.

        Raises RuleViolation without a reason, for anyone else, and where there is none.
        """

    def create(self, study: NewStudy) -> Workspace:
        """Make the study and sign its coordinator in."""

    def recent(self) -> tuple[Path, ...]:
        """Studies opened before that still exist, newest first."""

    def demo(self, progress: Progress) -> DemoStudy:
        """The demo study, made on first use."""

    def play_demo(self, out: Path, progress: Progress) -> Mapping[str, Any]:
        """Play the demo study without a display; returns the summary written to `out`."""

    def check_folder(self, folder: Path, progress: Progress) -> SealCheck:
        """Verify a frozen dataset without opening any study."""

    def export_folder(
        self, folder: Path, out: Path, form: ExportForm, progress: Progress
    ) -> tuple[Path, ...]:
        """Write a frozen version as a zip file, or its labels as tables into a folder.

        Raises IntegrityProblem where the version does not hold, EnvironmentProblem where `out`
        exists or cannot be written; nothing is left behind then.
        """

    def diff_folders(
        self, before: Path, after: Path, progress: Progress
    ) -> tuple[LabelChange, ...]:
        """What changed between two frozen versions. Raises IntegrityProblem as above."""

    def photo_mapping(self, pattern: str | None, list_file: Path | None) -> PhotoMapping | None:
        """The mapping of a file-name pattern or a list; None for neither.

        Raises InvalidValue naming what is wrong in the pattern or the list.
        """

    def viewing(self) -> FileViewing:
        """What looks at single files, outside any study."""

    def intake(self) -> FileIntake:
        """Opens delivered files in a child process; to be closed after use."""

    def nodule_files(self, sources: Sequence[Path]) -> tuple[Path, ...]:
        """The reading files named, and those in the folders named.

        Raises InvalidValue naming a folder that holds none.
        """

    def nodule_readings(self, file: Path) -> NoduleReadings | RadiographReadings:
        """What readers elsewhere marked on one series, from a LIDC-IDRI file.

        Raises InvalidValue, or EnvironmentProblem, naming the file and what is wrong with it.
        """
