"""Brush: paint pixels; a stroke that touches the selected lesion extends it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from workstation.domain.marks import Mark, PaintedShape, mark_planes
from workstation.domain.masks import Mask
from workstation.i18n import N_, tr
from workstation.ui.canvas.painting import PaintingStroke
from workstation.ui.canvas.tool import Tool


class BrushStroke(PaintingStroke):
    def apply(self, stroke: Mask) -> None:
        s = self.surface
        mark = s.session.mark(s.session.selection)
        if mark is None or not self._extends(mark, stroke):
            s.session.add(s.image.image_id, s.class_code, PaintedShape({s.z: stroke}))
            return
        planes = mark_planes(mark, s.image.rows, s.image.cols)
        planes[s.z] = planes[s.z].union(stroke) if s.z in planes else stroke
        name = f"{mark.class_code}-{mark.number}"
        s.session.change(tr("paint {mark}", mark=name), replace(mark, shape=PaintedShape(planes)))

    def _extends(self, mark: Mark, stroke: Mask) -> bool:
        """Whether the stroke meets the mark on this slice, or lies over it on the next."""
        s = self.surface
        same = mark.image_id == s.image.image_id and mark.class_code == s.class_code
        if not same or mark.is_point:
            return False
        planes = mark_planes(mark, s.image.rows, s.image.cols)
        box = stroke.box
        grown = np.zeros((s.image.rows, s.image.cols), np.uint8)
        grown[max(0, box.row0 - 1) : box.row1 + 1, max(0, box.col0 - 1) : box.col1 + 1] = 1
        near = Mask.from_array(grown)
        around = (s.z - 1, s.z, s.z + 1) if s.z not in planes else (s.z,)
        return any(not planes[z].intersection(near).empty for z in around if z in planes)


TOOL = Tool("brush", N_("Brush"), "✎", "D", 4, BrushStroke, uses_radius=True)
