"""A frozen version as one zip file to carry: the same folder, the same bytes whenever it is made."""

from __future__ import annotations

import zipfile
from pathlib import Path

from workstation.domain.ports import Progress

# The earliest time a zip can hold: the archive must not depend on when it was made.
_TIME = (1980, 1, 1, 0, 0, 0)


def write_archive(folder: Path, out: Path, progress: Progress) -> None:
    """Write all files below `folder` under its own name. Raises OSError as the disk does."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for done, path in enumerate(files):
            progress(done, len(files), "export")
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            entry = zipfile.ZipInfo(name, _TIME)
            entry.external_attr = 0o100444 << 16
            archive.writestr(entry, path.read_bytes())
    progress(len(files), len(files), "export")
