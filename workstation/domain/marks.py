"""Geometry of a mark: a point, a box, a polygon or painted pixels, on one image or series."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from workstation.domain.errors import InvalidValue
from workstation.domain.masks import Mask, union_of
from workstation.domain.polygons import polygon_mask

FARTHEST = 2.0**31
"""No image is this wide; coordinates beyond would overflow in rasterising."""


def is_place(coordinate: float) -> bool:
    """Whether a coordinate can be on or beside an image at all."""
    return math.isfinite(coordinate) and abs(coordinate) < FARTHEST


@dataclass(frozen=True, slots=True)
class PointShape:
    """A single place: (x, y) pixel coordinates on slice `z` (0 for a photograph)."""

    x: float
    y: float
    z: int = 0

    def __post_init__(self) -> None:
        if not (is_place(self.x) and is_place(self.y)) or self.z < 0:
            raise InvalidValue("point.not_finite", x=self.x, y=self.y, z=self.z)


@dataclass(frozen=True, slots=True)
class BoxShape:
    """Axis-parallel rectangle by two opposite corners (x0, y0) and (x1, y1), inclusive."""

    x0: float
    y0: float
    x1: float
    y1: float
    z: int = 0

    def __post_init__(self) -> None:
        if not all(is_place(v) for v in (self.x0, self.y0, self.x1, self.y1)) or self.z < 0:
            raise InvalidValue("box_shape.not_finite")
        if self.x0 > self.x1 or self.y0 > self.y1:
            raise InvalidValue("box_shape.inverted")

    @property
    def vertices(self) -> tuple[tuple[float, float], ...]:
        return ((self.x0, self.y0), (self.x1, self.y0), (self.x1, self.y1), (self.x0, self.y1))


@dataclass(frozen=True, slots=True)
class PolygonShape:
    """A closed outline of (x, y) vertices on slice `z`; see `polygons.polygon_mask`."""

    vertices: tuple[tuple[float, float], ...]
    z: int = 0

    def __post_init__(self) -> None:
        if len(self.vertices) < 3:
            raise InvalidValue("polygon.too_few_vertices", count=len(self.vertices))
        if not all(is_place(v) for p in self.vertices for v in p) or self.z < 0:
            raise InvalidValue("polygon.not_finite")


@dataclass(frozen=True, slots=True)
class PaintedShape:
    """Painted pixels: one mask per slice (a photograph has slice 0 only); empty slices left out."""

    planes: Mapping[int, Mask]

    def __post_init__(self) -> None:
        if any(z < 0 for z in self.planes):
            raise InvalidValue("painted.negative_slice")
        kept = {z: self.planes[z] for z in sorted(self.planes) if not self.planes[z].empty}
        if not kept:
            raise InvalidValue("painted.empty")
        object.__setattr__(self, "planes", MappingProxyType(kept))


Shape = PointShape | BoxShape | PolygonShape | PaintedShape


@dataclass(frozen=True, slots=True)
class Mark:
    """One finding a reader put down on an image (photograph) or a target series (volume).

    `mark_id` is unique within the reading and never reused; `number` is what people see, unique
    per image and class. `image_id` names the photograph, or the target series of a CT case.
    """

    mark_id: str
    image_id: str
    class_code: str
    number: int
    shape: Shape
    attributes: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    def __post_init__(self) -> None:
        if not self.mark_id or not self.image_id or not self.class_code:
            raise InvalidValue("mark.incomplete")
        if self.number < 1:
            raise InvalidValue("mark.number", number=self.number)

    @property
    def name(self) -> str:
        """What people call it: class and number."""
        return f"{self.class_code}-{self.number}"

    @property
    def is_point(self) -> bool:
        return isinstance(self.shape, PointShape)

    @property
    def slices(self) -> tuple[int, ...]:
        if isinstance(self.shape, PaintedShape):
            return tuple(self.shape.planes)
        return (self.shape.z,)


def shape_planes(shape: Shape, rows: int, cols: int) -> dict[int, Mask]:
    """The pixels of a shape per slice, on planes of `rows` x `cols`. A point has no area."""
    if isinstance(shape, PaintedShape):
        for mask in shape.planes.values():
            if (mask.rows, mask.cols) != (rows, cols):
                raise InvalidValue(
                    "mask.different_planes", first=(rows, cols), second=(mask.rows, mask.cols)
                )
        return dict(shape.planes)
    if isinstance(shape, PointShape):
        return {}
    mask = polygon_mask(shape.vertices, rows, cols)
    return {} if mask.empty else {shape.z: mask}


def touches_plane(shape: Shape, rows: int, cols: int) -> bool:
    """Whether a shape marks anything of a plane: a point on one of its pixels, an outline with at
    least one pixel centre. What an outline has beyond the border does not matter."""
    if isinstance(shape, PointShape):
        return -0.5 <= shape.x <= cols - 0.5 and -0.5 <= shape.y <= rows - 0.5
    return bool(shape_planes(shape, rows, cols))


def mark_planes(mark: Mark, rows: int, cols: int) -> dict[int, Mask]:
    """The pixels of a mark per slice; see `shape_planes`."""
    return shape_planes(mark.shape, rows, cols)


def union_planes(parts: list[dict[int, Mask]], rows: int, cols: int) -> dict[int, Mask]:
    """Union, slice by slice, of several marks' pixels."""
    slices = sorted({z for planes in parts for z in planes})
    return {z: union_of([p[z] for p in parts if z in p], rows, cols) for z in slices}


def area_px(planes: Mapping[int, Mask]) -> int:
    """Number of pixels (voxels) over all slices."""
    return sum(mask.area for mask in planes.values())


def intersection_px(first: Mapping[int, Mask], second: Mapping[int, Mask]) -> int:
    """Number of pixels (voxels) both have."""
    return sum(mask.intersection_area(second[z]) for z, mask in first.items() if z in second)


def mark_center(mark: Mark, rows: int, cols: int) -> tuple[Fraction, Fraction, Fraction]:
    """Exact centre (x, y, z) of a mark: the point itself, or the mean of its pixel centres.

    Raises InvalidValue where an outline holds no pixel centre.
    """
    shape = mark.shape
    if isinstance(shape, PointShape):
        return Fraction(shape.x), Fraction(shape.y), Fraction(shape.z)
    planes = mark_planes(mark, rows, cols)
    total = area_px(planes)
    if total == 0:
        raise InvalidValue("mark.no_pixel", mark_id=mark.mark_id)
    x = y = z = Fraction(0)
    for plane, mask in planes.items():
        cx, cy = mask.centroid
        x += cx * mask.area
        y += cy * mask.area
        z += plane * mask.area
    return x / total, y / total, z / total
