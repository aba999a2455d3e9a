"""Angle: the end of an arm, the vertex, the end of the other arm."""

from __future__ import annotations

from workstation.domain.measures import MeasureKind
from workstation.i18n import N_
from workstation.ui.canvas.measuring import MeasureStroke
from workstation.ui.canvas.tool import Tool, ToolKind


class AngleStroke(MeasureStroke):
    kind = MeasureKind.ANGLE


TOOL = Tool("angle", N_("Angle"), "∠", "Shift+A", 11, AngleStroke, kind=ToolKind.MEASURE)
