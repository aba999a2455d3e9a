"""What is measured on an image: lengths, angles, statistics of a region, volume; and in what unit.

Places are (x, y) in pixel coordinates of the stored matrix. A number never stands without its
unit, and millimetres never without what they mean (`SpacingKind`): where the spacing is unknown,
and on photographs of the fundus, lengths are pixels. What cannot be measured is None, never 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from workstation.domain.errors import InvalidValue
from workstation.domain.image import Image, ImageKind, SpacingKind
from workstation.domain.marks import BoxShape, PolygonShape, Shape, is_place
from workstation.domain.masks import Mask

Point = tuple[float, float]

CORNERS = 96
"""Corners of an ellipse drawn as a polygon: its area is 0.07 % small, its extents are exact."""


class MeasureKind(StrEnum):
    """What a person can lay on an image; the number of points goes with it (`POINTS`)."""

    DISTANCE = "distance"
    ANGLE = "angle"
    COBB = "cobb"
    BIDIRECTIONAL = "bidirectional"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    PROBE = "probe"


POINTS: Mapping[MeasureKind, int] = {
    MeasureKind.DISTANCE: 2,  # ends
    MeasureKind.ANGLE: 3,  # end of an arm, the vertex, end of the other arm
    MeasureKind.COBB: 4,  # ends of the first line, of the second
    MeasureKind.BIDIRECTIONAL: 4,  # ends of the long axis, of the short one
    MeasureKind.ELLIPSE: 2,  # opposite corners of the box around it
    MeasureKind.RECTANGLE: 2,  # opposite corners
    MeasureKind.PROBE: 1,
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A reader's own working note on slice `z` of an image; its values follow from its points.

    Raises InvalidValue for another number of points than `POINTS` says, and for places no image
    has.
    """

    measure_id: str
    image_id: str
    kind: MeasureKind
    points: tuple[Point, ...]
    z: int = 0

    def __post_init__(self) -> None:
        if not self.measure_id or not self.image_id or self.z < 0:
            raise InvalidValue("measure.incomplete")
        if len(self.points) != POINTS[self.kind]:
            raise InvalidValue("measure.points", kind=self.kind, count=len(self.points))
        if not all(is_place(v) for point in self.points for v in point):
            raise InvalidValue("measure.not_finite", kind=self.kind)


class Unit(StrEnum):
    """`disc` is a disc diameter (DD); `none` a modality value without a unit."""

    PIXEL = "px"
    PIXEL2 = "px2"
    MM = "mm"
    MM2 = "mm2"
    MM3 = "mm3"
    DISC = "DD"
    DEGREE = "deg"
    HU = "HU"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, its unit, and for millimetres what they mean."""

    value: float
    unit: Unit
    kind: SpacingKind | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise InvalidValue("quantity.not_finite", unit=self.unit)
        in_mm = self.unit in (Unit.MM, Unit.MM2, Unit.MM3)
        if in_mm != (self.kind not in (None, SpacingKind.UNKNOWN)):
            raise InvalidValue("quantity.kind", unit=self.unit, kind=str(self.kind))


@dataclass(frozen=True, slots=True)
class Scale:
    """How far a pixel reaches along x and along y, and the kind of mm; None: pixels."""

    across: float
    down: float
    kind: SpacingKind | None

    def vector(self, start: Point, end: Point) -> tuple[float, float]:
        return (end[0] - start[0]) * self.across, (end[1] - start[1]) * self.down


def scale_of(image: Image) -> Scale:
    """Millimetres where the spacing is known and the image is no photograph, else pixels.

    A fundus camera's spacing, where a file has one, is that of its sensor: it says nothing of the
    retina.
    """
    spacing = image.spacing
    known = spacing is not None and spacing.kind is not SpacingKind.UNKNOWN
    if spacing is None or not known or image.kind is ImageKind.PHOTOGRAPH:
        return Scale(1.0, 1.0, None)
    return Scale(spacing.col_mm, spacing.row_mm, spacing.kind)


def _proportions(image: Image) -> Scale:
    """For angles: the shape of a pixel by its spacing, else by its aspect ratio."""
    scale = scale_of(image)
    if scale.kind is not None:
        return scale
    if image.spacing is not None:
        return Scale(image.spacing.col_mm, image.spacing.row_mm, None)
    height, width = image.aspect
    return Scale(float(width), float(height), None)


def distance(image: Image, start: Point, end: Point) -> Quantity:
    """Straight distance of two places: mm, or pixels where mm are not known."""
    scale = scale_of(image)
    unit = Unit.PIXEL if scale.kind is None else Unit.MM
    return Quantity(math.hypot(*scale.vector(start, end)), unit, scale.kind)


def angle(image: Image, arm: Point, vertex: Point, other: Point) -> Quantity | None:
    """Angle at `vertex`, 0 to 180 degrees; None where an arm has no length."""
    scale = _proportions(image)
    return _between(scale.vector(vertex, arm), scale.vector(vertex, other), directed=True)


def cobb(image: Image, first: tuple[Point, Point], second: tuple[Point, Point]) -> Quantity | None:
    """The smaller angle of two lines, 0 to 90 degrees, in whichever direction they were drawn.

    None where a line has no length.
    """
    scale = _proportions(image)
    return _between(scale.vector(*first), scale.vector(*second), directed=False)


def _between(a: tuple[float, float], b: tuple[float, float], *, directed: bool) -> Quantity | None:
    if a == (0.0, 0.0) or b == (0.0, 0.0):
        return None
    cross, dot = a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1]
    degrees = math.degrees(math.atan2(abs(cross), dot if directed else abs(dot)))
    return Quantity(degrees, Unit.DEGREE)


def short_axis(image: Image, long: tuple[Point, Point], start: Point, to: Point) -> Point:
    """The end of a short axis from `start` that lies at a right angle to the long one and comes
    nearest to `to`; at a right angle in the patient where pixels are not square.

    `start` itself where the long axis has no length.
    """
    scale = _proportions(image)
    ux, uy = scale.vector(*long)
    length = ux * ux + uy * uy
    if length == 0.0:
        return start
    vx, vy = scale.vector(start, to)
    along = (vx * -uy + vy * ux) / length
    return start[0] + along * -uy / scale.across, start[1] + along * ux / scale.down


def moved_axis(
    image: Image, points: tuple[Point, ...], long: tuple[Point, Point]
) -> tuple[Point, ...]:
    """The four points of a bidirectional measure whose long axis is now `long`: the short axis
    turns and shifts with it and keeps its lengths either side."""
    scale = _proportions(image)

    def frame(axis: tuple[Point, Point]) -> tuple[float, float, float]:
        x, y = scale.vector(*axis)
        length = math.hypot(x, y)
        return (x / length, y / length, length) if length else (1.0, 0.0, 0.0)

    ux, uy, before = frame((points[0], points[1]))
    wx, wy, after = frame(long)
    out = [long[0], long[1]]
    for point in points[2:]:
        x, y = scale.vector(points[0], point)
        along, beside = x * ux + y * uy, y * ux - x * uy
        along = along * after / before if before else along
        dx, dy = along * wx - beside * wy, along * wy + beside * wx
        out.append((long[0][0] + dx / scale.across, long[0][1] + dy / scale.down))
    return tuple(out)


def area(image: Image, pixels: int) -> Quantity:
    """Area of a number of pixels: mm2, or pixels where mm are not known."""
    scale = scale_of(image)
    unit = Unit.PIXEL2 if scale.kind is None else Unit.MM2
    return Quantity(pixels * scale.across * scale.down, unit, scale.kind)


def volume(image: Image, planes: Mapping[int, Mask]) -> Quantity | None:
    """Sum of the slices' areas times the step along the normal, in mm3.

    None where the spacing is not that of the patient or the step is not uniform: a volume with a
    gap in it is none.
    """
    scale, geometry = scale_of(image), image.geometry
    if scale.kind is not SpacingKind.PATIENT or geometry is None or not geometry.step_mm:
        return None
    pixels = sum(mask.area for mask in planes.values())
    value = pixels * scale.across * scale.down * geometry.step_mm
    return Quantity(value, Unit.MM3, scale.kind)


# regions and values


def ellipse(first: Point, second: Point) -> tuple[Point, ...]:
    """The ellipse in the box of two opposite corners, as a polygon of `CORNERS` corners that
    touches each side of the box."""
    (x0, y0), (x1, y1) = first, second
    cx, cy, rx, ry = (x0 + x1) / 2, (y0 + y1) / 2, abs(x1 - x0) / 2, abs(y1 - y0) / 2
    turns = [2 * math.pi * k / CORNERS for k in range(CORNERS)]
    return tuple((cx + rx * math.cos(t), cy + ry * math.sin(t)) for t in turns)


def ellipse_box(shape: Shape) -> tuple[Point, Point] | None:
    """The box of a shape that is an ellipse as `ellipse` draws it; None for any other shape."""
    if not isinstance(shape, PolygonShape) or len(shape.vertices) != CORNERS:
        return None
    points = np.array(shape.vertices)
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    box = (float(x0), float(y0)), (float(x1), float(y1))
    near = np.allclose(points, np.array(ellipse(*box)), rtol=0, atol=1e-6)
    return box if near else None


def region(measure: Measure) -> Shape | None:
    """The region of an ellipse or a rectangle; None for the other kinds."""
    if measure.kind is MeasureKind.ELLIPSE:
        return PolygonShape(ellipse(*measure.points), measure.z)
    if measure.kind is MeasureKind.RECTANGLE:
        (x0, y0), (x1, y1) = measure.points
        return BoxShape(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1), measure.z)
    return None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of `count` values: mean, smallest, largest; `squares` is the sum of the squared differences
    from the mean."""

    count: int
    mean: float
    squares: float
    low: float
    high: float

    @property
    def sd(self) -> float | None:
        """Standard deviation of a sample (n - 1); None of a single value."""
        return math.sqrt(self.squares / (self.count - 1)) if self.count > 1 else None

    def merged(self, other: Statistics) -> Statistics:
        """Of both sets of values together (Chan, Golub and LeVeque 1979)."""
        count = self.count + other.count
        apart = other.mean - self.mean
        return Statistics(
            count,
            self.mean + apart * other.count / count,
            self.squares + other.squares + apart * apart * self.count * other.count / count,
            min(self.low, other.low),
            max(self.high, other.high),
        )


def statistics(
    values: npt.NDArray[np.floating], valid: npt.NDArray[np.bool_], mask: Mask
) -> Statistics | None:
    """Of the modality values (rows, cols) under a mask of the same plane; `valid` is False on
    padding, which is left out. None where nothing is left."""
    box = mask.box
    here = slice(box.row0, box.row1), slice(box.col0, box.col1)
    kept = values[here][mask.to_array(box) & valid[here]].astype(np.float64)
    if kept.size == 0:
        return None
    mean = float(kept.mean())
    squares = float(np.square(kept - mean).sum())
    return Statistics(int(kept.size), mean, squares, float(kept.min()), float(kept.max()))


def value_unit(image: Image) -> Unit:
    """Of modality values: Hounsfield units on CT; others name none."""
    return Unit.HU if image.modality == "CT" else Unit.NONE
