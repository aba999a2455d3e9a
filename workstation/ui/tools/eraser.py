"""Eraser: take pixels away from the lesions of the class in force."""

from __future__ import annotations

from dataclasses import replace

from workstation.domain.marks import Mark, PaintedShape, mark_planes
from workstation.domain.masks import Mask
from workstation.i18n import N_, tr
from workstation.ui.canvas.painting import PaintingStroke
from workstation.ui.canvas.tool import Tool


class EraserStroke(PaintingStroke):
    def apply(self, stroke: Mask) -> None:
        s = self.surface
        out: list[Mark] = []
        for mark in s.session.body.marks:
            changed = self._erased(mark, stroke)
            if changed is not None:
                out.append(changed)
        s.session.put(tr("erase"), tuple(out))

    def _erased(self, mark: Mark, stroke: Mask) -> Mark | None:
        """The mark without the stroke's pixels; None where nothing is left of it."""
        s = self.surface
        mine = mark.image_id == s.image.image_id and mark.class_code == s.class_code
        if not mine or mark.is_point:
            return mark
        planes = mark_planes(mark, s.image.rows, s.image.cols)
        here = planes.get(s.z)
        if here is None or here.intersection(stroke).empty:
            return mark
        planes[s.z] = here.difference(stroke)
        if all(mask.empty for mask in planes.values()):
            return None
        return replace(mark, shape=PaintedShape(planes))


TOOL = Tool("eraser", N_("Eraser"), "⌫", "E", 5, EraserStroke, uses_radius=True)
