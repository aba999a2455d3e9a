"""Durable file writing: temporary file, fsync, rename, fsync of the folder."""

from __future__ import annotations

import errno
import os
import sys
import uuid
from pathlib import Path
from typing import IO

from workstation.domain.errors import EnvironmentProblem


def write_durably(path: Path, data: bytes) -> None:
    """Write all of it or nothing, readable by the owner only.

    Raises EnvironmentProblem for a full disk or a folder that cannot be written.
    """
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, path)
        sync_folder(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise folder_problem(error, path.parent) from error


class Held:
    """A marker file that tells other processes that something goes on; nobody else's is taken for
    stale while its process lives, and all are once it died, however long ago either was.

    POSIX: a lock on the open file. Elsewhere a file that is open cannot be removed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        posix = os.name == "posix"
        made = path.with_name(f".new{path.name}") if posix else path
        try:
            self._file = made.open("x")
            if posix:  # seen by others only once it is locked
                _locked(self._file)
                made.rename(path)
        except OSError as error:
            raise folder_problem(error, path.parent) from error

    def release(self) -> None:
        if os.name == "posix":
            self._path.unlink(missing_ok=True)  # while locked: nobody finds it unlocked
        self._file.close()
        self._path.unlink(missing_ok=True)


def held(path: Path) -> bool:
    """Whether the process that made the marker still lives; the marker is removed if not."""
    try:
        if os.name == "posix":
            with path.open("r+") as file:
                if not _locked(file):
                    return True
        path.unlink(missing_ok=True)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _locked(file: IO[str]) -> bool:
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make a rename durable; other systems than POSIX do so by themselves."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def folder_problem(error: OSError, folder: Path) -> EnvironmentProblem:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return EnvironmentProblem("disk.full", folder=str(folder))
    return EnvironmentProblem("folder.not_writable", folder=str(folder))
