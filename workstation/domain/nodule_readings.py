"""Readings of chest images made elsewhere and delivered without the images: nodules by contour.

Frame: pixel (x, y) = (column, row), 0-based, of the slice named. The files say neither where their
pixel count starts nor how large a pixel is, so that regions are good for overlap and not for
millimetres.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from workstation.domain.errors import InvalidValue
from workstation.domain.marks import union_planes
from workstation.domain.masks import Mask
from workstation.domain.polygons import interior_mask

MATRIX = 1024
"""Rows and columns of the plane contours are laid on. LIDC CT is 512 x 512; the files do not say."""

CHARACTERISTIC_LEVELS: Mapping[str, int] = MappingProxyType(
    {
        "subtlety": 5,
        "internalStructure": 4,
        "calcification": 6,
        "sphericity": 5,
        "margin": 5,
        "lobulation": 5,
        "spiculation": 5,
        "texture": 5,
        "malignancy": 5,
    }
)
"""The nine ratings of a nodule of at least 3 mm and the highest level of each; the lowest is 1."""


@dataclass(frozen=True, slots=True, order=True)
class SlicePosition:
    """A slice: its position in mm along z (patient frame) and its SOP Instance UID."""

    z_mm: float
    sop_uid: str

    def __post_init__(self) -> None:
        if not math.isfinite(self.z_mm) or not self.sop_uid:
            raise InvalidValue("slice_position.incomplete", z=self.z_mm)


@dataclass(frozen=True, slots=True)
class Contour:
    """An outline on one slice whose pixels lie just *outside* of what it encloses.

    `included` False: what it encloses is a hole of the nodule.
    """

    position: SlicePosition
    vertices: tuple[tuple[int, int], ...]
    included: bool = True

    def __post_init__(self) -> None:
        if not self.vertices:
            raise InvalidValue("contour.no_point")
        for x, y in self.vertices:
            if not (0 <= x < MATRIX and 0 <= y < MATRIX):
                raise InvalidValue("contour.outside", x=x, y=y, limit=MATRIX)

    @property
    def is_point(self) -> bool:
        return len(set(self.vertices)) == 1

    def enclosed(self) -> Mask:
        """The pixels inside, without the outline's own; none for a point or a stroke."""
        if len(self.vertices) < 3:
            return Mask.empty_like(MATRIX, MATRIX)
        return interior_mask(self.vertices, MATRIX, MATRIX)


@dataclass(frozen=True, slots=True)
class Nodule:
    """A nodule of at least 3 mm as one reader outlined it; `characteristics` None = not rated."""

    nodule_id: str
    contours: tuple[Contour, ...]
    characteristics: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        if not self.contours:
            raise InvalidValue("nodule.no_contour", nodule=self.nodule_id)
        if self.characteristics is None:
            return
        for name, levels in CHARACTERISTIC_LEVELS.items():
            level = self.characteristics.get(name)
            if level is None or not 1 <= level <= levels:
                raise InvalidValue(
                    "nodule.characteristic",
                    nodule=self.nodule_id,
                    name=name,
                    value=level,
                    levels=levels,
                )
        object.__setattr__(self, "characteristics", MappingProxyType(dict(self.characteristics)))

    def region(self, slices: Mapping[SlicePosition, int]) -> dict[int, Mask]:
        """Pixels by slice index: everything included less everything excluded.

        Slices without a contour stay empty: nothing is interpolated between slices.
        """
        region: dict[int, Mask] = {}
        holes = self._enclosed(slices, included=False)
        for z, mask in self._enclosed(slices, included=True).items():
            left = mask.difference(holes[z]) if z in holes else mask
            if not left.empty:
                region[z] = left
        return region

    def _enclosed(self, slices: Mapping[SlicePosition, int], included: bool) -> dict[int, Mask]:
        parts = [
            {slices[contour.position]: contour.enclosed()}
            for contour in self.contours
            if contour.included is included
        ]
        return union_planes(parts, MATRIX, MATRIX)


@dataclass(frozen=True, slots=True)
class PointFinding:
    """A place without a region: a nodule under 3 mm, or something that is no nodule."""

    finding_id: str
    position: SlicePosition
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class ReadingSession:
    """What one radiologist marked. `number` is the place in the file, from 1: it names nobody and
    does not carry over to another file."""

    number: int
    nodules: tuple[Nodule, ...] = ()
    small_nodules: tuple[PointFinding, ...] = ()
    non_nodules: tuple[PointFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class NoduleReadings:
    """All readers of one CT series. `task` is what the file calls the reading."""

    series_uid: str
    task: str
    sessions: tuple[ReadingSession, ...]

    def __post_init__(self) -> None:
        if not self.sessions:
            raise InvalidValue("nodule_readings.no_reader")
        z_of: dict[str, float] = {}
        for position in _positions(self.sessions):
            if z_of.setdefault(position.sop_uid, position.z_mm) != position.z_mm:
                raise InvalidValue("nodule_readings.slice", sop_uid=position.sop_uid)

    @property
    def slices(self) -> dict[SlicePosition, int]:
        """Index of every slice that carries a contour, by ascending z."""
        return {position: z for z, position in enumerate(sorted(set(_positions(self.sessions))))}


@dataclass(frozen=True, slots=True)
class RadiographReadings:
    """Readings of a chest radiograph: only how many places each reader marked."""

    series_uid: str
    task: str
    marks_by_reader: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.marks_by_reader:
            raise InvalidValue("nodule_readings.no_reader")


def _positions(sessions: Iterable[ReadingSession]) -> Iterable[SlicePosition]:
    return (c.position for s in sessions for n in s.nodules for c in n.contours)
