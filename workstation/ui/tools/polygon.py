"""Polygon: click the corners; Enter, a double click or the first corner closes it."""

from __future__ import annotations

import math

from workstation.domain.marks import PolygonShape
from workstation.i18n import N_
from workstation.ui.canvas.tool import Point, Stroke, Tool


class PolygonStroke(Stroke):
    points: list[Point]
    cursor: Point | None = None

    def press(self, at: Point) -> bool:
        if not hasattr(self, "points"):
            self.points = []
        if len(self.points) >= 3 and math.dist(at, self.points[0]) < self.grip:
            return self.close()
        self.points.append(at)
        return False

    def move(self, at: Point, pressed: bool) -> None:
        self.cursor = at

    def close(self) -> bool:
        if len(self.points) < 3:
            return False
        s = self.surface
        s.add(PolygonShape(tuple(self.points), s.z))
        return True

    def back(self) -> None:
        if self.points:
            self.points.pop()

    def outline(self) -> list[Point]:
        return [*self.points, *([self.cursor] if self.cursor else [])]


TOOL = Tool("polygon", N_("Polygon"), "⬠", "P", 1, PolygonStroke)
