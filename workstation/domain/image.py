"""What is known of an image: matrix, spacing, geometry, windows; unknown stays unknown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workstation.domain.errors import InvalidValue


class ImageKind(StrEnum):
    """`stack`: slices in space or frames in time; `radiograph`: one grey or colour picture of any
    other modality (mammogram, chest radiograph, single ultrasound frame)."""

    PHOTOGRAPH = "photograph"
    STACK = "stack"
    RADIOGRAPH = "radiograph"


class Eye(StrEnum):
    OD = "OD"
    OS = "OS"


class SpacingKind(StrEnum):
    """What a millimetre of the spacing means; `unknown` gives no millimetres at all.

    `estimated`: the detector's, divided by a magnification that was estimated, not measured.
    """

    PATIENT = "patient"
    ESTIMATED = "estimated"
    DETECTOR = "detector"
    NOMINAL = "nominal"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distance between pixel centres in mm: down the rows' axis, then along the columns'."""

    row_mm: float
    col_mm: float
    kind: SpacingKind

    def __post_init__(self) -> None:
        if not (0 < self.row_mm < 1000 and 0 < self.col_mm < 1000):
            raise InvalidValue("spacing.range", row_mm=self.row_mm, col_mm=self.col_mm)


@dataclass(frozen=True, slots=True)
class Window:
    """A VOI window in modality units; `function` LINEAR, LINEAR_EXACT or SIGMOID (PS3.3 C.11.2)."""

    center: float
    width: float
    function: str = "LINEAR"
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A table of PS3.3 C.11.1/C.11.2: input `first` gives `entries[0]`; below and above, the first
    and last entry. `bits` is the depth of the entries."""

    first: int
    bits: int
    entries: tuple[int, ...]
    explanation: str = ""

    def __post_init__(self) -> None:
        if not self.entries or len(self.entries) > 65536 or not 1 <= self.bits <= 16:
            raise InvalidValue("lut.range", entries=len(self.entries), bits=self.bits)
        if min(self.entries) < 0 or max(self.entries) >= 1 << self.bits:
            raise InvalidValue("lut.range", entries=len(self.entries), bits=self.bits)


@dataclass(frozen=True, slots=True)
class StackGeometry:
    """Where the slices of a stack lie, in LPS mm; slices are sorted along the normal.

    `positions_mm` is the distance of each slice along the normal, ascending. `origin` is
    ImagePositionPatient of slice 0; `row_direction` and `col_direction` are unit vectors.
    `step_mm` is None where the step is not uniform. `tilt_deg` is the gantry tilt: the angle
    between the normal and the line through the slice origins. `step_vector` leads from the origin
    of a slice to the next in patient space, tilt and all; None where it differs between slices, or
    was not kept.
    """

    origin: tuple[float, float, float]
    row_direction: tuple[float, float, float]
    col_direction: tuple[float, float, float]
    positions_mm: tuple[float, ...]
    step_mm: float | None
    tilt_deg: float
    step_vector: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class PlaneRef:
    """Where one plane (photograph or slice) lies in the blob store.

    `codec`: "jpeg" (the coded photograph bit for bit, metadata dropped), "raw+zstd" (canonical
    little-endian pixels, or a colour table) or "shuffle+zstd" (of 16-bit pixels all low bytes,
    then all high bytes). `pixel_sha256` is over the canonical decoded pixels, or the table.
    """

    blob_id: str
    codec: str
    pixel_sha256: str
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class Image:
    """One photograph or one stack of slices of a case.

    `number` is the unique number of the study (F0001, S0001). `dtype` is the numpy name of the
    canonical pixels ("uint8", "int16", "uint16"); `samples` 3 means RGB. Stack values are modality
    values (HU for CT) = stored * slope + intercept, or `modality_lut` of the stored value.

    `slice_rescale` and `slice_windows` stand where slices differ, one entry a slice; else they are
    empty and slope, intercept and windows hold for all. `aspect` is PixelAspectRatio, height to
    width of a pixel, for display where no spacing says it. `patient_orientation` is (0020,0020):
    where the row direction and the column direction lead, as letters; empty where unknown.
    `laterality` and `view` are ImageLaterality and ViewPosition of paired organs ("L", "MLO").
    `colour_table` is where a 33 x 33 x 33 x 3 uint8 table from the image's own ICC profile to sRGB
    is stored, in an image that has one. `inverse_shape`: PresentationLUTShape says INVERSE.
    """

    image_id: str
    case_id: str
    number: str
    kind: ImageKind
    modality: str
    rows: int
    cols: int
    slices: int
    samples: int
    dtype: str
    planes: tuple[PlaneRef, ...]
    eye: Eye | None = None
    field: str = ""
    is_target: bool = True
    spacing: Spacing | None = None
    geometry: StackGeometry | None = None
    windows: tuple[Window, ...] = ()
    slope: float = 1.0
    intercept: float = 0.0
    monochrome1: bool = False
    padding: tuple[int, int] | None = None
    manufacturer: str = ""
    model: str = ""
    series_description: str = ""
    decoder: str = ""
    source_sha256: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    inverse_shape: bool = False
    modality_lut: LookupTable | None = None
    voi_luts: tuple[LookupTable, ...] = ()
    slice_rescale: tuple[tuple[float, float], ...] = ()
    slice_windows: tuple[tuple[Window, ...], ...] = ()
    aspect: tuple[int, int] = (1, 1)
    patient_orientation: tuple[str, str] = ("", "")
    laterality: str = ""
    view: str = ""
    frame_time_ms: float | None = None
    colour_table: PlaneRef | None = None

    @property
    def stored(self) -> tuple[PlaneRef, ...]:
        """Everything of the image that lies in the blob store."""
        return self.planes + ((self.colour_table,) if self.colour_table else ())

    @property
    def is_clip(self) -> bool:
        """Whether its slices are the frames of a film, which lie nowhere."""
        film = self.samples == 3 or self.frame_time_ms is not None
        return self.slices > 1 and self.geometry is None and film

    @property
    def side(self) -> str:
        """Which side and projection it shows, as people call it: "OD", "R MLO", "PA"; or empty."""
        return str(self.eye) if self.eye else f"{self.laterality} {self.view}".strip()

    def __post_init__(self) -> None:
        if self.rows <= 0 or self.cols <= 0 or self.slices <= 0:
            raise InvalidValue("image.size", number=self.number)
        if len(self.planes) not in (0, self.slices):
            raise InvalidValue("image.planes", number=self.number)
        if self.samples not in (1, 3):
            raise InvalidValue("image.samples", number=self.number, samples=self.samples)
