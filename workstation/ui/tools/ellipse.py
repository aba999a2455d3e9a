"""Ellipse: drag the box around it; its handles are there while it is chosen."""

from __future__ import annotations

from workstation.domain.marks import PolygonShape
from workstation.domain.measures import ellipse
from workstation.i18n import N_
from workstation.ui.canvas.tool import Point, Stroke, Tool


class EllipseStroke(Stroke):
    first: Point
    last: Point

    def press(self, at: Point) -> bool:
        self.first = self.last = at
        return False

    def move(self, at: Point, pressed: bool) -> None:
        del pressed
        self.last = at

    def release(self, at: Point) -> bool:
        (x0, y0), (x1, y1) = self.first, at
        if abs(x1 - x0) >= 1 and abs(y1 - y0) >= 1:
            self.surface.add(PolygonShape(ellipse(self.first, at), self.surface.z))
        return True

    def outline(self) -> list[Point]:
        around = ellipse(self.first, self.last)
        return [*around, around[0]]


TOOL = Tool("ellipse", N_("Ellipse"), "◯", "L", 3, EllipseStroke)
