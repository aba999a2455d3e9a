"""Disc, cup and fovea of a photograph: disc diameter, vertical cup-disc ratio, ETDRS grid, and
which eye it shows by the places of disc and fovea, to warn where the stated eye is another: nothing
is decided or mirrored by that.

The grid of the Early Treatment Diabetic Retinopathy Study has circles of 1, 3 and 6 mm diameter
around the centre of the macula. A photograph has no millimetres of the retina; the study takes a
disc to be 1500 micrometres across (ETDRS report 10; not verified against the text), so that the
radii are a third, one and two disc diameters. Discs differ: the grid is an estimate and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from workstation.domain.image import Eye, Image, ImageKind
from workstation.domain.marks import (
    BoxShape,
    Mark,
    PointShape,
    PolygonShape,
    area_px,
    mark_center,
    mark_planes,
)
from workstation.domain.schema import Schema

DISC, CUP, FOVEA = "DISC", "CUP", "FOVEA"
"""Codes of the structures in every protocol."""

RADII_DD = (1 / 3, 1.0, 2.0)


class Lacking(StrEnum):
    """Why there is no ratio or grid."""

    DISC = "no_disc"
    CUP = "no_cup"
    FOVEA = "no_fovea"
    SEVERAL = "several"
    OUTSIDE = "cup_not_inside"


def vertical_extent(mark: Mark, rows: int, cols: int) -> float | None:
    """Height of a mark in pixels: of an outline from its highest to its lowest corner, of painted
    pixels from edge to edge. None of a point."""
    shape = mark.shape
    if isinstance(shape, PointShape):
        return None
    if isinstance(shape, BoxShape | PolygonShape):
        ys = [y for _, y in shape.vertices]
        return max(ys) - min(ys) or None
    boxes = [mask.box for mask in mark_planes(mark, rows, cols).values()]
    return float(max(b.row1 for b in boxes) - min(b.row0 for b in boxes))


def _only(marks: Iterable[Mark], code: str, lacking: Lacking) -> Mark | Lacking:
    found = [mark for mark in marks if mark.class_code == code]
    if len(found) > 1:
        return Lacking.SEVERAL
    return found[0] if found else lacking


def disc_diameter(image: Image, marks: Sequence[Mark]) -> float | None:
    """Vertical diameter of the disc in pixels; None where no disc is drawn, or more than one.

    `marks` are those of this image.
    """
    disc = _only(marks, DISC, Lacking.DISC)
    return None if isinstance(disc, Lacking) else vertical_extent(disc, image.rows, image.cols)


def cup_disc_ratio(image: Image, marks: Sequence[Mark]) -> float | Lacking:
    """Vertical height of the cup by that of the disc, 0 to 1, or why there is none."""
    disc, cup = _only(marks, DISC, Lacking.DISC), _only(marks, CUP, Lacking.CUP)
    if isinstance(disc, Lacking):
        return disc
    if isinstance(cup, Lacking):
        return cup
    rows, cols = image.rows, image.cols
    heights = vertical_extent(cup, rows, cols), vertical_extent(disc, rows, cols)
    around, inside = (mark_planes(m, rows, cols).get(0) for m in (disc, cup))
    if None in heights or around is None or inside is None:
        return Lacking.OUTSIDE
    ratio = (heights[0] or 0.0) / (heights[1] or 1.0)
    if ratio > 1.0 or not inside.difference(around).empty:
        return Lacking.OUTSIDE
    return ratio


@dataclass(frozen=True, slots=True)
class EtdrsGrid:
    """Centre (x, y), the three radii and the disc diameter, all in pixels of the photograph.

    `nasal` is 1 where the nose lies towards larger x, -1 towards smaller, None where that is not
    known: then left and right have no names. `contradicted`: disc and fovea lie as in the eye that
    is not the stated one.
    """

    center: tuple[float, float]
    disc_diameter: float
    nasal: int | None
    contradicted: bool = False

    @property
    def radii(self) -> tuple[float, float, float]:
        inner, middle, outer = (r * self.disc_diameter for r in RADII_DD)
        return inner, middle, outer

    def sector(self, x: float, y: float) -> str | None:
        """ "C", or ring ("I", "O") and side ("S", "N", "I", "T") of the field a place lies in;
        None beside the grid, and left or right of the centre where the sides have no names."""
        dx, dy = x - self.center[0], y - self.center[1]
        away = (dx * dx + dy * dy) ** 0.5
        inner, middle, outer = self.radii
        if away <= inner:
            return "C"
        if away > outer:
            return None
        side = self.side(dx, dy)
        return None if side is None else ("I" if away <= middle else "O") + side

    def side(self, dx: float, dy: float) -> str | None:
        """Which quadrant, cut by the diagonals, a direction from the centre leads to."""
        if abs(dy) >= abs(dx):
            return "S" if dy < 0 else "I"
        if self.nasal is None:
            return None
        return "N" if dx * self.nasal > 0 else "T"


def etdrs_grid(image: Image, marks: Sequence[Mark]) -> EtdrsGrid | Lacking:
    """The grid around the fovea marked, scaled by the disc drawn, or what it lacks.

    In a photograph of a right eye the nose is towards larger x. `marks` are those of this image.
    """
    fovea, disc = _only(marks, FOVEA, Lacking.FOVEA), _only(marks, DISC, Lacking.DISC)
    if isinstance(fovea, Lacking):
        return fovea
    if isinstance(disc, Lacking):
        return disc
    across = vertical_extent(disc, image.rows, image.cols)
    masks = mark_planes(disc, image.rows, image.cols)
    if not isinstance(fovea.shape, PointShape):
        return Lacking.FOVEA
    if across is None or not masks:
        return Lacking.DISC
    nasal = {Eye.OD: 1, Eye.OS: -1, None: None}[image.eye]
    center = fovea.shape.x, fovea.shape.y
    contradicted = _contradicts(image, _middle(disc, image), center) is not None
    return EtdrsGrid(center, across, None if contradicted else nasal, contradicted)


def eye_by_disc(disc: tuple[float, float], fovea: tuple[float, float]) -> Eye | None:
    """The eye in whose photograph disc and fovea, as (x, y) pixels, lie like this.

    The disc is on the side of the nose: right of the fovea in a right eye, as one faces the
    patient. None where it lies rather above or below: such a photograph is turned.
    """
    across, down = disc[0] - fovea[0], disc[1] - fovea[1]
    if abs(across) <= abs(down):
        return None
    return Eye.OD if across > 0 else Eye.OS


def contradictions(
    schema: Schema, images: Sequence[Image], marks: Sequence[Mark]
) -> tuple[tuple[Image, Eye], ...]:
    """Photographs whose stated eye is not the one their disc and fovea marks show, with that one.

    Only where each is marked once; a photograph of an unknown eye contradicts nothing.
    """
    out = []
    for image in images:
        if image.kind is not ImageKind.PHOTOGRAPH:
            continue
        here = [mark for mark in marks if mark.image_id == image.image_id]
        disc = _only(here, DISC, Lacking.DISC)
        fovea = _only(here, schema.fovea_class, Lacking.FOVEA)
        if isinstance(disc, Lacking) or isinstance(fovea, Lacking):
            continue
        shown = _contradicts(image, _middle(disc, image), _middle(fovea, image))
        if shown is not None:
            out.append((image, shown))
    return tuple(out)


def _contradicts(
    image: Image, disc: tuple[float, float] | None, fovea: tuple[float, float] | None
) -> Eye | None:
    """The eye that disc and fovea show where another is stated."""
    if image.eye is None or disc is None or fovea is None:
        return None
    shown = eye_by_disc(disc, fovea)
    return None if shown is image.eye else shown


def _middle(mark: Mark, image: Image) -> tuple[float, float] | None:
    """Centre (x, y) of a mark; None where an outline holds no pixel."""
    if not mark.is_point and not area_px(mark_planes(mark, image.rows, image.cols)):
        return None
    x, y, _ = mark_center(mark, image.rows, image.cols)
    return float(x), float(y)
