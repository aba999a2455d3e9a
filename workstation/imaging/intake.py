"""The `FileIntake` port: finds files, asks the child about them, orders series."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workstation.domain.errors import InvalidValue
from workstation.domain.intake import (
    DecodedPlane,
    FileFacts,
    PicturePlan,
    Refusal,
    SourceFile,
    StackPlan,
)
from workstation.domain.ports import Progress
from workstation.imaging import probing
from workstation.imaging.child import DecodingChild
from workstation.imaging.series import picture_plan, stack_plans, with_tables

MAX_ENTRIES = 100_000
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
                    if _is_file(path):
                        name = path.relative_to(source).as_posix()
                        out += self._one(path, readable(name))
            elif source.is_file():
                out += self._one(source, readable(source.name))
            else:
                raise InvalidValue("import.source_missing", source=readable(str(source)))
        return tuple(file for file in out if _leaf(file.name) not in _PASSED_OVER)

    def _one(self, path: Path, name: str) -> list[SourceFile]:
        if path.suffix.lower() != ".zip":
            return [SourceFile(name, _size(path), (str(path), ""))]
        try:
            with zipfile.ZipFile(path) as archive:
                entries = archive.infolist()
        except probing.ARCHIVE_ERRORS:
            # Left as it is: its inspection says that it cannot be read.
            return [SourceFile(name, _size(path), (str(path), ""))]
        if len(entries) > MAX_ENTRIES:
            raise InvalidValue("import.archive_entries", file=name, limit=MAX_ENTRIES)
        return [
            SourceFile(
                f"{name}/{member_name(info)}",
                info.file_size,
                (str(path), probing.member(n, info)),
            )
            for n, info in enumerate(entries)
            if not info.is_dir()
        ]

    def inspect(self, files: Sequence[SourceFile]) -> Iterator[FileFacts | Refusal]:
        found = self._child.inspect([file.location for file in files])
        for file, one in zip(files, found, strict=True):
            try:
                if isinstance(one, InvalidValue):
                    raise one
                facts = _facts(file, one)
            except InvalidValue as error:
                yield Refusal(file.name, error.code, error.params)
            else:
                yield facts

    def stacks(self, files: Sequence[FileFacts]) -> tuple[StackPlan, ...]:
        return stack_plans(files)

    def picture(self, facts: FileFacts) -> PicturePlan:
        return picture_plan(facts)

    def decode(self, facts: FileFacts, frame: int = 0) -> DecodedPlane | Refusal:
        return self._plane(self._child.decode, facts, frame)

    def overlays(self, facts: FileFacts, frame: int = 0) -> DecodedPlane | Refusal:
        """The frame's overlays laid together: uint8, 1 where something is drawn."""
        return self._plane(self._child.overlays, facts, frame)

    def _plane(
        self,
        ask: Callable[[tuple[str, str], int], DecodedPlane],
        facts: FileFacts,
        frame: int,
    ) -> DecodedPlane | Refusal:
        try:
            plane = ask(facts.source.location, frame)
        except InvalidValue as error:
            return Refusal(facts.source.name, error.code, error.params)
        if plane.pixels.shape[:2] != (facts.rows, facts.cols):
            return Refusal(facts.source.name, "dicom.frame_size")
        return plane

    def close(self) -> None:
        self._child.close()


def _facts(file: SourceFile, found: Mapping[str, Any]) -> FileFacts:
    return FileFacts(
        file,
        str(found["kind"]),
        str(found["sha256"]),
        int(found["rows"]),
        int(found["cols"]),
        int(found["frames"]),
        int(found["samples"]),
        with_tables(dict(found["attributes"])),
        {str(k): str(v) for k, v in dict(found["identity"]).items()},
    )


def readable(name: str) -> str:
    """A file name people can read, and the identity check too.

    Bytes that are no UTF-8 (Python keeps them as surrogates) are mostly GBK; what is neither is
    written as an escape.
    """
    try:
        name.encode()
        return name
    except UnicodeEncodeError:
        try:
            return name.encode("utf-8", "surrogateescape").decode("gb18030")
        except UnicodeError:
            return name.encode("utf-8", "backslashreplace").decode()


def member_name(info: zipfile.ZipInfo) -> str:
    """A member's name: archives made on Chinese Windows hold GBK and say that it is cp437."""
    if info.flag_bits & 0x800:
        return readable(info.filename)
    raw = info.orig_filename.partition("\0")[0].encode("cp437")
    for encoding in ("utf-8", "gb18030", "cp437"):
        try:
            return raw.decode(encoding).replace("\\", "/")
        except UnicodeDecodeError:
            continue
    return info.filename


def _is_file(path: Path) -> bool:
    try:
        return path.is_file() and not path.is_symlink()
    except OSError:
        # Its folder may not be entered: left in, so that its inspection says so.
        return True


def _size(path: Path) -> int:
    """Bytes; 0 for a file that is gone by now: its inspection says that it cannot be read."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _leaf(name: str) -> str:
    return name.rsplit("/", 1)[-1].lower()
