"""Distance: two clicks, or drag from end to end."""

from __future__ import annotations

from workstation.domain.measures import MeasureKind
from workstation.i18n import N_
from workstation.ui.canvas.measuring import MeasureStroke
from workstation.ui.canvas.tool import Tool, ToolKind


class DistanceStroke(MeasureStroke):
    kind = MeasureKind.DISTANCE


TOOL = Tool("distance", N_("Distance"), "↔", "Shift+D", 10, DistanceStroke, kind=ToolKind.MEASURE)
