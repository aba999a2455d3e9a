"""What a file delivered for import is found to be, before it becomes a study's image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from workstation.domain.image import Image, Spacing, StackGeometry, Window

SLICED = frozenset({"CT", "MR", "PT"})
"""Modalities whose single frames are slices of a volume."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A candidate file: `name` is the path relative to what was chosen, for people; `size` bytes.

    `location` opens it: a path, or a path and which member of a zip archive.
    """

    name: str
    size: int
    location: tuple[str, str]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the child process found in one file: allow-listed attributes, nothing decoded yet.

    `kind`: "dicom" | "jpeg" | "png" | "tiff". `attributes` holds allow-listed DICOM keywords as
    plain values. `identity` maps every present identity-bearing element (DICOM keyword or tag,
    "EXIF", "XMP", "COM", "tEXt" ...) to its text, for the identity check only: never stored,
    never logged.
    """

    source: SourceFile
    kind: str
    sha256: str
    rows: int
    cols: int
    frames: int
    samples: int
    attributes: Mapping[str, object] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_stacked(self) -> bool:
        """Whether it belongs in a stack: several frames, or one slice of CT, MR or PET."""
        sliced = self.attributes.get("Modality") in SLICED
        return self.kind == "dicom" and (self.frames > 1 or sliced)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that is not taken: which and why (a code with parameters)."""

    name: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IdentityFinding:
    """Something that may tell who the patient is: where it stands, never what it says."""

    name: str
    where: str
    code: str


@dataclass(frozen=True, slots=True)
class DecodedPlane:
    """One plane in canonical form.

    `pixels`: uint8 (rows, cols, 3) RGB, or (rows, cols) uint8/int16/uint16 stored values with
    unused bits zeroed. `coded` is the JPEG stream with its metadata dropped, where the
    photograph keeps its coded data bit for bit; empty otherwise. `source_sha256` is the hash of
    the file as it was when these pixels were read from it; `warnings` are codes. `decoder` says
    what made the pixels, with its version; `colour_table` are the 33 x 33 x 33 x 3 levels from the
    picture's own colours to sRGB, empty where they are sRGB.
    """

    pixels: npt.NDArray[np.generic]
    coded: bytes = b""
    source_sha256: str = ""
    warnings: tuple[str, ...] = ()
    decoder: str = ""
    colour_table: bytes = b""


@dataclass(frozen=True, slots=True)
class FileView:
    """One frame (counted from 1) of a file that belongs to no study.

    `image` says how it is shown; `pixels` are canonical, as in `DecodedPlane`; `overlay` is where
    something is drawn over it, bool (rows, cols), if that was asked for. `photometric` and `syntax`
    are what the file says it is in.
    """

    image: Image
    frame: int
    pixels: npt.NDArray[np.generic]
    overlay: npt.NDArray[np.bool_] | None
    photometric: str
    syntax: str


@dataclass(frozen=True, slots=True)
class PicturePlan:
    """What the header of a single picture says about showing and measuring it.

    `orientation`, `laterality`, `view` and `aspect` as in `Image`; empty where it does not say.
    `warnings` as in `StackPlan`.
    """

    spacing: Spacing | None
    windows: tuple[Window, ...]
    monochrome1: bool
    padding: tuple[int, int] | None
    aspect: tuple[int, int] = (1, 1)
    orientation: tuple[str, str] = ("", "")
    laterality: str = ""
    view: str = ""
    slope: float = 1.0
    intercept: float = 0.0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StackPlan:
    """A DICOM series put in order: files slice by slice, geometry, and what to warn of.

    `frames` says which frame of its file each slice is (a file may come many times); empty for
    files of one frame. Without geometry the slices are frames in time, `frame_time_ms` apart where
    that is known. `part` tells stacks of one series apart ("TE 30", "t 2").
    `slice_rescale` and `slice_windows` stand where slices differ, as in `Image`.
    `refused` are files of the series that do not fit (another size, a duplicate position).
    `warnings` are codes such as "stack.gap", "stack.tilt", with their parameters in the text
    after a colon ("stack.tilt:18.5").
    """

    series_key: str
    files: tuple[FileFacts, ...]
    geometry: StackGeometry | None
    spacing: Spacing | None
    windows: tuple[Window, ...]
    slope: float
    intercept: float
    monochrome1: bool
    padding: tuple[int, int] | None
    warnings: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    frames: tuple[int, ...] = ()
    part: str = ""
    slice_rescale: tuple[tuple[float, float], ...] = ()
    slice_windows: tuple[tuple[Window, ...], ...] = ()
    frame_time_ms: float | None = None
    aspect: tuple[int, int] = (1, 1)
    orientation: tuple[str, str] = ("", "")
    laterality: str = ""
    view: str = ""
