"""Cobb angle: two lines, each dragged or clicked end by end."""

from __future__ import annotations

from workstation.domain.measures import MeasureKind
from workstation.i18n import N_
from workstation.ui.canvas.measuring import MeasureStroke
from workstation.ui.canvas.tool import Tool, ToolKind


class CobbStroke(MeasureStroke):
    kind = MeasureKind.COBB


TOOL = Tool("cobb", N_("Cobb angle"), "∥", "Shift+C", 12, CobbStroke, kind=ToolKind.MEASURE)
