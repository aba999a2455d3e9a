"""Statistics of an ellipse: drag the box around it."""

from __future__ import annotations

from workstation.domain.measures import MeasureKind
from workstation.i18n import N_
from workstation.ui.canvas.measuring import MeasureStroke
from workstation.ui.canvas.tool import Tool, ToolKind


class EllipseRoiStroke(MeasureStroke):
    kind = MeasureKind.ELLIPSE


TOOL = Tool(
    "roi_ellipse", N_("Ellipse ROI"), "◌", "Shift+E", 14, EllipseRoiStroke, kind=ToolKind.MEASURE
)
