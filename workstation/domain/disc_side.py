"""Which eye a fundus photograph shows by the places of disc and fovea, to warn where the stated eye
is another. Nothing is decided or mirrored by it."""

from __future__ import annotations

from collections.abc import Sequence

from workstation.domain.image import Eye, Image, ImageKind
from workstation.domain.marks import Mark, area_px, mark_center, mark_planes
from workstation.domain.schema import Schema

DISC = "DISC"


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
        if image.kind is not ImageKind.PHOTOGRAPH or image.eye is None:
            continue
        disc = _only(marks, image, DISC)
        fovea = _only(marks, image, schema.fovea_class)
        shown = eye_by_disc(disc, fovea) if disc and fovea else None
        if shown is not None and shown is not image.eye:
            out.append((image, shown))
    return tuple(out)


def _only(marks: Sequence[Mark], image: Image, code: str) -> tuple[float, float] | None:
    """Centre of the one mark of a class on an image; None where an outline holds no pixel."""
    found = [m for m in marks if m.image_id == image.image_id and m.class_code == code]
    if len(found) != 1:
        return None
    if not found[0].is_point and not area_px(mark_planes(found[0], image.rows, image.cols)):
        return None
    x, y, _ = mark_center(found[0], image.rows, image.cols)
    return float(x), float(y)
