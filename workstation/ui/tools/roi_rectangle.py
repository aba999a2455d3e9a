"""Statistics of a rectangle: drag from corner to corner."""

from __future__ import annotations

from workstation.domain.measures import MeasureKind
from workstation.i18n import N_
from workstation.ui.canvas.measuring import MeasureStroke
from workstation.ui.canvas.tool import Tool, ToolKind


class RectangleRoiStroke(MeasureStroke):
    kind = MeasureKind.RECTANGLE


TOOL = Tool(
    "roi_rectangle",
    N_("Rectangle ROI"),
    "▫",
    "Shift+S",
    15,
    RectangleRoiStroke,
    kind=ToolKind.MEASURE,
)
