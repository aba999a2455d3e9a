"""Durable file writing: temporary file, fsync, rename, fsync of the folder."""

from __future__ import annotations

import errno
import os
import uuid
from pathlib import Path

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
