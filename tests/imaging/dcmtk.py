"""The second implementation: DCMTK's own picture of a file; GDCM unpacks JPEG 2000 for it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pydicom
import pytest

from workstation.display.grey import Choice
from workstation.domain.image import Window

PROGRAMS = ("dcm2pnm", "dcmdjpeg", "dcmdjpls", "dcmdrle", "gdcmconv")
needs_dcmtk = pytest.mark.skipif(
    any(shutil.which(program) is None for program in PROGRAMS),
    reason="dcmtk or libgdcm-tools not installed",
)
_UNPACKED_BY = {
    "1.2.840.10008.1.2.5": ("dcmdrle",),
    **dict.fromkeys(
        (f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70)), ("dcmdjpeg",)
    ),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (80, 81)), ("dcmdjpls",)),
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{n}" for n in (90, 91)), ("gdcmconv", "--raw")),
}  # fmt: skip


def call(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")


def window_options(choice: Choice | None) -> list[str]:
    if choice is None:
        return []
    if not isinstance(choice, Window):
        return ["+Wl", "1"]
    function = ["+Wfs"] if choice.function == "SIGMOID" else ["+Wfl"]
    return [*function, "+Ww", repr(choice.center), repr(choice.width)]


def picture(
    path: Path, folder: Path, options: list[str], frame: int = 1, unpack: tuple[str, ...] = ()
) -> npt.NDArray[np.uint8]:
    """What DCMTK shows: uint8 (rows, cols) or RGB."""
    meta = pydicom.dcmread(path, stop_before_pixels=True).file_meta
    with_program = unpack or _UNPACKED_BY.get(str(meta.TransferSyntaxUID), ())
    plain = path
    if with_program:
        plain = folder / "plain.dcm"
        call(*with_program, path, plain)
    out = folder / "dcmtk.pnm"
    overlays = [] if "+O" in options else ["-O"]
    call("dcm2pnm", "+op", "+F", frame, *overlays, *options, plain, out)
    shown = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    out.unlink()
    assert shown is not None
    return np.ascontiguousarray(shown[..., ::-1] if shown.ndim == 3 else shown)
