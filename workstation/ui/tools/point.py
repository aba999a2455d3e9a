"""Point: one click."""

from __future__ import annotations

from workstation.domain.marks import PointShape
from workstation.i18n import N_
from workstation.ui.canvas.tool import Point, Stroke, Tool


class PointStroke(Stroke):
    def press(self, at: Point) -> bool:
        s = self.surface
        s.add(PointShape(at[0], at[1], s.z))
        return True


TOOL = Tool("point", N_("Point"), "◉", "T", 0, PointStroke, for_points=True)
