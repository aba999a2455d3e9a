"""Bidirectional: the long axis, then the short one, which is kept at a right angle to it."""

from __future__ import annotations

from workstation.domain.measures import MeasureKind, short_axis
from workstation.i18n import N_
from workstation.ui.canvas.measuring import MeasureStroke
from workstation.ui.canvas.tool import Point, Tool, ToolKind


class BidirectionalStroke(MeasureStroke):
    kind = MeasureKind.BIDIRECTIONAL

    def placed(self, at: Point) -> Point:
        if len(self.points) != 3:
            return at
        long, start = (self.points[0], self.points[1]), self.points[2]
        return short_axis(self.surface.image, long, start, at)


TOOL = Tool(
    "bidirectional", N_("Bidirectional"), "✛", "Shift+B", 13, BidirectionalStroke,
    kind=ToolKind.MEASURE,
)  # fmt: skip
