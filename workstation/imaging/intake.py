"""The `FileIntake` port: finds files, asks the child about them, orders series."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from workstation.domain.errors import InvalidValue
from workstation.domain.intake import DecodedPlane, FileFacts, Refusal, SourceFile, StackPlan
from workstation.domain.ports import Progress
from workstation.imaging.child import DecodingChild
from workstation.imaging.series import stack_plans

_PASSED_OVER = frozenset({".ds_store", "thumbs.db", "desktop.ini", "dicomdir"})


class ChildIntake:
    """Opens delivered files in a child process only."""

    def __init__(self) -> None:
        self._child = DecodingChild()

    def find(self, sources: Sequence[Path], progress: Progress) -> tuple[SourceFile, ...]:
        """Files of folders (recursive), zip archives and single paths, in a stable order.

        Links are not followed; the system's own litter and DICOMDIR are passed over.
        """
        out: list[SourceFile] = []
        for n, source in enumerate(sources):
            progress(n, len(sources), "find")
            if source.is_dir():
                for path in sorted(source.rglob("*")):
                    if path.is_file() and not path.is_symlink():
                        name = path.relative_to(source).as_posix()
                        out += self._one(path, name)
            elif source.is_file():
                out += self._one(source, source.name)
            else:
                raise InvalidValue("import.source_missing", source=str(source))
        return tuple(file for file in out if _leaf(file.name) not in _PASSED_OVER)

    def _one(self, path: Path, name: str) -> list[SourceFile]:
        if path.suffix.lower() != ".zip":
            return [SourceFile(name, path.stat().st_size, (str(path), ""))]
        try:
            with zipfile.ZipFile(path) as archive:
                return [
                    SourceFile(
                        f"{name}/{info.filename}", info.file_size, (str(path), info.filename)
                    )
                    for info in archive.infolist()
                    if not info.is_dir()
                ]
        except (zipfile.BadZipFile, OSError):
            # Left as it is: its inspection says that it is no image.
            return [SourceFile(name, path.stat().st_size, (str(path), ""))]

    def inspect(self, file: SourceFile) -> FileFacts | Refusal:
        try:
            found = self._child.inspect(file.location)
            return FileFacts(
                file,
                str(found["kind"]),
                str(found["sha256"]),
                int(found["rows"]),
                int(found["cols"]),
                int(found["frames"]),
                int(found["samples"]),
                dict(found["attributes"]),
                {str(k): str(v) for k, v in dict(found["identity"]).items()},
            )
        except InvalidValue as error:
            return Refusal(file.name, error.code, error.params)

    def stacks(self, files: Sequence[FileFacts]) -> tuple[StackPlan, ...]:
        return stack_plans(files)

    def decode(self, facts: FileFacts, frame: int = 0) -> DecodedPlane | Refusal:
        try:
            pixels, coded = self._child.decode(facts.source.location, frame)
        except InvalidValue as error:
            return Refusal(facts.source.name, error.code, error.params)
        if pixels.shape[:2] != (facts.rows, facts.cols):
            return Refusal(facts.source.name, "dicom.frame_size")
        return DecodedPlane(pixels, coded)

    def close(self) -> None:
        self._child.close()


def _leaf(name: str) -> str:
    return name.rsplit("/", 1)[-1].lower()
