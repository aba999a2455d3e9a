"""Box: drag from corner to corner."""

from __future__ import annotations

from workstation.domain.marks import BoxShape
from workstation.i18n import N_
from workstation.ui.canvas.tool import Point, Stroke, Tool


class BoxStroke(Stroke):
    first: Point
    last: Point

    def press(self, at: Point) -> bool:
        self.first = self.last = self.surface.within(at)
        return False

    def move(self, at: Point, pressed: bool) -> None:
        self.last = self.surface.within(at)

    def release(self, at: Point) -> bool:
        (x0, y0), (x1, y1) = self.first, self.surface.within(at)
        if abs(x1 - x0) < 1 or abs(y1 - y0) < 1:
            return True
        s = self.surface
        shape = BoxShape(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1), s.z)
        s.add(shape)
        return True

    def outline(self) -> list[Point]:
        (x0, y0), (x1, y1) = self.first, self.last
        return [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]


TOOL = Tool("box", N_("Box"), "▭", "B", 2, BoxStroke)
